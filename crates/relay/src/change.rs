//! Changes to what was posted: deletions and reactions. Each may be made twice without harm, so nothing
//! is begun for them. Edits have a file of their own.

use rialto_model::{Delivery, DeliveryState, Emoji, PartKey, RemoteId, WorkKind};
use rialto_platform::{MessageChange, SendError};
use rialto_store::{Copy, DeliveryFilter, Progress};

use crate::{
    deliver::{Failure, Trip},
    plan, tell,
};

/// Why there is nothing to change.
const NOT_THERE: &str = "the message it belongs to was not delivered there";

/// Why a change has to wait.
pub(crate) const HALF_THERE: &str =
    "a part of the message was perhaps delivered there, by a delivery that is parked: retry both";

impl Trip<'_> {
    /// Takes all of the message's copies away. They stay in the message map: replies to a deleted
    /// message still find its thread.
    pub(crate) async fn delete(&self) -> Result<(), Failure> {
        let there = self.copies().await?;
        let thread = self.thread_root().await?;
        let to = &self.place().await?;
        let mut done = Progress { settled: self.delivered(), ..Progress::default() };
        for copy in there.iter().filter(|copy| !copy.origin) {
            let thread = thread_of(copy, thread.as_ref());
            self.apply(to, &MessageChange::Delete { message: &copy.remote, thread }).await?;
            if self.job.pending.delivery.to.conversation.direct_account().is_some() {
                // A notice that was taken back can be given again.
                done.gone.push(copy.remote.clone());
            }
        }
        if self.waits_for_what_was_begun().await? {
            return Err(SendError::Permanent(HALF_THERE.into()).into());
        }
        self.keep(done).await;
        Ok(())
    }

    /// Adds our reaction to the message's first part, or takes it back.
    pub(crate) async fn react(&self, emoji: &Emoji, present: bool) -> Result<(), Failure> {
        let Some(message) = self.first_copy(self.job.pending.delivery.message).await? else {
            return Err(self.not_there().await);
        };
        // Only what was tried before can be out of date, and what others take back that is a mark of ours.
        if (!self.job.fresh || tell::is_mark(emoji)) && self.is_wanted(emoji).await? != present {
            return Err(Failure::Pointless("a later reaction went before"));
        }
        let thread = self.thread_root().await?;
        let (message, thread) = (&message, thread.as_ref());
        let change = if present {
            MessageChange::React { message, thread, emoji }
        } else {
            MessageChange::Unreact { message, thread, emoji }
        };
        self.apply(&self.job.pending.delivery.to.conversation, &change).await?;
        self.keep(Progress { settled: self.delivered(), ..Progress::default() }).await;
        Ok(())
    }

    /// Whether our reaction shall be there as things are now.
    async fn is_wanted(&self, emoji: &Emoji) -> Result<bool, Failure> {
        let delivery = &self.job.pending.delivery;
        if tell::is_mark(emoji) && self.is_told_of().await? {
            return Ok(true);
        }
        let message = self.relay.inner.store.message(delivery.message).await?;
        let reactors = message.map(|message| message.reactors).unwrap_or_default();
        Ok(plan::shown(&reactors, emoji, &delivery.to))
    }

    /// Whether something of the message is missing that its sender was told of.
    async fn is_told_of(&self) -> Result<bool, Failure> {
        Ok(self.of_the_message(None).await?.iter().any(|it| {
            it.told && matches!(it.state, DeliveryState::Pending | DeliveryState::Parked)
        }))
    }

    /// Whether something of the message was perhaps posted by another delivery, which is parked:
    /// when that is retried, this must follow.
    pub(crate) async fn waits_for_what_was_begun(&self) -> Result<bool, Failure> {
        let delivery = &self.job.pending.delivery;
        let under_way = self.relay.inner.store.in_flight(&delivery.to).await?;
        Ok(under_way
            .iter()
            .filter(|post| post.message == delivery.message && post.delivery != delivery.id)
            .any(|post| post.state != DeliveryState::Cancelled))
    }

    /// Deliveries of the same message, to wherever.
    pub(crate) async fn of_the_message(
        &self,
        state: Option<DeliveryState>,
    ) -> Result<Vec<Delivery>, Failure> {
        let message = Some(self.job.pending.delivery.message);
        let filter = DeliveryFilter { state, message, limit: 500, ..DeliveryFilter::default() };
        Ok(self.relay.inner.store.deliveries(&filter).await?)
    }

    /// There is nothing to change: for good, or as long as its post is parked. Then this waits with it, to
    /// be retried with it.
    pub(crate) async fn not_there(&self) -> Failure {
        match self.may_be_posted_yet().await {
            Ok(true) => SendError::Permanent(NOT_THERE.into()).into(),
            Ok(false) => Failure::Pointless(NOT_THERE),
            Err(failure) => failure,
        }
    }

    async fn may_be_posted_yet(&self) -> Result<bool, Failure> {
        if self.message_is_deleted().await? {
            return Ok(false);
        }
        let to = &self.job.pending.delivery.to;
        for state in [DeliveryState::Parked, DeliveryState::Pending] {
            let others = self.of_the_message(Some(state)).await?;
            if others.iter().any(|it| it.kind == WorkKind::Post && it.to == *to) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes a change. Nobody needs to know whether an unanswered one was made: it is made again.
    pub(crate) async fn apply(
        &self,
        to: &RemoteId,
        change: &MessageChange<'_>,
    ) -> Result<(), Failure> {
        self.call("change", self.live.change(to, change)).await.map_err(|error| match error {
            SendError::Unknown(reason) => SendError::Transient(reason).into(),
            error => Failure::from(error),
        })
    }

    /// The message in the destination whose thread ours belongs to.
    async fn thread_root(&self) -> Result<Option<RemoteId>, Failure> {
        let message = self.relay.inner.store.message(self.job.pending.delivery.message).await?;
        match message.and_then(|message| message.thread) {
            Some(root) => self.thread_below(root).await,
            None => Ok(None),
        }
    }
}

/// The thread that a copy is in, of a message that is in this one.
pub(crate) fn thread_of<'a>(copy: &Copy, thread: Option<&'a RemoteId>) -> Option<&'a RemoteId> {
    thread.filter(|_| !matches!(copy.part, PartKey::Broadcast(_)))
}

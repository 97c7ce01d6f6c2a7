//! A reply to a message that is not known tells that something was missed, or is late: it waits until
//! the conversation was swept, and for posts of ours that are under way there, so that it goes below
//! what it replies to.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;
use rialto_model::{ConversationRef, DeliveryState, Event, EventKind, RemoteId};
use rialto_platform::ReadError;
use rialto_store::Inbound;
use tokio::time::Instant;

use super::{Due, Why, findings::is_message};
use crate::{ConnectionEntry, intake::Wait, plan::is_older, relay::Relay};

/// How long a reply waits for sweeps that fail.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it waits for a sweep that is under way, which reads no faster than the platform allows, and for
/// posts of ours that are: it may reply to one of them.
const UNDER_WAY: Duration = Duration::from_secs(300);
/// How many sweeps that do not find a root are enough: a list that changes while it is read may leave it
/// out.
const LOOKS: u8 = 2;
/// How many findings that wait are looked through for a root.
const WAITING: u32 = 1_000;
/// How many roots are remembered that no sweep found.
const REMEMBERED: usize = 10_000;

/// Roots that are looked for, however many replies they have.
#[derive(Default)]
pub(super) struct Searched(Mutex<HashMap<(ConversationRef, RemoteId), Search>>);

#[derive(Clone, Copy)]
struct Search {
    began: Instant,
    /// Sweeps that did not find it.
    looks: u8,
}

impl Searched {
    fn search(&self, at: &ConversationRef, root: &RemoteId) -> Search {
        let mut searched = self.0.lock();
        if searched.len() >= REMEMBERED {
            searched.clear();
        }
        let new = Search { began: Instant::now(), looks: 0 };
        *searched.entry((at.clone(), root.clone())).or_insert(new)
    }

    /// It cannot be looked for now: later there is time again.
    fn forget(&self, at: &ConversationRef, root: &RemoteId) {
        self.0.lock().remove(&(at.clone(), root.clone()));
    }

    fn was_in_vain(&self, at: &ConversationRef, root: &RemoteId) {
        if let Some(search) = self.0.lock().get_mut(&(at.clone(), root.clone())) {
            search.looks = search.looks.saturating_add(1);
        }
    }
}

impl Relay {
    /// Sweeps the conversation if the event is a reply to something that should be known and is not:
    /// what it finds goes before the event. `swept`: it is itself what a sweep found.
    ///
    /// # Errors
    /// What the event waits for.
    pub(crate) async fn find_root(
        &self,
        event: &Event,
        entry: &ConnectionEntry,
        swept: bool,
    ) -> Result<(), Wait> {
        let EventKind::Message(state) = &event.kind else { return Ok(()) };
        let Some(root) = &state.thread else { return Ok(()) };
        let connection = entry.record.id;
        let at = ConversationRef { connection, conversation: event.conversation.clone() };
        let view = self.roster().view();
        let Some((_, endpoint)) = view.endpoint(&at) else { return Ok(()) };
        if state.thread_began.is_some_and(|began| is_older(began, endpoint.since)) {
            return Ok(());
        }
        // A store that cannot be read says so when the event is planned.
        let store = &self.inner.store;
        if !matches!(store.is_copy(&at, root).await, Ok(false)) {
            return Ok(());
        }
        // The list that a sweep reads may leave the root out. When the next one finds it, it waits
        // behind the reply.
        if swept && self.plan_waiting(&at, root).await? {
            return Ok(());
        }
        let searched = &self.inner.sweeps.searched;
        let search = searched.search(&at, root);
        if search.looks >= LOOKS || search.began.elapsed() >= PATIENCE {
            let begun = store.in_flight(&at).await.unwrap_or_default();
            let under_way = begun.iter().any(|post| post.state == DeliveryState::Pending);
            let waits = under_way && search.began.elapsed() < UNDER_WAY;
            return if waits { Err(Wait::For(Duration::ZERO)) } else { Ok(()) };
        }
        let due = Due { at: at.clone(), why: Why::Gap };
        match tokio::time::timeout_at(search.began + UNDER_WAY, self.sweep(&due)).await {
            Ok(Ok(())) if !self.roster().view().works(connection) => {
                searched.forget(&at, root);
                return Err(Wait::Reconnect);
            }
            Ok(Err(ReadError::Revoked(reason))) => {
                searched.forget(&at, root);
                return match self.mark_revoked(entry, &reason).await {
                    true => Err(Wait::Reconnect),
                    false => Err(Wait::For(Duration::ZERO)),
                };
            }
            Ok(Err(ReadError::Transient { reason, after })) => {
                tracing::info!(%connection, reason, "the root of a thread is looked for again");
                if let Some(after) = after {
                    let asked = after.duration_since(self.inner.toolkit.clock.now());
                    let left = PATIENCE.saturating_sub(search.began.elapsed());
                    let _ = self.inner.intake.wake(&at);
                    return Err(Wait::For(left.min(asked.try_into().unwrap_or_default())));
                }
            }
            Ok(Ok(()) | Err(ReadError::Permanent(_))) => searched.was_in_vain(&at, root),
            Err(_) => tracing::info!(%connection, "it takes long to find the root of a thread"),
        }
        let _ = self.inner.intake.wake(&at);
        Err(Wait::Swept)
    }

    /// Plans a message that a sweep found, before it is its turn. Whether it waits.
    async fn plan_waiting(&self, at: &ConversationRef, message: &RemoteId) -> Result<bool, Wait> {
        let waiting = self
            .inner
            .store
            .pending_inbound_of(at.connection, &at.conversation, WAITING)
            .await
            .map_err(|_| Wait::For(Duration::ZERO))?;
        let is_it = |it: &&Inbound| it.row.swept && is_message(&it.row.key, message);
        let Some(found) = waiting.iter().find(is_it) else { return Ok(false) };
        // Boxed: planning is what asks for it.
        Box::pin(self.process(found)).await?;
        Ok(true)
    }
}

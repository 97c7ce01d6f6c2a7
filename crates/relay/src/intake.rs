//! From a webhook on disk to a plan on disk, in order per conversation.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;

use jiff::Timestamp;
use rialto_model::{
    Author, ConnectionId, ConversationRef, Event, EventKind, MessageId, RemoteId, Signal,
};
use rialto_platform::{Connection, ReadError};
use rialto_store::{Change, Inbound, NewInbound, Plan, StoreError};

use crate::{
    ConnectionEntry, complete,
    decide::Past,
    echo,
    echo::Echo,
    plan::dropped,
    queue::{Announced, Next},
    relay::{Inner, Relay},
    retry::backoff,
    sweep,
    trace::{self, Tracer},
};

/// How many webhooks of one conversation are read from the database at a time.
const BATCH: u32 = 64;

/// Why that is not relayed which cannot be read.
const UNREADABLE: &str =
    "it cannot be read: the platform refused to show it, or wrote it strangely";

/// How often a webhook is tried that trips over a defect.
const TRIES: u32 = 3;

/// An event before it is its turn.
enum Prepared {
    /// It needs a plan.
    ToPlan,
    /// All is decided.
    Planned(Plan),
}

/// Why a webhook is not done yet.
pub(crate) enum Wait {
    /// Try again after this time.
    For(Duration),
    /// Its connection must be reconnected first.
    Reconnect,
    /// What a sweep found goes first.
    Swept,
}

impl Relay {
    /// Queues webhooks that are on disk.
    pub(crate) fn enqueue_inbound(
        &self,
        seq: i64,
        row: NewInbound,
        announced: &Announced<'_, Inbound>,
    ) {
        let (key, place, weight) = (row.at(), row.place(seq), row.payload.len());
        if announced.push(place, weight, Inbound { seq, row }) {
            self.start_intake(key);
        }
    }

    /// Looks for webhooks of a conversation on disk.
    pub(crate) fn wake_intake(&self, key: ConversationRef) {
        if self.inner.intake.wake(&key) {
            self.start_intake(key);
        }
    }

    fn start_intake(&self, key: ConversationRef) {
        self.run(|relay| async move { relay.work_intake(&key).await });
    }

    async fn work_intake(&self, key: &ConversationRef) {
        let mut attempt = 0;
        loop {
            self.pass_gate(key).await;
            match self.inner.intake.next(key).await {
                Next::End => return,
                Next::Refill => {
                    if let Err(error) = self.refill_intake(key).await {
                        tracing::warn!(%error, "webhooks that wait cannot be read");
                        let _ = self.inner.intake.wake(key);
                        tokio::time::sleep(self.inner.backoff(attempt)).await;
                        attempt += 1;
                    }
                }
                Next::Item(place, inbound) => match self.process_or_drop(&inbound, attempt).await {
                    Ok(()) => {
                        attempt = 0;
                        self.inner.intake.done(key, place);
                    }
                    Err(Wait::For(at_least)) => {
                        // All of it is on disk, and is read again.
                        drop(inbound);
                        self.inner.intake.let_go(key);
                        tokio::time::sleep(self.inner.backoff(attempt).max(at_least)).await;
                        attempt += 1;
                    }
                    Err(Wait::Reconnect) => return self.inner.intake.leave(key),
                    Err(Wait::Swept) => {}
                },
            }
        }
    }

    async fn refill_intake(&self, key: &ConversationRef) -> Result<(), StoreError> {
        let most = self.inner.intake.room_for(BATCH);
        let store = &self.inner.store;
        let rows = store.pending_inbound_of(key.connection, &key.conversation, most).await?;
        let more = rows.len() == most as usize;
        let items = rows.into_iter().map(|it| (it.row.place(it.seq), it.row.payload.len(), it));
        self.inner.intake.refill(key, items, more);
        Ok(())
    }

    /// A webhook that trips over a defect of ours again and again does not hold up the others.
    async fn process_or_drop(&self, inbound: &Inbound, attempt: u32) -> Result<(), Wait> {
        match AssertUnwindSafe(self.process(inbound)).catch_unwind().await {
            Ok(result) => result,
            Err(_) if attempt < TRIES => Err(Wait::For(Duration::ZERO)),
            Err(_) => {
                let conversation = &inbound.row.conversation;
                tracing::error!(%conversation, "a defect stopped a webhook, see the lines above");
                self.commit(inbound, dropped("a defect of Rialto, described in its log")).await
            }
        }
    }

    /// Does everything for one webhook.
    pub(crate) async fn process(&self, inbound: &Inbound) -> Result<(), Wait> {
        let taken = self.inner.toolkit.clock.now();
        let view = self.roster().view();
        let Some(entry) = view.connections.get(&inbound.row.connection) else {
            return self.commit(inbound, dropped("connection removed")).await;
        };
        let Ok(live) = &entry.live else { return Err(Wait::Reconnect) };
        let events = match inbound.row.swept {
            true => sweep::found(&inbound.row.payload),
            false => live.normalize(&inbound.row.payload).await,
        };
        let events = match events {
            Ok(events) => events,
            Err(error) => return self.unreadable(inbound, entry, error).await,
        };
        let mut whole = Plan::default();
        let mut ready = Vec::with_capacity(events.len());
        for mut event in events {
            event.conversation = view.now_at(inbound.row.connection, &event.conversation);
            match self.prepare(&mut event, entry, live.as_ref()).await {
                Ok(Prepared::ToPlan) => ready.push(event),
                Ok(Prepared::Planned(plan)) => whole.extend(plan),
                Err(error) => return self.unreadable(inbound, entry, error).await,
            }
        }
        for event in &ready {
            self.find_root(event, entry, inbound.row.swept).await?;
        }
        // One after the other per channel sync, so that no two plans count on the same past.
        let _turn = match self.turn_of(&inbound.row) {
            Some(turn) => Some(turn.lock_owned().await),
            None => None,
        };
        let mut past = if inbound.row.swept { Past::Read } else { Past::Guessed };
        loop {
            let mut plan = whole.clone();
            match self.decide(&ready, inbound.row.connection, past).await {
                Ok(decided) => plan.extend(decided),
                Err(error) => return self.unreadable(inbound, entry, store_away(error)).await,
            }
            // Nobody asks for them where nothing is traced.
            let changes = match self.inner.settings.traces {
                Some(_) => messages_of(&plan),
                None => Vec::new(),
            };
            let deliveries = plan.deliveries.len();
            match self.try_to_commit(inbound, plan).await {
                Err(StoreError::Conflict(_)) if past == Past::Guessed => past = Past::Read,
                result => {
                    result.map_err(not_kept)?;
                    for (message, is_new) in changes {
                        self.trace_plan(inbound, taken, message, is_new, deliveries);
                    }
                    return Ok(());
                }
            }
        }
    }

    /// Tells how a message, or a change to it, came in and was planned.
    fn trace_plan(
        &self,
        inbound: &Inbound,
        taken: Timestamp,
        message: MessageId,
        is_new: bool,
        deliveries: usize,
    ) {
        let inner = &self.inner;
        let tracer = Tracer::new(inner.settings.traces.as_ref(), &inner.toolkit, message);
        let root = trace::root(message);
        let received_at = inbound.row.received_at;
        let facts = || {
            vec![
                ("rialto.connection", inbound.row.connection.to_string()),
                ("rialto.conversation", inbound.row.conversation.to_string()),
                ("rialto.swept", inbound.row.swept.to_string()),
                ("rialto.deliveries", deliveries.to_string()),
            ]
        };
        let step = if is_new { root } else { tracer.begin().id };
        let (name, parent) = if is_new { ("message", None) } else { ("update", Some(root)) };
        let now = inner.toolkit.clock.now();
        tracer.past(step, parent, name, (received_at, now), facts);
        let steps = [("wait in the inbox", (received_at, taken)), ("plan", (taken, now))];
        for (name, times) in steps {
            tracer.past(tracer.begin().id, Some(step), name, times, Vec::new);
        }
    }

    /// Everything that may take time, before it is this conversation's turn: acts upon signals,
    /// recognises what is our own, fills in names.
    async fn prepare(
        &self,
        event: &mut Event,
        entry: &ConnectionEntry,
        live: &dyn Connection,
    ) -> Result<Prepared, ReadError> {
        let connection = entry.record.id;
        let own = |what: &str| Ok(Prepared::Planned(dropped(what)));
        let at = ConversationRef { connection, conversation: event.conversation.clone() };
        match &event.kind {
            EventKind::Signal(signal) => {
                self.act_on(entry, &event.conversation, signal).await.map_err(store_away)?;
                return Ok(Prepared::Planned(Plan::default()));
            }
            _ if self.roster().view().endpoint(&at).is_none() => {
                return own("not in a channel sync");
            }
            EventKind::Message(state) => {
                let store = self.inner.store.as_ref();
                match echo::recognise(store, &at, state).await.map_err(store_away)? {
                    Echo::Typed => {}
                    Echo::Known => return own("own post"),
                    Echo::Claimed(change) => {
                        let plan = Plan { changes: vec![change], ..dropped("own post") };
                        return Ok(Prepared::Planned(plan));
                    }
                }
            }
            EventKind::Reaction { account, .. } if live.is_own(account).await? => {
                return own("own reaction");
            }
            EventKind::Membership { author: Author { account: Some(account), .. }, .. }
                if live.is_own(account).await? =>
            {
                return own("own membership");
            }
            _ => {}
        }
        complete::complete(event, connection, live, &self.inner.people).await?;
        Ok(Prepared::ToPlan)
    }

    /// What cannot be read is waited for, or dropped with its reason when it never will be.
    async fn unreadable(
        &self,
        inbound: &Inbound,
        entry: &ConnectionEntry,
        error: ReadError,
    ) -> Result<(), Wait> {
        match error {
            ReadError::Transient { reason, after } => {
                tracing::info!(reason, "a webhook waits to be read");
                let now = self.inner.toolkit.clock.now();
                let wait = after.map(|after| after.duration_since(now));
                Err(Wait::For(wait.and_then(|wait| wait.try_into().ok()).unwrap_or_default()))
            }
            ReadError::Revoked(reason) => match self.mark_revoked(entry, &reason).await {
                true => Err(Wait::Reconnect),
                false => Err(Wait::For(Duration::ZERO)),
            },
            // Its own words may be of any number, and quote the message.
            ReadError::Permanent(_) => self.commit(inbound, dropped(UNREADABLE)).await,
        }
    }

    async fn commit(&self, inbound: &Inbound, plan: Plan) -> Result<(), Wait> {
        self.try_to_commit(inbound, plan).await.map_err(not_kept)
    }

    async fn try_to_commit(&self, inbound: &Inbound, plan: Plan) -> Result<(), StoreError> {
        let (deliveries, drops) = (plan.deliveries.clone(), plan.drops.clone());
        let placed = self.inner.store.commit_plan(inbound.seq, plan).await?;
        for reason in drops {
            metrics::counter!("rialto_not_relayed_total", "reason" => reason).increment(1);
        }
        let waited = self.inner.toolkit.clock.now().duration_since(inbound.row.received_at);
        metrics::histogram!("rialto_inbox_seconds")
            .record(Duration::try_from(waited).unwrap_or_default());
        for (seq, delivery) in placed.into_iter().zip(deliveries) {
            self.enqueue_delivery(seq, delivery);
        }
        Ok(())
    }

    async fn act_on(
        &self,
        entry: &ConnectionEntry,
        conversation: &RemoteId,
        signal: &Signal,
    ) -> Result<(), StoreError> {
        let connection = entry.record.id;
        match signal {
            Signal::Upkeep => self.wake_upkeep(connection),
            Signal::Missed => {
                self.wake_upkeep(connection);
                self.sweep_gaps(connection, std::slice::from_ref(conversation));
            }
            Signal::Moved { to } => {
                self.move_endpoint(connection, conversation, to).await?;
            }
            Signal::Closed { reason } => {
                // Upkeep sees it, tells the admin, and sees when it is mended.
                tracing::warn!(%connection, %conversation, reason, "a conversation was closed");
                self.wake_upkeep(connection);
            }
            Signal::AccountChanged { account } => {
                self.inner.people.forget(connection, account).await?;
            }
        }
        Ok(())
    }

    /// Follows a conversation to its new id; nothing when it was followed there before.
    pub(crate) async fn move_endpoint(
        &self,
        connection: ConnectionId,
        conversation: &RemoteId,
        to: &RemoteId,
    ) -> Result<(), StoreError> {
        let from = ConversationRef { connection, conversation: conversation.clone() };
        if conversation == to || self.roster().view().endpoint(&from).is_none() {
            return Ok(());
        }
        match self.inner.store.move_conversation(&from, to).await {
            Err(StoreError::Conflict(reason)) => {
                let problem = format!("{conversation} is {to} now, but is not followed: {reason}");
                self.inner.problems.wrong(&from, problem);
                Ok(())
            }
            result => {
                result?;
                // What waits, and what is just on its way, goes before what is planned from now on.
                let to = ConversationRef { connection, conversation: to.clone() };
                self.inner.lanes.hand_over(&from, &to);
                self.changed(&[]).await
            }
        }
    }
}

impl Inner {
    /// How long to wait before trying again, by how often it was tried.
    pub(crate) fn backoff(&self, attempt: u32) -> Duration {
        backoff(attempt, self.toolkit.random.as_ref())
    }
}

/// The messages that a plan makes known, or changes.
fn messages_of(plan: &Plan) -> Vec<(MessageId, bool)> {
    let of = |change: &Change| match change {
        Change::NewMessage { id, .. } => Some((*id, true)),
        Change::Revised { message, .. }
        | Change::Deleted { message }
        | Change::Reaction { message, .. } => Some((*message, false)),
        Change::Claimed(_) => None,
    };
    plan.changes.iter().filter_map(of).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn not_kept(error: StoreError) -> Wait {
    tracing::warn!(%error, "a plan could not be kept");
    Wait::For(Duration::ZERO)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn store_away(error: StoreError) -> ReadError {
    ReadError::Transient { reason: error.to_string(), after: None }
}

//! Lanes: what goes to one conversation goes in order, one thing at a time; lanes go side by side.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_model::{
    ChannelSyncState, ConnectionId, ConversationRef, Delivery, DeliveryState, Work,
};
use rialto_store::{NewDelivery, PendingDelivery, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    deliver::{BREAK, Outcome},
    queue::Next,
    relay::Relay,
};

/// How many deliveries of one lane are read from the database at a time.
const BATCH: u32 = 64;
/// How many calls to one connection may be under way.
const CALLS_PER_CONNECTION: usize = 512;
/// A lane that is to wait for so long keeps nothing in memory meanwhile.
const LONG: Duration = Duration::from_secs(5);
/// What a queued delivery is taken to weigh besides its text, in bytes.
const DELIVERY_WEIGHT: usize = 512;

/// A place among the calls to a connection that may be under way.
pub(crate) struct Slot {
    all: Arc<Semaphore>,
    held: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Slot {
    async fn take(all: &Arc<Semaphore>) -> Self {
        let held = Mutex::new(all.clone().acquire_owned().await.ok());
        Self { all: all.clone(), held }
    }

    /// Leaves the place to others while something else than a call is waited for.
    pub(crate) async fn left_during<T>(&self, wait: impl Future<Output = T>) -> T {
        drop(self.held.lock().take());
        let done = wait.await;
        let again = self.all.clone().acquire_owned().await.ok();
        *self.held.lock() = again;
        done
    }
}

/// A delivery in its lane.
pub(crate) struct Job {
    pub(crate) pending: PendingDelivery,
    /// Planned by this process and never tried: nothing of it can have happened.
    pub(crate) fresh: bool,
}

impl Relay {
    /// Queues a delivery that is on disk.
    pub(crate) fn enqueue_delivery(&self, seq: i64, new: NewDelivery) {
        let to = new.to.clone();
        let weight = weight_of(&new.work);
        let delivery = Delivery {
            id: new.id,
            seq,
            message: new.message,
            from: new.from,
            to: new.to,
            kind: new.work.kind(),
            state: DeliveryState::Pending,
            reason: None,
            attempts: 0,
            happened_at: new.happened_at,
            created_at: new.created_at,
            settled_at: None,
            told: false,
        };
        let pending = PendingDelivery { delivery, work: new.work, begun: Vec::new() };
        if self.inner.lanes.push(&to, seq, weight, Job { pending, fresh: true }) {
            self.start_lane(to);
        }
    }

    /// Lets a lane look for work that is on disk.
    pub(crate) fn look_for_work(&self, to: &ConversationRef) {
        if self.inner.lanes.wake(to) {
            self.start_lane(to.clone());
        }
    }

    /// Lets a lane look for work now (a delivery was retried).
    pub fn wake_lane(&self, to: &ConversationRef) {
        self.inner.set_hold(to, None);
        self.look_for_work(to);
    }

    /// Lets all lanes that have work look for it.
    pub(crate) async fn wake_lanes(&self) -> Result<(), StoreError> {
        for lane in self.inner.store.lanes().await? {
            if let Some(until) = lane.held_until {
                self.inner.set_hold(&lane.to, Some(until));
            }
            self.look_for_work(&lane.to);
        }
        Ok(())
    }

    fn start_lane(&self, to: ConversationRef) {
        self.run_in(&self.inner.lane_tasks, |relay| async move { relay.work_lane(&to).await });
    }

    async fn work_lane(&self, to: &ConversationRef) {
        let slots = self.inner.slots(to.connection);
        let mut failures = 0;
        loop {
            if self.inner.winding_down.is_cancelled() {
                return self.inner.lanes.leave(to);
            }
            if !self.is_open(to) {
                self.inner.lanes.leave(to);
                return self.clear_lane(to).await;
            }
            self.wait_for_hold(to).await;
            // First, so that no more deliveries are read beyond what may be queued than are tried.
            let slot = tokio::select! {
                biased;
                () = self.inner.winding_down.cancelled() => continue,
                slot = Slot::take(&slots) => slot,
            };
            // It was waited for; meanwhile an admin may have paused it, or it has another id.
            if !self.is_open(to) {
                continue;
            }
            match self.inner.lanes.next(to).await {
                Next::End => return,
                Next::Refill => match self.refill_lane(to).await {
                    Ok(()) => failures = 0,
                    Err(error) => {
                        tracing::warn!(%error, "deliveries that wait cannot be read");
                        drop(slot);
                        let _ = self.inner.lanes.wake(to);
                        self.pause(self.inner.backoff(failures)).await;
                        failures += 1;
                    }
                },
                Next::Item(seq, job) => {
                    let outcome = self.deliver(&job, slot).await;
                    self.inner.lanes.done(to, seq);
                    drop(job);
                    match outcome {
                        Outcome::Settled => self.inner.uploads.forget(to),
                        Outcome::Later(wait) => {
                            // What was tried is read again before the next try: what is begun is on
                            // disk. So is all that comes after it.
                            self.inner.lanes.let_go(to);
                            self.pause(wait).await;
                        }
                        Outcome::Closed => return self.inner.lanes.leave(to),
                    }
                }
            }
        }
    }

    /// Whether a lane may write now: it is in a channel sync that flows, on a connection that works.
    fn is_open(&self, to: &ConversationRef) -> bool {
        let view = self.roster().view();
        let flows = match view.endpoint(to) {
            Some((sync, endpoint)) => {
                sync.state == ChannelSyncState::Active && endpoint.direction.writes()
            }
            None => to.conversation.direct_account().is_some(),
        };
        flows && view.works(to.connection)
    }

    /// What was planned for a conversation while it was removed, or moved, is not left lying.
    async fn clear_lane(&self, to: &ConversationRef) {
        let view = self.roster().view();
        let is_written_to = view.endpoint(to).is_some_and(|(_, it)| it.direction.writes());
        let is_direct = to.conversation.direct_account().is_some();
        if is_written_to || (is_direct && view.connections.contains_key(&to.connection)) {
            return;
        }
        match self.inner.store.clear_lane(to, self.inner.toolkit.clock.now()).await {
            Ok(None) => {}
            Ok(Some(conversation)) => {
                self.look_for_work(&ConversationRef { connection: to.connection, conversation });
            }
            Err(error) => tracing::warn!(%error, "what waits for a removed channel stays for now"),
        }
    }

    async fn refill_lane(&self, to: &ConversationRef) -> Result<(), StoreError> {
        let most = self.inner.lanes.room_for(BATCH);
        let work = self.inner.store.lane_work(to, i64::MIN, most).await?;
        let more = work.len() == most as usize;
        let jobs = work.into_iter().map(|pending| {
            (pending.delivery.seq, weight_of(&pending.work), Job { pending, fresh: false })
        });
        self.inner.lanes.refill(to, jobs, more);
        Ok(())
    }

    /// Waits as long as the platform asked to.
    async fn wait_for_hold(&self, to: &ConversationRef) {
        while let Some(until) = self.inner.held_until(to)
            && self.is_open(to)
            && !self.inner.winding_down.is_cancelled()
        {
            let wait = until.duration_since(self.inner.toolkit.clock.now());
            let Ok(wait) = Duration::try_from(wait) else { return };
            if wait.is_zero() {
                return;
            }
            if wait >= LONG {
                self.inner.lanes.let_go(to);
            }
            self.pause(wait).await;
        }
    }

    /// Sleeps, but wakes when an admin changed something, or the end has come.
    async fn pause(&self, wait: Duration) {
        let mut changes = self.inner.changes.subscribe();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = changes.changed() => {}
            () = self.inner.winding_down.cancelled() => {}
        }
    }
}

impl crate::relay::Inner {
    fn slots(&self, connection: ConnectionId) -> Arc<Semaphore> {
        self.slots
            .lock()
            .entry(connection)
            .or_insert_with(|| Arc::new(Semaphore::new(CALLS_PER_CONNECTION)))
            .clone()
    }

    /// Remembers a platform's wish to wait; longer wishes win.
    pub(crate) fn set_hold(&self, to: &ConversationRef, until: Option<Timestamp>) {
        let mut holds = self.holds.lock();
        match until {
            Some(until) => {
                let held = holds.lanes.entry(to.clone()).or_insert(until);
                *held = (*held).max(until);
            }
            None => {
                holds.lanes.remove(to);
            }
        }
    }

    /// Likewise, for everything on a connection.
    pub(crate) fn hold_connection(&self, connection: ConnectionId, until: Timestamp) {
        let mut holds = self.holds.lock();
        let held = holds.connections.entry(connection).or_insert(until);
        *held = (*held).max(until);
    }

    fn held_until(&self, to: &ConversationRef) -> Option<Timestamp> {
        let now = self.toolkit.clock.now();
        let is_over = |until: &Timestamp| is_over(*until, now);
        let mut holds = self.holds.lock();
        if holds.lanes.get(to).is_some_and(is_over) {
            holds.lanes.remove(to);
        }
        if holds.connections.get(&to.connection).is_some_and(is_over) {
            holds.connections.remove(&to.connection);
        }
        let lane = holds.lanes.get(to).copied();
        lane.max(holds.connections.get(&to.connection).copied())
    }
}

/// Whether a wish to wait is none any more, or never was: what is longer than any platform asks for was
/// counted by a clock that was ahead.
pub(crate) fn is_over(until: Timestamp, now: Timestamp) -> bool {
    until <= now || until.duration_since(now) > BREAK
}

/// What a delivery weighs in memory, in bytes.
fn weight_of(work: &Work) -> usize {
    let text = match work {
        Work::Post { content, .. } | Work::Edit { content, .. } => content.text.weight(),
        Work::Notice { text, .. } => text.weight(),
        Work::Delete | Work::React { .. } | Work::Unreact { .. } => 0,
    };
    DELIVERY_WEIGHT + text
}

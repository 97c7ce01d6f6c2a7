//! The engine as its callers see it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_model::{AppId, ChannelSyncId, ConnectionId, ConversationRef};
use rialto_platform::{Inbound, Toolkit, Verified};
use rialto_store::{Appended, ConnectionState, NewInbound, Store, StoreError};
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore, watch},
};
use tokio_util::{future::FutureExt as _, sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    AvatarLinks, Platforms, Roster, Traces, admission::Admission, canary::Canaries,
    figures::InboundFigures, files::Uploads, lane::Job, pacing::Pacer, people::People,
    problems::Problems, queue::Queues, sweep::Sweeps, upkeep::Rounds,
};

/// What may wait in memory, in bytes, on the way in and on the way out. The rest waits on disk.
const QUEUED_IN: usize = 32 << 20;
const QUEUED_OUT: usize = 32 << 20;
/// How many webhooks are read at a time when the engine starts.
const START_BATCH: u32 = 1_000;
/// How often the content of parked deliveries is looked through.
const HOUSEKEEPING: Duration = Duration::from_secs(3_600);

/// Choices of a deployment.
#[derive(Clone)]
pub struct RelaySettings {
    /// Where vendors and admins reach this Rialto.
    pub public_url: Url,
    /// How long the content of a parked delivery is kept, so that Retry works.
    pub keep_parked: Duration,
    /// How long a delivery is tried before it is parked, when the other side does not work.
    pub give_up_after: Duration,
    /// How long a delivery may wait before its sender is told by a reaction that it is not there.
    pub tell_after: Duration,
    /// How long after a call without an answer it is looked up whether it was done: long enough
    /// for a platform to finish what it had begun.
    pub look_after: Duration,
    /// Whether calls are paced by the platforms' published limits. Off only where a platform has
    /// none (load tests); what a platform asks for by `Retry-After` is always honoured.
    pub pacing: bool,
    /// How often the past of each conversation is compared with what was heard of it.
    pub sweep_every: Duration,
    /// How long a webhook may take: what is younger is left to the next sweep on schedule.
    pub sweep_grace: Duration,
    /// How much of what it found a sweep may have in memory before it is kept, in bytes.
    pub sweep_memory: usize,
    /// How often a canary sings in each workspace; `None`: never.
    pub canary_every: Option<Duration>,
    /// How long a webhook may take to tell of the canary before the workspace is deaf.
    pub canary_patience: Duration,
    /// Who follows the way of messages.
    pub traces: Option<Arc<dyn Traces>>,
    /// Where pictures are given to a platform that cannot fetch them from the author's own; without
    /// it, only pictures that anyone may fetch go along.
    pub avatars: Option<AvatarLinks>,
}

impl RelaySettings {
    /// What most deployments want.
    pub fn new(public_url: Url) -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3_600);
        Self {
            public_url,
            keep_parked: 7 * DAY,
            give_up_after: 7 * DAY,
            tell_after: Duration::from_secs(15 * 60),
            look_after: Duration::from_secs(2),
            pacing: true,
            sweep_every: Duration::from_secs(15 * 60),
            sweep_grace: Duration::from_secs(2 * 60),
            sweep_memory: 16 << 20,
            canary_every: Some(Duration::from_secs(5 * 60)),
            canary_patience: Duration::from_secs(60),
            traces: None,
            avatars: None,
        }
    }
}

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Relay {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) roster: Roster,
    pub(crate) toolkit: Toolkit,
    pub(crate) settings: RelaySettings,
    pub(crate) people: People,
    admission: Admission,
    pub(crate) intake: Queues<rialto_store::Inbound>,
    pub(crate) lanes: Queues<Job>,
    pub(crate) pacer: Pacer,
    pub(crate) uploads: Uploads,
    pub(crate) holds: Mutex<Holds>,
    pub(crate) slots: Mutex<HashMap<ConnectionId, Arc<Semaphore>>>,
    pub(crate) rounds: Rounds,
    pub(crate) sweeps: Sweeps,
    pub(crate) problems: Problems,
    pub(crate) canaries: Canaries,
    /// Something that a sender was told may be past.
    pub(crate) take_back: Notify,
    inbound: InboundFigures,
    /// Counts what admins changed; whoever waits looks again.
    pub(crate) changes: watch::Sender<u64>,
    turns: Mutex<HashMap<ChannelSyncId, Arc<tokio::sync::Mutex<()>>>>,
    /// Where everything runs, whoever asks for it.
    runtime: Handle,
    pub(crate) tasks: TaskTracker,
    /// Lanes at work, apart: they are let finish their calls.
    pub(crate) lane_tasks: TaskTracker,
    /// Nothing more is to be begun.
    pub(crate) winding_down: CancellationToken,
    pub(crate) stopping: CancellationToken,
    /// When this process took over.
    pub(crate) started_at: Timestamp,
}

/// Until when platforms asked to wait.
#[derive(Default)]
pub(crate) struct Holds {
    pub(crate) lanes: HashMap<ConversationRef, Timestamp>,
    pub(crate) connections: HashMap<ConnectionId, Timestamp>,
}

/// What became of verified webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Kept on disk.
    pub kept: usize,
    /// Already waiting.
    pub duplicates: usize,
    /// About conversations that are in no channel sync: not kept.
    pub not_synced: usize,
    /// They tell of the canary.
    pub canary: usize,
    /// For a workspace that is not connected here.
    pub unknown_workspace: usize,
}

impl Relay {
    /// Starts the engine: everything that waits in the store goes on. It runs where it is started,
    /// also what callers from another runtime ask for.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(
        store: Arc<dyn Store>,
        platforms: Platforms,
        toolkit: Toolkit,
        settings: RelaySettings,
    ) -> Result<Self, StoreError> {
        let started_at = toolkit.clock.now();
        let roster = Roster::load(store.clone(), platforms, settings.public_url.clone()).await?;
        let relay = Self {
            inner: Arc::new(Inner {
                people: People::new(store.clone(), toolkit.clock.clone()),
                store,
                roster,
                toolkit,
                settings,
                admission: Admission::default(),
                intake: Queues::new(QUEUED_IN),
                lanes: Queues::new(QUEUED_OUT),
                pacer: Pacer::default(),
                uploads: Uploads::default(),
                holds: Mutex::default(),
                slots: Mutex::default(),
                rounds: Rounds::default(),
                sweeps: Sweeps::default(),
                problems: Problems::default(),
                canaries: Canaries::default(),
                take_back: Notify::new(),
                inbound: InboundFigures::default(),
                changes: watch::Sender::new(0),
                turns: Mutex::default(),
                runtime: Handle::current(),
                tasks: TaskTracker::new(),
                lane_tasks: TaskTracker::new(),
                winding_down: CancellationToken::new(),
                stopping: CancellationToken::new(),
                started_at,
            }),
        };
        relay.sweep_from_the_start().await?;
        relay.wake_lanes().await?;
        relay.queue_pending().await?;
        relay.run(|relay| async move { relay.upkeep().await });
        relay.run(|relay| async move { relay.housekeeping().await });
        relay.run(|relay| async move { relay.sweep_on_schedule().await });
        relay.run(|relay| async move { relay.keep_canaries().await });
        relay.run(|relay| async move { relay.keep_telling().await });
        relay.run(|relay| async move { relay.keep_figures().await });
        Ok(relay)
    }

    /// Runs something beside everything else, until it ends or the engine stops.
    pub(crate) fn run<W>(&self, work: impl FnOnce(Self) -> W)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        self.run_in(&self.inner.tasks, work);
    }

    /// The same, among these tasks.
    pub(crate) fn run_in<W>(&self, tasks: &TaskTracker, work: impl FnOnce(Self) -> W)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        // Not an `async` block around it: each keeps what it waits for twice, and tasks are many.
        let stopping = self.inner.stopping.clone();
        let work = work(self.clone()).with_cancellation_token_owned(stopping);
        tasks.spawn_on(work, &self.inner.runtime);
    }

    /// Lets lanes begin nothing more, and waits for the calls that they have under way to be
    /// answered and kept, `patience` at most. Whether none is left; an outcome that is not known by
    /// then is looked up by the next start, as after a crash.
    pub async fn wind_down(&self, patience: Duration) -> bool {
        self.inner.winding_down.cancel();
        self.inner.lane_tasks.close();
        tokio::time::timeout(patience, self.inner.lane_tasks.wait()).await.is_ok()
    }

    /// Ends the engine's tasks wherever they wait. What is under way is finished by the next start.
    pub async fn stop(&self) {
        self.inner.stopping.cancel();
        for tasks in [&self.inner.lane_tasks, &self.inner.tasks] {
            tasks.close();
            tasks.wait().await;
        }
    }

    /// Keeps verified webhooks. When this returns `Ok`, they are on disk and may be acknowledged.
    ///
    /// # Errors
    /// When the store cannot keep them, or too much waits for it already: answer so that the platform sends again.
    pub async fn accept(
        &self,
        app: AppId,
        inbound: Vec<Verified<Inbound>>,
    ) -> Result<Accepted, StoreError> {
        let view = self.roster().view();
        let received_at = self.inner.toolkit.clock.now();
        let mut accepted = Accepted::default();
        let mut rows = Vec::with_capacity(inbound.len());
        for inbound in inbound {
            let inbound = inbound.into_inner();
            let Some(connection) = view.workspace(app, &inbound.workspace) else {
                accepted.unknown_workspace += 1;
                continue;
            };
            let conversation = view.now_at(connection, &inbound.conversation);
            let at = ConversationRef { connection, conversation };
            if self.inner.canaries.is_heard(&at) {
                accepted.canary += 1;
                continue;
            }
            if !at.conversation.as_str().is_empty() && view.endpoint(&at).is_none() {
                accepted.not_synced += 1;
                continue;
            }
            self.heard(&at);
            rows.push(NewInbound {
                connection,
                conversation: at.conversation,
                key: inbound.key,
                payload: inbound.payload,
                received_at,
                swept: false,
            });
        }
        if !rows.is_empty() {
            // They commit together with others, and are queued in the order of their places.
            let mut announced = BTreeMap::new();
            for at in rows.iter().map(NewInbound::at) {
                announced.entry(at).or_insert_with_key(|at| self.inner.intake.announce(at));
            }
            let appended = self.append(&rows).await.inspect_err(|_| self.sweep_refused(&rows))?;
            for (appended, row) in appended.into_iter().zip(rows) {
                match appended {
                    Appended::New(seq) => {
                        accepted.kept += 1;
                        let announced = &announced[&row.at()];
                        self.enqueue_inbound(seq, row, announced);
                    }
                    Appended::Duplicate => {
                        accepted.duplicates += 1;
                        // It may be on disk alone: its first taking broke off before it was queued.
                        self.wake_intake(row.at());
                    }
                }
            }
        }
        self.inner.inbound.count(&accepted);
        Ok(accepted)
    }

    async fn append(&self, rows: &[NewInbound]) -> Result<Vec<Appended>, StoreError> {
        let Some(_admitted) = self.inner.admission.admit(rows) else {
            let words = "too much waits to be written already";
            return Err(StoreError::Unavailable(words.into()));
        };
        self.inner.store.append_inbound(rows).await
    }

    /// Not every platform sends again what it could not deliver: it is read from the past.
    fn sweep_refused(&self, rows: &[NewInbound]) {
        for row in rows {
            self.sweep_gaps(row.connection, std::slice::from_ref(&row.conversation));
        }
    }

    /// Puts in force what an admin changed in the store: reloads the roster, renews these
    /// connections (their credentials changed), makes and removes subscriptions, wakes whatever
    /// waits. Subscriptions are in place when this returns, unless their platform is slow.
    ///
    /// # Errors
    /// When the store cannot be read; the old state stays in force.
    pub async fn changed(&self, renew: &[ConnectionId]) -> Result<(), StoreError> {
        let before = self.roster().view();
        {
            // Whoever was refused with the credentials before does not mark them now.
            let _marking = self.inner.rounds.marking.lock().await;
            for connection in renew {
                self.inner.store.set_connection_state(*connection, ConnectionState::Active).await?;
            }
            renew.iter().for_each(|connection| self.shut_gates(*connection));
            self.roster().reload(renew).await?;
        }
        for connection in renew {
            self.inner.problems.mended(*connection);
        }
        let after = self.roster().view();
        self.inner.problems.keep_of(|at| after.hears(at));
        let to_look_after: Vec<_> = after
            .connections
            .keys()
            .copied()
            .filter(|id| renew.contains(id) || before.heard(*id) != after.heard(*id))
            .collect();
        self.inner.changes.send_modify(|count| *count = count.wrapping_add(1));
        self.look_after_now(to_look_after.clone(), renew).await;
        for connection in to_look_after {
            self.sweep_what_is_new(connection, &before, renew.contains(&connection));
        }
        self.queue_pending().await?;
        self.wake_lanes().await
    }

    /// What needs an admin on a connection.
    pub fn problems(&self, connection: ConnectionId) -> Vec<String> {
        self.inner.problems.of(connection)
    }

    /// What waits in memory, in bytes: on the way in, and on the way out.
    pub fn queued(&self) -> (usize, usize) {
        (self.inner.intake.weight(), self.inner.lanes.weight())
    }

    /// What an admin chose for this deployment.
    pub fn settings(&self) -> &RelaySettings {
        &self.inner.settings
    }

    /// Clock, randomness, HTTP.
    pub fn toolkit(&self) -> &Toolkit {
        &self.inner.toolkit
    }

    /// What an admin set up.
    pub fn roster(&self) -> &Roster {
        &self.inner.roster
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    /// The lock under which plans for the channel sync of a webhook's conversation are made.
    pub(crate) fn turn_of(&self, row: &NewInbound) -> Option<Arc<tokio::sync::Mutex<()>>> {
        let view = self.roster().view();
        let conversation = view.now_at(row.connection, &row.conversation);
        let (sync, _) =
            view.endpoint(&ConversationRef { connection: row.connection, conversation })?;
        Some(self.inner.turns.lock().entry(sync.id).or_default().clone())
    }

    /// Queues the webhooks that wait in the store.
    async fn queue_pending(&self) -> Result<(), StoreError> {
        let mut after = i64::MIN;
        loop {
            let page = self.inner.store.pending_inbound(after, START_BATCH).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.seq;
            for inbound in page {
                self.wake_intake(ConversationRef {
                    connection: inbound.row.connection,
                    conversation: inbound.row.conversation,
                });
            }
        }
    }

    async fn housekeeping(&self) {
        loop {
            let now = self.inner.toolkit.clock.now();
            if let Ok(before) = now.checked_sub(self.inner.settings.keep_parked) {
                match self.inner.store.erase_parked(before).await {
                    Ok(0) => {}
                    Ok(count) => tracing::info!(count, "erased the content of parked deliveries"),
                    Err(error) => tracing::warn!(%error, "parked deliveries cannot be erased"),
                }
            }
            tokio::time::sleep(HOUSEKEEPING).await;
        }
    }
}

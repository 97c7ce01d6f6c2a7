//! A store that can stop the process at any verb, before or after it did its work, and that can be
//! broken in ways that the simulation must notice.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

use async_trait::async_trait;
use jiff::Timestamp;
use rialto_model::{
    AppId, Attempt, Begun, ChannelSync, ChannelSyncId, ChannelSyncState, ConnectionId,
    ConversationRef, Delivery, DeliveryId, Endpoint, EndpointId, Fingerprint, MessageId,
    OrganizationId, PartKey, RemoteId, SyncSettings,
};
use rialto_store::{
    App, Appended, AuditEntry, Backlog, Change, ChannelSyncTraffic, Connection, ConnectionState,
    Copy, DeliveryFilter, DropCount, InFlight, Inbound, Lane, MessageView, NewDelivery, NewInbound,
    PendingAuthorization, PendingDelivery, Plan, Progress, Store, StoreError, StoredAccount,
    SweepRecord,
};
use secrecy::SecretString;

/// What the engine may be robbed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// That a post is about to be made is not written down.
    Begin,
    /// Nobody knows which posts are under way: our own events look typed.
    EchoCheck,
    /// A message that is known already is taken for a new one.
    Dedupe,
}

/// One run of the engine, from its start to the step at which it dies.
#[derive(Default)]
pub struct Process {
    steps: AtomicU64,
    dies_at: AtomicU64,
    dead: AtomicBool,
}

impl Process {
    /// Lets it die at the `steps`-th step from now.
    pub fn die_after(&self, steps: u64) {
        self.dies_at.store(self.steps() + steps.max(1), SeqCst);
    }

    /// Nothing of it goes on.
    pub fn is_dead(&self) -> bool {
        self.dead.load(SeqCst)
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps.load(SeqCst)
    }

    /// A step: others may run, and here it may end for good.
    pub async fn step(&self) {
        let step = self.steps.fetch_add(1, SeqCst) + 1;
        if step == self.dies_at.load(SeqCst) {
            self.dead.store(true, SeqCst);
        }
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
    }
}

/// The store as one process has it.
pub struct Watched {
    inner: Arc<dyn Store>,
    process: Arc<Process>,
    broken: Option<Broken>,
    made_up: AtomicU64,
}

impl Watched {
    pub fn new(inner: Arc<dyn Store>, process: Arc<Process>, broken: Option<Broken>) -> Self {
        Self { inner, process, broken, made_up: AtomicU64::new(0) }
    }

    /// A number that no process gave before.
    fn made_up(&self) -> String {
        let number = self.made_up.fetch_add(1, SeqCst);
        format!("{:p}.{number}", Arc::as_ptr(&self.process))
    }

    async fn begin_or_not(
        &self,
        delivery: DeliveryId,
        part: PartKey,
        fingerprint: Fingerprint,
        handles: Vec<String>,
        says_when: bool,
        at: Timestamp,
    ) -> Result<Begun, StoreError> {
        match self.broken {
            Some(Broken::Begin) => Ok(Begun::committed(delivery, part, at)),
            _ => self.inner.begin(delivery, part, fingerprint, handles, says_when, at).await,
        }
    }

    async fn in_flight_or_none(&self, to: &ConversationRef) -> Result<Vec<InFlight>, StoreError> {
        match self.broken {
            Some(Broken::EchoCheck) => Ok(Vec::new()),
            _ => self.inner.in_flight(to).await,
        }
    }

    async fn append_all(&self, rows: &[NewInbound]) -> Result<Vec<Appended>, StoreError> {
        let mut rows = rows.to_vec();
        if self.broken == Some(Broken::Dedupe) {
            rows.iter_mut().for_each(|row| row.key = format!("{}-{}", row.key, self.made_up()));
        }
        self.inner.append_inbound(&rows).await
    }

    /// Without dedupe a known original is nothing, and what is made of it is another message.
    async fn message_or_not(
        &self,
        at: &ConversationRef,
        remote: &RemoteId,
    ) -> Result<Option<MessageView>, StoreError> {
        let view = self.inner.message_at(at, remote).await?;
        let is_original = |view: &MessageView| view.origin == *at;
        Ok(view.filter(|view| self.broken != Some(Broken::Dedupe) || !is_original(view)))
    }

    async fn commit(&self, seq: i64, mut plan: Plan) -> Result<Vec<i64>, StoreError> {
        if self.broken == Some(Broken::Dedupe) {
            for change in &mut plan.changes {
                if let Change::NewMessage { remote, .. } = change {
                    *remote = format!("{remote}#{}", self.made_up()).into();
                }
            }
        }
        self.inner.commit_plan(seq, plan).await
    }
}

/// Each verb, between two steps.
macro_rules! store {
    ($($verb:ident($($name:ident: $kind:ty),*) -> $answer:ty $(, by $own:ident)?;)*) => {
        #[async_trait]
        impl Store for Watched {
            $(async fn $verb(&self, $($name: $kind),*) -> Result<$answer, StoreError> {
                self.process.step().await;
                let answer = store!(@call self, $verb, [$($own)?], ($($name),*));
                self.process.step().await;
                answer
            })*
        }
    };
    (@call $self:ident, $verb:ident, [], ($($name:ident),*)) => {
        $self.inner.$verb($($name),*).await
    };
    (@call $self:ident, $verb:ident, [$own:ident], ($($name:ident),*)) => {
        $self.$own($($name),*).await
    };
}

store! {
    default_organization() -> OrganizationId;
    put_app(app: App) -> ();
    apps() -> Vec<App>;
    app(id: AppId) -> Option<App>;
    remove_app(id: AppId) -> ();
    put_connection(connection: Connection) -> ();
    connections() -> Vec<Connection>;
    set_connection_state(id: ConnectionId, state: ConnectionState) -> ();
    remove_connection(id: ConnectionId) -> ();
    cabinet_get(connection: ConnectionId, key: &str) -> Option<SecretString>;
    cabinet_list(connection: ConnectionId, prefix: &str) -> Vec<(String, SecretString)>;
    cabinet_put(connection: ConnectionId, key: &str, value: SecretString) -> ();
    cabinet_remove(connection: ConnectionId, key: &str) -> ();
    put_authorization(pending: PendingAuthorization) -> ();
    take_authorization(state: &str, now: Timestamp) -> Option<PendingAuthorization>;
    put_channel_sync(sync: ChannelSync) -> ();
    channel_syncs() -> Vec<ChannelSync>;
    set_channel_sync_state(id: ChannelSyncId, state: ChannelSyncState) -> ();
    set_channel_sync_settings(id: ChannelSyncId, name: &str, settings: SyncSettings) -> ();
    put_endpoint(sync: ChannelSyncId, endpoint: Endpoint) -> ();
    rename_endpoint(id: EndpointId, name: &str) -> ();
    remove_endpoint(id: EndpointId, at: Timestamp) -> ();
    remove_channel_sync(id: ChannelSyncId, at: Timestamp) -> ();
    audit(entry: AuditEntry) -> ();
    audit_log(before: Option<i64>, limit: u32) -> Vec<(i64, AuditEntry)>;
    append_inbound(rows: &[NewInbound]) -> Vec<Appended>, by append_all;
    pending_inbound(after: i64, limit: u32) -> Vec<Inbound>;
    pending_inbound_of(connection: ConnectionId, conversation: &RemoteId, limit: u32) -> Vec<Inbound>;
    message_at(at: &ConversationRef, remote: &RemoteId) -> Option<MessageView>, by message_or_not;
    message(id: MessageId) -> Option<MessageView>;
    in_flight(to: &ConversationRef) -> Vec<InFlight>, by in_flight_or_none;
    commit_plan(seq: i64, plan: Plan) -> Vec<i64>, by commit;
    sweeps() -> Vec<(ConversationRef, SweepRecord)>;
    put_sweep(at: &ConversationRef, checked_until: Timestamp, deaf_since: Option<Timestamp>) -> ();
    said_between(at: &ConversationRef, since: Timestamp, until: Timestamp) -> Vec<(RemoteId, Option<MessageId>)>;
    move_conversation(from: &ConversationRef, to: &RemoteId) -> ();
    moves() -> Vec<(ConversationRef, RemoteId)>;
    lanes() -> Vec<Lane>;
    lane_work(to: &ConversationRef, after: i64, limit: u32) -> Vec<PendingDelivery>;
    copies(message: MessageId, at: &ConversationRef) -> Vec<Copy>;
    is_copy(at: &ConversationRef, remote: &RemoteId) -> bool;
    begin(delivery: DeliveryId, part: PartKey, fingerprint: Fingerprint, handles: Vec<String>, says_when: bool, at: Timestamp) -> Begun, by begin_or_not;
    progress(delivery: DeliveryId, step: Progress) -> ();
    hold_lane(to: &ConversationRef, until: Option<Timestamp>) -> ();
    clear_lane(to: &ConversationRef, at: Timestamp) -> Option<RemoteId>;
    overdue(before: Timestamp, after: i64, limit: u32) -> Vec<Delivery>;
    told_in_vain(limit: u32) -> Vec<Delivery>;
    take_back(message: MessageId, deliveries: Vec<NewDelivery>) -> ();
    deliveries(filter: &DeliveryFilter) -> Vec<Delivery>;
    delivery(id: DeliveryId) -> Option<(Delivery, Vec<Attempt>)>;
    retry(id: DeliveryId) -> Delivery;
    erase_parked(before: Timestamp) -> u64;
    traffic(id: ChannelSyncId) -> ChannelSyncTraffic;
    backlog() -> Backlog;
    drops() -> Vec<DropCount>;
    check() -> ();
    account(connection: ConnectionId, id: &RemoteId) -> Option<StoredAccount>;
    accounts_by_email(connection: ConnectionId, email: &str) -> Vec<StoredAccount>;
    put_accounts(connection: ConnectionId, accounts: Vec<StoredAccount>) -> ();
    forget_account(connection: ConnectionId, id: &RemoteId) -> ();
}

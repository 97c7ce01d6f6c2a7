//! The port.

use async_trait::async_trait;
use jiff::Timestamp;
use rialto_model::{
    AppId, Attempt, Begun, ChannelSync, ChannelSyncId, ChannelSyncState, ConnectionId,
    ConversationRef, Delivery, DeliveryId, Endpoint, EndpointId, Fingerprint, MessageId,
    OrganizationId, PartKey, RemoteId, SyncSettings,
};
use secrecy::SecretString;

use crate::{
    App, Appended, AuditEntry, Backlog, ChannelSyncTraffic, Connection, ConnectionState, Copy,
    DeliveryFilter, DropCount, InFlight, Inbound, Lane, MessageView, NewDelivery, NewInbound,
    PendingAuthorization, PendingDelivery, Plan, Progress, StoreError, StoredAccount, SweepRecord,
};

/// Durable state.
///
/// Verbs that change or remove one thing answer `NotFound` when there is no such thing, unless said
/// otherwise.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // ---- what an admin set up

    /// The organization of a deployment that holds one; made when the database was.
    async fn default_organization(&self) -> Result<OrganizationId, StoreError>;

    /// Adds an application, or replaces the one of the same id.
    async fn put_app(&self, app: App) -> Result<(), StoreError>;
    /// All applications.
    async fn apps(&self) -> Result<Vec<App>, StoreError>;
    /// One application.
    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError>;
    /// Removes an application; a conflict while it has connections.
    async fn remove_app(&self, id: AppId) -> Result<(), StoreError>;

    /// Adds a connection, or replaces the one of the same id. A conflict when another one has the
    /// same app and workspace.
    async fn put_connection(&self, connection: Connection) -> Result<(), StoreError>;
    /// All connections.
    async fn connections(&self) -> Result<Vec<Connection>, StoreError>;
    /// Says whether a connection works.
    async fn set_connection_state(
        &self,
        id: ConnectionId,
        state: ConnectionState,
    ) -> Result<(), StoreError>;
    /// Removes a connection, its cabinet and accounts; a conflict while a channel sync uses it.
    async fn remove_connection(&self, id: ConnectionId) -> Result<(), StoreError>;

    /// What a connector keeps for itself about a connection: tokens, certificates, subscriptions.
    async fn cabinet_get(
        &self,
        connection: ConnectionId,
        key: &str,
    ) -> Result<Option<SecretString>, StoreError>;
    /// All entries whose key begins so, by key.
    async fn cabinet_list(
        &self,
        connection: ConnectionId,
        prefix: &str,
    ) -> Result<Vec<(String, SecretString)>, StoreError>;
    /// Keeps an entry, sealed.
    async fn cabinet_put(
        &self,
        connection: ConnectionId,
        key: &str,
        value: SecretString,
    ) -> Result<(), StoreError>;
    /// Forgets an entry; nothing happens when there is none.
    async fn cabinet_remove(&self, connection: ConnectionId, key: &str) -> Result<(), StoreError>;

    /// Remembers that an admin was sent to a vendor's page.
    async fn put_authorization(&self, pending: PendingAuthorization) -> Result<(), StoreError>;
    /// Takes it: the second time there is none, and none that is expired at `now`.
    async fn take_authorization(
        &self,
        state: &str,
        now: Timestamp,
    ) -> Result<Option<PendingAuthorization>, StoreError>;

    /// Adds a channel sync with its endpoints. A conflict, naming the conversation, when one of
    /// them is in a channel sync already.
    async fn put_channel_sync(&self, sync: ChannelSync) -> Result<(), StoreError>;
    /// All channel syncs.
    async fn channel_syncs(&self) -> Result<Vec<ChannelSync>, StoreError>;
    /// Pauses or resumes.
    async fn set_channel_sync_state(
        &self,
        id: ChannelSyncId,
        state: ChannelSyncState,
    ) -> Result<(), StoreError>;
    /// Changes the settings and the name.
    async fn set_channel_sync_settings(
        &self,
        id: ChannelSyncId,
        name: &str,
        settings: SyncSettings,
    ) -> Result<(), StoreError>;
    /// Adds an endpoint to a channel sync, or replaces the one of the same id (also to give it a
    /// new conversation when the old one moved). Conflict as in `put_channel_sync`.
    async fn put_endpoint(&self, sync: ChannelSyncId, endpoint: Endpoint)
    -> Result<(), StoreError>;
    /// Gives an endpoint another name; nothing happens when it is gone.
    async fn rename_endpoint(&self, id: EndpointId, name: &str) -> Result<(), StoreError>;
    /// Removes an endpoint; what waits for it is cancelled.
    async fn remove_endpoint(&self, id: EndpointId, at: Timestamp) -> Result<(), StoreError>;
    /// Removes a channel sync; what waits for its endpoints is cancelled, content erased. The
    /// message map stays.
    async fn remove_channel_sync(&self, id: ChannelSyncId, at: Timestamp)
    -> Result<(), StoreError>;

    /// Writes down who changed what.
    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError>;
    /// Entries with their places in the order, newest first: the latest, or those before a place.
    async fn audit_log(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, AuditEntry)>, StoreError>;

    // ---- what came in

    /// Keeps webhooks, in order. One of an identity (connection, conversation, key) that is
    /// waiting already is not kept again.
    async fn append_inbound(&self, rows: &[NewInbound]) -> Result<Vec<Appended>, StoreError>;
    /// Webhooks that wait, in order, from after `after` on.
    async fn pending_inbound(&self, after: i64, limit: u32) -> Result<Vec<Inbound>, StoreError>;
    /// The first that wait of one conversation, by `NewInbound::place`.
    async fn pending_inbound_of(
        &self,
        connection: ConnectionId,
        conversation: &RemoteId,
        limit: u32,
    ) -> Result<Vec<Inbound>, StoreError>;
    /// What is known of the message that this remote id is a copy of.
    async fn message_at(
        &self,
        at: &ConversationRef,
        remote: &RemoteId,
    ) -> Result<Option<MessageView>, StoreError>;
    /// What is known of a message.
    async fn message(&self, id: MessageId) -> Result<Option<MessageView>, StoreError>;
    /// Posts begun in a conversation whose copies are not known yet, oldest first.
    async fn in_flight(&self, to: &ConversationRef) -> Result<Vec<InFlight>, StoreError>;
    /// Keeps what was decided about a webhook, and that it is done. Gives the places of the new
    /// deliveries. Doing it twice for one `seq` changes nothing the second time (empty answer).
    async fn commit_plan(&self, seq: i64, plan: Plan) -> Result<Vec<i64>, StoreError>;

    // ---- what was missed

    /// How far each conversation was swept; those never swept are missing. Those where something
    /// was said last come first.
    async fn sweeps(&self) -> Result<Vec<(ConversationRef, SweepRecord)>, StoreError>;
    /// Keeps how far a conversation was swept; `recovered` stays as it is in the store.
    async fn put_sweep(
        &self,
        at: &ConversationRef,
        checked_until: Timestamp,
        deaf_since: Option<Timestamp>,
    ) -> Result<(), StoreError>;
    /// Messages said in a conversation from `since` to `until` that are not deleted, each with the
    /// message that began its thread, by their ids there.
    async fn said_between(
        &self,
        at: &ConversationRef,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(RemoteId, Option<MessageId>)>, StoreError>;
    /// Gives a conversation another id: its endpoint, its lane, what is known of its messages.
    /// Webhooks that wait keep the old one. A conflict when the new one is in a channel sync.
    async fn move_conversation(
        &self,
        from: &ConversationRef,
        to: &RemoteId,
    ) -> Result<(), StoreError>;

    /// Old ids of conversations, with the new ones.
    async fn moves(&self) -> Result<Vec<(ConversationRef, RemoteId)>, StoreError>;

    // ---- what goes out

    /// Lanes that have work.
    async fn lanes(&self) -> Result<Vec<Lane>, StoreError>;
    /// What waits in a lane, in order, from after `after` on.
    async fn lane_work(
        &self,
        to: &ConversationRef,
        after: i64,
        limit: u32,
    ) -> Result<Vec<PendingDelivery>, StoreError>;
    /// Copies of a message in a conversation, by part.
    async fn copies(
        &self,
        message: MessageId,
        at: &ConversationRef,
    ) -> Result<Vec<Copy>, StoreError>;
    /// Whether a remote id in a conversation is a copy of anything.
    async fn is_copy(&self, at: &ConversationRef, remote: &RemoteId) -> Result<bool, StoreError>;
    /// Writes down that a post is about to be made. When it was before, the first time stays and
    /// all else is replaced. Its copy will be known to say when the message was said as it does.
    /// An error when the delivery is not pending.
    async fn begin(
        &self,
        delivery: DeliveryId,
        part: PartKey,
        fingerprint: Fingerprint,
        handles: Vec<String>,
        says_when: bool,
        at: Timestamp,
    ) -> Result<Begun, StoreError>;
    /// Keeps a step of a delivery.
    async fn progress(&self, delivery: DeliveryId, step: Progress) -> Result<(), StoreError>;
    /// Remembers until when a lane must wait; `None` to let it go.
    async fn hold_lane(
        &self,
        to: &ConversationRef,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// What waits for a conversation that nobody writes to any more. When it has another id now, that is
    /// given, and what waits for it, or is parked, goes there; else what waits is cancelled, unless it
    /// is an endpoint that is written to after all, or a direct conversation of a connection.
    async fn clear_lane(
        &self,
        to: &ConversationRef,
        at: Timestamp,
    ) -> Result<Option<RemoteId>, StoreError>;

    /// Posts, edits and deletions planned before `before` that wait and whose sender was not told, in
    /// order, from after `after` on.
    async fn overdue(
        &self,
        before: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;
    /// Deliveries done, or not wanted any more, whose sender was told that they are missing, where
    /// nothing of the message is that they were told of.
    async fn told_in_vain(&self, limit: u32) -> Result<Vec<Delivery>, StoreError>;
    /// Keeps what takes back that a message's sender was told, if they were.
    async fn take_back(
        &self,
        message: MessageId,
        deliveries: Vec<NewDelivery>,
    ) -> Result<(), StoreError>;

    // ---- looking and mending

    /// Deliveries, newest first.
    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError>;
    /// One delivery and the calls made for it.
    async fn delivery(
        &self,
        id: DeliveryId,
    ) -> Result<Option<(Delivery, Vec<Attempt>)>, StoreError>;
    /// Makes a parked delivery wait again, with its attempts at 0, at its old place. `Erased` when
    /// its content is.
    async fn retry(&self, id: DeliveryId) -> Result<Delivery, StoreError>;
    /// Erases the content of deliveries parked before `before`, and what was begun for those that ended
    /// before. Gives how many were parked.
    async fn erase_parked(&self, before: Timestamp) -> Result<u64, StoreError>;
    /// Figures of a channel sync.
    async fn traffic(&self, id: ChannelSyncId) -> Result<ChannelSyncTraffic, StoreError>;
    /// What waits, over all channel syncs.
    async fn backlog(&self) -> Result<Backlog, StoreError>;
    /// What was not relayed, most frequent first.
    async fn drops(&self) -> Result<Vec<DropCount>, StoreError>;
    /// Whether the database can be written now.
    async fn check(&self) -> Result<(), StoreError>;

    // ---- people

    /// An account, if it was ever read.
    async fn account(
        &self,
        connection: ConnectionId,
        id: &RemoteId,
    ) -> Result<Option<StoredAccount>, StoreError>;
    /// Accounts of a connection with this verified e-mail address (lower case).
    async fn accounts_by_email(
        &self,
        connection: ConnectionId,
        email: &str,
    ) -> Result<Vec<StoredAccount>, StoreError>;
    /// Keeps what was read.
    async fn put_accounts(
        &self,
        connection: ConnectionId,
        accounts: Vec<StoredAccount>,
    ) -> Result<(), StoreError>;
    /// Forgets what was read of an account, so that it is read again.
    async fn forget_account(
        &self,
        connection: ConnectionId,
        id: &RemoteId,
    ) -> Result<(), StoreError>;
}

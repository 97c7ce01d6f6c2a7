//! The verbs: what is sealed and opened, and who does the rest.

use async_trait::async_trait;
use jiff::Timestamp;
use rialto_model::{
    AppId, Attempt, Begun, ChannelSync, ChannelSyncId, ChannelSyncState, ConnectionId,
    ConversationRef, Delivery, DeliveryId, Endpoint, EndpointId, Fingerprint, MessageId,
    OrganizationId, PartKey, RemoteId, SyncSettings,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{runtime::Handle, sync::oneshot};

use super::{
    SqlStore, Tx, inbox, people, plan,
    sealed::{
        BegunContent, SealedDelivery, SealedInbound, SealedProgress, authorization_place,
        cabinet_place, seal_begun,
    },
    setup, sweeps, syncs, views, work,
    writer::{Append, Command, Kind},
};
use crate::{
    App, Appended, AuditEntry, Backlog, ChannelSyncTraffic, Connection, ConnectionState, Copy,
    DeliveryFilter, DropCount, InFlight, Inbound, Lane, MessageView, NewDelivery, NewInbound,
    PendingAuthorization, PendingDelivery, Plan, Progress, Store, StoreError, StoredAccount,
    SweepRecord, refusal,
};

#[async_trait]
impl Store for SqlStore {
    async fn default_organization(&self) -> Result<OrganizationId, StoreError> {
        Ok(self.organization)
    }

    async fn put_app(&self, app: App) -> Result<(), StoreError> {
        let secrets = self.explained(setup::seal_secrets(&self.vault, &app))?;
        self.write(move |tx: &mut Tx| setup::put_app(tx, &app, &secrets)).await
    }

    async fn apps(&self) -> Result<Vec<App>, StoreError> {
        let vault = self.vault.clone();
        self.list(move |database| setup::apps(database, &vault)).await
    }

    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        Ok(self.apps().await?.into_iter().find(|app| app.id == id))
    }

    async fn remove_app(&self, id: AppId) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx| setup::remove_app(tx, id)).await
    }

    async fn put_connection(&self, connection: Connection) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx| setup::put_connection(tx, &connection)).await
    }

    async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        self.list(setup::connections).await
    }

    async fn set_connection_state(
        &self,
        id: ConnectionId,
        state: ConnectionState,
    ) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx| setup::set_connection_state(tx, id, &state)).await
    }

    async fn remove_connection(&self, id: ConnectionId) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx| setup::remove_connection(tx, id)).await
    }

    async fn cabinet_get(
        &self,
        connection: ConnectionId,
        key: &str,
    ) -> Result<Option<SecretString>, StoreError> {
        let wanted = |entry: &str| entry == key;
        let mut entries =
            self.look_up(|database| setup::cabinet(database, &self.vault, connection, wanted))?;
        Ok(entries.pop().map(|(_, value)| value))
    }

    async fn cabinet_list(
        &self,
        connection: ConnectionId,
        prefix: &str,
    ) -> Result<Vec<(String, SecretString)>, StoreError> {
        let wanted = |entry: &str| entry.starts_with(prefix);
        self.look_up(|database| setup::cabinet(database, &self.vault, connection, wanted))
    }

    async fn cabinet_put(
        &self,
        connection: ConnectionId,
        key: &str,
        value: SecretString,
    ) -> Result<(), StoreError> {
        let place = cabinet_place(connection, key);
        let sealed = self.vault.seal(&place, value.expose_secret().as_bytes());
        let key = key.to_owned();
        self.write(move |tx: &mut Tx| setup::cabinet_put(tx, connection, &key, &sealed)).await
    }

    async fn cabinet_remove(&self, connection: ConnectionId, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.write(move |tx: &mut Tx| setup::cabinet_remove(tx, connection, &key)).await
    }

    async fn put_authorization(&self, pending: PendingAuthorization) -> Result<(), StoreError> {
        let place = authorization_place(&pending.state);
        let sealed = self.vault.seal(&place, pending.secret.expose_secret().as_bytes());
        self.write(move |tx: &mut Tx| setup::put_authorization(tx, &pending, &sealed)).await
    }

    async fn take_authorization(
        &self,
        state: &str,
        now: Timestamp,
    ) -> Result<Option<PendingAuthorization>, StoreError> {
        let key = state.to_owned();
        let take = move |tx: &mut Tx| setup::take_authorization(tx, &key, now);
        let taken = self.write(take).await?;
        taken.map(|taken| self.explained(taken.open(&self.vault, state))).transpose()
    }

    async fn put_channel_sync(&self, sync: ChannelSync) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx| syncs::put_channel_sync(tx, &sync)).await
    }

    async fn channel_syncs(&self) -> Result<Vec<ChannelSync>, StoreError> {
        self.list(syncs::channel_syncs).await
    }

    async fn set_channel_sync_state(
        &self,
        id: ChannelSyncId,
        state: ChannelSyncState,
    ) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx| syncs::set_state(tx, id, state)).await
    }

    async fn set_channel_sync_settings(
        &self,
        id: ChannelSyncId,
        name: &str,
        settings: SyncSettings,
    ) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |tx: &mut Tx| syncs::set_settings(tx, id, &name, &settings)).await
    }

    async fn put_endpoint(
        &self,
        sync: ChannelSyncId,
        endpoint: Endpoint,
    ) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx| syncs::put_endpoint(tx, sync, &endpoint)).await
    }

    async fn rename_endpoint(&self, id: EndpointId, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |tx: &mut Tx| syncs::rename_endpoint(tx, id, &name)).await
    }

    async fn remove_endpoint(&self, id: EndpointId, at: Timestamp) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx| syncs::remove_endpoint(tx, id, at)).await
    }

    async fn remove_channel_sync(
        &self,
        id: ChannelSyncId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx| syncs::remove_channel_sync(tx, id, at)).await
    }

    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx| setup::audit(tx, &entry)).await
    }

    async fn audit_log(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, AuditEntry)>, StoreError> {
        self.list(move |database| setup::audit_log(database, before, limit)).await
    }

    async fn append_inbound(&self, rows: &[NewInbound]) -> Result<Vec<Appended>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let rows = rows.iter().map(|row| SealedInbound::new(&self.vault, row)).collect();
        let (answer, answered) = oneshot::channel();
        let asker = Handle::current();
        let append = Append { rows, outcome: Vec::new(), asker, answer };
        self.queue.send(Command::Append(append)).await.map_err(|_| self.closed())?;
        answered.await.map_err(|_| self.closed())?
    }

    async fn pending_inbound(&self, after: i64, limit: u32) -> Result<Vec<Inbound>, StoreError> {
        let vault = self.vault.clone();
        self.list(move |database| inbox::pending(database, &vault, after, limit)).await
    }

    async fn pending_inbound_of(
        &self,
        connection: ConnectionId,
        conversation: &RemoteId,
        limit: u32,
    ) -> Result<Vec<Inbound>, StoreError> {
        let at = ConversationRef { connection, conversation: conversation.clone() };
        self.look_up(|database| inbox::pending_of(database, &self.vault, &at, limit))
    }

    async fn sweeps(&self) -> Result<Vec<(ConversationRef, SweepRecord)>, StoreError> {
        self.list(sweeps::all).await
    }

    async fn put_sweep(
        &self,
        at: &ConversationRef,
        checked_until: Timestamp,
        deaf_since: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let at = at.clone();
        self.write(move |tx: &mut Tx| sweeps::put(tx, &at, checked_until, deaf_since)).await
    }

    async fn said_between(
        &self,
        at: &ConversationRef,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(RemoteId, Option<MessageId>)>, StoreError> {
        let at = at.clone();
        self.list(move |database| sweeps::said_between(database, &at, since, until)).await
    }

    async fn move_conversation(
        &self,
        from: &ConversationRef,
        to: &RemoteId,
    ) -> Result<(), StoreError> {
        let to = ConversationRef { connection: from.connection, conversation: to.clone() };
        let from = from.clone();
        self.write(move |tx: &mut Tx| sweeps::move_conversation(tx, &from, &to)).await
    }

    async fn moves(&self) -> Result<Vec<(ConversationRef, RemoteId)>, StoreError> {
        self.list(sweeps::moves).await
    }

    async fn message_at(
        &self,
        at: &ConversationRef,
        remote: &RemoteId,
    ) -> Result<Option<MessageView>, StoreError> {
        self.look_up(|database| views::message_at(database, at, remote))
    }

    async fn message(&self, id: MessageId) -> Result<Option<MessageView>, StoreError> {
        self.look_up(|database| views::message(database, id))
    }

    async fn in_flight(&self, to: &ConversationRef) -> Result<Vec<InFlight>, StoreError> {
        self.look_up(|database| views::in_flight(database, &self.vault, to))
    }

    async fn commit_plan(&self, seq: i64, plan: Plan) -> Result<Vec<i64>, StoreError> {
        let deliveries = SealedDelivery::all(&self.vault, plan.deliveries);
        let plan = plan::SealedPlan {
            changes: plan.changes,
            deliveries: self.explained(deliveries)?,
            drops: plan.drops,
            at: (self.now)(),
        };
        self.write_as(Kind::Plan, move |tx: &mut Tx| plan::commit(tx, seq, &plan)).await?
    }

    async fn lanes(&self) -> Result<Vec<Lane>, StoreError> {
        self.list(views::lanes).await
    }

    async fn lane_work(
        &self,
        to: &ConversationRef,
        after: i64,
        limit: u32,
    ) -> Result<Vec<PendingDelivery>, StoreError> {
        self.look_up(|database| views::lane_work(database, &self.vault, to, after, limit))
    }

    async fn copies(
        &self,
        message: MessageId,
        at: &ConversationRef,
    ) -> Result<Vec<Copy>, StoreError> {
        let mut copies = self.look_up(|database| views::copies(database, message))?;
        copies.retain(|copy| copy.at == *at);
        Ok(copies)
    }

    async fn is_copy(&self, at: &ConversationRef, remote: &RemoteId) -> Result<bool, StoreError> {
        self.look_up(|database| views::is_copy(database, at, remote))
    }

    async fn begin(
        &self,
        delivery: DeliveryId,
        part: PartKey,
        fingerprint: Fingerprint,
        handles: Vec<String>,
        says_when: bool,
        at: Timestamp,
    ) -> Result<Begun, StoreError> {
        let content = BegunContent { fingerprint, handles };
        let content = self.explained(seal_begun(&self.vault, delivery, part, &content))?;
        let begin = move |tx: &mut Tx| work::begin(tx, delivery, part, &content, says_when, at);
        Ok(Begun::committed(delivery, part, self.write(begin).await?))
    }

    async fn progress(&self, delivery: DeliveryId, step: Progress) -> Result<(), StoreError> {
        if let Some(settled) = &step.settled {
            refusal::settles(settled.state)?;
        }
        let step = self.explained(SealedProgress::new(&self.vault, step))?;
        self.write(move |tx: &mut Tx| work::progress(tx, delivery, &step)).await
    }

    async fn overdue(
        &self,
        before: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.list(move |database| views::overdue(database, before, after, limit)).await
    }

    async fn told_in_vain(&self, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        self.list(move |database| views::told_in_vain(database, limit)).await
    }

    async fn take_back(
        &self,
        message: MessageId,
        deliveries: Vec<NewDelivery>,
    ) -> Result<(), StoreError> {
        let deliveries = self.explained(SealedDelivery::all(&self.vault, deliveries))?;
        self.write(move |tx: &mut Tx| work::take_back(tx, message, &deliveries)).await
    }

    async fn hold_lane(
        &self,
        to: &ConversationRef,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let to = to.clone();
        self.write(move |tx: &mut Tx| work::hold_lane(tx, &to, until)).await
    }

    async fn clear_lane(
        &self,
        to: &ConversationRef,
        at: Timestamp,
    ) -> Result<Option<RemoteId>, StoreError> {
        let to = to.clone();
        self.write(move |tx: &mut Tx| work::clear_lane(tx, &to, at)).await
    }

    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
        let filter = filter.clone();
        self.list(move |database| views::deliveries(database, &filter)).await
    }

    async fn delivery(
        &self,
        id: DeliveryId,
    ) -> Result<Option<(Delivery, Vec<Attempt>)>, StoreError> {
        self.look_up(|database| views::delivery(database, id))
    }

    async fn retry(&self, id: DeliveryId) -> Result<Delivery, StoreError> {
        self.write(move |tx: &mut Tx| {
            work::retry(tx, id)?;
            let delivery = views::one_delivery(&tx.database, id)?;
            delivery.ok_or_else(|| refusal::missing("delivery", id).into())
        })
        .await
    }

    async fn erase_parked(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(move |tx: &mut Tx| work::erase_parked(tx, before)).await
    }

    async fn traffic(&self, id: ChannelSyncId) -> Result<ChannelSyncTraffic, StoreError> {
        self.list(move |database| views::traffic(database, id)).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.list(views::backlog).await
    }

    async fn drops(&self) -> Result<Vec<DropCount>, StoreError> {
        self.list(views::drops).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.write(|tx: &mut Tx| work::check(tx)).await
    }

    async fn account(
        &self,
        connection: ConnectionId,
        id: &RemoteId,
    ) -> Result<Option<StoredAccount>, StoreError> {
        self.look_up(|database| people::account(database, connection, id))
    }

    async fn accounts_by_email(
        &self,
        connection: ConnectionId,
        email: &str,
    ) -> Result<Vec<StoredAccount>, StoreError> {
        self.look_up(|database| people::by_email(database, connection, email))
    }

    async fn put_accounts(
        &self,
        connection: ConnectionId,
        accounts: Vec<StoredAccount>,
    ) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx| people::put(tx, connection, &accounts)).await
    }

    async fn forget_account(
        &self,
        connection: ConnectionId,
        id: &RemoteId,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx: &mut Tx| people::forget(tx, connection, &id)).await
    }
}

//! The verbs: what is sealed and opened, and who does the rest.

use async_trait::async_trait;
use jiff::Timestamp;
use rialto_model::{
    AppId, Attempt, Begun, ChannelSync, ChannelSyncId, ChannelSyncState, ConnectionId,
    ConversationRef, Delivery, DeliveryId, Endpoint, EndpointId, Fingerprint, MessageId,
    OrganizationId, PartKey, RemoteId, SyncSettings,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use super::{
    SqlStore, Tx, inbox, people, plan,
    sealed::{
        BegunContent, SealedDelivery, SealedInbound, SealedProgress, authorization_place,
        cabinet_place, seal_begun,
    },
    setup, sweeps, syncs, views, work,
    writer::{Append, Command},
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
        self.write(async move |tx: &mut Tx| setup::put_app(tx, &app, &secrets).await).await
    }

    async fn apps(&self) -> Result<Vec<App>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(setup::apps(&mut reader, &self.vault).await)
    }

    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        Ok(self.apps().await?.into_iter().find(|app| app.id == id))
    }

    async fn remove_app(&self, id: AppId) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| setup::remove_app(tx, id).await).await
    }

    async fn put_connection(&self, connection: Connection) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| setup::put_connection(tx, &connection).await).await
    }

    async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(setup::connections(&mut reader).await)
    }

    async fn set_connection_state(
        &self,
        id: ConnectionId,
        state: ConnectionState,
    ) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| setup::set_connection_state(tx, id, &state).await).await
    }

    async fn remove_connection(&self, id: ConnectionId) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| setup::remove_connection(tx, id).await).await
    }

    async fn cabinet_get(
        &self,
        connection: ConnectionId,
        key: &str,
    ) -> Result<Option<SecretString>, StoreError> {
        let mut reader = self.reader().await?;
        let entries = setup::cabinet(&mut reader, &self.vault, connection, |entry| entry == key);
        Ok(self.explained(entries.await)?.pop().map(|(_, value)| value))
    }

    async fn cabinet_list(
        &self,
        connection: ConnectionId,
        prefix: &str,
    ) -> Result<Vec<(String, SecretString)>, StoreError> {
        let mut reader = self.reader().await?;
        let wanted = |entry: &str| entry.starts_with(prefix);
        self.explained(setup::cabinet(&mut reader, &self.vault, connection, wanted).await)
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
        self.write(async move |tx: &mut Tx| setup::cabinet_put(tx, connection, &key, &sealed).await)
            .await
    }

    async fn cabinet_remove(&self, connection: ConnectionId, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.write(async move |tx: &mut Tx| setup::cabinet_remove(tx, connection, &key).await).await
    }

    async fn put_authorization(&self, pending: PendingAuthorization) -> Result<(), StoreError> {
        let place = authorization_place(&pending.state);
        let sealed = self.vault.seal(&place, pending.secret.expose_secret().as_bytes());
        self.write(async move |tx: &mut Tx| setup::put_authorization(tx, &pending, &sealed).await)
            .await
    }

    async fn take_authorization(
        &self,
        state: &str,
        now: Timestamp,
    ) -> Result<Option<PendingAuthorization>, StoreError> {
        let key = state.to_owned();
        let take = async move |tx: &mut Tx| setup::take_authorization(tx, &key, now).await;
        let taken = self.write(take).await?;
        taken.map(|taken| self.explained(taken.open(&self.vault, state))).transpose()
    }

    async fn put_channel_sync(&self, sync: ChannelSync) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| syncs::put_channel_sync(tx, &sync).await).await
    }

    async fn channel_syncs(&self) -> Result<Vec<ChannelSync>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(syncs::channel_syncs(&mut reader).await)
    }

    async fn set_channel_sync_state(
        &self,
        id: ChannelSyncId,
        state: ChannelSyncState,
    ) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| syncs::set_state(tx, id, state).await).await
    }

    async fn set_channel_sync_settings(
        &self,
        id: ChannelSyncId,
        name: &str,
        settings: SyncSettings,
    ) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(async move |tx: &mut Tx| syncs::set_settings(tx, id, &name, &settings).await)
            .await
    }

    async fn put_endpoint(
        &self,
        sync: ChannelSyncId,
        endpoint: Endpoint,
    ) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| syncs::put_endpoint(tx, sync, &endpoint).await).await
    }

    async fn rename_endpoint(&self, id: EndpointId, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(async move |tx: &mut Tx| syncs::rename_endpoint(tx, id, &name).await).await
    }

    async fn remove_endpoint(&self, id: EndpointId, at: Timestamp) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| syncs::remove_endpoint(tx, id, at).await).await
    }

    async fn remove_channel_sync(
        &self,
        id: ChannelSyncId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| syncs::remove_channel_sync(tx, id, at).await).await
    }

    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| setup::audit(tx, &entry).await).await
    }

    async fn audit_log(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, AuditEntry)>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(setup::audit_log(&mut reader, before, limit).await)
    }

    async fn append_inbound(&self, rows: Vec<NewInbound>) -> Result<Vec<Appended>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let rows = rows.into_iter().map(|row| SealedInbound::new(&self.vault, row)).collect();
        let (answer, answered) = oneshot::channel();
        let append = Append { rows, outcome: Vec::new(), answer };
        self.queue.send(Command::Append(append)).await.map_err(|_| self.closed())?;
        answered.await.map_err(|_| self.closed())?
    }

    async fn pending_inbound(&self, after: i64, limit: u32) -> Result<Vec<Inbound>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(inbox::pending(&mut reader, &self.vault, after, limit).await)
    }

    async fn pending_inbound_of(
        &self,
        connection: ConnectionId,
        conversation: &RemoteId,
        limit: u32,
    ) -> Result<Vec<Inbound>, StoreError> {
        let mut reader = self.reader().await?;
        let at = ConversationRef { connection, conversation: conversation.clone() };
        self.explained(inbox::pending_of(&mut reader, &self.vault, &at, limit).await)
    }

    async fn sweeps(&self) -> Result<Vec<(ConversationRef, SweepRecord)>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(sweeps::all(&mut reader).await)
    }

    async fn put_sweep(
        &self,
        at: &ConversationRef,
        checked_until: Timestamp,
        deaf_since: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let at = at.clone();
        self.write(async move |tx: &mut Tx| sweeps::put(tx, &at, checked_until, deaf_since).await)
            .await
    }

    async fn said_between(
        &self,
        at: &ConversationRef,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(RemoteId, Option<MessageId>)>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(sweeps::said_between(&mut reader, at, since, until).await)
    }

    async fn move_conversation(
        &self,
        from: &ConversationRef,
        to: &RemoteId,
    ) -> Result<(), StoreError> {
        let to = ConversationRef { connection: from.connection, conversation: to.clone() };
        let from = from.clone();
        self.write(async move |tx: &mut Tx| sweeps::move_conversation(tx, &from, &to).await).await
    }

    async fn moves(&self) -> Result<Vec<(ConversationRef, RemoteId)>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(sweeps::moves(&mut reader).await)
    }

    async fn message_at(
        &self,
        at: &ConversationRef,
        remote: &RemoteId,
    ) -> Result<Option<MessageView>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::message_at(&mut reader, at, remote).await)
    }

    async fn message(&self, id: MessageId) -> Result<Option<MessageView>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::message(&mut reader, id).await)
    }

    async fn in_flight(&self, to: &ConversationRef) -> Result<Vec<InFlight>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::in_flight(&mut reader, &self.vault, to).await)
    }

    async fn commit_plan(&self, seq: i64, plan: Plan) -> Result<Vec<i64>, StoreError> {
        let deliveries = SealedDelivery::all(&self.vault, plan.deliveries);
        let plan = plan::SealedPlan {
            changes: plan.changes,
            deliveries: self.explained(deliveries)?,
            drops: plan.drops,
            at: (self.now)(),
        };
        self.write(async move |tx: &mut Tx| plan::commit(tx, seq, &plan).await).await
    }

    async fn lanes(&self) -> Result<Vec<Lane>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::lanes(&mut reader).await)
    }

    async fn lane_work(
        &self,
        to: &ConversationRef,
        after: i64,
        limit: u32,
    ) -> Result<Vec<PendingDelivery>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::lane_work(&mut reader, &self.vault, to, after, limit).await)
    }

    async fn copies(
        &self,
        message: MessageId,
        at: &ConversationRef,
    ) -> Result<Vec<Copy>, StoreError> {
        let mut reader = self.reader().await?;
        let mut copies = self.explained(views::copies(&mut reader, message).await)?;
        copies.retain(|copy| copy.at == *at);
        Ok(copies)
    }

    async fn is_copy(&self, at: &ConversationRef, remote: &RemoteId) -> Result<bool, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::is_copy(&mut reader, at, remote).await)
    }

    async fn begin(
        &self,
        delivery: DeliveryId,
        part: PartKey,
        fingerprint: Fingerprint,
        handles: Vec<String>,
        at: Timestamp,
    ) -> Result<Begun, StoreError> {
        let content = BegunContent { fingerprint, handles };
        let content = self.explained(seal_begun(&self.vault, delivery, part, &content))?;
        let begin = async move |tx: &mut Tx| work::begin(tx, delivery, part, &content, at).await;
        Ok(Begun::committed(delivery, part, self.write(begin).await?))
    }

    async fn progress(&self, delivery: DeliveryId, step: Progress) -> Result<(), StoreError> {
        if let Some(settled) = &step.settled {
            refusal::settles(settled.state)?;
        }
        let step = self.explained(SealedProgress::new(&self.vault, step))?;
        self.write(async move |tx: &mut Tx| work::progress(tx, delivery, &step).await).await
    }

    async fn overdue(
        &self,
        before: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::overdue(&mut reader, before, after, limit).await)
    }

    async fn told_in_vain(&self, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::told_in_vain(&mut reader, limit).await)
    }

    async fn take_back(
        &self,
        message: MessageId,
        deliveries: Vec<NewDelivery>,
    ) -> Result<(), StoreError> {
        let deliveries = self.explained(SealedDelivery::all(&self.vault, deliveries))?;
        self.write(async move |tx: &mut Tx| work::take_back(tx, message, &deliveries).await).await
    }

    async fn hold_lane(
        &self,
        to: &ConversationRef,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let to = to.clone();
        self.write(async move |tx: &mut Tx| work::hold_lane(tx, &to, until).await).await
    }

    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::deliveries(&mut reader, filter).await)
    }

    async fn delivery(
        &self,
        id: DeliveryId,
    ) -> Result<Option<(Delivery, Vec<Attempt>)>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::delivery(&mut reader, id).await)
    }

    async fn retry(&self, id: DeliveryId) -> Result<Delivery, StoreError> {
        self.write(async move |tx: &mut Tx| {
            work::retry(tx, id).await?;
            views::one_delivery(&mut tx.connection, id)
                .await?
                .ok_or_else(|| refusal::missing("delivery", id).into())
        })
        .await
    }

    async fn erase_parked(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(async move |tx: &mut Tx| work::erase_parked(tx, before).await).await
    }

    async fn traffic(&self, id: ChannelSyncId) -> Result<ChannelSyncTraffic, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::traffic(&mut reader, id).await)
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::backlog(&mut reader).await)
    }

    async fn drops(&self) -> Result<Vec<DropCount>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(views::drops(&mut reader).await)
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.write(async |tx: &mut Tx| work::check(tx).await).await
    }

    async fn account(
        &self,
        connection: ConnectionId,
        id: &RemoteId,
    ) -> Result<Option<StoredAccount>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(people::account(&mut reader, connection, id).await)
    }

    async fn accounts_by_email(
        &self,
        connection: ConnectionId,
        email: &str,
    ) -> Result<Vec<StoredAccount>, StoreError> {
        let mut reader = self.reader().await?;
        self.explained(people::by_email(&mut reader, connection, email).await)
    }

    async fn put_accounts(
        &self,
        connection: ConnectionId,
        accounts: Vec<StoredAccount>,
    ) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| people::put(tx, connection, &accounts).await).await
    }

    async fn forget_account(
        &self,
        connection: ConnectionId,
        id: &RemoteId,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(async move |tx: &mut Tx| people::forget(tx, connection, &id).await).await
    }
}

//! The verbs.

use async_trait::async_trait;
use jiff::Timestamp;
use rialto_model::{
    AppId, Attempt, Begun, ChannelSync, ChannelSyncId, ChannelSyncState, ConnectionId,
    ConversationRef, Delivery, DeliveryId, Endpoint, EndpointId, Fingerprint, MessageId,
    OrganizationId, PartKey, RemoteId, SyncSettings,
};
use secrecy::SecretString;

use super::MemoryStore;
use crate::{
    App, Appended, AuditEntry, Backlog, ChannelSyncTraffic, Connection, ConnectionState, Copy,
    DeliveryFilter, DropCount, InFlight, Inbound, Lane, MessageView, NewDelivery, NewInbound,
    PendingAuthorization, PendingDelivery, Plan, Progress, Store, StoreError, StoredAccount,
    SweepRecord,
};

#[async_trait]
impl Store for MemoryStore {
    async fn default_organization(&self) -> Result<OrganizationId, StoreError> {
        Ok(self.0.lock().organization)
    }

    async fn put_app(&self, app: App) -> Result<(), StoreError> {
        self.0.lock().apps.insert(app.id, app);
        Ok(())
    }

    async fn apps(&self) -> Result<Vec<App>, StoreError> {
        Ok(self.0.lock().apps.values().cloned().collect())
    }

    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        Ok(self.0.lock().apps.get(&id).cloned())
    }

    async fn remove_app(&self, id: AppId) -> Result<(), StoreError> {
        self.0.lock().remove_app(id)
    }

    async fn put_connection(&self, connection: Connection) -> Result<(), StoreError> {
        self.0.lock().put_connection(connection)
    }

    async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        Ok(self.0.lock().connections.values().cloned().collect())
    }

    async fn set_connection_state(
        &self,
        id: ConnectionId,
        state: ConnectionState,
    ) -> Result<(), StoreError> {
        self.0.lock().set_connection_state(id, state)
    }

    async fn remove_connection(&self, id: ConnectionId) -> Result<(), StoreError> {
        self.0.lock().remove_connection(id)
    }

    async fn cabinet_get(
        &self,
        connection: ConnectionId,
        key: &str,
    ) -> Result<Option<SecretString>, StoreError> {
        Ok(self.0.lock().cabinet.get(&(connection, key.into())).cloned())
    }

    async fn cabinet_list(
        &self,
        connection: ConnectionId,
        prefix: &str,
    ) -> Result<Vec<(String, SecretString)>, StoreError> {
        let state = self.0.lock();
        let entries = state.cabinet.iter();
        Ok(entries
            .filter(|((owner, key), _)| *owner == connection && key.starts_with(prefix))
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    async fn cabinet_put(
        &self,
        connection: ConnectionId,
        key: &str,
        value: SecretString,
    ) -> Result<(), StoreError> {
        self.0.lock().cabinet.insert((connection, key.into()), value);
        Ok(())
    }

    async fn cabinet_remove(&self, connection: ConnectionId, key: &str) -> Result<(), StoreError> {
        self.0.lock().cabinet.remove(&(connection, key.into()));
        Ok(())
    }

    async fn put_authorization(&self, pending: PendingAuthorization) -> Result<(), StoreError> {
        self.0.lock().authorizations.insert(pending.state.clone(), pending);
        Ok(())
    }

    async fn take_authorization(
        &self,
        state: &str,
        now: Timestamp,
    ) -> Result<Option<PendingAuthorization>, StoreError> {
        let authorizations = &mut self.0.lock().authorizations;
        authorizations.retain(|_, pending| pending.expires_at > now);
        Ok(authorizations.remove(state))
    }

    async fn put_channel_sync(&self, sync: ChannelSync) -> Result<(), StoreError> {
        self.0.lock().put_channel_sync(sync)
    }

    async fn channel_syncs(&self) -> Result<Vec<ChannelSync>, StoreError> {
        Ok(self.0.lock().channel_syncs.values().cloned().collect())
    }

    async fn set_channel_sync_state(
        &self,
        id: ChannelSyncId,
        state: ChannelSyncState,
    ) -> Result<(), StoreError> {
        self.0.lock().channel_sync(id)?.state = state;
        Ok(())
    }

    async fn set_channel_sync_settings(
        &self,
        id: ChannelSyncId,
        name: &str,
        settings: SyncSettings,
    ) -> Result<(), StoreError> {
        let mut state = self.0.lock();
        let sync = state.channel_sync(id)?;
        sync.name = name.into();
        sync.settings = settings;
        Ok(())
    }

    async fn put_endpoint(
        &self,
        sync: ChannelSyncId,
        endpoint: Endpoint,
    ) -> Result<(), StoreError> {
        self.0.lock().put_endpoint(sync, endpoint)
    }

    async fn rename_endpoint(&self, id: EndpointId, name: &str) -> Result<(), StoreError> {
        self.0.lock().rename_endpoint(id, name);
        Ok(())
    }

    async fn remove_endpoint(&self, id: EndpointId, at: Timestamp) -> Result<(), StoreError> {
        self.0.lock().remove_endpoint(id, at)
    }

    async fn remove_channel_sync(
        &self,
        id: ChannelSyncId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.lock().remove_channel_sync(id, at)
    }

    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.0.lock().audit.push(entry);
        Ok(())
    }

    async fn audit_log(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, AuditEntry)>, StoreError> {
        let state = self.0.lock();
        let mut log: Vec<_> = (1..)
            .zip(state.audit.iter().cloned())
            .filter(|(seq, _)| before.is_none_or(|before| *seq < before))
            .collect();
        log.reverse();
        log.truncate(limit as usize);
        Ok(log)
    }

    async fn append_inbound(&self, rows: &[NewInbound]) -> Result<Vec<Appended>, StoreError> {
        Ok(self.0.lock().append_inbound(rows))
    }

    async fn pending_inbound(&self, after: i64, limit: u32) -> Result<Vec<Inbound>, StoreError> {
        Ok(self.0.lock().pending_inbound(after, limit))
    }

    async fn pending_inbound_of(
        &self,
        connection: ConnectionId,
        conversation: &RemoteId,
        limit: u32,
    ) -> Result<Vec<Inbound>, StoreError> {
        let at = ConversationRef { connection, conversation: conversation.clone() };
        Ok(self.0.lock().pending_inbound_of(&at, limit))
    }

    async fn sweeps(&self) -> Result<Vec<(ConversationRef, SweepRecord)>, StoreError> {
        Ok(self.0.lock().sweeps())
    }

    async fn put_sweep(
        &self,
        at: &ConversationRef,
        checked_until: Timestamp,
        deaf_since: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.0.lock().put_sweep(at, checked_until, deaf_since);
        Ok(())
    }

    async fn said_between(
        &self,
        at: &ConversationRef,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(RemoteId, Option<MessageId>)>, StoreError> {
        Ok(self.0.lock().said_between(at, since, until))
    }

    async fn move_conversation(
        &self,
        from: &ConversationRef,
        to: &RemoteId,
    ) -> Result<(), StoreError> {
        self.0.lock().move_conversation(from, to)
    }

    async fn moves(&self) -> Result<Vec<(ConversationRef, RemoteId)>, StoreError> {
        let state = self.0.lock();
        Ok(state.moves.iter().map(|(from, to)| (from.clone(), to.clone())).collect())
    }

    async fn message_at(
        &self,
        at: &ConversationRef,
        remote: &RemoteId,
    ) -> Result<Option<MessageView>, StoreError> {
        let state = self.0.lock();
        let id = state.copies.get(&(at.clone(), remote.clone()));
        Ok(id.and_then(|id| state.message(*id)))
    }

    async fn message(&self, id: MessageId) -> Result<Option<MessageView>, StoreError> {
        Ok(self.0.lock().message(id))
    }

    async fn in_flight(&self, to: &ConversationRef) -> Result<Vec<InFlight>, StoreError> {
        Ok(self.0.lock().in_flight(to))
    }

    async fn commit_plan(&self, seq: i64, plan: Plan) -> Result<Vec<i64>, StoreError> {
        self.0.lock().commit_plan(seq, plan)
    }

    async fn lanes(&self) -> Result<Vec<Lane>, StoreError> {
        Ok(self.0.lock().lanes())
    }

    async fn lane_work(
        &self,
        to: &ConversationRef,
        after: i64,
        limit: u32,
    ) -> Result<Vec<PendingDelivery>, StoreError> {
        Ok(self.0.lock().lane_work(to, after, limit))
    }

    async fn copies(
        &self,
        message: MessageId,
        at: &ConversationRef,
    ) -> Result<Vec<Copy>, StoreError> {
        let copies = self.0.lock().message(message).map(|view| view.copies).unwrap_or_default();
        Ok(copies.into_iter().filter(|copy| copy.at == *at).collect())
    }

    async fn is_copy(&self, at: &ConversationRef, remote: &RemoteId) -> Result<bool, StoreError> {
        Ok(self.0.lock().copies.contains_key(&(at.clone(), remote.clone())))
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
        self.0.lock().begin(delivery, part, fingerprint, handles, says_when, at)
    }

    async fn progress(&self, delivery: DeliveryId, step: Progress) -> Result<(), StoreError> {
        self.0.lock().progress(delivery, step)
    }

    async fn overdue(
        &self,
        before: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.0.lock().overdue(before, after, limit))
    }

    async fn told_in_vain(&self, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.0.lock().told_in_vain(limit))
    }

    async fn take_back(
        &self,
        message: MessageId,
        deliveries: Vec<NewDelivery>,
    ) -> Result<(), StoreError> {
        self.0.lock().take_back(message, deliveries);
        Ok(())
    }

    async fn hold_lane(
        &self,
        to: &ConversationRef,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let holds = &mut self.0.lock().holds;
        match until {
            Some(until) => holds.insert(to.clone(), until),
            None => holds.remove(to),
        };
        Ok(())
    }

    async fn clear_lane(
        &self,
        to: &ConversationRef,
        at: Timestamp,
    ) -> Result<Option<RemoteId>, StoreError> {
        Ok(self.0.lock().clear_lane(to, at))
    }

    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.0.lock().deliveries(filter))
    }

    async fn delivery(
        &self,
        id: DeliveryId,
    ) -> Result<Option<(Delivery, Vec<Attempt>)>, StoreError> {
        let state = self.0.lock();
        let kept = state.places.get(&id).and_then(|seq| state.deliveries.get(seq));
        Ok(kept.map(|kept| (kept.delivery.clone(), kept.calls.clone())))
    }

    async fn retry(&self, id: DeliveryId) -> Result<Delivery, StoreError> {
        self.0.lock().retry(id)
    }

    async fn erase_parked(&self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.0.lock().erase_parked(before))
    }

    async fn traffic(&self, id: ChannelSyncId) -> Result<ChannelSyncTraffic, StoreError> {
        self.0.lock().traffic(id)
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        Ok(self.0.lock().backlog())
    }

    async fn drops(&self) -> Result<Vec<DropCount>, StoreError> {
        let state = self.0.lock();
        let mut drops: Vec<_> = state
            .drops
            .iter()
            .map(|(reason, count)| DropCount { reason: reason.clone(), count: *count })
            .collect();
        drops.sort_by_key(|drop| std::cmp::Reverse(drop.count));
        Ok(drops)
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn account(
        &self,
        connection: ConnectionId,
        id: &RemoteId,
    ) -> Result<Option<StoredAccount>, StoreError> {
        Ok(self.0.lock().accounts.get(&(connection, id.clone())).cloned())
    }

    async fn accounts_by_email(
        &self,
        connection: ConnectionId,
        email: &str,
    ) -> Result<Vec<StoredAccount>, StoreError> {
        let state = self.0.lock();
        let accounts = state.accounts.iter();
        Ok(accounts
            .filter(|((owner, _), stored)| {
                *owner == connection && stored.account.email.as_deref() == Some(email)
            })
            .map(|(_, stored)| stored.clone())
            .collect())
    }

    async fn put_accounts(
        &self,
        connection: ConnectionId,
        accounts: Vec<StoredAccount>,
    ) -> Result<(), StoreError> {
        let mut state = self.0.lock();
        for stored in accounts {
            state.accounts.insert((connection, stored.account.id.clone()), stored);
        }
        Ok(())
    }

    async fn forget_account(
        &self,
        connection: ConnectionId,
        id: &RemoteId,
    ) -> Result<(), StoreError> {
        self.0.lock().accounts.remove(&(connection, id.clone()));
        Ok(())
    }
}

//! What an admin set up.

use jiff::Timestamp;
use rialto_model::{
    AppId, ChannelSync, ChannelSyncId, ConnectionId, ConversationRef, DeliveryState, Direction,
    Endpoint, EndpointId, RemoteId,
};

use super::State;
use crate::{ChannelSyncTraffic, Connection, ConnectionState, Settled, StoreError, refusal};

impl State {
    pub(super) fn remove_app(&mut self, id: AppId) -> Result<(), StoreError> {
        if self.connections.values().any(|connection| connection.app == id) {
            return Err(refusal::app_in_use(id));
        }
        self.apps.remove(&id).map(drop).ok_or_else(|| refusal::missing("app", id))
    }

    pub(super) fn put_connection(&mut self, connection: Connection) -> Result<(), StoreError> {
        let taken = self.connections.values().any(|other| {
            other.id != connection.id
                && other.app == connection.app
                && other.workspace == connection.workspace
        });
        if taken {
            return Err(refusal::workspace_taken(&connection.workspace));
        }
        self.connections.insert(connection.id, connection);
        Ok(())
    }

    pub(super) fn set_connection_state(
        &mut self,
        id: ConnectionId,
        state: ConnectionState,
    ) -> Result<(), StoreError> {
        let connection = self.connections.get_mut(&id);
        connection.ok_or_else(|| refusal::missing("connection", id))?.state = state;
        Ok(())
    }

    pub(super) fn remove_connection(&mut self, id: ConnectionId) -> Result<(), StoreError> {
        let mut endpoints = self.channel_syncs.values().flat_map(|sync| &sync.endpoints);
        if endpoints.any(|endpoint| endpoint.at.connection == id) {
            return Err(refusal::connection_in_use(id));
        }
        self.connections.remove(&id).ok_or_else(|| refusal::missing("connection", id))?;
        self.cabinet.retain(|(owner, _), _| *owner != id);
        self.accounts.retain(|(owner, _), _| *owner != id);
        Ok(())
    }

    pub(super) fn channel_sync(
        &mut self,
        id: ChannelSyncId,
    ) -> Result<&mut ChannelSync, StoreError> {
        self.channel_syncs.get_mut(&id).ok_or_else(|| refusal::missing("channel sync", id))
    }

    pub(super) fn put_channel_sync(&mut self, sync: ChannelSync) -> Result<(), StoreError> {
        if self.channel_syncs.contains_key(&sync.id) {
            return Err(refusal::exists("channel sync", sync.id));
        }
        for (index, endpoint) in sync.endpoints.iter().enumerate() {
            let before = &sync.endpoints[..index];
            if self.endpoint(endpoint.id).is_some()
                || before.iter().any(|other| other.id == endpoint.id)
            {
                return Err(refusal::endpoint_elsewhere(endpoint.id));
            }
            if self.taken(&endpoint.at, None) || before.iter().any(|other| other.at == endpoint.at)
            {
                return Err(refusal::conversation_taken(&endpoint.at));
            }
        }
        self.channel_syncs.insert(sync.id, sync);
        Ok(())
    }

    pub(super) fn put_endpoint(
        &mut self,
        sync: ChannelSyncId,
        endpoint: Endpoint,
    ) -> Result<(), StoreError> {
        self.channel_sync(sync)?;
        if self.endpoint(endpoint.id).is_some_and(|(owner, _)| owner != sync) {
            return Err(refusal::endpoint_elsewhere(endpoint.id));
        }
        if self.taken(&endpoint.at, Some(endpoint.id)) {
            return Err(refusal::conversation_taken(&endpoint.at));
        }
        let endpoints = &mut self.channel_sync(sync)?.endpoints;
        match endpoints.iter_mut().find(|known| known.id == endpoint.id) {
            Some(known) => *known = endpoint,
            None => endpoints.push(endpoint),
        }
        Ok(())
    }

    pub(super) fn rename_endpoint(&mut self, id: EndpointId, name: &str) {
        let endpoints = self.channel_syncs.values_mut().flat_map(|sync| &mut sync.endpoints);
        for endpoint in endpoints.filter(|endpoint| endpoint.id == id) {
            name.clone_into(&mut endpoint.name);
        }
    }

    pub(super) fn remove_endpoint(
        &mut self,
        id: EndpointId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (owner, to) = self.endpoint(id).ok_or_else(|| refusal::missing("endpoint", id))?;
        self.channel_sync(owner)?.endpoints.retain(|endpoint| endpoint.id != id);
        self.cancel_lane(&to, refusal::ENDPOINT_REMOVED, at);
        Ok(())
    }

    pub(super) fn remove_channel_sync(
        &mut self,
        id: ChannelSyncId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let removed = self.channel_syncs.remove(&id);
        for endpoint in removed.ok_or_else(|| refusal::missing("channel sync", id))?.endpoints {
            self.cancel_lane(&endpoint.at, refusal::ENDPOINT_REMOVED, at);
        }
        Ok(())
    }

    pub(super) fn traffic(&self, id: ChannelSyncId) -> Result<ChannelSyncTraffic, StoreError> {
        let sync =
            self.channel_syncs.get(&id).ok_or_else(|| refusal::missing("channel sync", id))?;
        let mut traffic = ChannelSyncTraffic::default();
        for delivery in self.deliveries.values().map(|kept| &kept.delivery) {
            if !sync.endpoints.iter().any(|endpoint| endpoint.at == delivery.to) {
                continue;
            }
            match delivery.state {
                DeliveryState::Pending => traffic.pending += 1,
                DeliveryState::Parked => traffic.parked += 1,
                DeliveryState::Cancelled => {}
                DeliveryState::Delivered => {
                    traffic.delivered += 1;
                    traffic.last_delivered_at = traffic.last_delivered_at.max(delivery.settled_at);
                }
            }
        }
        self.swept(sync, &mut traffic);
        Ok(traffic)
    }

    fn endpoint(&self, id: EndpointId) -> Option<(ChannelSyncId, ConversationRef)> {
        self.channel_syncs.values().find_map(|sync| {
            let endpoint = sync.endpoints.iter().find(|endpoint| endpoint.id == id)?;
            Some((sync.id, endpoint.at.clone()))
        })
    }

    pub(super) fn taken(&self, at: &ConversationRef, but_by: Option<EndpointId>) -> bool {
        let mut endpoints = self.channel_syncs.values().flat_map(|sync| &sync.endpoints);
        endpoints.any(|endpoint| endpoint.at == *at && Some(endpoint.id) != but_by)
    }

    pub(super) fn clear_lane(&mut self, to: &ConversationRef, at: Timestamp) -> Option<RemoteId> {
        let is_direct = to.conversation.direct_account().is_some();
        let is_connected = self.connections.contains_key(&to.connection);
        let endpoints = self.channel_syncs.values().flat_map(|sync| &sync.endpoints);
        let mut endpoints = endpoints.filter(|endpoint| endpoint.at == *to);
        let direction = endpoints.next().map(|endpoint| endpoint.direction);
        if direction.is_some_and(Direction::writes) || (is_direct && is_connected) {
            return None;
        }
        if direction.is_some() {
            self.cancel_lane(to, refusal::ONLY_HEARD, at);
            return None;
        }
        let Some(moved_to) = self.moves.get(to).cloned() else {
            self.cancel_lane(to, refusal::ENDPOINT_REMOVED, at);
            return None;
        };
        for kept in self.deliveries.values_mut().filter(|kept| kept.delivery.to == *to) {
            if matches!(kept.delivery.state, DeliveryState::Pending | DeliveryState::Parked) {
                kept.delivery.to.conversation = moved_to.clone();
            }
        }
        Some(moved_to)
    }

    fn cancel_lane(&mut self, to: &ConversationRef, why: &str, at: Timestamp) {
        let settled = Settled { state: DeliveryState::Cancelled, reason: Some(why.into()), at };
        for kept in self.deliveries.values_mut().filter(|kept| kept.delivery.to == *to) {
            let begun = kept.begun.clone();
            kept.settle(settled.clone());
            if why == refusal::ONLY_HEARD {
                kept.begun = begun;
            }
        }
    }
}

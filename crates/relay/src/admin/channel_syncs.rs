//! Channel syncs that are there.

use std::sync::Arc;

use jiff::Timestamp;
use rialto_model::{
    ChannelSync, ChannelSyncId, ChannelSyncState, ConnectionId, Direction, Endpoint, EndpointId,
    EveryoneMentions, RemoteId, SyncSettings,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    Relay,
    admin::{AdminError, Who, audience, schema},
};

/// A channel sync as it is shown.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ChannelSyncView {
    /// Its id.
    #[schema(value_type = String, example = "syn_0192f0c1a2b37c4d8e5f60718293a4b5")]
    pub id: ChannelSyncId,
    /// A name for people.
    pub name: String,
    /// Whether messages flow.
    #[schema(value_type = schema::ChannelSyncState)]
    pub state: ChannelSyncState,
    /// What becomes of `@channel`, `@here`, `@team`.
    #[schema(value_type = schema::EveryoneMentions)]
    pub everyone_mentions: EveryoneMentions,
    /// Whether reactions cross.
    pub reactions: bool,
    /// Whether reactions are told in short replies where a platform has none.
    pub reaction_replies: bool,
    /// Whether files cross; if not, their names do.
    pub files: bool,
    /// Whether joins and leaves are told.
    pub memberships: bool,
    /// The conversations.
    pub endpoints: Vec<EndpointView>,
    /// Figures.
    pub traffic: TrafficView,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A conversation of a channel sync as it is shown.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct EndpointView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EndpointId,
    /// The workspace.
    #[schema(value_type = String)]
    pub connection: ConnectionId,
    /// The platform's short name.
    pub platform: String,
    /// The workspace's name.
    pub workspace: String,
    /// The platform's id of the conversation.
    #[schema(value_type = String)]
    pub conversation: RemoteId,
    /// The conversation's name.
    pub name: String,
    /// Which way messages flow.
    #[schema(value_type = schema::Direction)]
    pub direction: Direction,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// Figures of a channel sync.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
pub struct TrafficView {
    /// Deliveries that wait.
    pub pending: u64,
    /// Deliveries done.
    pub delivered: u64,
    /// Deliveries that can never succeed as things are.
    pub parked: u64,
    /// When the last one was done.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_delivered_at: Option<Timestamp>,
    /// What sweeps found in the channels' past that no webhook had told of, and that is not on its
    /// way yet.
    pub missing: u64,
    /// What no webhook told of and a sweep found, since the beginning. All of it was delivered.
    pub recovered: u64,
    /// Until when the past of every channel was compared with what was heard; none while one was
    /// not yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub checked_until: Option<Timestamp>,
    /// Since when messages come that no webhook tells of: they arrive with the next sweep.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deaf_since: Option<Timestamp>,
}

/// A change to name and settings. What is not named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelSyncChange {
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What becomes of `@channel`, `@here`, `@team`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::EveryoneMentions>)]
    pub everyone_mentions: Option<EveryoneMentions>,
    /// Whether reactions cross.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reactions: Option<bool>,
    /// Whether reactions are told in short replies where a platform has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction_replies: Option<bool>,
    /// Whether files cross; if not, their names do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<bool>,
    /// Whether joins and leaves are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memberships: Option<bool>,
}

/// A change to an endpoint.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointChange {
    /// Which way messages flow.
    #[schema(value_type = schema::Direction)]
    pub direction: Direction,
    /// Whether what is said in a private conversation may go to one that is not.
    #[serde(default)]
    pub allow_wider_audience: bool,
}

impl ChannelSyncChange {
    pub(super) fn over(&self, known: SyncSettings) -> SyncSettings {
        SyncSettings {
            everyone_mentions: self.everyone_mentions.unwrap_or(known.everyone_mentions),
            reactions: self.reactions.unwrap_or(known.reactions),
            reaction_replies: self.reaction_replies.unwrap_or(known.reaction_replies),
            files: self.files.unwrap_or(known.files),
            memberships: self.memberships.unwrap_or(known.memberships),
        }
    }

    pub(super) fn name_or(&self, known: impl FnOnce() -> String) -> Result<String, AdminError> {
        match self.name.as_deref().map(str::trim) {
            Some("") => Err(AdminError::invalid("name", "is empty")),
            Some(name) => Ok(name.to_owned()),
            None => Ok(known()),
        }
    }
}

impl Relay {
    /// All channel syncs with their figures, oldest first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_channel_syncs(&self) -> Result<Vec<ChannelSyncView>, AdminError> {
        let view = self.roster().view();
        let mut syncs: Vec<_> = view.syncs.values().collect();
        syncs.sort_by_key(|sync| sync.id);
        let mut shown = Vec::with_capacity(syncs.len());
        for sync in syncs {
            shown.push(self.view_channel_sync(sync).await?);
        }
        Ok(shown)
    }

    /// One channel sync.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn show_channel_sync(
        &self,
        id: ChannelSyncId,
    ) -> Result<ChannelSyncView, AdminError> {
        self.view_channel_sync(&*self.sync(id)?).await
    }

    /// Lets what is said wait, or go on.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn set_channel_sync_state(
        &self,
        who: &Who,
        id: ChannelSyncId,
        state: ChannelSyncState,
    ) -> Result<ChannelSyncView, AdminError> {
        let known = self.sync(id)?;
        if known.state != state {
            self.store().set_channel_sync_state(id, state).await?;
            let action = match state {
                ChannelSyncState::Active => "channel-sync.resume",
                ChannelSyncState::Paused => "channel-sync.pause",
            };
            self.made(who, action, id, json!({ "name": known.name }), &[]).await?;
        }
        self.show_channel_sync(id).await
    }

    /// Changes name and settings.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for an empty name.
    pub async fn change_channel_sync(
        &self,
        who: &Who,
        id: ChannelSyncId,
        change: ChannelSyncChange,
    ) -> Result<ChannelSyncView, AdminError> {
        let known = self.sync(id)?;
        let name = change.name_or(|| known.name.clone())?;
        self.store().set_channel_sync_settings(id, &name, change.over(known.settings)).await?;
        self.made(who, "channel-sync.set", id, json!(change), &[]).await?;
        self.show_channel_sync(id).await
    }

    /// Changes which way messages flow through an endpoint.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn change_endpoint(
        &self,
        who: &Who,
        id: ChannelSyncId,
        endpoint: EndpointId,
        change: EndpointChange,
    ) -> Result<ChannelSyncView, AdminError> {
        let known = self.sync(id)?;
        let before = endpoint_of(&known, endpoint)?;
        let mut endpoint = Endpoint { direction: change.direction, ..before.clone() };
        let (now, then) = (endpoint.direction, before.direction);
        if now.hears() && !then.hears() {
            // What was said while nobody elsewhere was to hear it stays where it is.
            endpoint.since = self.toolkit().clock.now();
        }
        let more = (now.hears() && !then.hears()) || (now.writes() && !then.writes());
        if more && !change.allow_wider_audience {
            let mut parties = self.parties(&known, Some(&endpoint)).await?;
            parties.push(self.party_of(&endpoint).await?);
            audience::check(&parties, false)?;
        }
        let detail = json!({ "endpoint": endpoint.id, "direction": endpoint.direction });
        // While platforms were asked it may have moved, or somebody else took it out.
        let syncs = self.store().channel_syncs().await?;
        let there = syncs.iter().find(|sync| sync.id == id).unwrap_or(&known);
        let Endpoint { at, name, .. } = endpoint_of(there, endpoint.id)?.clone();
        self.store().put_endpoint(id, Endpoint { at, name, ..endpoint }).await?;
        self.made(who, "channel-sync.endpoint.set", id, detail, &[]).await?;
        self.show_channel_sync(id).await
    }

    /// Takes a conversation out; the conversation itself stays as it is.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when only two are left.
    pub async fn remove_endpoint(
        &self,
        who: &Who,
        id: ChannelSyncId,
        endpoint: EndpointId,
    ) -> Result<ChannelSyncView, AdminError> {
        let known = self.sync(id)?;
        let endpoint = endpoint_of(&known, endpoint)?;
        if known.endpoints.len() <= 2 {
            return Err(AdminError::Conflict(format!(
                "`{}` has only two conversations: remove the channel sync instead",
                known.name
            )));
        }
        self.store().remove_endpoint(endpoint.id, self.toolkit().clock.now()).await?;
        let detail = json!({ "endpoint": endpoint });
        self.made(who, "channel-sync.endpoint.remove", id, detail, &[]).await?;
        self.show_channel_sync(id).await
    }

    /// Removes a channel sync; the conversations themselves stay as they are.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove_channel_sync(
        &self,
        who: &Who,
        id: ChannelSyncId,
    ) -> Result<(), AdminError> {
        let known = self.sync(id)?;
        self.store().remove_channel_sync(id, self.toolkit().clock.now()).await?;
        self.made(who, "channel-sync.remove", id, json!({ "name": known.name }), &[]).await
    }

    pub(super) fn sync(&self, id: ChannelSyncId) -> Result<Arc<ChannelSync>, AdminError> {
        let view = self.roster().view();
        view.syncs
            .get(&id)
            .cloned()
            .ok_or_else(|| AdminError::NotFound(format!("There is no channel sync {id}")))
    }

    async fn view_channel_sync(&self, sync: &ChannelSync) -> Result<ChannelSyncView, AdminError> {
        let traffic = self.store().traffic(sync.id).await?;
        let view = self.roster().view();
        let endpoint = |it: &Endpoint| {
            let connection = view.connections.get(&it.at.connection).map(|entry| &entry.record);
            EndpointView {
                id: it.id,
                connection: it.at.connection,
                platform: connection.map(|it| it.platform.clone()).unwrap_or_default(),
                workspace: connection.map(|it| it.name.clone()).unwrap_or_default(),
                conversation: it.at.conversation.clone(),
                name: it.name.clone(),
                direction: it.direction,
                since: it.since,
            }
        };
        Ok(ChannelSyncView {
            id: sync.id,
            name: sync.name.clone(),
            state: sync.state,
            everyone_mentions: sync.settings.everyone_mentions,
            reactions: sync.settings.reactions,
            reaction_replies: sync.settings.reaction_replies,
            files: sync.settings.files,
            memberships: sync.settings.memberships,
            endpoints: sync.endpoints.iter().map(endpoint).collect(),
            traffic: TrafficView {
                pending: traffic.pending,
                delivered: traffic.delivered,
                parked: traffic.parked,
                last_delivered_at: traffic.last_delivered_at,
                missing: traffic.missing,
                recovered: traffic.recovered,
                checked_until: traffic.checked_until,
                deaf_since: traffic.deaf_since,
            },
            created_at: sync.created_at,
        })
    }
}

fn endpoint_of(sync: &ChannelSync, id: EndpointId) -> Result<&Endpoint, AdminError> {
    sync.endpoints.iter().find(|it| it.id == id).ok_or_else(|| {
        AdminError::NotFound(format!("The channel sync `{}` has no endpoint {id}", sync.name))
    })
}

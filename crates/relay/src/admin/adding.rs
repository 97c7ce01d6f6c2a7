//! New channel syncs: *Add* makes the missing conversation on the other side, *Connect* takes
//! conversations that exist.

use std::sync::Arc;

use rialto_model::{
    ChannelSync, ChannelSyncId, ChannelSyncState, ConnectionId, Conversation, ConversationKind,
    ConversationRef, Direction, Endpoint, EndpointId, RemoteId, SyncSettings,
};
use rialto_platform::{Connection, NewConversation};
use rialto_store::ConnectionState;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    Relay,
    admin::{AdminError, ChannelSyncChange, ChannelSyncView, Who, audience, schema},
    ids::new_uuid,
};

/// A conversation to be put into a channel sync.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEndpoint {
    /// The workspace.
    #[schema(value_type = String)]
    pub connection: ConnectionId,
    /// The platform's id of the conversation.
    #[schema(value_type = String)]
    pub conversation: RemoteId,
    /// Which way messages flow; `both` when not given.
    #[serde(default)]
    #[schema(value_type = schema::Direction)]
    pub direction: Direction,
}

/// A conversation to be put into a channel sync that is there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddEndpoint {
    /// The workspace.
    #[schema(value_type = String)]
    pub connection: ConnectionId,
    /// The platform's id of the conversation.
    #[schema(value_type = String)]
    pub conversation: RemoteId,
    /// Which way messages flow; `both` when not given.
    #[serde(default)]
    #[schema(value_type = schema::Direction)]
    pub direction: Direction,
    /// Whether what is said in a private conversation may go to one that is not.
    #[serde(default)]
    pub allow_wider_audience: bool,
}

/// The conversation to be made.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTarget {
    /// The workspace to make it in.
    #[schema(value_type = String)]
    pub connection: ConnectionId,
    /// Its name; the source's when not given.
    #[serde(default)]
    pub name: Option<String>,
    /// The team to make it in, where the platform needs one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub parent: Option<RemoteId>,
    /// Whether only members see it; as the source is when not given.
    #[serde(default)]
    pub private: Option<bool>,
    /// Who is in it from the start: e-mail addresses, or the platform's ids.
    #[serde(default)]
    pub members: Vec<String>,
}

/// A channel sync to be added, with the conversation that is missing.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddChannelSync {
    /// The conversation that exists.
    pub source: NewEndpoint,
    /// The one to be made.
    pub target: NewTarget,
    /// Whether what is said in a private conversation may go to one that is not. A target that is
    /// said to be public is meant so; this is for a private one beside a public source.
    #[serde(default)]
    pub allow_wider_audience: bool,
    /// Name and settings; defaults for what is not given.
    #[serde(default)]
    pub settings: ChannelSyncChange,
}

/// A channel sync of conversations that exist.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectChannelSync {
    /// The conversations, two or more.
    pub endpoints: Vec<NewEndpoint>,
    /// Whether what is said in a private conversation may go to one that is not.
    #[serde(default)]
    pub allow_wider_audience: bool,
    /// Name and settings; defaults for what is not given.
    #[serde(default)]
    pub settings: ChannelSyncChange,
}

/// What *Add* did.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Added {
    /// The channel sync.
    pub channel_sync: ChannelSyncView,
    /// The name that the made conversation has: the platform may have changed it.
    pub conversation: String,
    /// Whether it had been made by an earlier try that did not come to its end.
    pub made_before: bool,
}

/// What is remembered of a conversation that was made, until its channel sync is kept.
#[derive(Deserialize, Serialize)]
struct Made {
    conversation: RemoteId,
    name: String,
    parent: Option<RemoteId>,
    private: bool,
}

impl Relay {
    /// Makes the missing conversation and keeps the two in step.
    ///
    /// # Errors
    /// `Invalid` naming the field (a missing parent: with all there are; `allow_wider_audience` when
    /// more people would read than do now); `Conflict` when the
    /// source is in a channel sync; else the platform's words. When the conversation was made
    /// already, the error says so, and the same call again goes on with it.
    pub async fn add_channel_sync(
        &self,
        who: &Who,
        add: AddChannelSync,
    ) -> Result<Added, AdminError> {
        let target = &add.target;
        let source = self.usable("source", &add.source).await?;
        let live = self.working("target.connection", target.connection)?;
        let name = match target.name.as_deref().map(str::trim) {
            Some("") => return Err(AdminError::invalid("target.name", "is empty")),
            Some(name) => name.to_owned(),
            None => source.name.clone(),
        };
        let new = NewConversation {
            name,
            parent: self.parent_of(target, &live).await?,
            private: target.private.unwrap_or(source.private),
            members: members(target, &live).await?,
            topic: source.topic.clone(),
        };
        let to = NewEndpoint {
            connection: target.connection,
            conversation: RemoteId::from(""),
            direction: Direction::Both,
        };
        let planned = Conversation {
            id: to.conversation.clone(),
            name: new.name.clone(),
            kind: ConversationKind::Channel,
            parent: None,
            private: new.private,
            archived: false,
            joined: true,
            topic: None,
        };
        let parties = [self.party(&add.source, &source)?, self.party(&to, &planned)?];
        audience::check(&parties, add.allow_wider_audience || target.private == Some(false))?;
        let memory =
            format!("rialto.made-for/{}/{}", add.source.connection, add.source.conversation);
        let (made, made_before) =
            self.make_or_find(target.connection, &live, &new, &memory).await?;
        let exists = format!(
            "The conversation `{}` ({}) exists now; the same call again goes on with it",
            made.name, made.id
        );
        let endpoints = vec![
            (add.source, source),
            (NewEndpoint { conversation: made.id.clone(), ..to }, made.clone()),
        ];
        let id = self
            .join_and_keep(who, "channel-sync.add", endpoints, add.settings)
            .await
            .map_err(|error| error.adding(&exists))?;
        self.store().cabinet_remove(target.connection, &memory).await?;
        Ok(Added {
            channel_sync: self.show_channel_sync(id).await?,
            conversation: made.name,
            made_before,
        })
    }

    /// Keeps conversations that exist in step.
    ///
    /// # Errors
    /// `Invalid` naming the endpoint that cannot be used, or `allow_wider_audience` when more people
    /// would read than do now; `Conflict` naming the channel sync that a
    /// conversation is in; else the platform's words.
    pub async fn connect_channel_sync(
        &self,
        who: &Who,
        connect: ConnectChannelSync,
    ) -> Result<ChannelSyncView, AdminError> {
        if connect.endpoints.len() < 2 {
            return Err(AdminError::invalid("endpoints", "a channel sync needs two or more"));
        }
        let mut endpoints: Vec<(NewEndpoint, Conversation)> = Vec::new();
        for (index, new) in connect.endpoints.into_iter().enumerate() {
            let field = format!("endpoints[{index}]");
            if endpoints.iter().any(|(known, _)| same_place(known, &new)) {
                return Err(AdminError::invalid(field, "is named twice"));
            }
            let conversation = self.usable(&field, &new).await?;
            endpoints.push((new, conversation));
        }
        let parties = endpoints.iter().map(|(new, it)| self.party(new, it));
        let parties = parties.collect::<Result<Vec<_>, _>>()?;
        audience::check(&parties, connect.allow_wider_audience)?;
        let id =
            self.join_and_keep(who, "channel-sync.connect", endpoints, connect.settings).await?;
        self.show_channel_sync(id).await
    }

    /// Puts one more conversation into a channel sync.
    ///
    /// # Errors
    /// As [`Relay::connect_channel_sync`].
    pub async fn add_endpoint(
        &self,
        who: &Who,
        sync: ChannelSyncId,
        add: AddEndpoint,
    ) -> Result<ChannelSyncView, AdminError> {
        let AddEndpoint { connection, conversation, direction, allow_wider_audience } = add;
        let new = NewEndpoint { connection, conversation, direction };
        let known = self.sync(sync)?;
        let conversation = self.usable("conversation", &new).await?;
        if !allow_wider_audience {
            let mut parties = self.parties(&known, None).await?;
            parties.push(self.party(&new, &conversation)?);
            audience::check(&parties, false)?;
        }
        self.live(new.connection)?.join(&new.conversation).await?;
        let endpoint = self.endpoint(&new, &conversation);
        let detail = json!({ "endpoint": endpoint });
        self.store().put_endpoint(known.id, endpoint).await?;
        self.made(who, "channel-sync.endpoint.add", sync, detail, &[]).await?;
        self.show_channel_sync(sync).await
    }

    async fn join_and_keep(
        &self,
        who: &Who,
        action: &str,
        endpoints: Vec<(NewEndpoint, Conversation)>,
        settings: ChannelSyncChange,
    ) -> Result<ChannelSyncId, AdminError> {
        for (new, conversation) in &endpoints {
            self.live(new.connection)?.join(&new.conversation).await.map_err(|error| {
                AdminError::from(error)
                    .adding(&format!("Rialto could not join `{}`", conversation.name))
            })?;
        }
        let name = settings.name_or(|| endpoints[0].1.name.clone())?;
        let sync = ChannelSync {
            id: ChannelSyncId::new(new_uuid(self.toolkit())),
            organization: self.store().default_organization().await?,
            name,
            state: ChannelSyncState::Active,
            settings: settings.over(SyncSettings::default()),
            created_at: self.toolkit().clock.now(),
            endpoints: endpoints.iter().map(|(new, it)| self.endpoint(new, it)).collect(),
        };
        let (id, detail) = (sync.id, json!({ "name": sync.name, "endpoints": sync.endpoints }));
        self.store().put_channel_sync(sync).await?;
        self.made(who, action, id, detail, &[]).await?;
        Ok(id)
    }

    fn endpoint(&self, new: &NewEndpoint, conversation: &Conversation) -> Endpoint {
        Endpoint {
            id: EndpointId::new(new_uuid(self.toolkit())),
            at: ConversationRef {
                connection: new.connection,
                conversation: new.conversation.clone(),
            },
            name: conversation.full_name(),
            direction: new.direction,
            since: self.toolkit().clock.now(),
        }
    }

    /// A connection that works.
    fn working(&self, field: &str, id: ConnectionId) -> Result<Arc<dyn Connection>, AdminError> {
        let entry = self.connection_entry(id).map_err(|error| {
            AdminError::invalid(field, format!("{error}: `rialto connections` lists all there are"))
        })?;
        if let ConnectionState::NeedsReconnect { reason, .. } = &entry.record.state {
            return Err(AdminError::Refused(format!(
                "The authorization of `{}` is gone ({reason}): run `rialto connect {}` first",
                entry.record.name, entry.record.platform
            )));
        }
        Ok(entry.live.clone()?)
    }

    /// A conversation that exists, is a channel, can be written to, and is in no channel sync.
    async fn usable(&self, field: &str, new: &NewEndpoint) -> Result<Conversation, AdminError> {
        let live = self.working(&format!("{field}.connection"), new.connection)?;
        let at =
            ConversationRef { connection: new.connection, conversation: new.conversation.clone() };
        let view = self.roster().view();
        if let Some((sync, endpoint)) = view.endpoint(&at) {
            return Err(AdminError::Conflict(format!(
                "`{}` ({field}) is in the channel sync `{}` ({}) already: a conversation is in one \
                 at most",
                endpoint.name, sync.name, sync.id
            )));
        }
        let place = format!("{field}.conversation");
        let conversation = live.conversation(&new.conversation).await?.ok_or_else(|| {
            AdminError::invalid(
                &place,
                format!(
                    "`{}` does not exist or cannot be seen: `rialto channels` lists what can; to a \
                     private channel Rialto must be invited first",
                    new.conversation
                ),
            )
        })?;
        if conversation.archived {
            return Err(AdminError::invalid(
                &place,
                format!("`{}` is archived: take it out of the archive first", conversation.name),
            ));
        }
        if conversation.kind != ConversationKind::Channel {
            return Err(AdminError::invalid(
                &place,
                "is a direct message: a channel sync takes channels",
            ));
        }
        Ok(conversation)
    }

    async fn parent_of(
        &self,
        target: &NewTarget,
        live: &Arc<dyn Connection>,
    ) -> Result<Option<RemoteId>, AdminError> {
        let entry = self.connection_entry(target.connection)?;
        let manifest = entry.platform.manifest();
        if !manifest.needs_parent {
            return match &target.parent {
                None => Ok(None),
                Some(_) => Err(AdminError::invalid(
                    "target.parent",
                    format!("{} has no teams: leave it out", manifest.name),
                )),
            };
        }
        let parents = live.parents().await?;
        if let Some(parent) = &target.parent
            && parents.iter().any(|(id, _)| id == parent)
        {
            return Ok(Some(parent.clone()));
        }
        let list: Vec<_> = parents.iter().map(|(id, name)| format!("`{name}` ({id})")).collect();
        let known = if list.is_empty() {
            "Rialto sees no team there: make its service user a member of one".to_owned()
        } else {
            format!("choose one of {}", list.join(", "))
        };
        let problem = match &target.parent {
            Some(parent) => format!("`{parent}` is not a team that Rialto can see: {known}"),
            None => format!("{} makes channels inside a team: {known}", manifest.name),
        };
        Err(AdminError::invalid("target.parent", problem))
    }

    /// The conversation that an earlier try made, or a new one. What was made is written down
    /// before anything else can fail, so that no second one is ever made.
    async fn make_or_find(
        &self,
        connection: ConnectionId,
        live: &Arc<dyn Connection>,
        new: &NewConversation,
        memory: &str,
    ) -> Result<(Conversation, bool), AdminError> {
        let remembered = self.store().cabinet_get(connection, memory).await?;
        let made: Option<Made> = remembered
            .as_ref()
            .and_then(|it| serde_json::from_str(it.expose_secret()).ok())
            .filter(|made: &Made| {
                (&made.name, &made.parent, made.private) == (&new.name, &new.parent, new.private)
            });
        if let Some(made) = made
            && let Some(found) = live.conversation(&made.conversation).await?
            && !found.archived
        {
            return Ok((found, true));
        }
        let conversation = live.create_conversation(new).await?;
        let made = Made {
            conversation: conversation.id.clone(),
            name: new.name.clone(),
            parent: new.parent.clone(),
            private: new.private,
        };
        let text = SecretString::from(json!(made).to_string());
        self.store().cabinet_put(connection, memory, text).await.map_err(|error| {
            AdminError::from(error).adding(&format!(
                "The conversation `{}` ({}) exists now: use `rialto channel-sync connect` with it",
                conversation.name, conversation.id
            ))
        })?;
        Ok((conversation, false))
    }
}

async fn members(
    target: &NewTarget,
    live: &Arc<dyn Connection>,
) -> Result<Vec<RemoteId>, AdminError> {
    let mut ids = Vec::with_capacity(target.members.len());
    for (index, member) in target.members.iter().enumerate() {
        let member = member.trim();
        let account = if member.contains('@') {
            live.account_by_email(&member.to_lowercase()).await?
        } else {
            live.account(&member.into()).await?
        };
        let account = account.ok_or_else(|| {
            AdminError::invalid(
                format!("target.members[{index}]"),
                format!("`{member}` has no account in that workspace"),
            )
        })?;
        ids.push(account.id);
    }
    Ok(ids)
}

fn same_place(one: &NewEndpoint, other: &NewEndpoint) -> bool {
    (one.connection, &one.conversation) == (other.connection, &other.conversation)
}

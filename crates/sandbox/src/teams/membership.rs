//! Who may see and do what in a conversation, and how joining, leaving and renaming show up in it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Teams;
use super::conversation::{Body, Draft, Place};
use super::error::GraphError;
use super::json::user_identity;
use super::notify::Happened;
use super::subscription::Change;
use super::tenant::member;
use super::world::{ChannelKind, Tenant, World};

impl Tenant {
    /// The channel of a team, or 404 in Graph's words.
    pub fn place_of_channel(&self, team: &str, channel: &str) -> Result<Place, GraphError> {
        if !self.teams.contains_key(team) {
            return Err(GraphError::not_found(format!("No team found with Group Id {team}")));
        }
        match self.channels.get(channel) {
            Some(c) if c.team == team => {
                Ok(Place::Channel { team: team.to_owned(), channel: channel.to_owned() })
            }
            _ => Err(GraphError::not_found("NotFound: channel was not found in the team.")),
        }
    }

    /// The chat, or 404.
    pub fn place_of_chat(&self, chat: &str) -> Result<Place, GraphError> {
        if self.chats.contains_key(chat) {
            Ok(Place::Chat { chat: chat.to_owned() })
        } else {
            Err(GraphError::not_found("Chat not found."))
        }
    }

    /// Refuses who takes no part in this conversation. Apps by themselves pass: their roles were checked.
    pub fn require_member(&self, place: &Place, user: Option<&str>) -> Result<(), GraphError> {
        let Some(user) = user else { return Ok(()) };
        if self.members_of(place).is_some_and(|m| m.contains_key(user)) {
            return Ok(());
        }
        Err(GraphError::forbidden(match place {
            Place::Channel { .. } => {
                "InsufficientPrivileges: the user is not a member of the team or channel."
            }
            Place::Chat { .. } => "InsufficientPrivileges: the user is not a member of the chat.",
        }))
    }

    /// Refuses who neither belongs to the team nor administers Teams.
    pub fn require_team(&self, team: &str, user: Option<&str>) -> Result<(), GraphError> {
        let found = self
            .teams
            .get(team)
            .ok_or_else(|| GraphError::not_found(format!("No team found with Group Id {team}")))?;
        match user {
            Some(user) if !found.members.contains_key(user) && !self.administers(user) => {
                Err(GraphError::forbidden("The user is not a member of the team."))
            }
            _ => Ok(()),
        }
    }

    /// Refuses who neither owns the team nor administers Teams.
    pub fn require_owner(&self, team: &str, user: Option<&str>) -> Result<(), GraphError> {
        self.require_team(team, user)?;
        let owns = |user: &str| {
            self.teams.get(team).and_then(|t| t.members.get(user)).is_some_and(|m| m.owner)
        };
        match user {
            Some(user) if !owns(user) && !self.administers(user) => {
                Err(GraphError::forbidden("The user is not an owner of the team."))
            }
            _ => Ok(()),
        }
    }

    fn administers(&self, user: &str) -> bool {
        self.users.get(user).is_some_and(super::world::User::administers_teams)
    }
}

/// What Teams itself writes into a conversation.
pub(crate) enum Notice<'a> {
    Added(&'a [String]),
    Removed(&'a [String]),
    Joined(&'a [String]),
    Left(&'a [String]),
    ChannelAdded,
    ChannelRenamed,
    ChannelDescribed,
    ChatRenamed,
}

impl Notice<'_> {
    fn detail(&self, tenant: &Tenant, place: &Place, initiator: Option<&str>) -> Value {
        let people =
            |ids: &[String]| ids.iter().map(|id| user_identity(tenant, id)).collect::<Vec<_>>();
        let mut detail = match self {
            Self::Added(ids) => json!({
                "@odata.type": "#microsoft.graph.membersAddedEventMessageDetail",
                "visibleHistoryStartDateTime": "0001-01-01T00:00:00Z",
                "members": people(ids),
            }),
            Self::Removed(ids) => json!({
                "@odata.type": "#microsoft.graph.membersDeletedEventMessageDetail", "members": people(ids),
            }),
            Self::Joined(ids) => json!({
                "@odata.type": "#microsoft.graph.membersJoinedEventMessageDetail", "members": people(ids),
            }),
            Self::Left(ids) => json!({
                "@odata.type": "#microsoft.graph.membersLeftEventMessageDetail", "members": people(ids),
            }),
            Self::ChannelAdded => {
                json!({"@odata.type": "#microsoft.graph.channelAddedEventMessageDetail"})
            }
            Self::ChannelRenamed => {
                json!({"@odata.type": "#microsoft.graph.channelRenamedEventMessageDetail"})
            }
            Self::ChannelDescribed => {
                json!({"@odata.type": "#microsoft.graph.channelDescriptionUpdatedEventMessageDetail"})
            }
            Self::ChatRenamed => {
                json!({"@odata.type": "#microsoft.graph.chatRenamedEventMessageDetail"})
            }
        };
        if let Some(channel) = tenant.channels.get(place.id()) {
            detail["channelId"] = json!(channel.id);
            match self {
                Self::ChannelDescribed => detail["channelDescription"] = json!(channel.description),
                _ => detail["channelDisplayName"] = json!(channel.name),
            }
        }
        if let (Self::ChatRenamed, Some(chat)) = (self, tenant.chats.get(place.id())) {
            detail["chatId"] = json!(chat.id);
            detail["chatDisplayName"] = json!(chat.topic);
        }
        detail["initiator"] = match initiator {
            Some(id) => {
                json!({"application": null, "device": null, "user": user_identity(tenant, id)})
            }
            None => json!({"application": null, "device": null, "user": null}),
        };
        detail
    }
}

impl Teams {
    /// Writes a system message into a conversation and tells subscribers.
    pub(crate) fn announce(
        &self,
        world: &mut World,
        tenant_id: &str,
        place: &Place,
        initiator: Option<&str>,
        notice: &Notice<'_>,
        now: Timestamp,
    ) {
        let Some(tenant) = world.tenants.get_mut(tenant_id) else { return };
        let detail = notice.detail(tenant, place, initiator);
        let Some(conversation) = tenant.conversations.get_mut(place.id()) else { return };
        let draft = Draft {
            importance: "normal",
            body: Body { html: true, content: "<systemEventMessage/>".to_owned() },
            ..Draft::default()
        };
        let id = conversation.add(now, None, "en-us", None, draft, Some(detail));
        self.happened(
            world,
            Happened { tenant: tenant_id, place, message: id, change: Change::Created },
        );
    }

    /// Adds people to a team, private channel or chat; those already in stay as they are. Gives who is new.
    pub(crate) fn add_members(
        &self,
        world: &mut World,
        tenant_id: &str,
        within: &Within,
        people: &[(String, bool)],
        initiator: Option<&str>,
        now: Timestamp,
    ) -> Vec<String> {
        let Some(tenant) = world.tenants.get_mut(tenant_id) else { return Vec::new() };
        let Some(members) = within.members(tenant) else { return Vec::new() };
        let mut new = Vec::new();
        for (id, owner) in people {
            if !members.contains_key(id) {
                members.insert(id.clone(), member(*owner));
                new.push(id.clone());
            }
        }
        let place = within.place(tenant);
        if let (Some(place), false) = (place, new.is_empty()) {
            let themselves = initiator.is_some_and(|i| new.iter().all(|n| n == i));
            let notice = if themselves { Notice::Joined(&new) } else { Notice::Added(&new) };
            self.announce(world, tenant_id, &place, initiator, &notice, now);
        }
        new
    }

    /// Takes a person out; also out of the team's private channels. `false` when they were not in.
    pub(crate) fn remove_member(
        &self,
        world: &mut World,
        tenant_id: &str,
        within: &Within,
        person: &str,
        initiator: Option<&str>,
        now: Timestamp,
    ) -> bool {
        let Some(tenant) = world.tenants.get_mut(tenant_id) else { return false };
        let Some(members) = within.members(tenant) else { return false };
        if members.remove(person).is_none() {
            return false;
        }
        if let Within::Team(team) = within {
            let own =
                |c: &&mut super::world::Channel| &c.team == team && c.kind == ChannelKind::Private;
            for channel in tenant.channels.values_mut().filter(own) {
                channel.members.remove(person);
            }
        }
        let place = within.place(tenant);
        if let Some(place) = place {
            let who = [person.to_owned()];
            let notice =
                if initiator == Some(person) { Notice::Left(&who) } else { Notice::Removed(&who) };
            self.announce(world, tenant_id, &place, initiator, &notice, now);
        }
        self.drop_deaf_subscriptions(world);
        true
    }
}

/// Something that has members of its own.
pub(crate) enum Within {
    Team(String),
    Channel(String),
    Chat(String),
}

impl Within {
    fn members<'a>(&self, tenant: &'a mut Tenant) -> Option<&'a mut super::world::Members> {
        match self {
            Self::Team(id) => tenant.teams.get_mut(id).map(|t| &mut t.members),
            Self::Channel(id) => tenant.channels.get_mut(id).map(|c| &mut c.members),
            Self::Chat(id) => tenant.chats.get_mut(id).map(|c| &mut c.members),
        }
    }

    /// Where its comings and goings are told: a team's in General.
    fn place(&self, tenant: &Tenant) -> Option<Place> {
        match self {
            Self::Team(id) => {
                let general = tenant.teams.get(id)?.channels.first()?.clone();
                Some(Place::Channel { team: id.clone(), channel: general })
            }
            Self::Channel(id) => {
                let team = tenant.channels.get(id)?.team.clone();
                Some(Place::Channel { team, channel: id.clone() })
            }
            Self::Chat(id) => Some(Place::Chat { chat: id.clone() }),
        }
    }
}

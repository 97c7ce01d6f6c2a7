//! What people arrange: who is in, channels, teams, chats, accounts.

use serde_json::json;

use super::{Act, Done, invalid, place_json, team_named};
use crate::core::ControlError;
use crate::teams::Teams;
use crate::teams::conversation::Place;
use crate::teams::membership::{Notice, Within};
use crate::teams::tenant::{NewChannel, NewUser, member};
use crate::teams::world::{ChannelKind, Members};

impl Teams {
    /// Into and out of a team, or, when the channel has members of its own or is a chat, of that.
    pub(super) fn comes_and_goes(&self, act: &Act) -> Done {
        let mut world = self.world();
        let actor = act.actor(&world)?;
        let tenant = act.tenant(&world)?;
        let within = match (&act.channel, &act.team) {
            (Some(_), _) => match act.place(&world)? {
                Place::Chat { chat } => Within::Chat(chat),
                Place::Channel { team, channel } => {
                    match tenant.channels.get(&channel).map(|c| c.kind) {
                        Some(ChannelKind::Private | ChannelKind::Shared) => {
                            Within::Channel(channel)
                        }
                        _ => Within::Team(team),
                    }
                }
            },
            (None, Some(team)) => Within::Team(
                team_named(tenant, team)
                    .ok_or_else(|| ControlError::NotFound(format!("no team {team}")))?,
            ),
            (None, None) => return Err(invalid("\"team\" or \"channel\" is missing")),
        };
        let now = self.core.clock.now();
        let people = match act.what.as_str() {
            "join" | "leave" => vec![actor.id.clone()],
            _ => act.people(&world)?,
        };
        if people.is_empty() {
            return Err(invalid("\"people\" is missing"));
        }
        if matches!(act.what.as_str(), "join" | "invite") {
            let new: Vec<(String, bool)> = people.into_iter().map(|p| (p, false)).collect();
            let added =
                self.add_members(&mut world, &actor.tenant, &within, &new, Some(&actor.id), now);
            return Ok(json!({"added": added}));
        }
        let mut gone = Vec::new();
        for person in people {
            if self.remove_member(&mut world, &actor.tenant, &within, &person, Some(&actor.id), now)
            {
                gone.push(person);
            }
        }
        Ok(json!({"removed": gone}))
    }

    pub(super) fn changes(&self, act: &Act) -> Done {
        let now = self.core.clock.now();
        let mut world = self.world();
        let (actor, place) = (act.actor(&world)?, act.place(&world)?);
        let topic = act.topic.clone().or_else(|| act.text.clone());
        match (&place, act.what.as_str()) {
            (Place::Channel { channel, .. }, "rename") => {
                let name = act.name.clone().ok_or_else(|| invalid("\"name\" is missing"))?;
                self.retitle_channel(
                    &mut world,
                    &actor.tenant,
                    channel,
                    Some(name),
                    None,
                    Some(&actor.id),
                    now,
                );
            }
            (Place::Channel { channel, .. }, "topic") => {
                let topic = topic.ok_or_else(|| invalid("\"topic\" is missing"))?;
                self.retitle_channel(
                    &mut world,
                    &actor.tenant,
                    channel,
                    None,
                    Some(topic),
                    Some(&actor.id),
                    now,
                );
            }
            (Place::Channel { channel, .. }, "archive" | "unarchive") => {
                if let Some(channel) =
                    world.tenants.get_mut(&actor.tenant).and_then(|t| t.channels.get_mut(channel))
                {
                    channel.archived = act.what == "archive";
                }
            }
            (Place::Channel { channel, .. }, _) => {
                self.delete_channel(&mut world, &actor.tenant, channel);
            }
            (Place::Chat { chat }, "rename" | "topic") => {
                if let Some(chat) =
                    world.tenants.get_mut(&actor.tenant).and_then(|t| t.chats.get_mut(chat))
                {
                    chat.topic = act.name.clone().or(topic);
                }
                self.announce(
                    &mut world,
                    &actor.tenant,
                    &place,
                    Some(&actor.id),
                    &Notice::ChatRenamed,
                    now,
                );
            }
            (Place::Chat { .. }, what) => return Err(invalid(format!("a chat cannot be: {what}"))),
        }
        Ok(place_json(&place))
    }

    pub(super) fn creates(&self, act: &Act) -> Done {
        let now = self.core.clock.now();
        let mut world = self.world();
        let actor = act.actor(&world)?;
        let people = act.people(&world)?;
        let mut members: Members = people.into_iter().map(|p| (p, member(false))).collect();
        members.insert(actor.id.clone(), member(true));
        let name = act.name.clone().or_else(|| act.topic.clone());
        let missing = || invalid("\"name\" is missing");
        match act.what.as_str() {
            "create_chat" => {
                let one_on_one = name.is_none() && members.len() == 2;
                let id = world.add_chat(&actor.tenant, one_on_one, name, members, now);
                Ok(json!({"chat": id.ok_or_else(|| invalid("a chat needs two people"))?}))
            }
            "create_team" => {
                let id = world.add_team(
                    &actor.tenant,
                    None,
                    &name.ok_or_else(missing)?,
                    None,
                    false,
                    members,
                    now,
                );
                Ok(json!({"team": id}))
            }
            _ => {
                let team = act.team.as_deref().ok_or_else(|| invalid("\"team\" is missing"))?;
                let team = team_named(act.tenant(&world)?, team)
                    .ok_or_else(|| ControlError::NotFound(format!("no team {team}")))?;
                let kind = act.kind.as_deref().unwrap_or("standard");
                let kind = ChannelKind::parse(kind)
                    .ok_or_else(|| invalid(format!("unknown kind {kind}")))?;
                let members = if kind == ChannelKind::Standard { Members::new() } else { members };
                let name = name.ok_or_else(missing)?;
                let new = NewChannel {
                    id: None,
                    name: &name,
                    description: act.topic.clone(),
                    kind,
                    members,
                };
                let id = world
                    .add_channel(&actor.tenant, &team, new, now)
                    .ok_or_else(|| invalid("no such team"))?;
                let place = Place::Channel { team, channel: id };
                self.announce(
                    &mut world,
                    &actor.tenant,
                    &place,
                    Some(&actor.id),
                    &Notice::ChannelAdded,
                    now,
                );
                Ok(place_json(&place))
            }
        }
    }

    pub(super) fn accounts(&self, act: &Act) -> Done {
        let now = self.core.clock.now();
        let mut world = self.world();
        let actor = act.actor(&world)?;
        if act.what == "add_person" {
            let name = act.name.clone().ok_or_else(|| invalid("\"name\" is missing"))?;
            let guest = act.kind.as_deref() == Some("guest");
            let new = NewUser { name, mail: act.person.clone(), guest, ..NewUser::default() };
            let id = world.add_user(&actor.tenant, new, now).map_err(ControlError::Refused)?;
            return Ok(json!({"id": id}));
        }
        let people = act.people(&world)?;
        let whom = people.first().cloned().unwrap_or(actor.id);
        let enabled = act.what != "deactivate";
        if !enabled {
            world.sign_ins.revoke(&whom, now);
        }
        if let Some(user) =
            world.tenants.get_mut(&actor.tenant).and_then(|t| t.users.get_mut(&whom))
        {
            match (act.what.as_str(), &act.name) {
                ("rename_person", Some(name)) => user.name.clone_from(name),
                _ => user.enabled = enabled,
            }
        }
        Ok(json!({"id": whom}))
    }
}

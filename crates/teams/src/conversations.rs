//! Teams' channels: which there are, joining them, making one.

use std::collections::{BTreeSet, HashSet};

use http::{Method, StatusCode};
use rialto_model::{Conversation, ConversationKind, RemoteId};
use rialto_platform::{NewConversation, Page, ReadError, SendError, SetupError};
use serde_json::{Value, json};

use crate::{
    connection::TeamsConnection,
    fault::Fault,
    place::{self, Place, is_id},
    said::Said,
    tokens::Identity,
    wire::{Channel, Chat, List, Member, Team},
};

/// Teams whose channels are listed at once: one call for each.
const TEAMS_A_PAGE: &str = "20";

/// Graph's longest channel name.
const LONGEST_NAME: usize = 50;

impl TeamsConnection {
    pub(crate) async fn list_conversations(
        &self,
        page: Option<&str>,
    ) -> Result<Page<Conversation>, ReadError> {
        let list = async {
            let url = match page {
                Some(link) => self.graph.continued(link)?,
                None => {
                    let mut url = self.graph.url(&["teams"]);
                    url.query_pairs_mut().append_pair("$top", TEAMS_A_PAGE);
                    url
                }
            };
            let teams: List<Team> = self.graph.get_as_either(url).await?;
            let joined = self.joined_teams().await?;
            let mut items = Vec::new();
            for team in teams.value.iter().filter(|team| is_id(&team.id)) {
                let url = self.graph.url(&["teams", &team.id, "channels"]);
                let channels: Vec<Channel> = match self.graph.all_as_either(url).await {
                    // A team without channels to see (just deleted) hides no other team.
                    Err(fault) if fault.is_gone() => continue,
                    other => other?,
                };
                for channel in channels {
                    let Some(place) = Place::new(&team.id, &channel.id) else { continue };
                    let inside = joined.contains(&team.id)
                        && (!is_private(&channel) || self.is_in(&place).await?);
                    items.push(conversation(&place, &channel, team, inside));
                }
            }
            Ok::<_, Fault>(Page { items, next: teams.next })
        };
        list.await.map_err(|fault| fault.to_read())
    }

    pub(crate) async fn find_conversation(
        &self,
        id: &RemoteId,
    ) -> Result<Option<Conversation>, ReadError> {
        let Some(place) = Place::parse(id) else { return Ok(None) };
        let find = async {
            let url = self.graph.url(&["teams", &place.team, "channels", &place.channel]);
            let channel: Channel = self.graph.get_as_either(url).await?;
            let url = self.graph.url(&["teams", &place.team]);
            let team: Team = self.graph.get_as_either(url).await?;
            let joined = self.joined_teams().await?.contains(&place.team);
            let inside = joined && (!is_private(&channel) || self.is_in(&place).await?);
            Ok(conversation(&place, &channel, &team, inside))
        };
        match find.await {
            Ok(conversation) => Ok(Some(conversation)),
            Err(fault) if Fault::is_gone(&fault) => Ok(None),
            Err(fault) => Err(fault.to_read()),
        }
    }

    /// These channels as they are now, by one call and one more for each team; fewer where Graph does
    /// not answer. That the authorization is gone is told: nothing else may be due that would notice.
    pub(crate) async fn seen(&self, heard: &[RemoteId]) -> Result<Vec<Conversation>, ReadError> {
        let places: HashSet<Place> = heard.iter().filter_map(Place::parse).collect();
        let within: BTreeSet<&str> = places.iter().map(|place| place.team.as_str()).collect();
        if within.is_empty() {
            return Ok(Vec::new());
        }
        let url = self.graph.url(&["me", "joinedTeams"]);
        let teams: Result<Vec<Team>, Fault> = self.graph.all(Identity::Service, url).await;
        if let Err(fault @ Fault::Revoked(_)) = &teams {
            return Err(fault.to_read());
        }
        let mut seen = Vec::new();
        for team in teams.unwrap_or_default().iter().filter(|it| within.contains(&*it.id)) {
            let url = self.graph.url(&["teams", &team.id, "channels"]);
            let channels: Result<Vec<Channel>, Fault> = self.graph.all_as_either(url).await;
            for channel in channels.unwrap_or_default() {
                let here = Place { team: team.id.clone(), channel: channel.id.clone() };
                if places.contains(&here) {
                    seen.push(conversation(&here, &channel, team, true));
                }
            }
        }
        seen.retain(|channel| !channel.name.is_empty());
        Ok(seen)
    }

    pub(crate) async fn teams(&self) -> Result<Vec<(RemoteId, String)>, ReadError> {
        let teams: Result<Vec<Team>, Fault> =
            self.graph.all_as_either(self.graph.url(&["teams"])).await;
        let teams = teams.map_err(|fault| fault.to_read())?;
        let named = |team: Team| (team.id.as_str().into(), team.display_name.unwrap_or_default());
        Ok(teams.into_iter().filter(|team| is_id(&team.id)).map(named).collect())
    }

    pub(crate) async fn joined_teams(&self) -> Result<HashSet<String>, Fault> {
        let teams: Vec<Team> =
            self.graph.all(Identity::Service, self.graph.url(&["me", "joinedTeams"])).await?;
        Ok(teams.into_iter().map(|team| team.id).collect())
    }

    /// Whether the service user is a member of a private or shared channel.
    async fn is_in(&self, place: &Place) -> Result<bool, Fault> {
        let own = self.graph.tokens.account().await?;
        let url = self.graph.url(&["teams", &place.team, "channels", &place.channel, "members"]);
        let members: Result<Vec<Member>, Fault> = self.graph.all(Identity::Service, url).await;
        match members {
            Ok(members) => Ok(members.iter().any(|member| member.user_id.as_ref() == Some(&own))),
            // Who is not in it does not see its members.
            Err(Fault::Refused {
                status: StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, ..
            }) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    pub(crate) async fn make_member(&self, id: &RemoteId) -> Result<(), SetupError> {
        let place = Place::parse(id)
            .ok_or_else(|| SetupError::Refused(format!("`{id}` is no channel of Teams")))?;
        self.join_team(&place.team).await?;
        let url = self.graph.url(&["teams", &place.team, "channels", &place.channel]);
        let channel: Channel =
            self.graph.get_as_either(url).await.map_err(|fault| fault.to_setup())?;
        if !is_private(&channel) || self.is_in(&place).await.map_err(|fault| fault.to_setup())? {
            return Ok(());
        }
        let own = self.own_account().await?;
        let url = self.graph.url(&["teams", &place.team, "channels", &place.channel, "members"]);
        self.add(url, &own, false).await.map_err(|fault| match fault {
            Fault::Refused { reason, .. } => SetupError::Refused(format!(
                "the channel {} is private or shared: one of its owners must add the service user ({reason})",
                channel.display_name.as_deref().unwrap_or(&place.channel)
            )),
            fault => fault.to_setup(),
        })
    }

    async fn own_account(&self) -> Result<String, SetupError> {
        self.graph.tokens.account().await.map_err(|fault| fault.to_setup())
    }

    async fn join_team(&self, team: &str) -> Result<(), SetupError> {
        let joined = self.joined_teams().await.map_err(|fault| fault.to_setup())?;
        if joined.contains(team) {
            return Ok(());
        }
        let own = self.own_account().await?;
        let added = self.add(self.graph.url(&["teams", team, "members"]), &own, false).await;
        added.map_err(|fault| match fault {
            Fault::Refused { status: StatusCode::FORBIDDEN, reason, .. } => {
                SetupError::Refused(format!(
                    "the service user is not in the team and may not be added: an owner of the team must add it, or an administrator must grant TeamMember.ReadWriteNonOwnerRole.All ({reason})"
                ))
            }
            fault => fault.to_setup(),
        })
    }

    /// Adds somebody to a team or channel, as the application or as the service user, whoever may.
    /// Graph lets 4 be added a minute to one team: a short wait is waited.
    async fn add(&self, url: url::Url, account: &str, owner: bool) -> Result<(), Fault> {
        let roles: &[&str] = if owner { &["owner"] } else { &[] };
        let body = member(self.graph.settings.graph.as_str(), account, roles);
        let mut who = Identity::App;
        let mut waited = false;
        loop {
            match self.graph.send(who, Method::POST, url.clone(), Some(&body)).await {
                Ok(_) => return Ok(()),
                Err(fault) if fault.is_there_already() => return Ok(()),
                Err(Fault::Refused { status: StatusCode::FORBIDDEN, .. })
                    if who == Identity::App =>
                {
                    who = Identity::Service;
                }
                Err(Fault::Throttled { until, .. }) if !waited => {
                    waited = true;
                    self.wait_for(Some(until)).await;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    pub(crate) async fn make_conversation(
        &self,
        new: &NewConversation,
    ) -> Result<Conversation, SetupError> {
        let team = new.parent.as_ref().filter(|team| is_id(team.as_str())).ok_or_else(|| {
            SetupError::Refused("say in which team the channel is to be made".into())
        })?;
        self.join_team(team.as_str()).await?;
        let name = channel_name(&new.name);
        let mut body = json!({
            "displayName": name,
            "membershipType": if new.private { "private" } else { "standard" },
        });
        if let Some(topic) = new.topic.as_deref().filter(|topic| !topic.trim().is_empty()) {
            body["description"] = topic.chars().take(1024).collect::<String>().into();
        }
        if new.private {
            let own = self.own_account().await?;
            body["members"] = json!([member(self.graph.settings.graph.as_str(), &own, &["owner"])]);
        }
        let url = self.graph.url(&["teams", team.as_str(), "channels"]);
        let made: Result<Channel, Fault> = self.graph.make(Identity::Service, url, &body).await;
        let channel = made.map_err(|fault| match fault {
            Fault::Refused { said: Said::Exists, reason, .. } => {
                SetupError::Refused(format!(
                    "the team has a channel named {name}, perhaps a deleted one: connect it, or choose another name ({reason})"
                ))
            }
            fault => fault.to_setup(),
        })?;
        let place = Place::new(team.as_str(), &channel.id).ok_or_else(|| {
            SetupError::Unreachable("Graph made a channel and did not say which".into())
        })?;
        for account in &new.members {
            let mut segments = vec!["teams", &place.team];
            if new.private {
                segments.extend(["channels", &place.channel]);
            }
            segments.push("members");
            let added = self.add(self.graph.url(&segments), account.as_str(), false).await;
            added.map_err(|fault| fault.to_setup())?;
        }
        self.find_conversation(&place.id())
            .await
            .ok()
            .flatten()
            .map_or_else(|| Ok(conversation(&place, &channel, &Team::default(), true)), Ok)
    }
}

impl TeamsConnection {
    /// The service user's one-on-one chat with a person. Graph gives the one that there is already.
    pub(crate) async fn chat_with(&self, account: &RemoteId) -> Result<RemoteId, SendError> {
        let own = self.graph.tokens.account().await.map_err(|fault| fault.to_send())?;
        let graph = self.graph.settings.graph.as_str();
        let body = json!({
            "chatType": "oneOnOne",
            "members": [
                member(graph, &own, &["owner"]),
                member(graph, account.as_str(), &["owner"]),
            ],
        });
        let made = self.graph.make::<Chat>(Identity::Service, self.graph.url(&["chats"]), &body);
        let made = made.await.map_err(|fault| fault.to_send())?;
        place::chat(&made.id)
            .ok_or_else(|| SendError::Transient("Graph made a chat and did not say which".into()))
    }
}

fn member(graph: &str, account: &str, roles: &[&str]) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.aadUserConversationMember",
        "roles": roles,
        "user@odata.bind": format!("{graph}users('{}')", account.replace('\'', "''")),
    })
}

fn is_private(channel: &Channel) -> bool {
    !matches!(channel.membership_type.as_deref(), None | Some("standard"))
}

fn conversation(place: &Place, channel: &Channel, team: &Team, joined: bool) -> Conversation {
    Conversation {
        id: place.id(),
        name: channel.display_name.clone().unwrap_or_default(),
        kind: ConversationKind::Channel,
        parent: Some((place.team.as_str().into(), team.display_name.clone().unwrap_or_default())),
        private: is_private(channel),
        archived: channel.is_archived == Some(true) || team.is_archived == Some(true),
        joined,
        topic: channel.description.clone().filter(|topic| !topic.is_empty()),
    }
}

/// A name as Teams takes it: 50 characters, none of `~ # % & * { } + / \ : < > ? | ' "`, no `_` or
/// `.` at its beginning, no `.` at its end.
fn channel_name(name: &str) -> String {
    let sound = |c: char| if c.is_control() || "~#%&*{}+/\\:<>?|'\"".contains(c) { ' ' } else { c };
    let name: String = name.chars().map(sound).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ").replace("..", ".");
    let name = name.trim_start_matches(['_', '.', ' ']);
    let name: String = name.chars().take(LONGEST_NAME).collect();
    match name.trim_end_matches(['.', ' ']) {
        "" => "Channel".into(),
        name => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channel_names_are_ones_that_teams_takes() {
        for (name, expected) in [
            ("general", "general"),
            ("r&d: plans?", "r d plans"),
            ("_private.", "private"),
            ("  two   spaces ", "two spaces"),
            ("###", "Channel"),
            ("", "Channel"),
        ] {
            assert_eq!(channel_name(name), expected, "{name:?}");
        }
        assert_eq!(channel_name(&"x".repeat(80)).len(), 50);
    }
}

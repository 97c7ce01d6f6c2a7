//! The human side: people who post, edit, react, upload, join and rename, as their Teams client would.

mod compose;
mod organize;
mod speak;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Teams;
use super::conversation::Place;
use super::error::GraphError;
use super::world::{Tenant, World};
use crate::core::ControlError;
use crate::core::files::GivenFile;

/// `POST /teams/act`.
#[derive(Deserialize)]
pub(crate) struct Act {
    workspace: String,
    #[serde(rename = "as")]
    by: String,
    #[serde(rename = "do")]
    what: String,
    /// Channel or chat: an id, a name, or `Team/Channel`.
    channel: Option<String>,
    team: Option<String>,
    /// The message that is meant; the root for a reply.
    #[serde(alias = "thread", alias = "id")]
    message: Option<Value>,
    html: Option<String>,
    text: Option<String>,
    subject: Option<String>,
    importance: Option<String>,
    mentions: Option<Value>,
    attachments: Option<Value>,
    /// Inline images: the body refers to the nth as `../hostedContents/{n}/$value`.
    images: Option<Vec<GivenFile>>,
    files: Option<Vec<GivenFile>>,
    /// Names of the files that an edit keeps beside those it brings.
    keep: Option<Vec<String>>,
    emoji: Option<String>,
    /// Who is invited, removed, or in the new chat.
    people: Option<Vec<String>>,
    person: Option<String>,
    name: Option<String>,
    topic: Option<String>,
    kind: Option<String>,
}

type Done = Result<Value, ControlError>;

fn invalid(text: impl Into<String>) -> ControlError {
    ControlError::Invalid(text.into())
}

fn refused(error: GraphError) -> ControlError {
    match error.status {
        404 => ControlError::NotFound(error.message),
        400 => ControlError::Invalid(error.message),
        _ => ControlError::Refused(format!("{}: {}", error.code, error.message)),
    }
}

/// The channel or chat that a person means.
pub(crate) fn place(
    tenant: &Tenant,
    team: Option<&str>,
    name: &str,
) -> Result<Place, ControlError> {
    if let Some(channel) = tenant.channels.get(name) {
        return Ok(Place::Channel { team: channel.team.clone(), channel: channel.id.clone() });
    }
    if tenant.chats.contains_key(name) {
        return Ok(Place::Chat { chat: name.to_owned() });
    }
    let (team, name) = match name.split_once('/') {
        Some((team, name)) if team_named(tenant, team).is_some() => (Some(team), name),
        _ => (team, name),
    };
    let name = name.trim_start_matches('#');
    let team = match team {
        Some(team) => Some(
            team_named(tenant, team)
                .ok_or_else(|| ControlError::NotFound(format!("no team {team}")))?,
        ),
        None => None,
    };
    tenant
        .teams
        .values()
        .filter(|t| team.as_ref().is_none_or(|wanted| *wanted == t.id))
        .flat_map(|t| &t.channels)
        .filter_map(|id| tenant.channels.get(id))
        .find(|c| c.name.eq_ignore_ascii_case(name))
        .map(|c| Place::Channel { team: c.team.clone(), channel: c.id.clone() })
        .or_else(|| {
            let chat = tenant.chats.values().find(|c| c.topic.as_deref() == Some(name))?;
            Some(Place::Chat { chat: chat.id.clone() })
        })
        .ok_or_else(|| ControlError::NotFound(format!("no channel or chat {name}")))
}

pub(crate) fn team_named(tenant: &Tenant, name: &str) -> Option<String> {
    let found = tenant
        .teams
        .get(name)
        .or_else(|| tenant.teams.values().find(|t| t.name.eq_ignore_ascii_case(name)));
    found.map(|t| t.id.clone())
}

struct Actor {
    tenant: String,
    id: String,
    locale: String,
}

impl Act {
    fn tenant<'a>(&self, world: &'a World) -> Result<&'a Tenant, ControlError> {
        world
            .tenant_named(&self.workspace)
            .ok_or_else(|| ControlError::NotFound(format!("no workspace {}", self.workspace)))
    }

    fn actor(&self, world: &World) -> Result<Actor, ControlError> {
        let tenant = self.tenant(world)?;
        let user = tenant
            .person(&self.by)
            .ok_or_else(|| ControlError::NotFound(format!("no person {}", self.by)))?;
        Ok(Actor { tenant: tenant.id.clone(), id: user.id.clone(), locale: user.locale.clone() })
    }

    fn place(&self, world: &World) -> Result<Place, ControlError> {
        let channel = self.channel.as_deref().ok_or_else(|| invalid("\"channel\" is missing"))?;
        place(self.tenant(world)?, self.team.as_deref(), channel)
    }

    fn message(&self) -> Result<u64, ControlError> {
        let id = match &self.message {
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        id.ok_or_else(|| invalid("\"message\" (an id) is missing"))
    }

    fn people(&self, world: &World) -> Result<Vec<String>, ControlError> {
        let tenant = self.tenant(world)?;
        let names = self.people.iter().flatten().chain(&self.person);
        names
            .map(|name| {
                let user = tenant
                    .person(name)
                    .ok_or_else(|| ControlError::NotFound(format!("no person {name}")))?;
                Ok(user.id.clone())
            })
            .collect()
    }
}

impl Teams {
    /// Carries out what a person does.
    pub(crate) async fn person_acts(&self, act: Act) -> Done {
        match act.what.as_str() {
            "post" | "reply" | "upload" => self.says(&act).await,
            "edit" => self.edits(&act).await,
            "delete" | "undelete" => self.deletes(&act),
            "react" | "unreact" => self.reacts(&act),
            "join" | "leave" | "invite" | "remove" => self.comes_and_goes(&act),
            "topic" | "rename" | "archive" | "unarchive" | "delete_channel" => self.changes(&act),
            "create_channel" | "create_team" | "create_chat" => self.creates(&act),
            "deactivate" | "activate" | "rename_person" | "add_person" => self.accounts(&act),
            other => Err(invalid(format!("unknown act {other}"))),
        }
    }
}

pub(crate) fn place_json(place: &Place) -> Value {
    match place {
        Place::Channel { team, channel } => json!({"team": team, "channel": channel}),
        Place::Chat { chat } => json!({"chat": chat, "channel": chat}),
    }
}

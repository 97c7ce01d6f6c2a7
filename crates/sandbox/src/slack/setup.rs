//! Making a workspace with its people and channels from one JSON, and listing what there is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;
use serde_json::{Value, json};

use super::Slack;
use super::stage::Stage;
use super::ts::Ts;
use super::world::{Group, Kind, User, Workspace};
use crate::core::ControlError;

#[derive(Deserialize)]
struct Given {
    name: String,
    domain: Option<String>,
    edit_window_seconds: Option<u64>,
    #[serde(default)]
    people: Vec<GivenPerson>,
    #[serde(default)]
    channels: Vec<GivenChannel>,
    #[serde(default)]
    usergroups: Vec<GivenGroup>,
    #[serde(default)]
    emoji: BTreeMap<String, String>,
}

/// A person as given to control.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct GivenPerson {
    id: Option<String>,
    pub(crate) name: String,
    display_name: Option<String>,
    handle: Option<String>,
    email: Option<String>,
    avatar: Option<String>,
    title: Option<String>,
    tz: Option<String>,
    admin: bool,
    guest: bool,
    deactivated: bool,
}

#[derive(Deserialize)]
struct GivenChannel {
    name: String,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    general: bool,
    topic: Option<String>,
    purpose: Option<String>,
    /// Ids, names or e-mails; by default everybody.
    members: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct GivenGroup {
    name: String,
    handle: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    members: Vec<String>,
}

pub(crate) fn create(slack: &Slack, body: Value) -> Result<Value, ControlError> {
    let given: Given =
        serde_json::from_value(body).map_err(|e| ControlError::Invalid(e.to_string()))?;
    let mut stage = slack.stage();
    let team = format!("T{}", stage.core.ids.upper(10));
    let handle = |name: &str| {
        let lower = name.to_lowercase();
        lower.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect::<String>()
    };
    let now = stage.seconds();
    let domain = given.domain.unwrap_or_else(|| handle(&given.name.replace(' ', "-")));
    let mut workspace = Workspace {
        id: team.clone(),
        name: given.name,
        domain,
        users: BTreeMap::new(),
        bots: BTreeMap::new(),
        channels: BTreeMap::new(),
        channel_names: HashMap::new(),
        direct: HashMap::new(),
        installs: BTreeMap::new(),
        files: BTreeMap::new(),
        emoji: given.emoji,
        groups: BTreeMap::new(),
        last_ts: Ts(0),
        edit_window: given.edit_window_seconds,
    };
    let mut first = None;
    for person in given.people {
        let user = stage.person(person);
        first.get_or_insert_with(|| user.id.clone());
        workspace.users.insert(user.id.clone(), user);
    }
    // Somebody must be able to install apps.
    if !workspace.users.values().any(|user| user.admin)
        && let Some(user) = first.as_ref().and_then(|id| workspace.users.get_mut(id))
    {
        user.admin = true;
    }
    let creator = first.unwrap_or_else(|| "USLACKBOT".to_owned());
    for group in given.usergroups {
        let id = format!("S{}", stage.core.ids.upper(10));
        let users = members(&workspace, &group.members)?;
        let group = Group {
            id: id.clone(),
            name: group.name,
            handle: group.handle,
            description: group.description,
            users,
            created: now,
            updated: now,
            disabled: false,
        };
        workspace.groups.insert(id, group);
    }
    let everybody: BTreeSet<String> =
        workspace.users.values().filter(|u| !u.deleted).map(|u| u.id.clone()).collect();
    let mut channels = Vec::new();
    for channel in given.channels {
        super::channels::check_name(&channel.name)
            .map_err(|fail| ControlError::Invalid(format!("{}: {}", channel.name, fail.code)))?;
        let inside = match &channel.members {
            Some(names) => members(&workspace, names)?,
            None => everybody.clone(),
        };
        channels.push((channel, inside));
    }
    stage.state.workspaces.insert(team.clone(), workspace);
    let refused = |fail: super::error::Fail| ControlError::Refused(fail.code.to_owned());
    for (given, inside) in channels {
        let kind = if given.private { Kind::Private } else { Kind::Public };
        let id =
            stage.insert_channel(&team, &given.name, kind, &creator, inside).map_err(refused)?;
        let channel = stage.channel_mut(&team, &id).map_err(refused)?;
        channel.archived = given.archived;
        channel.general = given.general || given.name == "general";
        channel.topic.value = given.topic.unwrap_or_default();
        channel.purpose.value = given.purpose.unwrap_or_default();
    }
    let (token, known) = stage.new_config_token(&team, &creator);
    let config = json!({"token": token, "refresh_token": known.refresh});
    stage.state.config_tokens.insert(token, known);
    let mut answer = stage.state.workspaces.get(&team).map(shown).unwrap_or_default();
    answer["config_token"] = config;
    Ok(answer)
}

fn members(workspace: &Workspace, names: &[String]) -> Result<BTreeSet<String>, ControlError> {
    names
        .iter()
        .map(|name| {
            let user = workspace.find_user(name);
            user.map(|user| user.id.clone())
                .ok_or_else(|| ControlError::NotFound(format!("no person {name}")))
        })
        .collect()
}

impl Stage<'_> {
    /// A person from what control gave.
    pub(crate) fn person(&self, given: GivenPerson) -> User {
        let id = given.id.unwrap_or_else(|| format!("U{}", self.core.ids.upper(10)));
        let handle = given.handle.unwrap_or_else(|| {
            let lower = given.name.to_lowercase();
            lower.split_whitespace().collect::<Vec<_>>().join(".")
        });
        User {
            id,
            name: handle,
            display_name: given.display_name.unwrap_or_default(),
            real_name: given.name,
            email: given.email,
            title: given.title.unwrap_or_default(),
            avatar: given.avatar,
            tz: given.tz.unwrap_or_else(|| "Europe/Berlin".to_owned()),
            admin: given.admin,
            guest: given.guest,
            deleted: given.deactivated,
            updated: self.seconds(),
            bot_id: None,
            app_id: None,
        }
    }
}

fn shown(workspace: &Workspace) -> Value {
    let people: Vec<Value> = workspace
        .users
        .values()
        .map(|user| {
            json!({"id": user.id, "name": user.real_name, "display_name": user.display_name,
                "handle": user.name, "email": user.email, "admin": user.admin, "guest": user.guest,
                "deactivated": user.deleted, "bot": user.bot_id.is_some(), "app": user.app_id})
        })
        .collect();
    let channels: Vec<Value> = workspace
        .channels
        .values()
        .map(|channel| {
            let kind = match channel.kind {
                Kind::Public => "public",
                Kind::Private => "private",
                Kind::Im => "im",
                Kind::Mpim => "mpim",
            };
            json!({"id": channel.id, "name": channel.name, "kind": kind, "topic": channel.topic.value,
                "purpose": channel.purpose.value, "archived": channel.archived,
                "members": channel.members})
        })
        .collect();
    let groups: Vec<Value> = workspace
        .groups
        .values()
        .map(|g| json!({"id": g.id, "name": g.name, "handle": g.handle, "members": g.users}))
        .collect();
    json!({"id": workspace.id, "name": workspace.name, "domain": workspace.domain, "people": people,
        "channels": channels, "usergroups": groups, "emoji": workspace.emoji,
        "apps": workspace.installs.keys().collect::<Vec<_>>()})
}

pub(crate) fn list(slack: &Slack) -> Value {
    slack.state.lock().workspaces.values().map(shown).collect()
}

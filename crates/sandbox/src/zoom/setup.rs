//! Making an account with its people and channels from one JSON, and listing what there is.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Zoom;
use super::stage::Stage;
use super::world::{Account, CustomEmoji, MessageIds, Plan, Settings, User};
use crate::core::ControlError;

#[derive(Deserialize)]
struct Given {
    name: String,
    #[serde(default)]
    plan: Plan,
    #[serde(default)]
    message_ids: MessageIds,
    #[serde(default)]
    people: Vec<GivenPerson>,
    #[serde(default)]
    channels: Vec<GivenChannel>,
    /// Names of custom emoji.
    #[serde(default)]
    emoji: Vec<String>,
}

/// A person as given to control.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct GivenPerson {
    pub(crate) name: String,
    display_name: Option<String>,
    email: Option<String>,
    title: Option<String>,
    department: Option<String>,
    picture: Option<String>,
    timezone: Option<String>,
    admin: bool,
    deactivated: bool,
}

#[derive(Deserialize)]
struct GivenChannel {
    name: String,
    /// Zoom's number, or
    r#type: Option<u8>,
    /// a private one (2) instead of a public one (3).
    #[serde(default)]
    private: bool,
    #[serde(default)]
    archived: bool,
    owner: Option<String>,
    /// By default everybody.
    members: Option<Vec<String>>,
    #[serde(default)]
    settings: Settings,
}

pub(crate) fn create(zoom: &Zoom, body: Value) -> Result<Value, ControlError> {
    let given: Given =
        serde_json::from_value(body).map_err(|error| ControlError::Invalid(error.to_string()))?;
    let mut stage = zoom.stage();
    let id = stage.fresh_id();
    let mut account = Account {
        id: id.clone(),
        name: given.name,
        plan: given.plan,
        message_ids: given.message_ids,
        ..Account::default()
    };
    let mut first = None;
    for person in given.people {
        let user = stage.person(person);
        first.get_or_insert_with(|| user.id.clone());
        account.users.insert(user.id.clone(), user);
    }
    let first = first.ok_or_else(|| ControlError::Invalid("an account needs people".to_owned()))?;
    // Somebody must be able to add apps.
    if !account.users.values().any(|user| user.admin)
        && let Some(user) = account.users.get_mut(&first)
    {
        user.admin = true;
    }
    for name in given.emoji {
        let (id, added) = (stage.fresh_id(), stage.now());
        account.emoji.insert(id.clone(), CustomEmoji { id, name, by: first.clone(), added });
    }
    let mut channels = Vec::new();
    for channel in given.channels {
        let members = match &channel.members {
            Some(names) => people(&account, names)?,
            None => account.users.values().filter(|u| !u.inactive).map(|u| u.id.clone()).collect(),
        };
        let owner = match &channel.owner {
            Some(name) => people(&account, std::slice::from_ref(name))?.into_iter().next(),
            None if members.contains(&first) => Some(first.clone()),
            None => members.first().cloned(),
        };
        channels.push((channel, members, owner.unwrap_or_else(|| first.clone())));
    }
    stage.state.accounts.insert(id.clone(), account);
    let refused = |fail: super::error::Fail| ControlError::Refused(fail.message);
    for (given, members, owner) in channels {
        let kind = given.r#type.unwrap_or(if given.private { 2 } else { 3 });
        let channel = stage
            .insert_channel(&id, &given.name, kind, &owner, members, given.settings)
            .map_err(refused)?;
        stage.channel_mut(&id, &channel).map_err(refused)?.archived = given.archived;
    }
    Ok(stage.state.accounts.get(&id).map(shown).unwrap_or_default())
}

/// The ids of these people.
pub(crate) fn people(
    account: &Account,
    names: &[String],
) -> Result<BTreeSet<String>, ControlError> {
    names
        .iter()
        .map(|name| {
            let user = account.find_user(name);
            user.map(|user| user.id.clone())
                .ok_or_else(|| ControlError::NotFound(format!("no person {name}")))
        })
        .collect()
}

impl Stage<'_> {
    /// A person from what control gave.
    pub(crate) fn person(&self, given: GivenPerson) -> User {
        const SAFE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let (first, last) = given.name.rsplit_once(' ').unwrap_or((&given.name, ""));
        let handle = given.name.to_lowercase().replace(' ', ".");
        User {
            id: self.fresh_id(),
            member_id: self.core.ids.of(SAFE, 64),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            display_name: given.display_name.unwrap_or_default(),
            email: given.email.unwrap_or_else(|| format!("{handle}@example.com")),
            title: given.title.unwrap_or_default(),
            department: given.department.unwrap_or_default(),
            picture: given.picture,
            timezone: given.timezone.unwrap_or_else(|| "Europe/Berlin".to_owned()),
            admin: given.admin,
            inactive: given.deactivated,
            created: self.now(),
        }
    }
}

fn shown(account: &Account) -> Value {
    let people: Vec<Value> = account
        .users
        .values()
        .map(|user| {
            json!({"id": user.id, "member_id": user.member_id, "name": user.name(),
                "email": user.email, "admin": user.admin, "deactivated": user.inactive})
        })
        .collect();
    let channels: Vec<Value> = account
        .channels
        .values()
        .map(|channel| {
            json!({"id": channel.id, "name": channel.name, "type": channel.kind,
                "owner": channel.owner, "archived": channel.archived, "members": channel.members})
        })
        .collect();
    let emoji: Vec<Value> =
        account.emoji.values().map(|e| json!({"id": e.id, "name": e.name})).collect();
    json!({"id": account.id, "name": account.name, "plan": account.plan, "people": people,
        "channels": channels, "emoji": emoji, "apps": account.installs.keys().collect::<Vec<_>>()})
}

pub(crate) fn list(zoom: &Zoom) -> Value {
    zoom.state.lock().accounts.values().map(shown).collect()
}

//! The human side: what people do in Webex's client.

mod organize;
mod people;
mod speak;

use serde::Deserialize;
use serde_json::Value;

use super::Webex;
use super::error::Fail;
use super::setup::GivenPerson;
use super::stage::Stage;
use super::world::{Policy, Room};
use crate::core::ControlError;
use crate::core::files::{Content, GivenFile};

/// One deed. Which fields count depends on `do`.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Deed {
    workspace: String,
    #[serde(rename = "as")]
    by: String,
    r#do: String,
    channel: Option<String>,
    /// A person to write to directly, instead of a channel.
    to: Option<String>,
    #[serde(alias = "message")]
    id: Option<String>,
    /// The first message of the thread to write in.
    thread: Option<String>,
    text: Option<String>,
    files: Vec<GivenFile>,
    /// How long the scan of `files` takes, in emulated seconds.
    scan_seconds: u64,
    infected: bool,
    unscannable: bool,
    /// What was filled into a card.
    inputs: Value,
    name: Option<String>,
    description: Option<String>,
    team: Option<String>,
    members: Vec<String>,
    locked: Option<bool>,
    announcement: Option<bool>,
    public: Option<bool>,
    moderator: bool,
    /// Somebody, or a new person as in a workspace's `people`.
    person: Value,
    display_name: Option<String>,
    email: Option<String>,
    title: Option<String>,
    avatar: Option<String>,
    policy: Policy,
}

type Done = Result<Value, ControlError>;

impl From<Fail> for ControlError {
    fn from(fail: Fail) -> Self {
        Self::Refused(format!("{} {}", fail.status, fail.message))
    }
}

fn invalid(what: impl Into<String>) -> ControlError {
    ControlError::Invalid(what.into())
}

/// Who acts, and in which organization names are looked up first.
struct Actor {
    org: String,
    person: String,
}

pub(crate) async fn act(webex: &Webex, body: Value) -> Done {
    let deed: Deed = serde_json::from_value(body).map_err(|error| invalid(error.to_string()))?;
    let mut contents = Vec::new();
    for file in &deed.files {
        contents.push(webex.core.files.given(file).await.map_err(ControlError::Invalid)?);
    }
    let mut stage = webex.stage();
    let actor = stage.actor(&deed)?;
    stage.act(&actor, &deed, contents)
}

impl Stage<'_> {
    fn actor(&self, deed: &Deed) -> Result<Actor, ControlError> {
        let org = self.find_org(&deed.workspace)?.id.clone();
        let person = self.find_person(&org, &deed.by)?;
        if person.inactive && deed.r#do != "reactivate" {
            return Err(ControlError::Refused("this person is deactivated".to_owned()));
        }
        Ok(Actor { person: person.id.clone(), org })
    }

    /// The room the deed is about: by id, or by the title of one that the actor is in or may find.
    fn known_room(&self, actor: &Actor, deed: &Deed) -> Result<String, ControlError> {
        let name = deed.channel.as_deref().ok_or_else(|| invalid("channel is missing"))?;
        self.find_room(&actor.org, Some(&actor.person), name)
    }

    /// A group room by id or title, as this person finds it.
    pub(super) fn find_room(
        &self,
        org: &str,
        person: Option<&str>,
        name: &str,
    ) -> Result<String, ControlError> {
        if let Ok(room) = self.room(name) {
            return Ok(room.id.clone());
        }
        let rooms = || {
            let named = |room: &&Room| !room.direct && room.title == name;
            let reachable = |room: &&Room| room.owner == org || person.is_some();
            self.state.rooms.values().filter(named).filter(reachable)
        };
        // Whoever is in one means that one.
        let inside = |room: &&Room| person.is_none_or(|person| room.members.contains_key(person));
        let room = rooms().find(inside).or_else(|| rooms().find(|room| room.public.is_some()));
        let room = room.map(|room| room.id.clone());
        room.ok_or_else(|| ControlError::NotFound(format!("no space {name}")))
    }

    fn act(&mut self, actor: &Actor, deed: &Deed, contents: Vec<Content>) -> Done {
        match deed.r#do.as_str() {
            "post" | "reply" => self.write(actor, deed, contents),
            "edit" | "delete" | "press" => self.touch(actor, deed),
            "create_channel" | "create_team" | "join" | "leave" | "invite" | "remove"
            | "moderate" | "rename" | "update_channel" | "delete_channel" | "migrate" => {
                self.organize(actor, deed)
            }
            "add_person" | "update_profile" | "deactivate" | "reactivate" | "set_policy" => {
                self.people(actor, deed)
            }
            other => Err(invalid(format!("nobody can do {other:?}; GET / lists what can be done"))),
        }
    }

    /// The person that the deed names.
    fn meant(&self, actor: &Actor, deed: &Deed) -> Result<String, ControlError> {
        let who = deed.person.as_str().ok_or_else(|| invalid("person is missing"))?;
        Ok(self.find_person(&actor.org, who)?.id.clone())
    }
}

/// A person from the deed's `person`.
fn given_person(deed: &Deed) -> Result<GivenPerson, ControlError> {
    serde_json::from_value(deed.person.clone()).map_err(|error| invalid(error.to_string()))
}

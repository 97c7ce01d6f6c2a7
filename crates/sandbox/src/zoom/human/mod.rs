//! The human side: what people do in Zoom's client.

mod organize;
mod people;
mod speak;

use serde::Deserialize;
use serde_json::Value;

use super::Zoom;
use super::error::Fail;
use super::setup::GivenPerson;
use super::stage::Stage;
use super::world::Place;
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
    /// The main message of the thread to write in.
    thread: Option<String>,
    text: Option<String>,
    /// Zoom's own ranges over `text`, which is then taken as it is.
    rich_text: Value,
    at_items: Value,
    files: Vec<GivenFile>,
    emoji: Option<String>,
    name: Option<String>,
    r#type: Option<u8>,
    private: bool,
    members: Vec<String>,
    person: Value,
    display_name: Option<String>,
    email: Option<String>,
    title: Option<String>,
    picture: Option<String>,
}

type Done = Result<Value, ControlError>;

impl From<Fail> for ControlError {
    fn from(fail: Fail) -> Self {
        let Fail { code, message, fields, .. } = fail;
        let fields = fields.join(", ");
        Self::Refused(format!("{code} {message} {fields}").trim_end().to_owned())
    }
}

fn invalid(what: impl Into<String>) -> ControlError {
    ControlError::Invalid(what.into())
}

/// Where, and who.
struct Actor {
    account: String,
    user: String,
}

pub(crate) async fn act(zoom: &Zoom, body: Value) -> Done {
    let deed: Deed = serde_json::from_value(body).map_err(|error| invalid(error.to_string()))?;
    let mut contents = Vec::new();
    for file in &deed.files {
        contents.push(zoom.core.files.given(file).await.map_err(ControlError::Invalid)?);
    }
    let mut stage = zoom.stage();
    let actor = stage.actor(&deed)?;
    stage.act(&actor, &deed, contents)
}

impl Stage<'_> {
    fn actor(&self, deed: &Deed) -> Result<Actor, ControlError> {
        let account = self.state.find_account(&deed.workspace);
        let account = account
            .ok_or_else(|| ControlError::NotFound(format!("no account {}", deed.workspace)))?;
        let user = account.find_user(&deed.by);
        let user = user.ok_or_else(|| ControlError::NotFound(format!("no person {}", deed.by)))?;
        if user.inactive && deed.r#do != "reactivate" {
            return Err(ControlError::Refused("this person is deactivated".to_owned()));
        }
        Ok(Actor { account: account.id.clone(), user: user.id.clone() })
    }

    fn somebody(&self, account: &str, who: &str) -> Result<String, ControlError> {
        let user = self.account(account)?.find_user(who);
        let user = user.ok_or_else(|| ControlError::NotFound(format!("no person {who}")))?;
        Ok(user.id.clone())
    }

    /// The channel the deed is about, as the actor may know it.
    fn known_channel(&self, actor: &Actor, deed: &Deed) -> Result<String, ControlError> {
        let name = deed.channel.as_deref().ok_or_else(|| invalid("channel is missing"))?;
        let channel = self.account(&actor.account)?.find_channel(name);
        let missing = || ControlError::NotFound(format!("no channel {name}"));
        let channel = channel.ok_or_else(missing)?;
        if !channel.is_public() && !channel.members.contains(&actor.user) {
            return Err(ControlError::Refused(format!("{name} is not for everybody")));
        }
        Ok(channel.id.clone())
    }

    fn where_to(&self, actor: &Actor, deed: &Deed) -> Result<Place, ControlError> {
        match &deed.to {
            Some(to) => Ok(Place::direct(&actor.user, &self.somebody(&actor.account, to)?)),
            None => Ok(Place::Channel(self.known_channel(actor, deed)?)),
        }
    }

    fn act(&mut self, actor: &Actor, deed: &Deed, contents: Vec<Content>) -> Done {
        match deed.r#do.as_str() {
            "post" | "reply" | "upload" => self.write(actor, deed, contents),
            "edit" | "delete" | "react" | "unreact" | "mark_unread" | "mark_read" => {
                self.touch(actor, deed)
            }
            "create_channel" | "join" | "leave" | "invite" | "remove" | "rename" | "archive"
            | "unarchive" | "delete_channel" => self.organize(actor, deed),
            "add_person" | "update_profile" | "deactivate" | "reactivate" => {
                self.people(actor, deed)
            }
            other => Err(invalid(format!("nobody can do {other:?}; GET / lists what can be done"))),
        }
    }
}

/// A person from the deed's `person`.
fn given_person(deed: &Deed) -> Result<GivenPerson, ControlError> {
    serde_json::from_value(deed.person.clone()).map_err(|error| invalid(error.to_string()))
}

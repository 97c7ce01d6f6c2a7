//! The human side: what people (and other companies' apps) do in Slack.

mod people;
mod press;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Slack;
use super::emoji;
use super::error::Fail;
use super::markup::{mrkdwn, source};
use super::stage::Stage;
use super::ts::Ts;
use super::world::{Bot, File, Kind, Message};
use crate::core::ControlError;
use crate::core::files::{Content, GivenFile, mime_of};

pub(crate) use press::respond;

/// One deed. Which fields count depends on `do`.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Deed {
    workspace: String,
    #[serde(rename = "as")]
    by: String,
    r#do: String,
    channel: Option<String>,
    /// A person to write to directly, instead of a channel.
    to: Option<String>,
    with: Vec<String>,
    #[serde(alias = "id")]
    ts: Option<String>,
    thread: Option<String>,
    text: Option<String>,
    blocks: Option<Value>,
    attachments: Option<Value>,
    files: Vec<GivenFile>,
    broadcast: bool,
    emoji: Option<String>,
    name: Option<String>,
    private: bool,
    members: Vec<String>,
    person: Value,
    action_id: Option<String>,
    username: Option<String>,
    icon_url: Option<String>,
    metadata: Option<Value>,
    display_name: Option<String>,
    real_name: Option<String>,
    email: Option<String>,
    title: Option<String>,
    avatar: Option<String>,
}

type Done = Result<Value, ControlError>;

impl From<Fail> for ControlError {
    fn from(fail: Fail) -> Self {
        Self::Refused(fail.code.to_owned())
    }
}

fn invalid(what: impl Into<String>) -> ControlError {
    ControlError::Invalid(what.into())
}

/// Where, and who.
struct Actor {
    team: String,
    user: String,
    /// Set for apps of third parties.
    bot: Option<String>,
}

pub(crate) async fn act(slack: &Slack, body: Value) -> Done {
    let deed: Deed = serde_json::from_value(body).map_err(|e| invalid(e.to_string()))?;
    let mut contents = Vec::new();
    for file in &deed.files {
        contents.push(slack.core.files.given(file).await.map_err(ControlError::Invalid)?);
    }
    if deed.r#do == "press" {
        return press::press(slack, &deed).await;
    }
    let mut stage = slack.stage();
    let actor = stage.actor(&deed)?;
    stage.act(&actor, &deed, &contents)
}

impl Stage<'_> {
    fn actor(&mut self, deed: &Deed) -> Result<Actor, ControlError> {
        let wanted = &deed.workspace;
        let workspace = self
            .state
            .workspaces
            .values()
            .find(|w| w.id == *wanted || w.name == *wanted || w.domain == *wanted)
            .ok_or_else(|| ControlError::NotFound(format!("no workspace {wanted}")))?;
        let team = workspace.id.clone();
        if let Some(name) = deed.by.strip_prefix("app:") {
            let bot = self.foreign_bot(&team, name)?;
            return Ok(Actor { team, user: bot.1, bot: Some(bot.0) });
        }
        let user = workspace
            .find_user(&deed.by)
            .ok_or_else(|| ControlError::NotFound(format!("no person {}", deed.by)))?;
        if user.deleted && deed.r#do != "reactivate" {
            return Err(ControlError::Refused("account_inactive".to_owned()));
        }
        Ok(Actor { team, user: user.id.clone(), bot: None })
    }

    /// The bot of somebody else's app, which comes into being when first named.
    fn foreign_bot(&mut self, team: &str, name: &str) -> Result<(String, String), Fail> {
        let now = self.seconds();
        let ids = &self.core.ids;
        let fresh = (
            format!("B{}", ids.upper(10)),
            format!("U{}", ids.upper(10)),
            format!("A{}", ids.upper(10)),
        );
        let workspace = self.workspace_mut(team)?;
        if let Some(bot) = workspace.bots.values().find(|bot| bot.name == name) {
            return Ok((bot.id.clone(), bot.user_id.clone().unwrap_or_default()));
        }
        let (bot, user, app) = fresh;
        workspace.bots.insert(
            bot.clone(),
            Bot {
                id: bot.clone(),
                app_id: app.clone(),
                user_id: Some(user.clone()),
                name: name.to_owned(),
                icon: None,
                updated: now,
                deleted: false,
            },
        );
        workspace.users.insert(
            user.clone(),
            super::world::User {
                id: user.clone(),
                name: name.to_lowercase().replace(' ', "_"),
                real_name: name.to_owned(),
                tz: "America/Los_Angeles".to_owned(),
                updated: now,
                bot_id: Some(bot.clone()),
                app_id: Some(app),
                ..super::world::User::default()
            },
        );
        Ok((bot, user))
    }

    /// The conversation the deed is about, as the actor may know it.
    fn place(&mut self, actor: &Actor, deed: &Deed) -> Result<String, ControlError> {
        if let Some(to) = &deed.to {
            let other = self.somebody(&actor.team, to)?;
            return Ok(self.open(&actor.team, vec![actor.user.clone(), other])?);
        }
        let name = deed.channel.as_deref().ok_or_else(|| invalid("channel is missing"))?;
        let channel = self
            .workspace(&actor.team)?
            .find_channel(name)
            .ok_or_else(|| ControlError::NotFound(format!("no channel {name}")))?;
        if channel.kind != Kind::Public
            && !channel.members.contains(&actor.user)
            && actor.bot.is_none()
        {
            return Err(ControlError::Refused("channel_not_found".to_owned()));
        }
        Ok(channel.id.clone())
    }

    fn somebody(&self, team: &str, who: &str) -> Result<String, ControlError> {
        let user = self.workspace(team)?.find_user(who);
        user.map(|user| user.id.clone())
            .ok_or_else(|| ControlError::NotFound(format!("no person {who}")))
    }

    /// People write only where they are and where nothing is archived; foreign apps are let in.
    fn may_write(&mut self, actor: &Actor, channel: &str) -> Result<(), ControlError> {
        if actor.bot.is_some() {
            self.channel_mut(&actor.team, channel)?.members.insert(actor.user.clone());
        }
        let channel = self.channel(&actor.team, channel)?;
        if channel.archived {
            return Err(ControlError::Refused("is_archived".to_owned()));
        }
        if !channel.members.contains(&actor.user) {
            return Err(ControlError::Refused("not_in_channel".to_owned()));
        }
        Ok(())
    }

    fn act(&mut self, actor: &Actor, deed: &Deed, contents: &[Content]) -> Done {
        let team = actor.team.as_str();
        match deed.r#do.as_str() {
            "post" | "reply" | "upload" | "me" => self.write(actor, deed, contents),
            "edit" | "delete" | "react" | "unreact" | "unfurl" | "pin" => self.touch(actor, deed),
            "create_channel" => {
                let name = deed.name.as_deref().ok_or_else(|| invalid("name is missing"))?;
                let kind = if deed.private { Kind::Private } else { Kind::Public };
                let id = self.create_channel(team, name, kind, &actor.user)?;
                for member in &deed.members {
                    let member = self.somebody(team, member)?;
                    self.join(team, &id, &member, Some(&actor.user))?;
                }
                Ok(json!({"channel": id}))
            }
            "open" => {
                let mut users = vec![actor.user.clone()];
                for other in &deed.with {
                    users.push(self.somebody(team, other)?);
                }
                Ok(json!({"channel": self.open(team, users)?}))
            }
            "join" | "leave" | "invite" | "remove" | "topic" | "purpose" | "rename" | "archive"
            | "unarchive" | "delete_channel" => self.arrange(actor, deed),
            "add_person" | "update_profile" | "deactivate" | "reactivate" => {
                self.people(actor, deed)
            }
            other => Err(invalid(format!("nobody can do {other:?}; GET / lists what can be done"))),
        }
    }

    /// What a person's composer makes of what they typed: text and one rich_text block.
    fn compose(&self, actor: &Actor, deed: &Deed) -> Result<(String, Option<Value>), Fail> {
        let workspace = self.workspace(&actor.team)?;
        let custom = |name: &str| workspace.emoji.contains_key(name);
        match (&deed.text, &deed.blocks) {
            (text, Some(blocks)) => {
                let text = text.clone().unwrap_or_else(|| source::text_of(blocks));
                Ok((text, Some(blocks.clone())))
            }
            // Apps of others post plain text; people always compose.
            (Some(text), None) if actor.bot.is_some() => Ok((mrkdwn::store(text), None)),
            (Some(text), None) if !text.is_empty() => {
                let block = mrkdwn::rich_text(text, &self.core.ids.alnum(5), &custom);
                Ok((text.clone(), Some(json!([block]))))
            }
            _ => Ok((String::new(), None)),
        }
    }

    fn write(&mut self, actor: &Actor, deed: &Deed, contents: &[Content]) -> Done {
        let channel = self.place(actor, deed)?;
        self.may_write(actor, &channel)?;
        let (text, blocks) = self.compose(actor, deed)?;
        if text.is_empty() && blocks.is_none() && contents.is_empty() && deed.attachments.is_none()
        {
            return Err(ControlError::Refused("no_text".to_owned()));
        }
        let root = deed.thread.as_ref().or(deed.ts.as_ref().filter(|_| deed.r#do == "reply"));
        if deed.r#do == "reply" && root.is_none() {
            return Err(invalid("ts is missing"));
        }
        let thread = root.map(|ts| ts.parse::<Ts>()).transpose();
        let thread = thread.map_err(|()| invalid("ts is no timestamp"))?;
        let workspace = self.workspace(&actor.team)?;
        let app = actor.bot.as_ref().and_then(|bot| workspace.bots.get(bot));
        let mut draft = Message {
            user: Some(actor.user.clone()),
            bot_id: actor.bot.clone(),
            app_id: app.map(|bot| bot.app_id.clone()),
            text,
            blocks,
            attachments: deed.attachments.clone(),
            metadata: deed.metadata.clone(),
            client_msg_id: actor.bot.is_none().then(|| self.core.ids.uuid()),
            thread,
            broadcast: deed.broadcast && thread.is_some(),
            subtype: (deed.r#do == "me").then_some("me_message"),
            ..Message::default()
        };
        if deed.username.is_some() || deed.icon_url.is_some() {
            draft.username.clone_from(&deed.username);
            draft.icon_url.clone_from(&deed.icon_url);
            draft.subtype = Some("bot_message");
            draft.user = None;
        }
        if contents.is_empty() {
            let ts = self.post(&actor.team, &channel, draft)?;
            return Ok(json!({"channel": channel, "ts": ts.to_string(), "id": ts.to_string()}));
        }
        draft.subtype = Some("file_share");
        draft.files = self.keep_files(actor, deed, contents)?;
        let files = draft.files.clone();
        let ts = self.share(&actor.team, &channel, draft)?;
        Ok(json!({"channel": channel, "ts": ts.to_string(), "id": ts.to_string(), "files": files}))
    }

    fn keep_files(
        &mut self,
        actor: &Actor,
        deed: &Deed,
        contents: &[Content],
    ) -> Result<Vec<String>, Fail> {
        let created = self.seconds();
        let mut ids = Vec::new();
        for (given, content) in deed.files.iter().zip(contents) {
            let id = format!("F{}", self.core.ids.upper(10));
            let known = given.mime != "application/octet-stream";
            let mime = if known { given.mime.as_str() } else { mime_of(&given.name) };
            let file = File {
                id: id.clone(),
                name: given.name.clone(),
                title: given.name.clone(),
                mime: mime.to_owned(),
                user: actor.user.clone(),
                bot: actor.bot.is_some(),
                created,
                content: content.clone(),
                shares: Vec::new(),
                deleted: false,
            };
            self.workspace_mut(&actor.team)?.files.insert(id.clone(), file);
            ids.push(id);
        }
        Ok(ids)
    }

    /// Deeds on a message.
    fn touch(&mut self, actor: &Actor, deed: &Deed) -> Done {
        let channel = self.place(actor, deed)?;
        self.may_write(actor, &channel)?;
        let team = actor.team.as_str();
        let ts = deed.ts.as_deref().ok_or_else(|| invalid("ts is missing"))?;
        let ts: Ts = ts.parse().map_err(|()| invalid("ts is no timestamp"))?;
        let message = self.message(team, &channel, ts)?;
        let mine = message.user.as_ref() == Some(&actor.user)
            || (actor.bot.is_some() && message.bot_id == actor.bot);
        match deed.r#do.as_str() {
            "react" | "unreact" => {
                let name = deed.emoji.as_deref().ok_or_else(|| invalid("emoji is missing"))?;
                let name = name.trim_matches(':');
                let own = self.workspace(team)?.emoji.contains_key(name);
                if !own && emoji::unicode(name).is_none() {
                    return Err(ControlError::Refused("invalid_name".to_owned()));
                }
                self.react(team, &channel, ts, &actor.user, name, deed.r#do == "react")?;
            }
            // Slack adds a preview to a message: a change without an edit.
            "unfurl" => {
                let previews = deed.attachments.clone();
                self.change(team, &channel, ts, None, |message| message.attachments = previews)?;
            }
            "pin" => {
                let now = self.seconds();
                let pins = &mut self.channel_mut(team, &channel)?.pins;
                pins.push((ts, actor.user.clone(), now));
            }
            "delete" => {
                // Admins may delete anybody's.
                let admin = self.workspace(team)?.users.get(&actor.user).is_some_and(|u| u.admin);
                if !mine && !admin {
                    return Err(ControlError::Refused("cant_delete_message".to_owned()));
                }
                self.delete(team, &channel, ts)?;
            }
            _ => {
                if !mine || message.tombstone {
                    return Err(ControlError::Refused("cant_update_message".to_owned()));
                }
                if let Some(window) = self.workspace(team)?.edit_window
                    && self.seconds().saturating_sub(ts.seconds()) > window
                {
                    return Err(ControlError::Refused("edit_window_closed".to_owned()));
                }
                let (text, blocks) = self.compose(actor, deed)?;
                self.change(team, &channel, ts, Some(&actor.user), |message| {
                    message.text = text;
                    message.blocks = blocks;
                })?;
            }
        }
        Ok(json!({"channel": channel, "ts": ts.to_string(), "id": ts.to_string()}))
    }

    /// Deeds on a channel.
    fn arrange(&mut self, actor: &Actor, deed: &Deed) -> Done {
        let channel = self.place(actor, deed)?;
        let (team, me) = (actor.team.as_str(), actor.user.as_str());
        let text = deed.text.as_deref().unwrap_or("");
        let inside = self.channel(team, &channel)?.members.contains(me);
        let verb = deed.r#do.as_str();
        if !inside && !matches!(verb, "join" | "unarchive") {
            return Err(ControlError::Refused("not_in_channel".to_owned()));
        }
        match verb {
            "join" => drop(self.join(team, &channel, me, None)?),
            "leave" => drop(self.leave(team, &channel, me)?),
            "invite" | "remove" => {
                let who = deed.person.as_str().ok_or_else(|| invalid("person is missing"))?;
                let who = self.somebody(team, who)?;
                if verb == "invite" {
                    self.join(team, &channel, &who, Some(me))?;
                } else {
                    self.leave(team, &channel, &who)?;
                }
            }
            "topic" => self.describe(team, &channel, me, text, false)?,
            "purpose" => self.describe(team, &channel, me, text, true)?,
            "rename" => {
                let name = deed.name.as_deref().ok_or_else(|| invalid("name is missing"))?;
                self.rename(team, &channel, me, name)?;
            }
            "archive" => self.set_archived(team, &channel, me, true)?,
            "unarchive" => self.set_archived(team, &channel, me, false)?,
            _ => self.delete_channel(team, &channel)?,
        }
        let members: BTreeSet<String> =
            self.channel(team, &channel).map(|c| c.members.clone()).unwrap_or_default();
        Ok(json!({"channel": channel, "members": members}))
    }
}

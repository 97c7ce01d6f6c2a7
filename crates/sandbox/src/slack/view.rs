//! A conversation as a person sees it in Slack.

use super::Slack;
use super::emoji;
use super::json;
use super::markup::html::{self, Names};
use super::world::{Channel, Message, Workspace};
use crate::core::ControlError;
use crate::core::control::ViewAsk;
use crate::core::view::{Author, Reaction, Seen, SeenFile, View};

impl Names for Workspace {
    fn user(&self, id: &str) -> String {
        self.users.get(id).map_or_else(|| id.to_owned(), |user| shown_name(user).to_owned())
    }

    fn channel(&self, id: &str) -> String {
        self.channels.get(id).map_or_else(|| id.to_owned(), |channel| channel.name.clone())
    }

    fn group(&self, id: &str) -> String {
        self.groups.get(id).map_or_else(|| id.to_owned(), |group| group.handle.clone())
    }

    fn is_custom_emoji(&self, name: &str) -> bool {
        self.emoji.contains_key(name)
    }
}

/// The display name, or the real name of those who have none.
fn shown_name(user: &super::world::User) -> &str {
    if user.display_name.is_empty() { &user.real_name } else { &user.display_name }
}

pub(crate) fn view(slack: &Slack, ask: &ViewAsk) -> Result<View, ControlError> {
    let missing = |what: &str, name: &str| ControlError::NotFound(format!("no {what} {name}"));
    let state = slack.state.lock();
    let workspace = state
        .workspaces
        .values()
        .find(|w| w.id == ask.workspace || w.name == ask.workspace || w.domain == ask.workspace)
        .ok_or_else(|| missing("workspace", &ask.workspace))?;
    let channel =
        workspace.find_channel(&ask.channel).ok_or_else(|| missing("channel", &ask.channel))?;
    let viewer = match &ask.by {
        Some(who) => {
            let user = workspace.find_user(who).ok_or_else(|| missing("person", who))?;
            if channel.kind != super::world::Kind::Public && !channel.members.contains(&user.id) {
                return Err(missing("channel", &ask.channel));
            }
            Some(user.id.as_str())
        }
        None => None,
    };
    // Replies stand under their root.
    let mut order: Vec<&Message> = Vec::new();
    for message in channel.messages.values().filter(|message| !message.is_reply()) {
        order.push(message);
        order.extend(message.replies.iter().filter_map(|ts| channel.messages.get(ts)));
    }
    let mut all: Vec<Seen> = order.iter().map(|m| seen(workspace, channel, m)).collect();
    for (user, message) in &channel.ephemeral {
        if viewer == Some(user.as_str()) {
            all.push(seen(workspace, channel, message));
        }
    }
    Ok(View { messages: all })
}

fn seen(workspace: &Workspace, channel: &Channel, message: &Message) -> Seen {
    let rendered = html::message(
        &message.text,
        message.blocks.as_ref(),
        message.attachments.as_ref(),
        workspace,
    );
    let files = message
        .files
        .iter()
        .filter_map(|id| workspace.files.get(id).filter(|file| !file.deleted))
        .map(|file| SeenFile {
            name: file.name.clone(),
            mime: file.mime.clone(),
            size: file.content.size,
            sha256: file.content.sha256.clone(),
        })
        .collect();
    let reactions = message
        .reactions
        .iter()
        .map(|(name, by)| Reaction {
            emoji: emoji::unicode(name).unwrap_or_else(|| format!(":{name}:")),
            by: by.clone(),
        })
        .collect();
    let at =
        i64::try_from(message.ts.0).ok().and_then(|m| jiff::Timestamp::from_microsecond(m).ok());
    Seen {
        id: message.ts.to_string(),
        thread: message.thread.filter(|root| *root != message.ts).map(|root| root.to_string()),
        broadcast: message.broadcast,
        author: author(workspace, message),
        markup: serde_json::json!({"text": message.text, "blocks": message.blocks,
            "attachments": message.attachments, "subtype": message.subtype,
            "channel": channel.id, "metadata": message.metadata}),
        text: rendered.text,
        html: rendered.html,
        mentions: rendered.mentions,
        reactions,
        files,
        edited: message.edited.is_some(),
        deleted: message.tombstone,
        at: at.unwrap_or_default().to_string(),
        subject: None,
        importance: None,
    }
}

fn author(workspace: &Workspace, message: &Message) -> Author {
    let user = message.user.as_ref().and_then(|id| workspace.users.get(id));
    let bot = message.bot_id.as_ref().and_then(|id| workspace.bots.get(id));
    let account = message.user.clone().or_else(|| message.bot_id.clone()).unwrap_or_default();
    // A person's own token posts as the person; everything else from an app carries the badge.
    let person = user.filter(|user| user.bot_id.is_none());
    if let Some(user) = person {
        return Author {
            account,
            name: shown_name(user).to_owned(),
            avatar: Some(json::avatar(user)),
            badge: user.guest.then_some("Guest"),
        };
    }
    let name = message
        .username
        .clone()
        .or_else(|| user.map(|user| shown_name(user).to_owned()))
        .or_else(|| bot.map(|bot| bot.name.clone()))
        .unwrap_or_else(|| account.clone());
    let avatar = message
        .icon_url
        .clone()
        .or_else(|| bot.and_then(|bot| bot.icon.clone()))
        .or_else(|| user.map(json::avatar));
    Author { account, name, avatar, badge: bot.map(|_| "APP") }
}

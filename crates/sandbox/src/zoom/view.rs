//! A conversation as a person sees it in Zoom's client.

use std::collections::BTreeMap;

use super::Zoom;
use super::html;
use super::world::{Account, Conversation, Message, Place, User};
use crate::core::ControlError;
use crate::core::control::ViewAsk;
use crate::core::view::{Author, Reaction, Seen, SeenFile, View};

/// The conversation asked for: a channel by id or name, or `@somebody` with the one who looks.
pub(crate) fn view(zoom: &Zoom, ask: &ViewAsk) -> Result<View, ControlError> {
    let missing = |what: &str, name: &str| ControlError::NotFound(format!("no {what} {name}"));
    let state = zoom.state.lock();
    let account = state.find_account(&ask.workspace);
    let account = account.ok_or_else(|| missing("account", &ask.workspace))?;
    let person = |who: &str| account.find_user(who).ok_or_else(|| missing("person", who));
    let viewer = ask.by.as_deref().map(person).transpose()?;
    let place = match ask.channel.strip_prefix('@') {
        Some(other) => {
            let viewer = viewer.ok_or_else(|| {
                ControlError::Invalid("who looks at a direct message? Say it with `as`".to_owned())
            })?;
            Place::direct(&viewer.id, &person(other)?.id)
        }
        None => {
            let channel = account.find_channel(&ask.channel);
            let channel = channel.ok_or_else(|| missing("channel", &ask.channel))?;
            let inside = viewer.is_none_or(|viewer| channel.members.contains(&viewer.id));
            if !inside && !channel.is_public() {
                return Err(missing("channel", &ask.channel));
            }
            Place::Channel(channel.id.clone())
        }
    };
    let Some(conversation) = account.conversation(&place) else { return Ok(View::default()) };
    let mut replies: BTreeMap<u64, Vec<&Message>> = BTreeMap::new();
    for message in conversation.messages.values().filter(|message| !message.deleted) {
        if let Some(root) = message.root {
            replies.entry(root).or_default().push(message);
        }
    }
    let mut messages = Vec::new();
    for root in conversation.messages.values().filter(|message| message.root.is_none()) {
        let replies = replies.remove(&root.ts).unwrap_or_default();
        // A deleted message leaves its place only where replies stand below it.
        if !root.deleted || !replies.is_empty() {
            messages.push(seen(account, conversation, root));
            messages.extend(replies.into_iter().map(|reply| seen(account, conversation, reply)));
        }
    }
    Ok(View { messages })
}

fn seen(account: &Account, conversation: &Conversation, message: &Message) -> Seen {
    let rendered = html::message(message, account);
    let root = message.root.and_then(|ts| conversation.messages.get(&ts));
    let files = message
        .files
        .iter()
        .filter_map(|id| account.files.get(id))
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
        .map(|(emoji, by)| Reaction { emoji: emoji.seen(), by: by.clone() })
        .collect();
    let at = i64::try_from(message.ts).ok();
    let at = at.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    Seen {
        // Nobody sees ids: these are control's, in one form.
        id: message.id.to_ascii_uppercase(),
        thread: root.map(|root| root.id.to_ascii_uppercase()),
        broadcast: false,
        author: author(account, message),
        markup: serde_json::json!({
            "message": message.text,
            "rich_text": message.styles.iter().map(super::ranges::Style::json).collect::<Vec<_>>(),
            "at_items": message.mentions.iter().map(|at| at.answer(account)).collect::<Vec<_>>(),
            "unread_by": message.unread_by}),
        text: rendered.text,
        html: rendered.html,
        mentions: rendered.mentions,
        reactions,
        files,
        edited: message.edited,
        deleted: message.deleted,
        at: at.unwrap_or_default().to_string(),
        subject: None,
        importance: None,
    }
}

/// Apps post as the person whose token they have, so nobody has a badge.
fn author(account: &Account, message: &Message) -> Author {
    let user = account.users.get(&message.sender);
    Author {
        account: message.sender.clone(),
        name: user.map_or_else(|| message.sender.clone(), User::name),
        avatar: user.and_then(|user| user.picture.clone()),
        badge: None,
    }
}

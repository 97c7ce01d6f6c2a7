//! A message, wherever it came from.

use jiff::Timestamp;
use rialto_model::{
    Attachment, AttachmentKind, Author, Content, Inline, MessageState, Own, Revision, RichText,
};
use serde::Deserialize;
use serde_json::Value;

use super::{blocks, mrkdwn::mrkdwn};
use crate::{api::Identity, render::EVENT_TYPE, wire};

/// The message as it reads, and since when; `None` without a time.
pub(crate) fn state(
    message: &wire::Message,
    ts: &str,
    own: &Identity,
) -> Option<(MessageState, Timestamp)> {
    let posted_at = wire::time(ts)?;
    let edited = message.edited.as_ref().and_then(|edited| edited.ts.as_deref());
    let at = edited.and_then(wire::time).unwrap_or(posted_at);
    let thread = message.thread_ts.as_deref().filter(|root| *root != ts);
    let state = MessageState {
        id: ts.into(),
        revision: Revision(edited.and_then(wire::micros).unwrap_or(0)),
        posted_at,
        thread: thread.map(Into::into),
        thread_began: thread.and_then(wire::time),
        broadcast: message.subtype.as_deref() == Some("thread_broadcast"),
        author: author(message),
        content: content(message),
        own: own_of(message, own),
    };
    Some((state, at))
}

/// Persons come without a name, which the relay asks for; bots bring theirs along.
fn author(message: &wire::Message) -> Author {
    let profile = message.bot_profile.as_ref();
    let bot = message.bot_id.is_some() || message.subtype.as_deref() == Some("bot_message");
    let name = message
        .username
        .clone()
        .or_else(|| profile.and_then(|profile| profile.name.clone()))
        .filter(|_| bot)
        .unwrap_or_default();
    let icons = message.icons.as_ref().or_else(|| profile.and_then(|one| one.icons.as_ref()));
    Author {
        account: message.user.as_ref().or(message.bot_id.as_ref()).map(|id| id.as_str().into()),
        name,
        avatar_url: icons.filter(|_| bot).and_then(wire::Icons::url),
        bot,
    }
}

/// Posts under another name carry the bot's id and not its user; files carry the user.
fn own_of(message: &wire::Message, own: &Identity) -> Own {
    let is_own = message.bot_id.as_deref().is_some_and(|id| own.has_been(id))
        || message.user.as_deref().is_some_and(|id| own.has_been(id))
        || (message.app_id.is_some() && message.app_id == own.app_id);
    if !is_own {
        return Own::No;
    }
    let delivery = message
        .metadata
        .as_ref()
        .filter(|metadata| metadata.event_type == EVENT_TYPE)
        .and_then(|metadata| metadata.event_payload["delivery"].as_str())
        .and_then(|id| id.parse().ok());
    Own::App { delivery }
}

/// The text of a message. Blocks say more than `text`, which repeats them for notifications.
pub(crate) fn read(values: &[Value], text: &str) -> RichText {
    let shown = RichText { blocks: blocks::blocks(values) }.normalized();
    match text {
        _ if !shown.is_blank() => shown,
        "" => RichText::default(),
        text => mrkdwn(text),
    }
}

fn content(message: &wire::Message) -> Content {
    let mut text = read(&message.blocks, message.text.as_deref().unwrap_or_default());
    if message.subtype.as_deref() == Some("me_message") {
        text.for_each_line(&mut italic);
    }
    text.blocks.extend(blocks::attachments(&message.attachments));
    let files = message.files.iter().filter_map(|file| wire::File::deserialize(file).ok());
    // A file that its owner deleted stays in the list. It is told of in words only where the message
    // says nothing newer.
    let is_gone = |file: &wire::File| file.mode.as_deref() == Some("tombstone");
    let files = files.filter(|file| message.edited.is_none() || !is_gone(file));
    Content { text: text.normalized(), attachments: files.filter_map(attachment).collect() }
}

fn italic(line: &mut Vec<Inline>) {
    for inline in line {
        match inline {
            Inline::Text { style, .. } => style.italic = true,
            Inline::Link { content, .. } => italic(content),
            _ => {}
        }
    }
}

/// A file, as far as the message tells of it: the rest is asked for when it is opened, where a file
/// that is deleted, hidden or kept elsewhere says so.
fn attachment(file: wire::File) -> Option<Attachment> {
    let id = file.id.filter(|id| !id.is_empty())?;
    let snippet = file.mode.as_deref() == Some("snippet");
    let mime = file
        .mimetype
        .filter(|mime| !mime.is_empty())
        .unwrap_or_else(|| "application/octet-stream".into());
    let name = [file.name, file.title].into_iter().flatten().find(|name| !name.is_empty());
    Some(Attachment {
        remote: id.into(),
        // A name is no path.
        name: name.map_or_else(|| "file".into(), |name| name.replace(['/', '\\'], "_")),
        kind: match () {
            () if snippet => AttachmentKind::Snippet,
            () if mime.starts_with("image/") => AttachmentKind::Image,
            () => AttachmentKind::File,
        },
        mime,
        size: file.size,
    })
}

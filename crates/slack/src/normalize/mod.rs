//! Slack's events as canonical ones.

mod blocks;
mod message;
mod mrkdwn;
mod rich_text;
#[cfg(test)]
pub(crate) mod sketch;
mod text;

use jiff::Timestamp;
use rialto_model::{Author, Event, EventKind, ReactionState, Revision, Signal};
use rialto_platform::ReadError;

pub(crate) use {blocks::attachments, rich_text::DEEPEST};
#[cfg(test)]
pub(crate) use {message::read, text::paragraphs};

use crate::{
    api::Identity,
    webhook::{Payload, changed_ts, is_tombstone},
    wire,
};

/// Whether a message of this subtype is something that somebody said. All others are notices that
/// Slack writes into the channel: joins and leaves come as events of their own.
pub(crate) fn is_post(subtype: Option<&str>) -> bool {
    matches!(subtype, None | Some("file_share" | "thread_broadcast" | "bot_message" | "me_message"))
}

/// Makes events of what `receive` took.
pub(crate) fn normalize(payload: &[u8], own: &Identity) -> Result<Vec<Event>, ReadError> {
    let payload: Payload<'_> = serde_json::from_slice(payload)
        .map_err(|_| ReadError::Permanent("the stored event is not an event".into()))?;
    let event: wire::Event = serde_json::from_str(payload.event.get())
        .map_err(|_| ReadError::Permanent("the stored event is not an object".into()))?;
    let (kind, at) = kind(&event, &payload, own);
    let conversation = event.channel_id();
    let at = at
        .or_else(|| event.event_ts.as_deref().and_then(wire::time))
        .or_else(|| Timestamp::from_second(payload.event_time).ok())
        .unwrap_or_default();
    Ok(vec![Event { conversation: conversation.into(), at, kind }])
}

/// What happened; and when, where that is not the event's own time.
fn kind(
    event: &wire::Event,
    payload: &Payload<'_>,
    own: &Identity,
) -> (EventKind, Option<Timestamp>) {
    let kind = match event.kind.as_str() {
        "message" => return message_kind(event, payload, own),
        "reaction_added" | "reaction_removed" => reaction(event),
        "member_joined_channel" if own.is(event.user_id()) => ignored("own join"),
        "member_left_channel" if own.is(event.user_id()) => {
            closed("Rialto was removed from the channel")
        }
        "member_joined_channel" | "member_left_channel" if event.user_id().is_empty() => {
            ignored("membership of nobody")
        }
        "member_joined_channel" | "member_left_channel" => EventKind::Membership {
            author: Author {
                account: Some(event.user_id().into()),
                name: String::new(),
                avatar_url: None,
                bot: false,
            },
            joined: event.kind == "member_joined_channel",
        },
        "channel_archive" | "group_archive" => closed("the channel was archived"),
        "channel_deleted" | "group_deleted" => closed("the channel was deleted"),
        "channel_left" | "group_left" => closed("Rialto was removed from the channel"),
        // Upkeep reads how things are now.
        "channel_rename" | "group_rename" | "channel_unarchive" | "group_unarchive" => {
            EventKind::Signal(Signal::Upkeep)
        }
        "channel_id_changed" => match &event.new_channel_id {
            Some(to) => EventKind::Signal(Signal::Moved { to: to.as_str().into() }),
            None => ignored("channel_id_changed without the id"),
        },
        "user_change" | "user_profile_changed" if !event.user_id().is_empty() => {
            EventKind::Signal(Signal::AccountChanged { account: event.user_id().into() })
        }
        "app_uninstalled" => EventKind::Signal(Signal::Upkeep),
        "tokens_revoked" if event.tokens.as_ref().is_some_and(|tokens| !tokens.bot.is_empty()) => {
            EventKind::Signal(Signal::Upkeep)
        }
        "app_rate_limited" => EventKind::Signal(Signal::Missed),
        other => ignored(&label("event", other)),
    };
    (kind, None)
}

fn message_kind(
    event: &wire::Event,
    payload: &Payload<'_>,
    own: &Identity,
) -> (EventKind, Option<Timestamp>) {
    let deleted = |ts: Option<&str>| match ts {
        Some(ts) => EventKind::Deleted { message: ts.into() },
        None => ignored("deletion of nothing"),
    };
    match event.subtype.as_deref() {
        Some("message_deleted") => (deleted(event.deleted_ts.as_deref()), None),
        Some("message_changed") => match &event.message {
            Some(message) if is_tombstone(message) => (deleted(changed_ts(event)), None),
            Some(message) if reads_as_before(event, message) => (ignored("link preview"), None),
            Some(message) => edited(event, said(message, changed_ts(event), own)),
            None => (ignored("change of nothing"), None),
        },
        subtype if is_post(subtype) => match serde_json::from_str(payload.event.get()) {
            Ok(message) => said(&message, event.ts.as_deref(), own),
            Err(_) => (ignored("message that is none"), None),
        },
        subtype => (ignored(&label("subtype", subtype.unwrap_or_default())), None),
    }
}

/// What a message of a conversation's past says, and who reacted to it.
pub(crate) fn past(
    message: &wire::Message,
    own: &Identity,
    now: Timestamp,
) -> Vec<(EventKind, Timestamp)> {
    let Some(ts) = message.ts.as_deref() else { return Vec::new() };
    if is_tombstone(message) {
        return vec![(EventKind::Deleted { message: ts.into() }, now)];
    }
    let (kind, at) = said(message, Some(ts), own);
    let mut events = vec![(kind, at.unwrap_or(now))];
    // Of an emoji that many chose, Slack names the first only: then it cannot be told who left.
    let all =
        message.reactions.iter().all(|it| it.count.is_none_or(|count| count == it.users.len()));
    if all {
        let one = |emoji: &wire::Reactions, user: &String| ReactionState {
            account: user.as_str().into(),
            emoji: text::emoji_named(&emoji.name),
        };
        let reactions = message.reactions.iter().flat_map(|emoji| {
            emoji.users.iter().filter(|user| !own.has_been(user)).map(move |user| one(emoji, user))
        });
        let reactions = reactions.collect();
        events.push((EventKind::Reactions { message: ts.into(), reactions }, now));
    }
    events
}

fn said(
    message: &wire::Message,
    ts: Option<&str>,
    own: &Identity,
) -> (EventKind, Option<Timestamp>) {
    if !is_post(message.subtype.as_deref()) {
        let subtype = message.subtype.as_deref().unwrap_or_default();
        return (ignored(&label("subtype", subtype)), None);
    }
    match ts.and_then(|ts| message::state(message, ts, own)) {
        Some((state, at)) => (EventKind::Message(Box::new(state)), Some(at)),
        None => (ignored("message without a time"), None),
    }
}

/// Whether a change left what people wrote as it was: a link was unfurled, a preview removed.
fn reads_as_before(event: &wire::Event, message: &wire::Message) -> bool {
    let edited = |message: &wire::Message| message.edited.as_ref().and_then(|it| it.ts.clone());
    event.previous_message.as_ref().is_some_and(|before| {
        before.text == message.text
            && before.blocks == message.blocks
            && before.files == message.files
            && attachments(&before.attachments) == attachments(&message.attachments)
            && edited(before) == edited(message)
    })
}

/// Slack dates an edit to the second; two edits within one are told apart by their events' time.
fn edited(
    event: &wire::Event,
    (mut kind, at): (EventKind, Option<Timestamp>),
) -> (EventKind, Option<Timestamp>) {
    let when = event.event_ts.as_deref();
    if let (EventKind::Message(state), Some(micros)) = (&mut kind, when.and_then(wire::micros)) {
        state.revision = state.revision.max(Revision(micros));
        return (kind, when.and_then(wire::time).or(at));
    }
    (kind, at)
}

fn reaction(event: &wire::Event) -> EventKind {
    let (Some(message), Some(name)) = (&event.item.ts, &event.reaction) else {
        return ignored("reaction to what is no message");
    };
    if event.item.channel.is_none() || event.user_id().is_empty() {
        return ignored("reaction to what is no message");
    }
    EventKind::Reaction {
        message: message.as_str().into(),
        account: event.user_id().into(),
        emoji: text::emoji_named(name),
        present: event.kind == "reaction_added",
    }
}

fn ignored(reason: &str) -> EventKind {
    EventKind::Ignored { reason: reason.to_owned() }
}

fn closed(reason: &str) -> EventKind {
    EventKind::Signal(Signal::Closed { reason: reason.to_owned() })
}

/// A reason that names one of Slack's own words, and nothing else that came along.
fn label(what: &str, word: &str) -> String {
    let is_word = |word: &str| {
        (1..=40).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    format!("{what} {}", if is_word(word) { word } else { "unknown" })
}

impl Identity {
    /// Whether an id is ours, as a user or as a bot.
    pub fn is(&self, id: &str) -> bool {
        !id.is_empty() && (id == self.user_id || id == self.bot_id)
    }

    /// Whether an id is ours, or was before the workspace was connected as somebody else.
    pub fn has_been(&self, id: &str) -> bool {
        self.is(id) || self.acted_as.has(id)
    }
}

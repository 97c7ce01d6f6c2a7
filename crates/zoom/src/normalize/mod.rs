//! Zoom's events as canonical ones.

mod message;
mod text;

use jiff::Timestamp;
use rialto_model::{Author, Event, EventKind, ReactionState, RemoteId, Revision, Signal};
use rialto_platform::ReadError;

use self::message::Said;
#[cfg(test)]
pub(crate) use self::text::{Ends, read};
use crate::{
    api::Identity,
    edits::Reading,
    people::Ids,
    reaction, webhook,
    wire::{self, Call, Member, Message, Object, Payload, Text},
};

/// What an event told.
#[derive(Debug)]
pub(crate) struct Told {
    /// The facts.
    pub events: Vec<Event>,
    /// Who did it, by all of their ids.
    pub by: Ids,
    /// A message that was edited: its id, what it says now, its revision.
    pub edited: Option<(String, Reading, Revision)>,
    /// The ids of messages in it, as it wrote them.
    pub written: Vec<String>,
}

/// Makes events of what `receive` took.
pub(crate) fn normalize(payload: &[u8], own: &Identity) -> Result<Told, ReadError> {
    let call: Call = serde_json::from_slice(payload)
        .map_err(|_| ReadError::Permanent("the stored event is not an event".into()))?;
    let object = &call.payload.object;
    let at = call.event_ts.0.or(object.timestamp.0).or(object.date_time.0).unwrap_or_default();
    let conversation = webhook::conversation(&call.event, object);
    let event = |kind| Event { conversation: conversation.clone(), at, kind };
    let events: Vec<Event> = kinds(&call, at, own).into_iter().map(event).collect();
    let edited = events.iter().find_map(|event| match &event.kind {
        EventKind::Message(state) if state.revision > Revision(0) => {
            let text = object.message.as_deref().unwrap_or_default();
            Some((state.id.to_string(), Reading::new(text, &object.files), state.revision))
        }
        _ => None,
    });
    let written = [&object.message_id, &object.msg_id, &object.reply_main_message_id];
    let written = written.into_iter().filter_map(|id| id.get().map(str::to_owned)).collect();
    let text = |text: &Text| text.get().map(str::to_owned);
    let by = &call.payload;
    let by = Ids {
        user: text(&by.operator_id),
        member: text(&by.operator_member_id),
        email: text(&by.operator),
    };
    Ok(Told { events, by, edited, written })
}

fn kinds(call: &Call, at: Timestamp, own: &Identity) -> Vec<EventKind> {
    let (payload, object) = (&call.payload, &call.payload.object);
    let who = || payload.operator_id.get().or(payload.operator_member_id.get());
    let by_us = || who().is_some_and(|id| own.has_been(id));
    let kind = match call.event.as_str() {
        "team_chat.channel_message_posted" => told(payload, at, Revision(0), by_us()),
        // The message keeps its own time; only the event's says when it was edited.
        "team_chat.channel_message_updated" => {
            told(payload, at, Revision(at.as_microsecond().max(1)), by_us())
        }
        "team_chat.channel_message_deleted" => match object.message_id.get() {
            Some(id) => EventKind::Deleted { message: wire::message_id(id).into() },
            None => ignored("deletion of nothing"),
        },
        "team_chat.channel_reaction_added" => reacted(object, who(), true),
        "team_chat.channel_reaction_removed" => reacted(object, who(), false),
        "chat_channel.member_joined" => return members(&[], who(), true, own),
        "chat_channel.member_left" => return members(&[], who(), false, own),
        "chat_channel.member_invited" => return members(&object.members, None, true, own),
        "chat_channel.member_removed" => return members(&object.members, None, false, own),
        "chat_channel.deleted" => closed("the channel was deleted"),
        "team_chat.channel_archived" => closed("the channel was archived"),
        // Upkeep reads how things are now.
        "chat_channel.updated" | "team_chat.channel_unarchived" => {
            EventKind::Signal(Signal::Upkeep)
        }
        // Whoever removed it, for themselves or for all.
        "app_deauthorized" => EventKind::Signal(Signal::Upkeep),
        "user.deactivated" | "user.deleted" if object.id.get().is_some_and(|id| own.is(id)) => {
            EventKind::Signal(Signal::Upkeep)
        }
        "user.updated" | "user.deactivated" | "user.activated" | "user.deleted" => {
            match object.id.get() {
                Some(id) => EventKind::Signal(Signal::AccountChanged { account: id.into() }),
                None => ignored("change of nobody"),
            }
        }
        other => ignored(&label(other)),
    };
    vec![kind]
}

fn told(payload: &Payload, at: Timestamp, revision: Revision, own: bool) -> EventKind {
    match Said::told(payload, &payload.object, at, own) {
        Some(said) => EventKind::Message(Box::new(said.state(revision))),
        None => ignored("message without an id"),
    }
}

fn reacted(object: &Object, who: Option<&str>, present: bool) -> EventKind {
    match (object.msg_id.get(), object.emoji.get(), who) {
        (Some(message), Some(emoji), Some(who)) => EventKind::Reaction {
            message: wire::message_id(message).into(),
            account: who.into(),
            emoji: reaction::read(emoji),
            present,
        },
        _ => ignored("reaction to what is no message"),
    }
}

/// Who came or went: those whom somebody brought or removed, or somebody by themselves.
fn members(
    members: &[Member],
    oneself: Option<&str>,
    joined: bool,
    own: &Identity,
) -> Vec<EventKind> {
    let named = members.iter().filter_map(|member| {
        let id = member.id.get().or(member.member_id.get())?;
        Some((id, member.display_name.get().unwrap_or_default()))
    });
    let all = named.chain(oneself.map(|id| (id, "")));
    let kinds: Vec<EventKind> = all
        .map(|(id, name)| match (own.is(id), joined) {
            (true, true) => ignored("own join"),
            (true, false) => closed("Rialto's service user was removed from the channel"),
            (false, _) => EventKind::Membership {
                author: Author {
                    account: Some(id.into()),
                    name: name.to_owned(),
                    avatar_url: None,
                    bot: false,
                },
                joined,
            },
        })
        .collect();
    if kinds.is_empty() { vec![ignored("membership of nobody")] } else { kinds }
}

/// What a message of a conversation's past says, and who reacted to it. `who` wrote it, `revision`
/// is that of how it reads.
pub(crate) fn past(
    message: &Message,
    who: Option<&str>,
    revision: Revision,
    own: &Identity,
    now: Timestamp,
) -> Vec<(EventKind, Timestamp)> {
    let Some(id) = message.id.get() else { return Vec::new() };
    let id: RemoteId = wire::message_id(id).into();
    if message.status.get() == Some("Deleted") {
        return vec![(EventKind::Deleted { message: id }, now)];
    }
    let Some(said) = Said::listed(message, who, is_own(message, own)) else { return Vec::new() };
    let at = match revision {
        Revision(0) => said.posted_at,
        Revision(micros) => Timestamp::from_microsecond(micros).unwrap_or(said.posted_at),
    };
    let mut events = vec![(EventKind::Message(Box::new(said.state(revision))), at)];
    // Where not everybody is named it cannot be told who left.
    let all = message
        .reactions
        .iter()
        .all(|it| it.total_count.is_none_or(|count| count == it.senders.len()));
    if all {
        let reactions = message.reactions.iter().flat_map(|emoji| {
            let name = emoji.emoji.get().map(reaction::read);
            emoji.senders.iter().filter_map(move |sender| {
                let id = sender.user_id.get().or(sender.member_id.get())?;
                Some(ReactionState { account: id.into(), emoji: name.clone()? })
            })
        });
        let reactions = reactions.filter(|it| !own.has_been(it.account.as_str())).collect();
        events.push((EventKind::Reactions { message: id, reactions }, now));
    }
    events
}

/// Whether the service user wrote it, or a former one.
pub(crate) fn is_own(message: &Message, own: &Identity) -> bool {
    [message.sender.get(), message.send_member_id.get()]
        .into_iter()
        .flatten()
        .any(|id| own.has_been(id))
}

fn ignored(reason: &str) -> EventKind {
    EventKind::Ignored { reason: reason.to_owned() }
}

fn closed(reason: &str) -> EventKind {
    EventKind::Signal(Signal::Closed { reason: reason.to_owned() })
}

/// A reason that names one of Zoom's own words, and nothing else that came along.
fn label(event: &str) -> String {
    let is_word = (1..=60).contains(&event.len())
        && event.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.'));
    format!("event {}", if is_word { event } else { "unknown" })
}

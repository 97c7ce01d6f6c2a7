//! What webhooks tell as canonical events. They tell ids alone: messages are read as they are now.

mod mentions;
mod message;

use jiff::Timestamp;
use rialto_model::{Author, Event, EventKind, RemoteId, Signal};
use rialto_platform::ReadError;

pub(crate) use self::{
    mentions::call,
    message::{is_own, kind, text},
};
use crate::{
    api::{Api, Identity},
    edits::Edits,
    files::Known,
    moves::{Origin, Spaces},
    wire::{Call, Data, Message, Room},
};

/// What is needed to make sense of an event.
pub(crate) struct Reader<'a> {
    pub api: &'a Api,
    pub own: &'a Identity,
    pub files: &'a Known,
    pub edits: &'a Edits,
    pub spaces: &'a Spaces,
}

impl Reader<'_> {
    /// Makes events of what `receive` took.
    pub async fn read(&self, payload: &[u8]) -> Result<Vec<Event>, ReadError> {
        let call: Call = serde_json::from_slice(payload)
            .map_err(|_| ReadError::Permanent("the stored event is not an event".into()))?;
        let (data, now) = (&call.data, self.api.toolkit.clock.now());
        let room: RemoteId = data.room_id.get().unwrap_or_default().into();
        let event = |at, kind| vec![Event { conversation: room.clone(), at, kind }];
        let resource = call.resource.get().unwrap_or_default();
        let what = call.event.get().unwrap_or_default();
        Ok(match (resource, what) {
            ("messages", "created" | "updated") => self.message(data, room).await?,
            ("messages", "deleted") => event(now, deleted(data)),
            ("memberships", "created") => {
                event(data.created.unwrap_or(now), self.membership(data, true))
            }
            ("memberships", "deleted") => event(now, self.membership(data, false)),
            // Whether we may post hangs on whether we are a moderator.
            ("memberships", "updated") if self.is_own(data) => {
                event(now, EventKind::Signal(Signal::Upkeep))
            }
            ("rooms", "migrated") => self.moved(data, now).await?,
            ("rooms", "updated") => {
                let conversation = data.id.get().unwrap_or_default().into();
                vec![Event { conversation, at: now, kind: EventKind::Signal(Signal::Upkeep) }]
            }
            _ => event(now, ignored(&label(resource, what))),
        })
    }

    async fn message(&self, data: &Data, room: RemoteId) -> Result<Vec<Event>, ReadError> {
        let now = self.api.toolkit.clock.now();
        let gone = |reason: &str| {
            let kind = ignored(reason);
            Ok(vec![Event { conversation: room.clone(), at: now, kind }])
        };
        let Some(id) = data.id.get() else { return gone("message without an id") };
        let message: Message = match self.api.get(&["messages", id], &Vec::new()).await {
            Err(error) if error.is_gone() => return gone("message gone before it was read"),
            message => message?,
        };
        let files = self.files.of(self.api, &message).await?;
        let at = message.updated.or(message.created).unwrap_or(now);
        let mut kind = kind(&message, files, self.own, self.edits, now);
        call(self.api, self.own, &message, &mut kind).await?;
        Ok(vec![Event { conversation: room, at, kind }])
    }

    fn is_own(&self, data: &Data) -> bool {
        data.person_id.get().is_some_and(|id| self.own.is(id))
    }

    fn membership(&self, data: &Data, joined: bool) -> EventKind {
        let Some(id) = data.person_id.get() else { return ignored("membership of nobody") };
        match (self.own.is(id), joined) {
            // What was said while we were not there was not told.
            (true, true) => EventKind::Signal(Signal::Missed),
            (true, false) => EventKind::Signal(Signal::Closed {
                reason: "Rialto's service user is not in the space any more".into(),
            }),
            (false, _) => EventKind::Membership {
                author: Author {
                    account: Some(id.into()),
                    name: data.person_display_name.get().unwrap_or_default().to_owned(),
                    avatar_url: None,
                    bot: message::is_bot(data.person_email.get()),
                },
                joined,
            },
        }
    }

    /// A space has a new id. What was said under it before that is known was not taken, so its past
    /// is read.
    async fn moved(&self, data: &Data, now: Timestamp) -> Result<Vec<Event>, ReadError> {
        let at_all = |kind| vec![Event { conversation: "".into(), at: now, kind }];
        let Some(id) = data.id.get() else { return Ok(at_all(ignored("move of nothing"))) };
        let room: Room = match self.api.get(&["rooms", id], &Vec::new()).await {
            Err(error) if error.is_gone() => Room::default(),
            room => room?,
        };
        let was = match Origin::of(&room) {
            Some(origin) => self.spaces.was(self.api, id, &origin).await?,
            None => None,
        };
        let Some(was) = was else {
            return Ok(at_all(ignored("move of a space that is not heard")));
        };
        let to: RemoteId = id.into();
        Ok(vec![
            Event {
                conversation: was,
                at: now,
                kind: EventKind::Signal(Signal::Moved { to: to.clone() }),
            },
            Event { conversation: to, at: now, kind: EventKind::Signal(Signal::Missed) },
        ])
    }
}

fn deleted(data: &Data) -> EventKind {
    match data.id.get() {
        Some(id) => EventKind::Deleted { message: id.into() },
        None => ignored("deletion of nothing"),
    }
}

fn ignored(reason: &str) -> EventKind {
    EventKind::Ignored { reason: reason.to_owned() }
}

/// A reason that names Webex's own words, and nothing else that came along.
fn label(resource: &str, event: &str) -> String {
    let is_word = |word: &str| {
        (1..=40).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    match is_word(resource) && is_word(event) {
        true => format!("event {resource} {event}"),
        false => "event unknown".to_owned(),
    }
}

//! Webhooks: who is told of what. The body has ids only; whoever wants the content asks for it.
//!
//! From the vendor's pages *Webhooks* and *Event reference*: somebody is told of what happens in rooms they are in; a bot
//! in a group space only of messages that mention it (and of its own, which it also sees); `all` stands for every
//! resource, and for every event; `messages` `updated` comes with the event `all` only.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::delivery::Delivery;
use super::error::Fail;
use super::json;
use super::stage::Stage;
use super::world::{Hook, Press};
use crate::core::webhooks::Webhook;

/// How long a receiver has. The vendor names no time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Resources of messaging, with their events and the fields that a filter may name.
pub(crate) const RESOURCES: &[(&str, &[&str], &[&str])] = &[
    (
        "messages",
        &["created", "deleted"],
        &["roomId", "roomType", "personId", "personEmail", "mentionedPeople", "hasFiles"],
    ),
    (
        "memberships",
        &["created", "updated", "deleted"],
        &["roomId", "personId", "personEmail", "isModerator"],
    ),
    ("rooms", &["created", "updated", "migrated"], &["type", "isLocked"]),
    ("attachmentActions", &["created"], &["roomId", "messageId", "personId"]),
];

/// Something happened.
struct Happening<'a> {
    resource: &'a str,
    event: &'a str,
    actor: &'a str,
    room: &'a str,
    data: Value,
}

/// A filter's conditions: `roomId=…&personEmail=…`.
pub(crate) fn conditions(filter: &str) -> impl Iterator<Item = (&str, &str)> {
    filter.split('&').filter_map(|condition| condition.split_once('='))
}

impl Hook {
    fn wants(&self, happening: &Happening<'_>, has_files: bool) -> bool {
        let fits = |wanted: &str, is: &str| wanted == "all" || wanted == is;
        let known = |is: &Value, wanted: &str| match is {
            Value::String(text) => text.eq_ignore_ascii_case(wanted),
            Value::Bool(flag) => flag.to_string() == wanted,
            Value::Array(all) => {
                let wanted = if wanted == "me" { self.creator.as_str() } else { wanted };
                all.iter().any(|one| one == wanted)
            }
            _ => false,
        };
        self.active
            && fits(&self.resource, happening.resource)
            && fits(&self.event, happening.event)
            && conditions(self.filter.as_deref().unwrap_or("")).all(|(field, wanted)| match field {
                "hasFiles" => has_files.to_string() == wanted,
                field => known(&happening.data[field], wanted),
            })
    }
}

impl Stage<'_> {
    /// Tells of a message that is still there.
    pub(crate) fn tell_message(&self, id: &str, event: &str, actor: &str) {
        let Ok((room, message)) = self.message(id) else { return };
        let data = self.named_message(room, message);
        let happening = Happening { resource: "messages", event, actor, room: &room.id, data };
        for hook in self.state.webhooks.values() {
            let inside = room.members.contains_key(&hook.creator);
            if inside
                && self.sees(room, message, &hook.creator)
                && hook.wants(&happening, !message.files.is_empty())
            {
                self.send(hook, &happening);
            }
        }
    }

    pub(crate) fn tell_room(&self, id: &str, event: &str, actor: &str) {
        let Ok(room) = self.room(id) else { return };
        for hook in self.state.webhooks.values() {
            let data = self.shown_room(room, &hook.creator);
            let happening = Happening { resource: "rooms", event, actor, room: id, data };
            if room.members.contains_key(&hook.creator) && hook.wants(&happening, false) {
                self.send(hook, &happening);
            }
        }
    }

    /// Tells of a membership that is still there.
    pub(crate) fn tell_membership(&self, room: &str, person: &str, event: &str, actor: &str) {
        let Ok(room) = self.room(room) else { return };
        let Some(member) = room.members.get(person) else { return };
        let data = self.shown_membership(room, person, member);
        let happening = Happening { resource: "memberships", event, actor, room: &room.id, data };
        for hook in self.state.webhooks.values() {
            if room.members.contains_key(&hook.creator) && hook.wants(&happening, false) {
                self.send(hook, &happening);
            }
        }
    }

    /// Tells the sender of a card that somebody pressed its button.
    pub(crate) fn tell_press(&self, press: &Press) {
        let Ok((_, message)) = self.message(&press.message) else { return };
        let mut data = json::press(press);
        if let Some(fields) = data.as_object_mut() {
            fields.remove("inputs");
        }
        let happening = Happening {
            resource: "attachmentActions",
            event: "created",
            actor: &press.person,
            room: &press.room,
            data,
        };
        for hook in self.state.webhooks.values() {
            if hook.creator == message.sender && hook.wants(&happening, false) {
                self.send(hook, &happening);
            }
        }
    }

    fn send(&self, hook: &Hook, happening: &Happening<'_>) {
        let Ok(creator) = self.person(&hook.creator) else { return };
        if creator.inactive {
            return;
        }
        let mut body = json::webhook(hook, &creator.org);
        if let Some(fields) = body.as_object_mut() {
            fields.remove("secret");
        }
        body["resource"] = happening.resource.into();
        body["event"] = happening.event.into();
        body["actorId"] = happening.actor.into();
        body["data"] = happening.data.clone();
        let Ok(bytes) = serde_json::to_vec(&body) else { return };
        let mut lane = DefaultHasher::new();
        ("webex", &hook.id, happening.room).hash(&mut lane);
        self.core.webhooks.send(Webhook {
            platform: "webex",
            event: format!("{}.{}", happening.resource, happening.event),
            about: format!("{} {}", hook.id, creator.email),
            lane: lane.finish(),
            url: hook.target.clone(),
            body: Bytes::from(bytes),
            timeout: PATIENCE,
            policy: Arc::new(Delivery::new(hook, self.webex.clone())),
        });
    }

    /// Checks a filter for a webhook of this person's.
    ///
    /// # Errors
    /// 400 for a field that the resource does not have, and for a room or a person out of reach.
    pub(crate) fn check_filter(
        &self,
        resource: &str,
        filter: &str,
        person: &str,
    ) -> Result<(), Fail> {
        let known = RESOURCES.iter().find(|(name, ..)| *name == resource);
        let fields = known.map_or(&[][..], |(_, _, fields)| fields);
        for (field, value) in conditions(filter) {
            if !fields.contains(&field) {
                return Err(Fail::bad(format!("Invalid filter: {field}")));
            }
            let reachable = match field {
                "roomId" => self.own_room(value, person).is_ok(),
                "personId" => self.person(value).is_ok(),
                "mentionedPeople" => value == "me" || value == person,
                _ => true,
            };
            if !reachable {
                return Err(Fail::bad(format!("Invalid value for filter: {field}")));
            }
        }
        let complete = filter.split('&').all(|condition| condition.contains('='));
        if complete { Ok(()) } else { Err(Fail::bad("Invalid filter.")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_condition_by_condition() {
        let read: Vec<_> = conditions("roomId=r&personEmail=a@b.example").collect();
        assert_eq!(read, [("roomId", "r"), ("personEmail", "a@b.example")]);
    }
}

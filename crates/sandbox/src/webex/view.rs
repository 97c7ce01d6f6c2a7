//! A space as a person sees it in Webex's client.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Webex;
use super::json;
use super::stage::{Stage, time};
use super::world::{Kind, Message, Room};
use crate::core::ControlError;
use crate::core::control::ViewAsk;
use crate::core::view::{Author, Seen, SeenFile, View};

/// The space asked for: a group one by id or title, or `@somebody` with the one who looks.
pub(crate) fn view(webex: &Webex, ask: &ViewAsk) -> Result<View, ControlError> {
    let stage = webex.stage();
    let org = stage.find_org(&ask.workspace)?.id.clone();
    let viewer = ask.by.as_deref().map(|who| stage.find_person(&org, who)).transpose()?;
    let room = match ask.channel.strip_prefix('@') {
        Some(other) => {
            let viewer = viewer.ok_or_else(|| {
                ControlError::Invalid("who looks at a direct space? Say it with `as`".to_owned())
            })?;
            let other = stage.find_person(&org, other)?;
            let room = stage.state.rooms.values().find(|room| {
                room.direct
                    && room.members.contains_key(&viewer.id)
                    && room.members.contains_key(&other.id)
            });
            let Some(room) = room else { return Ok(View::default()) };
            room
        }
        None => {
            let viewer = viewer.map(|viewer| viewer.id.as_str());
            let room = stage.find_room(&org, viewer, &ask.channel)?;
            let room = stage.room(&room).map_err(|fail| ControlError::NotFound(fail.message))?;
            if viewer.is_some_and(|viewer| !room.members.contains_key(viewer)) {
                return Err(ControlError::NotFound(format!("no space {}", ask.channel)));
            }
            room
        }
    };
    Ok(View { messages: stage.seen_in(room) })
}

impl Stage<'_> {
    fn seen_in(&self, room: &Room) -> Vec<Seen> {
        let mut replies: BTreeMap<&str, Vec<&Message>> = BTreeMap::new();
        for message in room.messages.values().filter(|message| !message.deleted) {
            if let Some(parent) = &message.parent {
                replies.entry(parent).or_default().push(message);
            }
        }
        let mut messages = Vec::new();
        for root in room.messages.values().filter(|message| message.parent.is_none()) {
            let replies = replies.remove(root.id.as_str()).unwrap_or_default();
            // A deleted message leaves its place only where replies stand below it.
            if !root.deleted || !replies.is_empty() {
                messages.push(self.seen(room, root));
                messages.extend(replies.into_iter().map(|reply| self.seen(room, reply)));
            }
        }
        messages
    }

    fn seen(&self, room: &Room, message: &Message) -> Seen {
        let body = &message.body;
        let mut mentions: Vec<Value> =
            body.mentions.iter().map(|id| json!({"account": id, "name": self.name(id)})).collect();
        if body.everyone {
            mentions.push(json!({"everyone": "channel"}));
        }
        let files = message.files.iter().filter_map(|id| self.state.files.get(id));
        let files = files.map(|file| SeenFile {
            name: file.name.clone(),
            mime: file.mime.clone(),
            size: file.content.size,
            sha256: file.content.sha256.clone(),
        });
        Seen {
            id: message.id.clone(),
            thread: message.parent.clone(),
            broadcast: false,
            author: self.author(room, &message.sender),
            markup: json!({"text": body.text, "markdown": body.markdown, "html": body.html,
                "attachments": message.cards}),
            text: body.text.clone(),
            html: body.seen.clone(),
            mentions,
            reactions: Vec::new(),
            files: files.collect(),
            edited: message.updated.is_some(),
            deleted: message.deleted,
            at: time(json::at(message)),
            subject: None,
            importance: None,
        }
    }

    /// Bots have a badge, and so has who is not of the organization that owns the space.
    fn author(&self, room: &Room, id: &str) -> Author {
        let person = self.person(id).ok();
        let badge = person.and_then(|person| match person.kind {
            Kind::Bot => Some("APP"),
            Kind::Person => (person.org != room.owner).then_some("Guest"),
        });
        Author {
            account: id.to_owned(),
            name: self.name(id),
            avatar: person.and_then(|person| person.avatar.clone()),
            badge,
        }
    }
}

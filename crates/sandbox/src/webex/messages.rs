//! What people and apps do with messages, once, for both; whoever may know of it is told.

use jiff::Timestamp;
use serde_json::json;

use super::contents::{Scan, Upload};
use super::error::Fail;
use super::ids;
use super::markdown::{self, Mention, Newline};
use super::stage::Stage;
use super::world::{Body, Member, Message, Press, Room};

/// Bytes of a text, or of Markdown, that one message may have.
pub(crate) const LIMIT: usize = 7439;
/// How often one message may be edited.
pub(crate) const EDITS: u32 = 10;

/// What is to be written.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) body: Body,
    pub(crate) parent: Option<String>,
    /// Files, and how they are scanned.
    pub(crate) uploads: Vec<Upload>,
    pub(crate) scan: Scan,
    pub(crate) cards: Vec<serde_json::Value>,
}

/// Checks how long a message is.
///
/// # Errors
/// 400 when one of its texts has more than [`LIMIT`] bytes.
pub(crate) fn check_length(text: Option<&str>, markdown: Option<&str>) -> Result<(), Fail> {
    if [text, markdown].into_iter().flatten().all(|given| given.len() <= LIMIT) {
        return Ok(());
    }
    Err(Fail::bad(format!("The message is too long: at most {LIMIT} bytes are allowed.")))
}

impl Stage<'_> {
    /// A body from plain text, from Markdown, or from Markdown with a plain alternative.
    ///
    /// # Errors
    /// 400 when one of them is longer than [`LIMIT`].
    pub(crate) fn compose(
        &self,
        room: &str,
        text: Option<&str>,
        markdown: Option<&str>,
    ) -> Result<Body, Fail> {
        check_length(text, markdown)?;
        let Some(source) = markdown else {
            let text = text.unwrap_or("").to_owned();
            return Ok(Body { seen: paragraph(&text), text, ..Body::default() });
        };
        let mut body = self.rendered(room, source, Newline::Soft);
        body.text = text.map_or(body.text, str::to_owned);
        body.markdown = Some(source.to_owned());
        Ok(body)
    }

    /// What a person typed. A client sends HTML where something is formatted, and never Markdown.
    ///
    /// # Errors
    /// As [`Stage::compose`].
    pub(crate) fn typed(&self, room: &str, source: &str) -> Result<Body, Fail> {
        check_length(Some(source), None)?;
        let mut body = self.rendered(room, source, Newline::Breaks);
        body.html = body.html.filter(|html| *html != paragraph(&body.text));
        Ok(body)
    }

    fn rendered(&self, room: &str, source: &str, newline: Newline) -> Body {
        let rendered =
            markdown::render(source, newline, |who, name| self.mentioned(room, who, name));
        let mut body = Body {
            text: rendered.text,
            html: Some(rendered.html),
            seen: rendered.seen,
            ..Body::default()
        };
        for mention in rendered.mentions {
            match mention {
                Mention::Person(id, _) if !body.mentions.contains(&id) => body.mentions.push(id),
                Mention::Person(..) => {}
                Mention::Everyone => body.everyone = true,
            }
        }
        body
    }

    /// Members of the room can be mentioned, and everybody in a group.
    fn mentioned(&self, room: &str, who: &str, name: Option<&str>) -> Option<Mention> {
        let room = self.room(room).ok()?;
        let person = match who.split_once(':') {
            None if who == "all" && !room.direct => return Some(Mention::Everyone),
            Some(("personEmail", email)) => self.by_email(email)?,
            Some(("personId", id)) => self.person(id).ok()?,
            _ => return None,
        };
        let inside = room.members.contains_key(&person.id);
        let name = name.unwrap_or(&person.display_name).to_owned();
        inside.then(|| Mention::Person(person.id.clone(), name))
    }

    /// Whether a person may write in a room.
    ///
    /// # Errors
    /// 404 for those who are not in it; 403 where only moderators post.
    pub(crate) fn may_post(&self, room: &str, person: &str) -> Result<(), Fail> {
        let room = self.own_room(room, person)?;
        if room.announcement && !room.is_moderator(person) {
            return Err(Fail::forbidden("Only moderators can post messages in this space."));
        }
        Ok(())
    }

    /// Puts a message into a room and tells of it; answers with its id.
    ///
    /// # Errors
    /// 400 for a reply that does not go to the first message of a thread in this room, and what [`Stage::may_post`]
    /// says.
    pub(crate) fn post(&mut self, room: &str, sender: &str, draft: Draft) -> Result<String, Fail> {
        self.may_post(room, sender)?;
        if let Some(parent) = &draft.parent {
            match self.readable(parent, sender) {
                Ok((place, root)) if place.id == room && root.parent.is_none() => {}
                Ok((place, _)) if place.id == room => {
                    return Err(Fail::bad("Unable to reply to a message that is itself a reply."));
                }
                _ => return Err(Fail::bad("Unable to find the parent message in this space.")),
            }
        }
        let (now, id) = (self.now(), self.fresh("MESSAGE"));
        let uploads = draft.uploads.into_iter();
        let files = uploads.map(|upload| self.keep_file(room, upload, draft.scan)).collect();
        let place = self.room_mut(room)?;
        let last = place.messages.last_key_value().map_or(0, |(at, _)| *at);
        let at = now.as_millisecond().max(last + 1);
        let message = Message {
            id: id.clone(),
            at,
            sender: sender.to_owned(),
            body: draft.body,
            parent: draft.parent,
            files,
            cards: draft.cards,
            ..Message::default()
        };
        place.active = Timestamp::from_millisecond(at).unwrap_or(now);
        place.members.values_mut().for_each(|member| member.hidden = false);
        place.ids.insert(id.clone(), at);
        place.messages.insert(at, message);
        self.state.places.insert(id.clone(), room.to_owned());
        self.tell_message(&id, "created", sender);
        Ok(id)
    }

    /// Replaces a message's text.
    ///
    /// # Errors
    /// 403 for somebody else's; 400 with files or cards, and after [`EDITS`] edits.
    pub(crate) fn edit(&mut self, id: &str, by: &str, body: Body) -> Result<(), Fail> {
        let (room, message) = self.readable(id, by)?;
        let (room, at) = (room.id.clone(), message.at);
        if message.sender != by {
            return Err(Fail::forbidden("Only the author of a message can edit it."));
        }
        if !message.files.is_empty() || !message.cards.is_empty() {
            return Err(Fail::bad(
                "Editing messages with files or attachments is currently unsupported.",
            ));
        }
        if message.edits >= EDITS {
            return Err(Fail::bad("The edit limit of this message has been reached."));
        }
        let now = self.now();
        if let Some(message) = self.room_mut(&room)?.messages.get_mut(&at) {
            message.body = body;
            message.edits += 1;
            message.updated = Some(now);
        }
        self.tell_message(id, "updated", by);
        Ok(())
    }

    /// Deletes a message: its author does, and a moderator of a moderated room.
    ///
    /// # Errors
    /// 403 for all others.
    pub(crate) fn delete(&mut self, id: &str, by: &str) -> Result<(), Fail> {
        let (room, message) = self.readable(id, by)?;
        let (room_id, at) = (room.id.clone(), message.at);
        if message.sender != by && !room.is_moderator(by) {
            return Err(Fail::forbidden("Only its author or a moderator can delete a message."));
        }
        self.tell_message(id, "deleted", by);
        let room = self.room_mut(&room_id)?;
        let mut files = Vec::new();
        if let Some(message) = room.messages.get_mut(&at) {
            message.deleted = true;
            message.body = Body::default();
            message.cards.clear();
            files = std::mem::take(&mut message.files);
        }
        for file in files {
            self.state.files.remove(&file);
        }
        Ok(())
    }

    /// The direct room of two people, which begins when it is first asked for.
    ///
    /// # Errors
    /// 400 with oneself; 403 where an organization forbids it.
    pub(crate) fn direct(&mut self, one: &str, other: &str) -> Result<String, Fail> {
        if one == other {
            return Err(Fail::bad("Unable to send a direct message to yourself."));
        }
        let known = self.state.rooms.values().find(|room| {
            room.direct && room.members.contains_key(one) && room.members.contains_key(other)
        });
        if let Some(room) = known {
            return Ok(room.id.clone());
        }
        self.may_meet(one, other)?;
        let (id, now) = (self.fresh("ROOM"), self.now());
        let mut room = Room {
            id: id.clone(),
            direct: true,
            creator: one.to_owned(),
            owner: self.person(one)?.org.clone(),
            created: now,
            active: now,
            ..Room::default()
        };
        for person in [one, other] {
            let member = Member {
                id: ids::membership("MEMBERSHIP", person, &id),
                moderator: false,
                hidden: false,
                created: now,
            };
            room.members.insert(person.to_owned(), member);
        }
        self.state.rooms.insert(id.clone(), room);
        self.tell_room(&id, "created", one);
        for person in [one, other] {
            self.tell_membership(&id, person, "created", one);
        }
        Ok(id)
    }

    /// A person presses a button of a card; answers with the action's id.
    ///
    /// # Errors
    /// 400 for a message without a card.
    pub(crate) fn press(
        &mut self,
        message: &str,
        by: &str,
        inputs: serde_json::Value,
    ) -> Result<String, Fail> {
        let (room, pressed) = self.readable(message, by)?;
        if pressed.cards.is_empty() {
            return Err(Fail::bad("The message has no card."));
        }
        let press = Press {
            id: self.fresh("ATTACHMENT_ACTION"),
            message: message.to_owned(),
            room: room.id.clone(),
            person: by.to_owned(),
            inputs: if inputs.is_object() { inputs } else { json!({}) },
            created: self.now(),
        };
        let id = press.id.clone();
        self.tell_press(&press);
        self.state.presses.insert(id.clone(), press);
        Ok(id)
    }
}

/// Plain text as it is seen.
fn paragraph(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("<p>{}</p>", markdown::escape(text).replace('\n', "<br>"))
}

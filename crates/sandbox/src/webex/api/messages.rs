//! Messages and the files in them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, Call, Reply};
use crate::webex::contents::Scan;
use crate::webex::error::Fail;
use crate::webex::messages::{Draft, check_length};
use crate::webex::pages;
use crate::webex::world::{Message, Room};

const CARD: &str = "application/vnd.microsoft.card.adaptive";

impl Call<'_> {
    fn message_reply(&self, id: &str) -> Answer {
        let (room, message) = self.stage.readable(id, &self.who.person)?;
        Ok(Reply::ok(self.shown(room, message)))
    }

    /// A message, as the examples in the vendor's API description have it where a fault says so: times to the
    /// second, and in the HTML of what an app wrote addresses of the people who are mentioned.
    fn shown(&self, room: &Room, message: &Message) -> Value {
        let mut shown = self.stage.shown_message(room, message);
        if message.body.markdown.is_some() && self.strikes("plain_mentions") {
            for id in &message.body.mentions {
                let Ok(person) = self.stage.person(id) else { continue };
                let html = shown["html"].as_str().unwrap_or_default();
                shown["html"] = without_mentions(html, id, &person.email).into();
            }
        }
        if self.strikes("whole_seconds") {
            for field in ["created", "updated"] {
                let at = shown[field].as_str().and_then(|at| at.parse::<Timestamp>().ok());
                if let Some(at) = at {
                    shown[field] = at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string().into();
                }
            }
        }
        shown
    }

    /// The room to write to: `roomId`, or the direct one with `toPersonId` or `toPersonEmail`.
    fn destination(&mut self) -> Result<String, Fail> {
        let given = ["roomId", "toPersonId", "toPersonEmail"];
        let given: Vec<&str> = given.into_iter().filter(|name| self.text(name).is_some()).collect();
        let me = self.me();
        match given[..] {
            ["roomId"] => {
                let room = self.needed("roomId")?;
                self.stage.own_room(&room, &me)?;
                Ok(room)
            }
            ["toPersonId"] => {
                let other = self.stage.person(&self.needed("toPersonId")?)?.id.clone();
                self.stage.direct(&me, &other)
            }
            ["toPersonEmail"] => {
                let other = self.stage.invite(&self.needed("toPersonEmail")?)?;
                self.stage.direct(&me, &other)
            }
            _ => {
                Err(Fail::bad("Exactly one of roomId, toPersonId and toPersonEmail must be given."))
            }
        }
    }

    /// The only card.
    fn cards(&self) -> Result<Vec<Value>, Fail> {
        let given = match &self.input.body["attachments"] {
            // In a form it is text.
            Value::String(text) => serde_json::from_str(text)
                .map_err(|_| Fail::bad("attachments is not valid JSON."))?,
            other => other.clone(),
        };
        let cards = given.as_array().cloned().unwrap_or_default();
        if cards.len() > 1 {
            return Err(Fail::bad("Only one card is allowed per message."));
        }
        let is_card = |card: &Value| card["contentType"] == CARD && card["content"].is_object();
        if cards.iter().all(is_card) {
            Ok(cards)
        } else {
            Err(Fail::bad("Unsupported attachment."))
        }
    }

    /// The messages of a room that the caller sees, newest first.
    fn seen<'a>(&'a self, room: &'a Room) -> impl Iterator<Item = &'a Message> {
        let messages = room.messages.values().rev().filter(|message| !message.deleted);
        messages.filter(|message| self.stage.sees(room, message, &self.who.person))
    }
}

/// HTML with an address in place of somebody's mentions.
fn without_mentions(html: &str, id: &str, address: &str) -> String {
    let begin = format!("<spark-mention data-object-type=\"person\" data-object-id=\"{id}\">");
    let (mut out, mut rest) = (String::new(), html);
    while let Some((before, after)) = rest.split_once(&begin) {
        let (_, after) = after.split_once("</spark-mention>").unwrap_or_default();
        out.push_str(before);
        out.push_str(address);
        rest = after;
    }
    out + rest
}

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let room = call.query("roomId").ok_or_else(|| Fail::missing("roomId"))?;
    let room = call.stage.own_room(room, &call.who.person)?;
    let mentioned = call.query("mentionedPeople");
    if mentioned.is_some_and(|who| who != "me" && who != call.who.person) {
        return Err(Fail::bad("mentionedPeople can be the caller only."));
    }
    if !room.direct && mentioned.is_none() && call.stage.is_bot(&call.who.person) {
        return Err(Fail::forbidden(
            "Bots must use mentionedPeople=me to list messages in group spaces.",
        ));
    }
    let parent = call.query("parentId");
    let before = call.query("before").map(str::parse::<Timestamp>).transpose();
    let before = before.map_err(|_| Fail::bad("before is no date and time."))?;
    let last = match call.query("beforeMessage") {
        Some(id) => Some(*room.ids.get(id).ok_or_else(|| Fail::none("message"))?),
        None => None,
    };
    let most = if mentioned.is_some() { 100 } else { 1000 };
    let size = pages::size(call.query("max"), 50, most)?;
    let fits = |message: &&Message| {
        parent.is_none_or(|parent| message.parent.as_deref() == Some(parent))
            && before.is_none_or(|before| message.at < before.as_millisecond())
            && last.is_none_or(|last| message.at < last)
            && mentioned.is_none_or(|_| message.body.mentions.contains(&call.who.person))
    };
    let page = pages::page(call.seen(room).filter(fits), 0, size);
    let named = page.next.is_some() && !call.strikes("no_link");
    let end = page.items.last().filter(|_| named);
    let link = end.map(|message| call.address(&[("beforeMessage", &message.id)]));
    let items = page.items.iter().map(|message| call.shown(room, message));
    let items: Vec<Value> = items.collect();
    Ok(Reply { link, ..Reply::ok(json!({"items": items})) })
}

/// What was said with one person.
pub(super) fn direct(call: &mut Call<'_>) -> Answer {
    let other = match (call.query("personId"), call.query("personEmail")) {
        (Some(id), None) => call.stage.person(id)?,
        (None, Some(email)) => call.stage.by_email(email).ok_or_else(|| Fail::none("person"))?,
        _ => return Err(Fail::bad("Exactly one of personId and personEmail must be given.")),
    };
    let room = call.stage.state.rooms.values().find(|room| {
        room.direct
            && room.members.contains_key(&call.who.person)
            && room.members.contains_key(&other.id)
    });
    let room = room.ok_or_else(|| Fail::none("room"))?;
    let parent = call.query("parentId");
    let fits =
        |message: &&Message| parent.is_none_or(|parent| message.parent.as_deref() == Some(parent));
    let shown: Vec<Value> =
        call.seen(room).filter(fits).map(|message| call.shown(room, message)).collect();
    call.listing(shown.into_iter(), 50, 1000)
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let (me, upload, cards) = (call.me(), call.input.only_file()?, call.cards()?);
    if call.text("text").or(call.text("markdown")).is_none() && upload.is_none() {
        return Err(Fail::bad("Text, markdown or files must be given."));
    }
    check_length(call.text("text"), call.text("markdown"))?;
    let room = call.destination()?;
    let body = call.stage.compose(&room, call.text("text"), call.text("markdown"))?;
    let scan = match upload {
        Some(_) => call.stage.scan_by_faults(&call.operation.name()),
        None => Scan::default(),
    };
    let parent = call.text("parentId").map(str::to_owned);
    let draft = Draft { body, parent, uploads: upload.into_iter().collect(), scan, cards };
    let id = call.stage.post(&room, &me, draft)?;
    let mut reply = call.message_reply(&id)?;
    if let Some(body) = &mut reply.body {
        for name in ["toPersonId", "toPersonEmail"] {
            if let Some(given) = call.text(name) {
                body[name] = given.into();
            }
        }
    }
    Ok(reply)
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    call.message_reply(&call.id())
}

pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let (id, me, room) = (call.id(), call.me(), call.needed("roomId")?);
    if !call.input.body["html"].is_null() {
        return Err(Fail::bad("The html of a message cannot be updated: leave it out."));
    }
    if call.stage.readable(&id, &me)?.0.id != room {
        return Err(Fail::bad("The message is not in this room."));
    }
    if call.text("text").or(call.text("markdown")).is_none() {
        return Err(Fail::bad("Text or markdown must be given."));
    }
    // As the vendor's guide has it, a message is read, changed and sent back: then Markdown counts.
    let text = call.text("text").filter(|_| call.text("markdown").is_none());
    let body = call.stage.compose(&room, text, call.text("markdown"))?;
    call.stage.edit(&id, &me, body)?;
    call.message_reply(&id)
}

pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let (id, me) = (call.id(), call.me());
    call.stage.delete(&id, &me)?;
    Ok(Reply::done())
}

/// A file.
pub(super) fn content(call: &mut Call<'_>) -> Answer {
    let unscannable = call.query("allow").is_some_and(|allow| allow.contains("unscannable"));
    let file = call.stage.download(&call.id(), &call.who.person, unscannable)?;
    Ok(Reply { status: 200, file: Some(file), ..Reply::default() })
}

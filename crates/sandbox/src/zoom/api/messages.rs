//! Messages: sent, edited, deleted, reacted to, marked.

use super::{Answer, Call, Reply};
use crate::zoom::error::Fail;
use crate::zoom::ranges::{self, Mention, Style};
use crate::zoom::reaction::Emoji;
use crate::zoom::stage::Edit;
use crate::zoom::world::{Message, Place};

/// The longest message, in the units of [`ranges`].
const LONGEST: usize = 1024;
/// The most files in one message.
const FILES: usize = 6;

impl Call<'_> {
    /// `message`, unless it is too long.
    fn message_text(&self) -> Result<String, Fail> {
        let text = self.input.body["message"].as_str().ok_or_else(|| Fail::field("message"))?;
        if ranges::length(text) > LONGEST {
            return Err(Fail::field("message"));
        }
        Ok(text.to_owned())
    }

    /// `file_ids`, each of a file that the person uploaded; nothing when it is not there at all.
    fn files(&self, user: &str) -> Result<Option<Vec<String>>, Fail> {
        let Some(given) = self.input.body["file_ids"].as_array() else { return Ok(None) };
        if given.len() > FILES {
            return Err(Fail::field("file_ids"));
        }
        let account = self.account()?;
        let mut files = Vec::new();
        for id in given {
            let id = id.as_str().unwrap_or("");
            let file = account.files.get(id).filter(|file| file.owner == user);
            let missing = || Fail::new(400, 5404, format!("File does not exist: {id}."));
            files.push(file.ok_or_else(missing)?.id.clone());
        }
        Ok(Some(files))
    }

    /// Counts a message to a channel, and asks whether it may be sent at all.
    pub(super) fn admit(&mut self, place: &Place, user: &str) -> Result<(), Fail> {
        let account = self.who.account.clone();
        self.stage.may_post(&account, place, user)?;
        if let Some(other) = place.other(user)
            && self.stage.user(&account, other)?.inactive
        {
            return Err(Fail::new(400, 5301, "Message sending failed."));
        }
        if let Place::Channel(id) = place {
            self.stage.count_post(&account, id, &self.operation.name())?;
        }
        Ok(())
    }

    /// The main message that `reply_main_message_id` names, in braces or not: the reference shows both.
    pub(super) fn main(&self, place: &Place) -> Result<Option<u64>, Fail> {
        let id = self
            .text("reply_main_message_id")
            .map(|id| id.strip_prefix('{').and_then(|id| id.strip_suffix('}')).unwrap_or(id));
        id.map(|id| self.stage.main_message(&self.who.account, place, id)).transpose()
    }
}

/// *Send a chat message*.
pub(super) fn send(call: &mut Call<'_>) -> Answer {
    let user = call.user()?;
    let place = call.place(&user)?;
    let text = call.message_text()?;
    for field in ["scheduled_time", "interactive_cards"] {
        if !call.input.body[field].is_null() {
            return Err(Fail::field(field));
        }
    }
    let styles = Style::read(&call.input.body["rich_text"], &text)?;
    // Mentions are for channels; elsewhere they are not looked at.
    let mentions = match &place {
        Place::Channel(id) => {
            let read = Mention::read(&call.input.body["at_items"], &text, call.account()?)?;
            let channel = call.stage.channel(&call.who.account, id)?;
            let may = match channel.settings.mention_all_permissions {
                1 => true,
                2 => channel.is_run_by(&user),
                _ => false,
            };
            if !may && read.iter().any(|mention| mention.user.is_none()) {
                return Err(Fail::new(400, 5301, "Message sending failed."));
            }
            read
        }
        Place::Direct(..) => Vec::new(),
    };
    let files = call.files(&user)?.unwrap_or_default();
    if text.is_empty() && files.is_empty() {
        return Err(Fail::field("message"));
    }
    let root = call.main(&place)?;
    call.admit(&place, &user)?;
    let draft = Message { sender: user, text, styles, mentions, files, root, ..Message::default() };
    let id = call.stage.post(&call.who.account, &place, draft)?;
    Ok(Reply::created(serde_json::json!({"id": id})))
}

/// *Update a message*. The call takes a text and files, but neither `rich_text` nor `at_items`: what was formatted is
/// plain afterwards.
pub(super) fn edit(call: &mut Call<'_>) -> Answer {
    let (user, id) = (call.user()?, call.named("messageId"));
    let place = call.place(&user)?;
    let text = call.message_text()?;
    let files = call.files(&user)?;
    let known = call.stage.message(&call.who.account, &place, &id)?;
    if known.files.is_empty() && files.as_ref().is_some_and(|files| !files.is_empty()) {
        let what = "A plain text message that is sent without any files is not allowed to update with the file.";
        return Err(Fail::new(400, 300, what));
    }
    if text.is_empty() && files.as_ref().unwrap_or(&known.files).is_empty() {
        return Err(Fail::field("message"));
    }
    let edit = Edit { text, styles: Vec::new(), mentions: Vec::new(), files };
    call.stage.edit(&call.who.account.clone(), &place, &id, &user, edit)?;
    Ok(Reply::done())
}

/// *Delete a message*.
pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let (user, id) = (call.user()?, call.named("messageId"));
    let place = call.place(&user)?;
    call.stage.delete(&call.who.account.clone(), &place, &id, &user)?;
    Ok(Reply::done())
}

/// *React to a chat message*.
pub(super) fn react(call: &mut Call<'_>) -> Answer {
    let (user, id) = (call.user()?, call.named("messageId"));
    let place = call.place(&user)?;
    let add = match call.text("action") {
        Some("add") => true,
        Some("remove") => false,
        _ => return Err(Fail::field("action")),
    };
    let emoji = if call.input.body["custom_emoji"] == true {
        let file = call.text("custom_emoji_id").unwrap_or("");
        let known = call.account()?.emoji.get(file);
        let known = known.ok_or_else(|| Fail::field("custom_emoji_id"))?;
        Emoji::Custom(known.name.clone())
    } else {
        let given = call.text("emoji").unwrap_or("");
        Emoji::parse(given).ok_or_else(|| Fail::field("emoji"))?
    };
    call.stage.react(&call.who.account.clone(), &place, &id, &user, &emoji, add)?;
    Ok(Reply::done())
}

/// *Mark a message as read or unread*.
pub(super) fn mark(call: &mut Call<'_>) -> Answer {
    let (user, id) = (call.user()?, call.named("messageId"));
    let place = call.place(&user)?;
    let read = match call.text("action") {
        Some("read") => true,
        Some("unread") => false,
        _ => return Err(Fail::field("action")),
    };
    call.stage.mark(&call.who.account.clone(), &place, &id, &user, read)?;
    Ok(Reply::done())
}

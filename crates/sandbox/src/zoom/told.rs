//! What events say of messages, reactions and files. Every act is told twice: by the newer `team_chat.*` events with
//! all of the content, and by the older `chat_message.*` with the text alone.
//!
//! Where the descriptions' schemas and their own examples disagree, the examples are followed: `contact_account_id ` in
//! events of direct messages has a blank at its end, and `emoji_time` of reactions in direct messages is a number. An
//! edit is told with the time of the message; only `event_ts` says when it was edited.

use serde_json::{Value, json};

use super::events::Concerned;
use super::json::{extension, seconds};
use super::reaction::Emoji;
use super::stage::Stage;
use super::world::{Account, File, Message, Place};

/// Members of both families that say where a message is.
fn whereabouts(account: &Account, place: &Place, sender: &str) -> Value {
    match place {
        Place::Channel(id) => {
            let name = account.channels.get(id).map_or("", |channel| &channel.name);
            json!({"channel_id": id, "channel_name": name,
                "channel_owner_account_id": account.id})
        }
        Place::Direct(..) => {
            let contact = place.other(sender).and_then(|other| account.users.get(other));
            let contact = contact.cloned().unwrap_or_default();
            json!({"contact_email": contact.email, "contact_id": contact.id,
                "contact_account_id ": account.id, "contact_member_id": contact.member_id})
        }
    }
}

fn file(file: &File) -> Value {
    json!({"file_id": file.id, "file_name": file.name, "file_size": file.content.size,
        "OS_file_type": extension(&file.name).to_uppercase()})
}

/// The object of `team_chat.channel_message_*` and `team_chat.dm_message_*`.
fn object(account: &Account, place: &Place, message: &Message, content: bool) -> Value {
    let mut object = whereabouts(account, place, &message.sender);
    object["message_id"] = account.told_id(message).into();
    object["date_time"] = seconds(message.ts).into();
    object["timestamp"] = message.ts.into();
    let conversation = account.conversation(place);
    if let Some(root) = message.root.and_then(|ts| conversation?.messages.get(&ts)) {
        object["reply_main_message_id"] = account.told_id(root).into();
    }
    if !content {
        return object;
    }
    object["session_id"] = conversation.map_or("", |conversation| &conversation.session).into();
    if !message.text.is_empty() {
        object["message"] = message.text.clone().into();
    }
    let files: Vec<Value> = message
        .files
        .iter()
        .filter_map(|id| account.files.get(id))
        .map(|known| {
            let mut told = file(known);
            let image = known.mime.starts_with("image/");
            told["file_message_type"] = if image { "image" } else { "file" }.into();
            told
        })
        .collect();
    if !files.is_empty() {
        object["files"] = files.into();
    }
    if !message.styles.is_empty() {
        object["rich_text"] = message.styles.iter().map(super::ranges::Style::json).collect();
    }
    // Events of direct messages have no mentions.
    if !message.mentions.is_empty() && matches!(place, Place::Channel(_)) {
        object["at_items"] = message.mentions.iter().map(|at| at.event(account)).collect();
    }
    object
}

/// The object of `chat_message.*`, at `time`.
fn classic(account: &Account, place: &Place, message: &Message, time: u64) -> Value {
    let whereabouts = whereabouts(account, place, &message.sender);
    let conversation = account.conversation(place);
    let mut object = json!({"id": account.told_id(message), "date_time": seconds(time), "timestamp": time,
        "type": if matches!(place, Place::Channel(_)) { "to_channel" } else { "to_contact" },
        "session_id": conversation.map_or("", |conversation| &conversation.session),
        "message": message.text});
    for key in ["contact_email", "contact_id", "channel_id", "channel_name"] {
        object[key] = whereabouts[key].as_str().unwrap_or("").into();
    }
    object
}

/// `team_chat.channel_message_posted`, `team_chat.dm_message_posted` …
fn name(place: &Place, what: &str) -> String {
    let kind = if matches!(place, Place::Channel(_)) { "channel" } else { "dm" };
    format!("team_chat.{kind}_{what}")
}

impl Stage<'_> {
    fn tell_here(&self, account: &str, place: &Place, by: &str, event: &str, object: &Value) {
        self.tell(account, by, event, Concerned::Place(place), object);
    }

    pub(crate) fn tell_posted(&self, account: &str, place: &Place, message: &Message) {
        let Ok(known) = self.account(account) else { return };
        let by = message.sender.as_str();
        let posted = object(known, place, message, true);
        let mut sent = classic(known, place, message, message.ts);
        let main = posted["reply_main_message_id"].as_str().map(str::to_owned);
        self.tell_here(account, place, by, &name(place, "message_posted"), &posted);
        if let Some(main) = main {
            sent["parent_msg_id"] = main.into();
            self.tell_here(account, place, by, "chat_message.replied", &sent);
        } else {
            self.tell_here(account, place, by, "chat_message.sent", &sent);
        }
        self.tell_files(account, place, message, "team_chat.file_shared");
    }

    pub(crate) fn tell_edited(&self, account: &str, place: &Place, message: &Message) {
        let Ok(known) = self.account(account) else { return };
        let by = message.sender.as_str();
        let updated = object(known, place, message, true);
        self.tell_here(account, place, by, &name(place, "message_updated"), &updated);
        let classic = classic(known, place, message, self.millis());
        self.tell_here(account, place, by, "chat_message.updated", &classic);
    }

    pub(crate) fn tell_deleted(&self, account: &str, place: &Place, message: &Message) {
        let Ok(known) = self.account(account) else { return };
        let by = message.sender.as_str();
        let deleted = object(known, place, message, false);
        self.tell_here(account, place, by, &name(place, "message_deleted"), &deleted);
        let classic = classic(known, place, message, self.millis());
        self.tell_here(account, place, by, "chat_message.deleted", &classic);
        self.tell_files(account, place, message, "team_chat.file_unshared");
    }

    fn tell_files(&self, account: &str, place: &Place, message: &Message, event: &str) {
        let Ok(known) = self.account(account) else { return };
        let files: Vec<Value> =
            message.files.iter().filter_map(|id| known.files.get(id)).map(file).collect();
        if files.is_empty() {
            return;
        }
        let whereabouts = whereabouts(known, place, &message.sender);
        let mut object = json!({"files": files});
        let (kind, keys): (_, &[&str]) = match place {
            Place::Channel(_) => ("to_channel", &["channel_id"]),
            Place::Direct(..) => {
                ("to_contact", &["contact_email", "contact_id", "contact_member_id"])
            }
        };
        object["type"] = kind.into();
        for key in keys {
            object[*key] = whereabouts[*key].clone();
        }
        if kind == "to_contact" {
            object["is_external_user"] = false.into();
        }
        self.tell_here(account, place, &message.sender, event, &object);
    }

    /// `team_chat.file_uploaded` and `team_chat.file_deleted`, which concern the owner alone.
    pub(crate) fn tell_file(&self, account: &str, of: &File, event: &str) {
        let object = json!({"files": [file(of)]});
        self.tell(
            account,
            &of.owner,
            event,
            Concerned::People(std::slice::from_ref(&of.owner)),
            &object,
        );
    }

    pub(crate) fn tell_reaction(
        &self,
        account: &str,
        place: &Place,
        message: &Message,
        by: &str,
        emoji: &Emoji,
        added: bool,
    ) {
        let Ok(known) = self.account(account) else { return };
        let now = self.millis();
        let whereabouts = whereabouts(known, place, by);
        let mut object = json!({"msg_id": known.told_id(message), "msg_time": seconds(message.ts),
            "emoji": emoji.told(), "timestamp": now});
        let keys: &[&str] = match place {
            Place::Channel(_) => {
                object["emoji_time"] = seconds(now).into();
                &["channel_id"]
            }
            Place::Direct(..) => {
                object["emoji_time"] = now.into();
                &["contact_email", "contact_id", "contact_member_id"]
            }
        };
        for key in keys {
            object[*key] = whereabouts[*key].clone();
        }
        let event = name(place, if added { "reaction_added" } else { "reaction_removed" });
        self.tell_here(account, place, by, &event, &object);
    }
}

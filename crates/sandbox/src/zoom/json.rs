//! How the API writes people, channels, messages and files.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::delivery::sign;
use super::world::{Account, Channel, File, Message, Place, State, User};

/// Seconds that a download address is good for, as in the example of *Get file info*.
const TICKET: u64 = 86_400;

/// `2020-02-10T21:39:50Z` for milliseconds since 1970.
pub(crate) fn seconds(millis: u64) -> String {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    time(Timestamp::from_millisecond(millis).unwrap_or_default())
}

/// The same for a time.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What stands behind the last dot of a file's name.
pub(crate) fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// A person, as *Get a user* and *List users* have them in common.
pub(crate) fn user(user: &User) -> Value {
    let mut item = json!({
        "id": user.id, "first_name": user.first_name, "last_name": user.last_name,
        "display_name": user.name(), "email": user.email, "type": 2,
        "dept": user.department, "timezone": user.timezone, "verified": 1,
        "created_at": time(user.created), "user_created_at": time(user.created),
        "role_id": if user.admin { "1" } else { "2" },
        "status": if user.inactive { "inactive" } else { "active" },
    });
    if let Some(picture) = &user.picture {
        item["pic_url"] = picture.clone().into();
    }
    item
}

/// A contact: what colleagues see of a person.
pub(crate) fn contact(user: &User) -> Value {
    json!({"id": user.id, "member_id": user.member_id, "email": user.email,
        "first_name": user.first_name, "last_name": user.last_name})
}

/// A channel as listed.
pub(crate) fn channel(channel: &Channel, base: &str) -> Value {
    json!({"id": channel.id, "jid": format!("{}@conference.xmpp.zoom.us", channel.id),
        "name": channel.name, "type": channel.kind, "channel_settings": channel.settings,
        "channel_url": format!("{base}/launch/chat/v2/{}", channel.id)})
}

/// A member of a channel.
pub(crate) fn member(channel: &Channel, user: &User) -> Value {
    let role = if channel.owner == user.id {
        "owner"
    } else if channel.admins.contains(&user.id) {
        "admin"
    } else {
        "member"
    };
    let mut item = contact(user);
    item["name"] = user.name().into();
    item["role"] = role.into();
    item["is_external"] = false.into();
    item
}

/// Writes download addresses, which are good for a day and for whoever has them.
pub(crate) struct Links<'a> {
    pub(crate) base: &'a str,
    /// Seconds since 1970.
    pub(crate) now: u64,
}

impl Links<'_> {
    fn ticket(file: &str, expires: u64) -> String {
        format!("{expires}.{}", sign(file, expires.to_string().as_bytes()))
    }

    pub(crate) fn of(&self, file: &File) -> String {
        let name: String = url::form_urlencoded::byte_serialize(file.name.as_bytes()).collect();
        let ticket = Self::ticket(&file.id, self.now + TICKET);
        format!("{}/file/download/{}?filename={name}&jwt={ticket}", self.base, file.id)
    }

    /// Whether a ticket is good for the file now.
    pub(crate) fn allows(&self, file: &str, ticket: &str) -> bool {
        let expires = ticket.split_once('.').and_then(|(expires, _)| expires.parse().ok());
        expires
            .is_some_and(|expires: u64| expires > self.now && Self::ticket(file, expires) == ticket)
    }
}

/// A file of a message.
pub(crate) fn file(file: &File, links: &Links<'_>) -> Value {
    json!({"file_id": file.id, "file_name": file.name, "file_size": file.content.size,
        "download_url": links.of(file)})
}

/// `message_type`, from the text and the first file.
fn message_type(message: &Message, files: &[&File]) -> &'static str {
    match files.first().map(|file| file.mime.as_str()) {
        None => "plain_text_message",
        Some(_) if !message.text.is_empty() || files.len() > 1 => "file_and_text",
        Some("image/png") => "png_image_file",
        Some("image/jpeg") => "jpg_image_file",
        Some("image/gif") => "gif_file",
        Some(mime) if mime.starts_with("audio/") => "audio_file",
        Some(mime) if mime.starts_with("video/") => "video_file",
        Some(_) => "others",
    }
}

/// Which of two answers a message is in: they write reactions differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// *List a user's chat messages*; with the status when edited and deleted messages were asked for.
    Listed { status: bool },
    /// *Get a message*.
    Single,
}

/// A message as the API answers with it.
pub(crate) fn message(
    state: &State,
    account: &Account,
    place: &Place,
    message: &Message,
    shape: Shape,
    links: &Links<'_>,
) -> Value {
    let sender = account.users.get(&message.sender);
    let mut item = json!({
        "id": message.id, "message": message.text, "date_time": seconds(message.ts),
        "timestamp": message.ts, "sender": sender.map_or("", |user| &user.email),
        "send_member_id": sender.map_or("", |user| &user.member_id),
        "sender_display_name": sender.map_or_else(String::new, User::name),
    });
    if shape == (Shape::Listed { status: true }) {
        item["status"] = match (message.deleted, message.edited) {
            (true, _) => "Deleted",
            (false, true) => "Edited",
            (false, false) => "Normal",
        }
        .into();
    }
    let root = message.root.and_then(|ts| account.conversation(place)?.messages.get(&ts));
    if let Some(root) = root {
        item["reply_main_message_id"] = root.id.clone().into();
        item["reply_main_message_timestamp"] = root.ts.into();
    }
    if message.deleted {
        return item;
    }
    let files: Vec<&File> = message.files.iter().filter_map(|id| account.files.get(id)).collect();
    item["message_type"] = message_type(message, &files).into();
    let listed: Vec<Value> = files.iter().map(|known| file(known, links)).collect();
    if let Some(first) = listed.first() {
        for key in ["file_id", "file_name", "file_size", "download_url"] {
            item[key] = first[key].clone();
        }
        // The reference of the listing: *all the chat files (if there are multiple files)*.
        if listed.len() > 1 {
            item["files"] = listed.into();
        }
    }
    if !message.styles.is_empty() {
        item["rich_text"] = message.styles.iter().map(super::ranges::Style::json).collect();
    }
    if !message.mentions.is_empty() {
        item["at_items"] = message.mentions.iter().map(|at| at.answer(account)).collect();
    }
    if !message.reactions.is_empty() {
        item["reactions"] = reactions(account, message, shape);
    }
    if shape == Shape::Single {
        item["message_url"] = format!("{}/launch/chat/v2/{}", state.base, message.id).into();
    }
    item
}

fn reactions(account: &Account, message: &Message, shape: Shape) -> Value {
    let member = |id: &String| account.users.get(id).map_or("", |user| &user.member_id).to_owned();
    let mut all = Vec::new();
    for (emoji, users) in &message.reactions {
        let mut item = json!({"emoji": emoji.to_string(), "total_count": users.len()});
        if shape == Shape::Single {
            item["user_ids"] = json!(users);
            item["member_ids"] = users.iter().map(member).collect();
        } else {
            item["senders"] = users
                .iter()
                .map(|user| json!({"user_id": user, "member_id": member(user)}))
                .collect();
        }
        all.push(item);
    }
    all.into()
}

/// A message in a thread, with what was asked for.
pub(crate) fn threaded(
    account: &Account,
    message: &Message,
    viewer: &str,
    needs: &dyn Fn(&str) -> bool,
    links: &Links<'_>,
) -> Value {
    let sender = account.users.get(&message.sender);
    // The example of this call, unlike all others, has ids in braces.
    let mut item = json!({
        "msg_id": format!("{{{}}}", message.id), "message": message.text,
        "is_reply": message.root.is_some(), "timestamp": message.ts,
        "sender_user_id": message.sender, "sender_email": sender.map_or("", |user| &user.email),
        "sender_member_id": sender.map_or("", |user| &user.member_id),
        "sender_display_name": sender.map_or_else(String::new, User::name),
    });
    let files: Vec<&File> = message.files.iter().filter_map(|id| account.files.get(id)).collect();
    item["message_type"] = message_type(message, &files).into();
    if needs("need_attachment") && !files.is_empty() {
        item["files"] = files.iter().map(|known| file(known, links)).collect();
    }
    if needs("need_rich_text") && !message.styles.is_empty() {
        item["rich_text"] = message.styles.iter().map(super::ranges::Style::json).collect();
    }
    if needs("need_at_items") && !message.mentions.is_empty() {
        item["at_items"] = message.mentions.iter().map(|at| at.answer(account)).collect();
    }
    if needs("need_emoji") && !message.reactions.is_empty() {
        item["reactions"] = message
            .reactions
            .iter()
            .map(|(emoji, users)| {
                json!({"emoji_id": emoji.to_string(), "count": users.len(),
                    "is_sender": users.iter().any(|user| user == viewer)})
            })
            .collect();
    }
    item
}

//! What Zoom sends, as types that take anything: a field that is missing, null or of another type
//! than expected has its default value, because a third of Zoom's own examples of events break
//! Zoom's own schemas.

use jiff::Timestamp;
pub(crate) use rialto_platform::wire::{Secret, Text};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A time: milliseconds since 1970 as a number or as text, or a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Time(pub Option<Timestamp>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(time(&Value::deserialize(deserializer)?)))
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    let millis = |millis| Timestamp::from_millisecond(millis).ok();
    match value {
        Value::Number(number) => number.as_i64().and_then(millis),
        Value::String(text) => match text.parse() {
            Ok(number) => millis(number),
            Err(_) => text.parse().ok(),
        },
        _ => None,
    }
}

impl rialto_platform::wire::Whole for Time {}

rialto_platform::wire! {
    /// The body of a call to the event address.
    struct Call {
        event: String,
        event_ts: Time,
        payload: Payload,
    }

    /// What an event is about, and who did it.
    struct Payload {
        #[serde(rename = "plainToken")]
        plain_token: Option<String>,
        account_id: Text,
        /// An e-mail address.
        operator: Text,
        operator_id: Text,
        operator_member_id: Text,
        object: Object,
    }

    /// The fields of all events that are read: of messages, reactions, channels and people.
    struct Object {
        id: Text,
        message_id: Text,
        msg_id: Text,
        channel_id: Text,
        contact_id: Text,
        contact_member_id: Text,
        message: Option<String>,
        date_time: Time,
        timestamp: Time,
        reply_main_message_id: Text,
        rich_text: Vec<Range>,
        at_items: Vec<AtItem>,
        files: Vec<File>,
        emoji: Text,
        members: Vec<Member>,
    }

    /// A format on a part of a text.
    struct Range {
        start_position: usize,
        end_position: usize,
        format_type: String,
        format_attr: Text,
    }

    /// A mention. Events name the person by e-mail, user id and member id, answers by user id (in
    /// `at_contact`) and member id.
    struct AtItem {
        at_type: u8,
        at_contact: Text,
        at_contact_user_id: Text,
        at_contact_member_id: Text,
        start_position: usize,
        end_position: usize,
    }

    /// A file of a message.
    struct File {
        file_id: Text,
        file_name: Text,
        file_size: Option<u64>,
        download_url: Text,
    }

    /// Somebody who came or went.
    struct Member {
        id: Text,
        member_id: Text,
        display_name: Text,
    }

    /// A message of a listing, or one that was asked for.
    struct Message {
        id: Text,
        message: Option<String>,
        status: Text,
        sender: Text,
        send_member_id: Text,
        sender_display_name: Text,
        date_time: Time,
        timestamp: Time,
        reply_main_message_id: Text,
        reply_main_message_timestamp: Time,
        rich_text: Vec<Range>,
        at_items: Vec<AtItem>,
        files: Vec<File>,
        /// Of the only file, or the first.
        file_id: Text,
        file_name: Text,
        file_size: Option<u64>,
        reactions: Vec<Reactions>,
    }

    /// Who reacted with one emoji.
    struct Reactions {
        emoji: Text,
        total_count: Option<usize>,
        senders: Vec<Reactor>,
    }

    /// Somebody who reacted; from another account without a user id.
    struct Reactor {
        user_id: Text,
        member_id: Text,
    }

    /// A page of any list.
    struct List {
        messages: Vec<Message>,
        channels: Vec<Channel>,
        emojis: Vec<CustomEmoji>,
        next_page_token: Text,
    }

    /// A channel.
    struct Channel {
        id: Text,
        name: String,
        #[serde(rename = "type")]
        kind: u8,
    }

    /// An account's own emoji.
    struct CustomEmoji {
        file_id: Text,
        name: Text,
    }

    /// A person, as a user of the account or as somebody's contact.
    struct User {
        id: Text,
        member_id: Text,
        email: Text,
        display_name: Text,
        first_name: Text,
        last_name: Text,
        pic_url: Text,
        status: Text,
        verified: Option<u8>,
        account_id: Text,
        company: Text,
    }

    /// What was made.
    struct Made {
        id: Text,
    }

    /// A refusal by the API, or by the token endpoint.
    struct Refused {
        code: Option<i64>,
        message: Text,
        errors: Vec<WrongField>,
        reason: Text,
        error: Text,
    }

    /// Which field of a call is wrong.
    struct WrongField {
        field: Text,
    }

    /// What the token endpoint gives.
    struct TokenAnswer {
        access_token: Option<Secret>,
        refresh_token: Option<Secret>,
        expires_in: Option<i64>,
        scope: Option<String>,
    }
}

impl Message {
    /// Its files: `files` is there *if there are multiple files* (*List user's chat messages*); a file
    /// alone may be described by the message's own fields.
    pub fn files(&self) -> Vec<File> {
        if !self.files.is_empty() || self.file_id.get().is_none() {
            return self.files.clone();
        }
        vec![File {
            file_id: self.file_id.clone(),
            file_name: self.file_name.clone(),
            file_size: self.file_size,
            download_url: Text::default(),
        }]
    }
}

/// A message's id in the one form in which Rialto knows and compares it: Zoom writes it with and
/// without braces, in small letters and in capitals. Calls name it as Zoom does (`ids.rs`).
pub(crate) fn message_id(id: &str) -> String {
    let id = without_braces(id);
    if is_uuid(id) { id.to_ascii_uppercase() } else { id.to_owned() }
}

/// A message's id without the braces that Zoom writes around some.
pub(crate) fn without_braces(id: &str) -> &str {
    id.strip_prefix('{').and_then(|id| id.strip_suffix('}')).unwrap_or(id)
}

/// Whether an id is one that may be written in capitals or in small letters.
pub(crate) fn is_uuid(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// A channel's id without the address that some events write behind it.
pub(crate) fn channel_id(id: &str) -> &str {
    id.split_once('@').map_or(id, |(id, _)| id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_as_described_is_taken_as_missing() {
        let read = |value: Value| Call::deserialize(value).unwrap();
        let call = read(json!({ "event": 7, "event_ts": "1700000000123", "payload": {
            "account_id": null, "operator_id": "", "object": { "files": {}, "message": ["x"],
                "timestamp": "2020-02-10T21:39:50Z", "rich_text": [{ "start_position": -1 }] },
        } }));
        assert_eq!(call.event, "");
        assert_eq!(call.event_ts.0.unwrap().as_millisecond(), 1_700_000_000_123);
        assert_eq!((call.payload.account_id.get(), call.payload.operator_id.get()), (None, None));
        let object = call.payload.object;
        assert_eq!(object.timestamp.0.unwrap().to_string(), "2020-02-10T21:39:50Z");
        assert!(object.message.is_none() && object.files.is_empty());
        assert_eq!(object.rich_text.len(), 1);
    }

    #[test]
    fn ids_are_written_in_one_way() {
        for (given, id) in [
            ("{AAAAAAAA-0000-4000-8000-00000000000B}", "AAAAAAAA-0000-4000-8000-00000000000B"),
            ("aaaaaaaa-0000-4000-8000-00000000000c", "AAAAAAAA-0000-4000-8000-00000000000C"),
            ("NotOne---ofThose7", "NotOne---ofThose7"),
            ("{", "{"),
        ] {
            assert_eq!(message_id(given), id);
        }
        assert_eq!(channel_id("4c74@conference.xmpp.zoom.us"), "4c74");
    }
}

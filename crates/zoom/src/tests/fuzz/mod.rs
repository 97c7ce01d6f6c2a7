//! Hostile input: whatever comes, nothing panics, and what it costs grows with its size.
//!
//! One target for each reader and writer: [`webhook`] for what is posted to our address, [`message`] for
//! messages as listings show them, [`text`] for texts with their ranges, [`render`] for what is written
//! for Zoom.

mod message;
mod render;
mod text;
mod webhook;

use rialto_fuzz::{Allowance, Corpus};
use rialto_platform::emoji;
use serde_json::{Value, json};

/// JSON takes up to two hundred times its size in memory (an object of one empty field), and is
/// copied from level to level by types that take anything.
const READING_JSON: Allowance = Allowance { held: 400, allocated: 4_000 };

/// As [`rialto_fuzz::within`], but for the table of emoji, which is made once and kept.
fn within<T>(allowance: Allowance, input: usize, work: impl FnOnce() -> T) -> T {
    emoji::by_name("wave");
    rialto_fuzz::within(allowance, input, work)
}

/// What means something in a text.
const WORDS: [&str; 22] = [
    "@Ana",
    "@all",
    "#general",
    "https://a.example/x",
    "http",
    "\n",
    "> ",
    "• ",
    "1. ",
    "```",
    "`",
    "~",
    " ",
    "x",
    "word",
    "é",
    "👍🏽",
    "👨‍👩‍👧",
    "日本",
    "\u{202e}",
    "\u{200b}",
    "\u{0}",
];

/// What formats are called.
const FORMATS: [&str; 13] = [
    "Bold",
    "Italic",
    "Strikethrough",
    "Underline",
    "AddLink",
    "BulletedList",
    "NumberedList",
    "Quote",
    "Paragraph",
    "FontColor",
    "h1",
    "https://a.example",
    "javascript:x",
];

/// A message's fields, in events and in listings.
fn said() -> Value {
    json!({
        "message": "👍🏽 hi @Ana, see the plan", "date_time": "2026-11-22T10:00:00Z",
        "timestamp": 1_795_000_000_000_i64, "reply_main_message_id": "M0",
        "rich_text": [
            { "start_position": 5, "end_position": 7, "format_type": "Bold" },
            { "start_position": 0, "end_position": 24, "format_type": "Quote" },
            { "start_position": 18, "end_position": 26, "format_type": "AddLink",
              "format_attr": "https://a.example" },
            { "start_position": 0, "end_position": 3, "format_type": "Paragraph", "format_attr": "h2" },
        ],
        "at_items": [{ "at_type": 1, "at_contact": "U1", "at_contact_member_id": "m1",
            "at_contact_user_id": "U1", "start_position": 8, "end_position": 11 }],
        "files": [{ "file_id": "F1", "file_name": "a.png", "file_size": 3,
            "download_url": "https://a.example/f" }],
    })
}

fn with(mut value: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut value, more) {
        fields.extend(more);
    }
    value
}

/// Messages as listings show them: one with everything in it, and those that were published.
fn messages() -> Corpus {
    let listed = json!({
        "id": "M1", "status": "Edited", "sender": "ana@a.example", "send_member_id": "m1",
        "sender_display_name": "Ana", "reply_main_message_timestamp": 1_795_000_000_000_i64,
        "reactions": [{ "emoji": "U+1F44D", "total_count": 1,
            "senders": [{ "user_id": "U1", "member_id": "m1" }] }],
    });
    Corpus::of(WORDS.into_iter().chain(FORMATS))
        .and(with(said(), listed).to_string())
        .and_payloads("zoom/fixtures")
}

/// Calls to our address: those that are read, and those that were published.
fn calls() -> Corpus {
    let call = |event: &str, object: Value| {
        json!({
            "event": event, "event_ts": 1_795_000_000_000_i64,
            "payload": { "account_id": "A1", "operator": "ana@a.example", "operator_id": "U1",
                "operator_member_id": "m1", "user_id": "U1", "object": object },
        })
    };
    let message = with(
        said(),
        json!({ "message_id": "M1", "channel_id": "c1@conference.xmpp.zoom.us", "msg_id": "M1",
            "emoji": "U+1F44D", "id": "c1", "contact_id": "C1", "contact_member_id": "m2",
            "members": [{ "id": "U1", "member_id": "m1", "display_name": "Ana" }] }),
    );
    let challenge = json!({ "event": "endpoint.url_validation", "payload": { "plainToken": "x" } });
    [
        "team_chat.channel_message_posted",
        "team_chat.channel_message_updated",
        "team_chat.channel_message_deleted",
        "team_chat.dm_message_posted",
        "team_chat.channel_reaction_added",
        "chat_channel.member_invited",
        "chat_channel.member_left",
        "chat_channel.deleted",
        "team_chat.channel_archived",
        "app_deauthorized",
        "user.deactivated",
    ]
    .into_iter()
    .fold(Corpus::of(WORDS.into_iter().chain(FORMATS)), |all, event| {
        all.and(call(event, message.clone()).to_string())
    })
    .and(challenge.to_string())
    .and_payloads("zoom/fixtures")
}

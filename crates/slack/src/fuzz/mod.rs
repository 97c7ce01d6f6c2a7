//! Hostile input: whatever comes, nothing panics, and what it costs grows with its size.
//!
//! One target for each reader and writer: [`webhook`] for what Slack posts, [`text`] for its two
//! ways to write text, [`render`] for what is written for Slack.

mod render;
mod text;
mod webhook;

use rialto_fuzz::{Allowance, Corpus};
use rialto_platform::emoji;
use serde_json::{Value, json};

use crate::api::Identity;

/// JSON takes up to two hundred times its size in memory (an object of one empty field), and is
/// copied from level to level by types that take anything.
const READING_JSON: Allowance = Allowance { held: 400, allocated: 2_500 };
/// A character can be a block of its own, in a list that doubles as it grows.
const READING_TEXT: Allowance = Allowance { held: 600, allocated: 1_500 };

/// As [`rialto_fuzz::within`], but for the table of emoji, which is made once and kept.
fn within<T>(allowance: Allowance, input: usize, work: impl FnOnce() -> T) -> T {
    emoji::by_name("wave");
    rialto_fuzz::within(allowance, input, work)
}

fn own() -> Identity {
    let app_id = Some("AOWN".into());
    Identity { user_id: "UOWN".into(), bot_id: "BOWN".into(), app_id, ..Identity::default() }
}

/// What means something in `mrkdwn`.
const MARKUP: [&str; 38] = [
    "*",
    "_",
    "~",
    "`",
    "```",
    "<",
    ">",
    "|",
    "&gt;",
    "&gt;&gt;&gt;",
    "&lt;",
    "&amp;",
    "&",
    ":",
    "\n",
    " ",
    "<@U1>",
    "<#C1|general>",
    "<!here>",
    "<!subteam^S1|@devs>",
    "<!date^1^{date}|x>",
    "<https://a.example|a>",
    "<https://a.example>",
    "<mailto:a@b.example|a>",
    "<javascript:x|y>",
    ":wave:",
    ":wave::skin-tone-3:",
    ":own:",
    "::skin-tone-",
    "•",
    "a",
    "word",
    "é",
    "👩‍👩‍👧",
    "\u{202e}",
    "\u{0}",
    "\\",
    "^",
];

/// Events as Slack sends them: those that this connector reads, and those that Slack published.
fn events() -> Corpus {
    let call = |event: Value| {
        json!({
            "type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event_time": 1_700_000_000,
            "authorizations": [{ "team_id": "T1", "enterprise_id": "E1", "is_enterprise_install": true }],
            "event": event,
        })
    };
    let message = json!({
        "type": "message", "channel": "C1", "user": "U1", "bot_id": "B1", "username": "ci",
        "ts": "1700000000.000100", "thread_ts": "1700000000.000000", "event_ts": "1700000001.000100",
        "subtype": "bot_message", "text": "*a* <@U1>", "blocks": [layout(), rich_text()],
        "attachments": [attachment()], "edited": { "ts": "1700000002.000000" },
        "files": [{ "id": "F1", "name": "a.txt", "mimetype": "text/plain", "mode": "snippet" }],
        "icons": { "image_48": "https://a.example/i.png" }, "bot_profile": { "name": "ci" },
        "metadata": { "event_type": "rialto_delivery", "event_payload": { "delivery": "x" } },
    });
    let changed = json!({
        "type": "message", "subtype": "message_changed", "channel": "C1", "event_ts": "1.2",
        "message": message, "previous_message": message, "deleted_ts": "1.2",
    });
    let reaction = json!({
        "type": "reaction_added", "user": "U1", "reaction": "wave", "event_ts": "7.8",
        "item": { "type": "message", "channel": "C1", "ts": "1.2" },
    });
    let other = json!({
        "type": "tokens_revoked", "tokens": { "bot": ["U1"] }, "old_channel_id": "C1",
        "new_channel_id": "C2", "user": { "id": "U1" }, "channel": { "id": "C1" },
    });
    [message, changed, reaction, other]
        .into_iter()
        .map(|event| call(event).to_string())
        .fold(Corpus::of(WORDS), Corpus::and)
        .and(json!({ "type": "url_verification", "challenge": "c" }).to_string())
        .and(json!({ "type": "app_rate_limited", "minute_rate_limited": 1 }).to_string())
        .and_payloads("slack/fixtures")
}

/// Blocks and attachments of every kind.
fn layouts() -> Corpus {
    [layout(), rich_text(), attachment()]
        .into_iter()
        .fold(Corpus::of(WORDS.into_iter().chain(MARKUP)), |all, one| all.and(one.to_string()))
}

/// What the types of Slack's JSON are called, and ids.
const WORDS: [&str; 46] = [
    "message",
    "event_callback",
    "message_changed",
    "message_deleted",
    "tombstone",
    "me_message",
    "thread_broadcast",
    "file_share",
    "bot_message",
    "channel_topic",
    "reaction_removed",
    "member_joined_channel",
    "channel_id_changed",
    "user_change",
    "app_uninstalled",
    "channel_rename",
    "group_archive",
    "rich_text",
    "rich_text_section",
    "rich_text_list",
    "rich_text_quote",
    "rich_text_preformatted",
    "section",
    "header",
    "context",
    "divider",
    "image",
    "video",
    "actions",
    "table",
    "markdown",
    "input",
    "mrkdwn",
    "plain_text",
    "button",
    "text",
    "link",
    "emoji",
    "user",
    "channel",
    "usergroup",
    "broadcast",
    "ordered",
    "U1",
    "1700000000.000100",
    "https://a.example",
];

fn rich_text() -> Value {
    let text = json!({ "type": "text", "text": "a\nb", "style": { "bold": true, "code": true } });
    let section = json!({ "type": "rich_text_section", "elements": [
        text, { "type": "link", "url": "https://a.example", "text": "x" },
        { "type": "emoji", "name": "wave", "skin_tone": 3 }, { "type": "user", "user_id": "U1" },
        { "type": "broadcast", "range": "here" }, { "type": "color", "value": "#fff" },
    ] });
    json!({ "type": "rich_text", "elements": [
        section,
        { "type": "rich_text_list", "style": "ordered", "indent": 3, "offset": 4, "border": 1,
          "elements": [section, section] },
        { "type": "rich_text_quote", "elements": [text] },
        { "type": "rich_text_preformatted", "border": 1, "language": "Rust", "elements": [text] },
    ] })
}

fn layout() -> Value {
    let text = json!({ "type": "mrkdwn", "text": "*a* :wave:" });
    let image = json!({ "type": "image", "image_url": "https://a.example", "alt_text": "pic" });
    json!({
        "type": "section", "text": text, "fields": [text], "title": text, "label": text,
        "accessory": { "type": "button", "text": text, "url": "https://a.example" },
        "elements": [text, image], "rows": [[{ "type": "raw_text", "text": "a" }, rich_text()]],
        "title_url": "https://a.example", "alt_text": "pic", "slack_file": { "url": "x" },
    })
}

fn attachment() -> Value {
    json!({
        "pretext": "*new*", "author_name": "Ada", "author_link": "https://a.example", "title": "T",
        "title_link": "https://a.example", "text": "body", "image_url": "https://a.example/i.png",
        "fields": [{ "title": "State", "value": "open" }], "footer": "CI", "fallback": "x",
        "blocks": [layout()], "message_blocks": [{ "message": { "blocks": [rich_text()] } }],
        "actions": [{ "type": "button", "text": { "text": "Go" } }], "from_url": "x", "is_share": true,
    })
}

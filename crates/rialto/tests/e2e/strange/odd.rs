//! What Slack may leave out and add: known to be optional from its API description and from real
//! payloads that lack it.

use serde_json::{Map, Value, json};

/// Found in everything that is made up, and in nothing that people write.
pub(super) const WORD: &str = "hologram";

/// What an object is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Envelope,
    Answer,
    Message,
    File,
    Channel,
    User,
    Profile,
    /// Parts of a message's layout, which lack nothing.
    Layout,
    /// Names are data here: nothing is added.
    Names,
    Other,
}

impl Kind {
    /// What may be missing.
    fn optional(self) -> &'static [&'static str] {
        match self {
            Self::Envelope => &[
                "token",
                "api_app_id",
                "authorizations",
                "event_context",
                "is_ext_shared_channel",
                "context_team_id",
                "context_enterprise_id",
                "enterprise_id",
            ],
            Self::Answer => {
                &["message", "url", "bot_id", "enterprise", "is_enterprise_install", "token_type"]
            }
            Self::Message => &[
                "client_msg_id",
                "team",
                "user_team",
                "source_team",
                "bot_profile",
                "parent_user_id",
                "reply_users",
                "reply_users_count",
                "subscribed",
                "last_read",
                "channel_type",
                "hidden",
                "item_user",
                "inviter",
                "upload",
                "display_as_bot",
                "root",
            ],
            Self::File => &[
                "title",
                "filetype",
                "pretty_type",
                "user",
                "user_team",
                "username",
                "editable",
                "created",
                "timestamp",
                "url_private_download",
                "permalink",
                "permalink_public",
                "is_external",
                "external_type",
                "has_rich_preview",
                "file_access",
                "is_starred",
                "channels",
                "groups",
                "ims",
            ],
            Self::Channel => &[
                "name_normalized",
                "topic",
                "creator",
                "created",
                "updated",
                "previous_names",
                "num_members",
                "pending_shared",
                "is_general",
                "is_channel",
                "is_group",
                "is_im",
                "is_mpim",
                "is_shared",
                "is_org_shared",
                "context_team_id",
            ],
            Self::User => &[
                "real_name",
                "tz",
                "tz_label",
                "tz_offset",
                "color",
                "updated",
                "has_2fa",
                "is_email_confirmed",
                "is_app_user",
                "is_restricted",
                "is_ultra_restricted",
                "team_id",
            ],
            Self::Profile => &[
                "real_name_normalized",
                "display_name_normalized",
                "first_name",
                "last_name",
                "avatar_hash",
                "image_192",
                "title",
                "phone",
                "skype",
                "status_text",
                "status_emoji",
                "status_expiration",
                "team",
            ],
            Self::Layout | Self::Names | Self::Other => &[],
        }
    }

    /// What the value of a field is.
    fn of(self, field: &str) -> Self {
        match (self, field) {
            (Self::Names | Self::Layout, _) => self,
            (Self::File, "shares") | (_, "event_payload" | "emoji") => Self::Names,
            (_, "blocks" | "attachments") => Self::Layout,
            (_, "event" | "message" | "messages" | "previous_message" | "root") => Self::Message,
            (_, "file" | "files") => Self::File,
            (_, "channel" | "channels") => Self::Channel,
            (_, "user" | "members") => Self::User,
            (_, "profile") => Self::Profile,
            _ => Self::Other,
        }
    }
}

/// An answer of Slack's as it may be, too.
pub(super) fn answer(value: &mut Value) {
    change(value, Kind::Answer);
    value["warning"] = json!(format!("{WORD}_soon"));
    value["response_metadata"]["warnings"] = json!([format!("{WORD}_soon")]);
}

/// An event as it may be, too.
pub(super) fn event(value: &mut Value) {
    change(value, Kind::Envelope);
}

fn change(value: &mut Value, kind: Kind) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| change(item, kind)),
        Value::Object(fields) => {
            for field in kind.optional() {
                fields.remove(*field);
            }
            for (field, value) in fields.iter_mut() {
                change(value, kind.of(field));
                add_unknown_parts(field, value);
            }
            if kind != Kind::Names {
                add_unknown_fields(fields);
            }
        }
        _ => {}
    }
}

fn add_unknown_fields(fields: &mut Map<String, Value>) {
    fields.insert(format!("{WORD}s"), json!([{"id": 1, "of": WORD}, null, "more"]));
    fields.insert(format!("is_{WORD}"), json!(false));
    fields.insert(format!("last_{WORD}"), Value::Null);
    fields.insert(WORD.to_owned(), json!({"depth": {"value": 3.5, "unit": "m"}, "text": WORD}));
}

/// Blocks, elements and attachments of kinds that do not exist yet.
fn add_unknown_parts(field: &str, value: &mut Value) {
    let Value::Array(parts) = value else { return };
    let unknown = match (field, parts.first().map(|part| part["type"].as_str().unwrap_or_default()))
    {
        ("blocks", Some(_)) => {
            json!({"type": WORD, "block_id": "h1", "parts": [{"type": "beam", "text": WORD}]})
        }
        // Whatever stands in a list is an item of it.
        ("elements", Some("rich_text_section")) | (_, None) => return,
        ("elements", Some(_)) => json!({"type": "beam", WORD: {"angle": 7}}),
        ("attachments", Some(_)) => json!({"id": 99, WORD: {"text": WORD}}),
        _ => return,
    };
    parts.push(unknown);
}

/// An event that does not exist yet, in the envelope of one that does.
pub(super) fn unknown_event(like: &Value, number: u64) -> Value {
    let second = like["event_time"].as_i64().unwrap_or_default();
    let ts = format!("{second}.9{:05}", number % 100_000);
    let channel = &like["event"]["channel"];
    let event = match number % 4 {
        0 => json!({"type": format!("{WORD}_shared"), WORD: {"id": "H1"}, "event_ts": ts}),
        1 => json!({"type": "message", "subtype": format!("{WORD}_begun"), "text": WORD,
                    "channel": channel, "ts": ts, "event_ts": ts}),
        2 => json!({"type": "reaction_added", "user": "USLACKBOT", "reaction": "tada",
                    "item": {"type": WORD, WORD: "H1"}, "event_ts": ts}),
        _ => Value::Null,
    };
    let mut envelope = like.clone();
    if event.is_null() {
        envelope["type"] = json!(format!("{WORD}_callback"));
    }
    envelope["event"] = event;
    envelope["event_id"] = json!(format!("EvUnknown{number}"));
    envelope
}

//! What Slack sends, as types that take anything: a field that is missing, null or of another type
//! than expected has its default value, because Slack's own examples break Slack's own schemas.

use jiff::Timestamp;
use rialto_platform::{wire, wire::Secret};
use serde_json::Value;

wire! {
    /// An installation of the app that may see an event.
    struct Authorization {
        enterprise_id: Option<String>,
        team_id: Option<String>,
        is_enterprise_install: bool,
    }

    /// The fields of all events that are read. `channel`, `user` and others are texts in some
    /// events and objects in others.
    struct Event {
        #[serde(rename = "type")]
        kind: String,
        subtype: Option<String>,
        channel: Value,
        user: Value,
        ts: Option<String>,
        event_ts: Option<String>,
        deleted_ts: Option<String>,
        old_channel_id: Option<String>,
        new_channel_id: Option<String>,
        reaction: Option<String>,
        item: Item,
        tokens: Option<Revoked>,
        message: Option<Box<Message>>,
        previous_message: Option<Box<Message>>,
    }

    /// What a reaction is on.
    struct Item {
        channel: Option<String>,
        ts: Option<String>,
    }

    /// Whose tokens were revoked, as user ids.
    struct Revoked {
        bot: Vec<String>,
    }

    /// A message, in an event or in a history.
    struct Message {
        subtype: Option<String>,
        ts: Option<String>,
        thread_ts: Option<String>,
        user: Option<String>,
        username: Option<String>,
        bot_id: Option<String>,
        app_id: Option<String>,
        bot_profile: Option<BotProfile>,
        icons: Option<Icons>,
        text: Option<String>,
        blocks: Vec<Value>,
        attachments: Vec<Value>,
        files: Vec<Value>,
        edited: Option<Edited>,
        metadata: Option<Metadata>,
        reply_count: Option<u64>,
        latest_reply: Option<String>,
        reactions: Vec<Reactions>,
    }

    /// Who reacted with an emoji; of many, the first.
    struct Reactions {
        name: String,
        users: Vec<String>,
        count: Option<usize>,
    }

    /// Who changed a message, and when.
    struct Edited {
        ts: Option<String>,
    }

    /// What an app wrote along with its message.
    struct Metadata {
        event_type: String,
        event_payload: Value,
    }

    /// An app's face.
    struct BotProfile {
        name: Option<String>,
        icons: Option<Icons>,
    }

    /// Pictures of a bot.
    struct Icons {
        image_48: Option<String>,
        image_64: Option<String>,
        image_72: Option<String>,
    }

    /// A file.
    struct File {
        id: Option<String>,
        name: Option<String>,
        title: Option<String>,
        mimetype: Option<String>,
        size: Option<u64>,
        mode: Option<String>,
        url_private: Option<String>,
        url_private_download: Option<String>,
        shares: Shares,
    }

    /// Where a file was shown: posts by conversation.
    struct Shares {
        public: std::collections::BTreeMap<String, Vec<Share>>,
        private: std::collections::BTreeMap<String, Vec<Share>>,
    }

    /// One showing of a file.
    struct Share {
        ts: Option<String>,
        thread_ts: Option<String>,
    }

    /// A conversation.
    struct Channel {
        id: Option<String>,
        name: Option<String>,
        name_normalized: Option<String>,
        is_im: bool,
        is_mpim: bool,
        is_private: bool,
        is_archived: bool,
        is_member: bool,
        topic: Topic,
        purpose: Topic,
    }

    /// A topic or purpose.
    struct Topic {
        value: String,
    }

    /// A user.
    struct User {
        id: Option<String>,
        name: Option<String>,
        real_name: Option<String>,
        deleted: bool,
        is_bot: bool,
        is_restricted: bool,
        is_ultra_restricted: bool,
        is_stranger: bool,
        is_email_confirmed: Option<bool>,
        profile: Profile,
    }

    /// What a user tells about themselves.
    struct Profile {
        display_name: Option<String>,
        real_name: Option<String>,
        email: Option<String>,
        image_72: Option<String>,
        image_192: Option<String>,
    }

    /// A bot.
    struct Bot {
        id: Option<String>,
        name: Option<String>,
        app_id: Option<String>,
        deleted: bool,
        icons: Option<Icons>,
    }

    /// The answer to a Web API call: the fields of all methods that are called here.
    struct Answer {
        ok: bool,
        error: Option<String>,
        needed: Option<String>,
        ts: Option<String>,
        team: Value,
        team_id: Option<String>,
        user_id: Option<String>,
        bot_id: Option<String>,
        app_id: Option<String>,
        enterprise_id: Option<String>,
        is_enterprise_install: bool,
        url: Option<String>,
        user: Value,
        bot: Option<Bot>,
        channel: Value,
        channels: Vec<Channel>,
        messages: Vec<Message>,
        file: Option<File>,
        files: Vec<File>,
        upload_url: Option<String>,
        file_id: Option<String>,
        response_metadata: PageMetadata,
    }

    /// Where the next page is.
    struct PageMetadata {
        next_cursor: Option<String>,
    }

    /// The answer of the token endpoint.
    struct TokenAnswer {
        ok: bool,
        error: Option<String>,
        app_id: Option<String>,
        scope: Option<String>,
        access_token: Option<Secret>,
        refresh_token: Option<Secret>,
        expires_in: Option<i64>,
        bot_user_id: Option<String>,
        team: Option<Named>,
        enterprise: Option<Named>,
        is_enterprise_install: bool,
    }

    /// A team or enterprise.
    struct Named {
        id: Option<String>,
        name: Option<String>,
    }
}

impl Icons {
    /// The best picture.
    pub fn url(&self) -> Option<String> {
        [&self.image_72, &self.image_64, &self.image_48].into_iter().flatten().next().cloned()
    }
}

impl Event {
    /// The conversation, whichever form it is told in; empty when there is none.
    pub fn channel_id(&self) -> &str {
        id_of(&self.channel)
            .or(self.item.channel.as_deref())
            .or(self.old_channel_id.as_deref())
            .unwrap_or_default()
    }

    /// The user, whichever form they are told in; empty when there is none.
    pub fn user_id(&self) -> &str {
        id_of(&self.user).unwrap_or_default()
    }
}

/// An id that is told as text or within an object.
pub(crate) fn id_of(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("id")?.as_str())
}

/// Slack's `1610261659.001400`, seconds and a fraction, in microseconds since 1970.
pub(crate) fn micros(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    seconds.parse::<u32>().ok()?;
    Some(seconds.parse::<i64>().ok()? * 1_000_000 + fraction.parse::<i64>().ok()?)
}

/// Slack's `1610261659.001400` as a time.
pub(crate) fn time(ts: &str) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros(ts)?).ok()
}

/// A time as Slack writes it.
pub(crate) fn ts_of(time: Timestamp) -> String {
    let micros = time.as_microsecond().max(0);
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_and_microseconds() {
        for (ts, expected) in [
            ("1610261659.001400", Some(1_610_261_659_001_400)),
            ("1610261659.5", Some(1_610_261_659_500_000)),
            ("1610261659", Some(1_610_261_659_000_000)),
            ("1610261659.0014009", Some(1_610_261_659_001_400)),
            ("", None),
            (".", None),
            ("x.1", None),
            ("1.x", None),
            ("-1.5", None),
            ("99999999999999999999.0", None),
        ] {
            assert_eq!(micros(ts), expected, "{ts:?}");
        }
        assert_eq!(ts_of(time("1610261659.001400").unwrap()), "1610261659.001400");
    }

    #[test]
    fn fields_of_another_type_are_as_if_missing() {
        let event: Event = serde_json::from_str(
            r#"{"type":"message","ts":7,"channel":{"id":"C1"},"user":null,"item":[],"new":1}"#,
        )
        .unwrap();
        assert_eq!((event.kind.as_str(), event.ts.as_deref()), ("message", None));
        assert_eq!((event.channel_id(), event.user_id()), ("C1", ""));
    }
}

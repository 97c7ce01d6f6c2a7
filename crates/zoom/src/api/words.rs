//! What of a refusal's words is kept: Zoom's own phrases and names, never what somebody wrote.

use std::fmt;

use crate::{manifest, wire::Refused};

pub(super) const NOT_THERE: &str = "it does not exist";
pub(super) const TAKEN: &str = "it already exists";
pub(super) const WRONG: &str = "validation failed";

/// What the reference says, in small letters, and how it is said here. The first that fits counts.
const PHRASES: [(&str, &str); 17] = [
    ("not exist", NOT_THERE),
    ("already exists", TAKEN),
    ("does not contain scopes", "the token lacks a scope"),
    ("validation failed", WRONG),
    ("message sending failed", "message sending failed"),
    ("only supports replies to a main message", "it is no main message"),
    ("maximum file size exceeded", "the file is too large"),
    ("recent 6 months", "only six months can be read"),
    ("next page token", "the page is gone"),
    ("must provide either", "it is not said where"),
    ("only the sender", "only the sender may"),
    ("do not have permission", "no permission"),
    ("operation not permitted", "no permission"),
    ("plain text message", "a message without files takes none"),
    ("token is expired", "it has expired"),
    ("invalid access token", "it is not valid"),
    ("invalid token", "it is not valid"),
];

/// Fields of calls, and codes of the token endpoint.
const NAMES: [&str; 22] = [
    "message",
    "rich_text",
    "at_items",
    "file_ids",
    "reply_main_message_id",
    "to_channel",
    "to_contact",
    "emoji",
    "custom_emoji_id",
    "action",
    "name",
    "type",
    "members",
    "from",
    "to",
    "search_key",
    "file",
    "invalid_grant",
    "invalid_client",
    "invalid_request",
    "unauthorized_client",
    "unsupported_grant_type",
];

/// What a refusal said, as far as it is known to be Zoom's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// What it means, in our words; empty where Zoom's are not known.
    pub phrase: &'static str,
    /// The fields that are wrong.
    pub fields: Vec<&'static str>,
    /// The scopes that are missing, and what else it calls by a name.
    pub names: Vec<&'static str>,
}

impl Said {
    pub(super) fn of(refused: &Refused) -> Self {
        let texts = [refused.message.get(), refused.reason.get(), refused.error.get()];
        let text = texts.into_iter().flatten().next().unwrap_or_default().to_lowercase();
        let phrase = PHRASES.into_iter().find(|(theirs, _)| text.contains(theirs));
        let fields = refused.errors.iter().filter_map(|it| {
            let field = it.field.get()?.split(['.', '[']).next()?;
            NAMES.into_iter().find(|name| *name == field)
        });
        let words = text.split(|c: char| !c.is_ascii_lowercase() && !matches!(c, '_' | ':'));
        let scopes = words.filter_map(manifest::scope_named);
        let error = NAMES.into_iter().find(|name| refused.error.get() == Some(*name));
        let mut names: Vec<&str> = scopes.chain(error).collect();
        names.dedup();
        Self { phrase: phrase.map_or("", |(_, ours)| ours), fields: fields.collect(), names }
    }
}

impl From<&'static str> for Said {
    /// What we say ourselves.
    fn from(phrase: &'static str) -> Self {
        Self { phrase, fields: Vec::new(), names: Vec::new() }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phrase = Some(self.phrase).filter(|it| !it.is_empty());
        let all: Vec<&str> =
            phrase.into_iter().chain(self.fields.iter().chain(&self.names).copied()).collect();
        f.write_str(if all.is_empty() { "for a reason of its own" } else { "" })?;
        f.write_str(&all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_zooms_own_is_said() {
        for (body, said) in [
            (
                r#"{"message":"Invalid access token, does not contain scopes:[team_chat:read:file, team_chat:read:file:admin]."}"#,
                "the token lacks a scope, team_chat:read:file",
            ),
            (r#"{"message":"Message does not exist: {A-B}."}"#, NOT_THERE),
            (
                r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#,
                "it is not valid, invalid_grant",
            ),
            (
                r#"{"message":"Validation Failed.","errors":[{"field":"rich_text.format_attr"},{"field":"x"}]}"#,
                "validation failed, rich_text",
            ),
            (r#"{"message":"what somebody wrote"}"#, "for a reason of its own"),
        ] {
            let refused: Refused = serde_json::from_str(body).unwrap();
            assert_eq!(Said::of(&refused).to_string(), said, "{body}");
        }
    }
}

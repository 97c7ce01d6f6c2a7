//! What is understood of a refusal's words. The words themselves are not kept: Graph may quote in them
//! what somebody wrote.

use std::fmt;

use crate::{permissions, wire::ErrorAnswer};

/// What a refusal said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// There is one already.
    Exists,
    /// It is deleted already.
    Deleted,
    /// It is archived.
    Archived,
    /// A permission is missing; any of these would do, as far as Graph names those that we ask for.
    Lacks(Vec<&'static str>),
    /// Who calls is no member.
    Outside,
    /// The webhook address did not answer as it should.
    Unheard,
    /// There are as many subscriptions as Graph allows.
    Full,
    /// Nothing that is known here.
    Nothing,
}

impl Said {
    /// Reads the words. The first that fits counts.
    pub fn of(answer: &ErrorAnswer) -> Self {
        let text = answer.message().to_lowercase();
        let has = |words: &str| text.contains(words);
        if has("already exist") || answer.code().eq_ignore_ascii_case("nameAlreadyExists") {
            Self::Exists
        } else if has("api requires one of") || has("permission") {
            Self::Lacks(permissions::named_in(answer.message()))
        } else if has("archived") {
            Self::Archived
        } else if has("deleted") {
            Self::Deleted
        } else if has("not a member") {
            Self::Outside
        } else if has("validation request") {
            Self::Unheard
        } else if has("reached its limit") {
            Self::Full
        } else {
            Self::Nothing
        }
    }
}

impl fmt::Display for Said {
    /// In our words; nothing where nothing is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exists => "it exists already",
            Self::Deleted => "it is deleted",
            Self::Archived => "it is archived",
            Self::Lacks(names) => return f.write_str(&names.join(" or ")),
            Self::Outside => "the service user is no member",
            Self::Unheard => "the webhook address did not answer as it should",
            Self::Full => "it has as many subscriptions as are allowed",
            Self::Nothing => "",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_graph_means_is_said_in_our_words() {
        for (message, words) in [
            ("Channel name already existed, please use other name.", "it exists already"),
            (
                "Missing scope permissions on the request. API requires one of 'ChannelMessage.Send, Group.ReadWrite.All'.",
                "ChannelMessage.Send",
            ),
            ("Insufficient permissions.", ""),
            ("The team or channel is archived and read-only.", "it is archived"),
            ("Message '17' was deleted.", "it is deleted"),
            ("The user is not a member of the team.", "the service user is no member"),
            (
                "Subscription validation request failed. HTTP status code is 'NotFound'.",
                "the webhook address did not answer as it should",
            ),
            (
                "Application has reached its limit of 1 subscription for this resource",
                "it has as many subscriptions as are allowed",
            ),
            ("what somebody wrote", ""),
        ] {
            let body = serde_json::json!({"error": {"code": "x", "message": message}});
            let answer: ErrorAnswer = serde_json::from_value(body).unwrap();
            assert_eq!(Said::of(&answer).to_string(), words, "{message}");
        }
    }
}

//! What Zoom's refusals mean: `{"code": 4130, "message": "…"}`. Of their words only those are kept that
//! are Zoom's own for sure (`words.rs`): a refusal may quote what somebody wrote.

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use jiff::Timestamp;
use rialto_platform::{ApiFailure, CabinetError, HoldScope, SendError, SetupError, http as calls};

use super::words::{self, Said};
use crate::wire::Refused;

/// Why a call did not bring what was asked for.
#[derive(Clone, Debug)]
pub(crate) enum ApiError {
    /// Asked to wait, until then if Zoom said so (`said`): by a limit of the whole account (`wide`), or
    /// by a channel's.
    Limited { until: Timestamp, said: bool, wide: bool },
    /// Refused, and nothing was done.
    Refused { status: StatusCode, code: i64, said: Said },
    /// The authorization is gone.
    Revoked(Said),
    /// Failed there, perhaps after doing it.
    Server(StatusCode),
    /// Done, perhaps, but the answer is lost.
    Unclear(String),
    /// No answer.
    Failed(SendError),
    /// The cabinet did not give or take what is remembered.
    Cabinet(CabinetError),
}

/// The token is unknown, expired or revoked (the files' API says so with 400).
const BAD_TOKEN: i64 = 124;
/// The token lacks scopes; the message names them.
const NO_SCOPE: i64 = 4711;
/// A field is wrong, or something does not exist.
const INVALID: i64 = 300;
const NO_PERMISSION: i64 = 200;
const NO_USER: i64 = 1001;
const NO_CHANNEL: i64 = 4130;
const NO_MESSAGE: i64 = 4131;
const FAILED: i64 = 5301;
const NO_MAIN_MESSAGE: i64 = 5402;

impl ApiError {
    /// Reads an answer that is no success.
    pub fn of(status: StatusCode, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Self {
        if status == StatusCode::TOO_MANY_REQUESTS {
            // A limit of the account says which kind it is (*Rate limits*); a channel's says nothing.
            let wide = headers.contains_key("x-ratelimit-type");
            let (until, said) =
                (calls::retry_after(headers, now), headers.contains_key(RETRY_AFTER));
            return Self::Limited { until, said, wide };
        }
        if status.is_server_error() {
            return Self::Server(status);
        }
        let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
        let (code, said) = (refused.code.unwrap_or_default(), Said::of(&refused));
        if status == StatusCode::UNAUTHORIZED || code == BAD_TOKEN {
            return Self::Revoked(said);
        }
        Self::Refused { status, code, said }
    }

    fn code(&self) -> Option<i64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether what the call was about does not exist. Of messages Zoom says so by the code for
    /// wrong fields (*Update a message*).
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Refused { code: NO_CHANNEL | NO_MESSAGE | NO_USER, .. } => true,
            Self::Refused { code: INVALID, said, .. } => said.phrase == words::NOT_THERE,
            Self::Refused { status, .. } => *status == StatusCode::NOT_FOUND,
            _ => false,
        }
    }

    /// Whether there is no message of the id that was named, where it was looked for.
    pub fn is_no_message(&self) -> bool {
        self.is_gone() && !matches!(self.code(), Some(NO_CHANNEL | NO_USER))
    }

    /// Whether the caller may not do that, or lacks a scope for it.
    pub fn is_forbidden(&self) -> bool {
        matches!(self.code(), Some(NO_PERMISSION | NO_SCOPE))
            || matches!(self, Self::Refused { status: StatusCode::FORBIDDEN, .. })
    }

    /// Whether there is something of this name already.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Refused { code: INVALID, said, .. } if said.phrase == words::TAKEN)
    }

    /// Whether Zoom does not take the formatting, or does not let everybody be mentioned: the text
    /// alone would go.
    pub fn refuses_formatting(&self) -> bool {
        match self {
            Self::Refused { code: INVALID, said, .. } => {
                said.fields.iter().any(|it| matches!(*it, "rich_text" | "at_items"))
                    || said.fields.is_empty() && said.phrase == words::WRONG
            }
            Self::Refused { code: FAILED, .. } => true,
            _ => false,
        }
    }

    /// The refusal, for people; no content in it.
    fn words(&self) -> String {
        match self {
            Self::Limited { until, .. } => format!("Zoom asked to wait until {until}"),
            Self::Revoked(said) => format!("Zoom does not accept the token ({said})"),
            Self::Server(status) => format!("Zoom answered with {status}"),
            Self::Unclear(reason) => reason.clone(),
            Self::Failed(error) => error.to_string(),
            Self::Cabinet(error) => error.to_string(),
            Self::Refused { status, code, said } => {
                let meant = match meaning(*code) {
                    "" => "Zoom refused",
                    meant => meant,
                };
                format!("{meant} ({}, code {code}: {said})", status.as_u16())
            }
        }
    }
}

/// What a code means and how to mend it, where Zoom's own words do not say.
fn meaning(code: i64) -> &'static str {
    match code {
        NO_SCOPE => "the app lacks a scope: add it in the Zoom App Marketplace and connect again",
        NO_PERMISSION => "the service user may not do this: look at its role in Zoom",
        NO_CHANNEL => "the channel does not exist any more",
        FAILED => {
            "Zoom did not let the service user do this: add it to the channel, and look at who may \
             post there"
        }
        5403 => "the account's settings do not allow files to be sent",
        5418 => "the service user may not chat with others",
        5419 => "messages to an end-to-end encrypted channel cannot be sent by apps",
        5420 => "the channel is archived: unarchive it",
        _ => "",
    }
}

impl From<ApiError> for SendError {
    fn from(error: ApiError) -> Self {
        let words = error.words();
        match error {
            ApiError::Limited { until, wide, .. } => Self::RateLimited {
                until,
                scope: if wide { HoldScope::Connection } else { HoldScope::Conversation },
            },
            ApiError::Revoked(_) => Self::Revoked(words),
            ApiError::Server(_) | ApiError::Unclear(_) => Self::Unknown(words),
            ApiError::Failed(error) => error,
            ApiError::Cabinet(_) => Self::Transient(words),
            ApiError::Refused { code: NO_MAIN_MESSAGE, .. } => Self::NoThread(words),
            ApiError::Refused { .. } => Self::Permanent(words),
        }
    }
}

impl ApiFailure for ApiError {}

impl From<ApiError> for SetupError {
    fn from(error: ApiError) -> Self {
        let words = error.words();
        match error {
            ApiError::Cabinet(error) => Self::Cabinet(error),
            ApiError::Refused { .. } | ApiError::Revoked(_) => Self::Refused(words),
            _ => Self::Unreachable(words),
        }
    }
}

impl From<CabinetError> for ApiError {
    fn from(error: CabinetError) -> Self {
        Self::Cabinet(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str, header: Option<(&'static str, &str)>) -> ApiError {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let headers = header.map(|(name, value)| {
            [("x-ratelimit-type", "QPS"), (name, value)]
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        });
        let headers = HeaderMap::from_iter(headers.into_iter().flatten());
        ApiError::of(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes(), now)
    }

    #[test]
    fn every_answer_is_a_decision() {
        let daily = Some(("retry-after", "2026-11-23T00:00:00Z"));
        let no_scope =
            r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[a:b]."}"#;
        for (status, body, header, expected) in [
            (401, r#"{"code":124,"message":"Invalid access token."}"#, None, "Revoked"),
            (400, r#"{"code":124,"message":"Invalid access token."}"#, None, "Revoked"),
            (400, no_scope, None, "Permanent"),
            (400, r#"{"code":5402,"message":"x"}"#, None, "NoThread"),
            (400, r#"{"code":5420}"#, None, "Permanent"),
            (404, r#"{"code":4130}"#, None, "Permanent"),
            (404, "<html>", None, "Permanent"),
            (500, "", None, "Unknown"),
            (503, "", None, "Unknown"),
            (429, "", None, "RateLimited { until: 2026-11-22T10:00:05Z, scope: Conversation }"),
            (
                429,
                "",
                Some(("x-ratelimit-remaining", "0")),
                "RateLimited { until: 2026-11-22T10:00:05Z, scope: Connection }",
            ),
            (429, "", daily, "RateLimited { until: 2026-11-23T00:00:00Z, scope: Connection }"),
        ] {
            let decision = format!("{:?}", SendError::from(answered(status, body, header)));
            assert!(decision.starts_with(expected), "{status} {body}: {decision}");
        }
    }

    #[test]
    fn nothing_that_somebody_wrote_is_kept_of_a_refusal() {
        let quoting = |code: i64| {
            serde_json::json!({ "code": code, "message": "Validation Failed: `marker-42` does not exist.",
                "reason": "marker-42", "error": "marker-42", "errors": [
                    { "field": "message.marker-42" }, { "field": "marker-42" }] })
        };
        for (status, code) in
            [(400, 300), (400, 5301), (404, 4130), (400, 4711), (401, 124), (418, 9)]
        {
            let error = answered(status, &quoting(code).to_string(), None);
            let kept = [
                format!("{error:?}"),
                SendError::from(error.clone()).to_string(),
                SetupError::from(error).to_string(),
            ];
            for text in kept {
                assert!(!text.contains("marker-42"), "{text}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_told_from_what_is_wrong() {
        let no_message = r#"{"code":300,"message":"Message does not exist: M1."}"#;
        let wrong = r#"{"code":300,"message":"Validation Failed.","errors":[{"field":"rich_text.format_attr"}]}"#;
        let other =
            r#"{"code":300,"message":"Validation Failed.","errors":[{"field":"file_ids"}]}"#;
        assert!(answered(400, no_message, None).is_gone());
        assert!(!answered(400, wrong, None).is_gone());
        assert!(answered(400, wrong, None).refuses_formatting());
        assert!(!answered(400, other, None).refuses_formatting());
        assert!(
            answered(400, r#"{"code":300,"message":"The channel name already exists."}"#, None)
                .is_taken()
        );
    }
}

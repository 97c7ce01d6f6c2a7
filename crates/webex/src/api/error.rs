//! What Webex's refusals mean: a status and `{"message": "…", "trackingId": "…"}`.
//!
//! Webex may quote in its words what was sent. What is told of a message is kept and logged, so nothing but
//! the status counts there; who connects or sets up is told Webex's words too.

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use rialto_platform::{ApiFailure, CabinetError, HoldScope, SendError, SetupError, http as calls};

use crate::wire::Refused;

/// Why a call did not bring what was asked for.
#[derive(Clone, Debug)]
pub(crate) enum ApiError {
    /// Asked to wait.
    Limited(Timestamp),
    /// Asked to wait until a file is scanned for malware.
    Scanned(Timestamp),
    /// Refused, and nothing was done.
    Refused { status: StatusCode, message: String },
    /// The authorization is gone, in our words.
    Revoked(String),
    /// Failed there, perhaps after doing it.
    Server(StatusCode),
    /// Done, perhaps, but the answer is lost.
    Unclear(String),
    /// No answer.
    Failed(SendError),
    /// The cabinet did not give or take what is remembered.
    Cabinet(CabinetError),
}

impl ApiError {
    /// Reads an answer that is no success.
    pub fn of(status: StatusCode, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Self {
        match status {
            StatusCode::TOO_MANY_REQUESTS => {
                return Self::Limited(calls::retry_after(headers, now));
            }
            // *REST API Basics*, *Message Attachments*.
            StatusCode::LOCKED => return Self::Scanned(calls::retry_after(headers, now)),
            status if status.is_server_error() => return Self::Server(status),
            _ => {}
        }
        let said: Refused = serde_json::from_slice(body).unwrap_or_default();
        let message = said.message.get().unwrap_or("no reason was given").to_owned();
        match status {
            StatusCode::UNAUTHORIZED => Self::Revoked("it ended, or was taken back".into()),
            _ => Self::Refused { status, message },
        }
    }

    /// The status of a refusal.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether what the call was about does not exist, or cannot be seen: Webex does not say which.
    pub fn is_gone(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Whether what was asked for makes no sense as things are.
    pub fn is_bad(&self) -> bool {
        self.status() == Some(StatusCode::BAD_REQUEST)
    }

    /// Whether it is so already.
    pub fn is_so_already(&self) -> bool {
        self.status() == Some(StatusCode::CONFLICT)
    }

    /// The refusal, for people, in words of ours alone.
    fn words(&self) -> String {
        match self {
            Self::Limited(until) => format!("Webex asked to wait until {until}"),
            Self::Scanned(_) => "Webex is scanning the file for malware".to_owned(),
            Self::Revoked(reason) => format!("Webex does not accept the token ({reason})"),
            Self::Server(status) => format!("Webex answered with {status}"),
            Self::Unclear(reason) => reason.clone(),
            Self::Failed(error) => error.to_string(),
            Self::Cabinet(error) => error.to_string(),
            Self::Refused { status, .. } => format!("{} ({status})", meaning(*status)),
        }
    }
}

/// What a refusal means, as far as its status says (the API description's *Response Codes*).
fn meaning(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "Webex finds something wrong in what it was asked for",
        StatusCode::FORBIDDEN => {
            "Webex does not let the service user do this: see whether it must be a moderator of the \
             space, which scopes the integration has, and what the organization's admins forbid"
        }
        StatusCode::NOT_FOUND => {
            "it does not exist any more, or the service user is not in the space"
        }
        StatusCode::CONFLICT => "it conflicts with what is in Webex already",
        StatusCode::GONE => "it is not available in Webex any more",
        StatusCode::PAYLOAD_TOO_LARGE => "it is larger than Webex takes",
        _ => "Webex refused",
    }
}

impl From<ApiError> for SendError {
    fn from(error: ApiError) -> Self {
        let words = error.words();
        match error {
            // A limit is one of the token's (*REST API Basics*).
            ApiError::Limited(until) => Self::RateLimited { until, scope: HoldScope::Connection },
            ApiError::Scanned(until) => Self::RateLimited { until, scope: HoldScope::Conversation },
            ApiError::Revoked(_) => Self::Revoked(words),
            ApiError::Server(_) | ApiError::Unclear(_) => Self::Unknown(words),
            ApiError::Failed(error) => error,
            ApiError::Cabinet(_) => Self::Transient(words),
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
            ApiError::Refused { message, .. } => {
                let short: String = message.chars().take(300).collect();
                Self::Refused(format!("{words}: {short}"))
            }
            ApiError::Revoked(_) => Self::Refused(words),
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
    use rialto_platform::{FileError, ReadError};

    use super::*;

    #[test]
    fn every_answer_is_a_decision() {
        for (status, wait, expected) in [
            (401, None, "Revoked"),
            (400, None, "Permanent"),
            (403, None, "Permanent"),
            (404, None, "Permanent"),
            (500, None, "Unknown"),
            (502, None, "Unknown"),
            (429, Some("30"), "RateLimited { until: 2026-11-22T10:00:30Z, scope: Connection }"),
            (423, Some("15"), "RateLimited { until: 2026-11-22T10:00:15Z, scope: Conversation }"),
            (429, None, "RateLimited { until: 2026-11-22T10:00:05Z, scope: Connection }"),
        ] {
            let now = "2026-11-22T10:00:00Z".parse().unwrap();
            let headers = wait.map(|wait| (http::header::RETRY_AFTER, wait.parse().unwrap()));
            let headers = HeaderMap::from_iter(headers);
            let status = StatusCode::from_u16(status).unwrap();
            let error = ApiError::of(status, &headers, b"<html>", now);
            let decision = format!("{:?}", SendError::from(error));
            assert!(decision.starts_with(expected), "{status}: {decision}");
        }
    }

    #[test]
    fn webex_words_are_told_to_who_sets_up_and_never_of_a_message() {
        let body = br#"{"message": "Invalid: my secret plan", "trackingId": "my secret plan"}"#;
        let now = Timestamp::UNIX_EPOCH;
        for status in (400..600).filter_map(|status| StatusCode::from_u16(status).ok()) {
            let error = || ApiError::of(status, &HeaderMap::new(), body, now);
            for told in [
                SendError::from(error()).to_string(),
                ReadError::from(error()).to_string(),
                FileError::from(error()).to_string(),
            ] {
                assert!(!told.contains("plan"), "{status}: {told}");
            }
        }
        let forbidden = ApiError::of(StatusCode::FORBIDDEN, &HeaderMap::new(), body, now);
        let told = SetupError::from(forbidden).to_string();
        assert!(told.contains("moderator") && told.contains("my secret plan"), "{told}");
    }
}

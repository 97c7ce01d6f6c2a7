//! What Webex's refusals mean: a status and `{"message": "…", "trackingId": "…"}`.

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
    /// The authorization is gone.
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
            StatusCode::UNAUTHORIZED => Self::Revoked(message),
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

    /// The refusal, for people; no content in it.
    fn words(&self) -> String {
        match self {
            Self::Limited(until) => format!("Webex asked to wait until {until}"),
            Self::Scanned(_) => "Webex is scanning the file for malware".to_owned(),
            Self::Revoked(reason) => format!("Webex does not accept the token ({reason})"),
            Self::Server(status) => format!("Webex answered with {status}"),
            Self::Unclear(reason) => reason.clone(),
            Self::Failed(error) => error.to_string(),
            Self::Cabinet(error) => error.to_string(),
            Self::Refused { status, message } => {
                let short: String = message.chars().take(300).collect();
                let meant = match *status {
                    StatusCode::FORBIDDEN => {
                        "Webex does not let the service user do this: look at the space's \
                         moderation, at the integration's scopes, and at what the organization's \
                         admins forbid"
                    }
                    StatusCode::NOT_FOUND => {
                        "it does not exist any more, or the service user is not in the space"
                    }
                    _ => return format!("Webex refused: {short} ({status})"),
                };
                format!("{meant} ({status}: {short})")
            }
        }
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
    fn a_refusal_is_told_in_webex_words_and_with_the_mend() {
        let body = br#"{"message": "Only moderators can post.", "trackingId": "R"}"#;
        let now = Timestamp::UNIX_EPOCH;
        let error = ApiError::of(StatusCode::FORBIDDEN, &HeaderMap::new(), body, now);
        let words = SendError::from(error).to_string();
        assert!(words.contains("moderation") && words.contains("Only moderators"), "{words}");
    }
}

//! Why a call to Graph failed, and what that means to whoever made it: one table.

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use rialto_platform::{
    CabinetError, FileError, HoldScope, ReadError, SendError, SetupError, http as calls,
};

use crate::{said::Said, wire::ErrorAnswer};

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// Only an admin can mend it, by connecting again.
    #[error("the authorization is gone: {0}")]
    Revoked(String),
    /// Graph refuses; the status and what is understood of its words tell of what kind.
    #[error("{reason}")]
    Refused { status: StatusCode, said: Said, reason: String },
    /// Graph asks to wait. `wide` when it is about more than the conversation.
    #[error("asked to wait until {until}")]
    Throttled { until: Timestamp, wide: bool },
    /// Graph failed, perhaps after doing it.
    #[error("{0}")]
    Server(String),
    /// The call never reached Graph.
    #[error("{0}")]
    NotSent(String),
    /// No answer: perhaps done.
    #[error("{0}")]
    NoAnswer(String),
    /// The answer cannot be read: done, but the result is lost.
    #[error("{0}")]
    Unreadable(String),
}

impl Fault {
    /// Reads an answer that is no success. What Graph wrote freely is not kept: it may quote the message.
    pub fn of(status: StatusCode, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Self {
        let answer: ErrorAnswer = serde_json::from_slice(body).unwrap_or_default();
        let said = Said::of(&answer);
        let mut reason = format!("Graph answered {status}");
        for more in [answer.code().to_owned(), said.to_string()] {
            if !more.is_empty() {
                reason.push_str(": ");
                reason.push_str(&more);
            }
        }
        let asks_to_wait = headers.contains_key(http::header::RETRY_AFTER);
        match status.as_u16() {
            429 => Self::Throttled { until: calls::retry_after(headers, now), wide: false },
            // Of what else is away, each call says so itself. A 504 is no throttling, even with such a
            // wish: who was to do it did not answer in time, and may have done it.
            503 if asks_to_wait => {
                Self::Throttled { until: calls::retry_after(headers, now), wide: false }
            }
            500..=599 => Self::Server(reason),
            _ => Self::Refused { status, said, reason },
        }
    }

    /// Of a call for which nobody answered.
    pub fn unanswered(error: &reqwest::Error) -> Self {
        match calls::call_failed(error) {
            SendError::Transient(reason) => Self::NotSent(reason),
            other => Self::NoAnswer(other.to_string()),
        }
    }

    /// Whether what was asked about does not exist.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Refused { status, .. }
            if matches!(*status, StatusCode::NOT_FOUND | StatusCode::GONE))
    }

    /// What is asked about was deleted, as Graph shows what is.
    pub fn deleted() -> Self {
        let reason = "the message was deleted".into();
        Self::Refused { status: StatusCode::BAD_REQUEST, said: Said::Deleted, reason }
    }

    /// Whether Graph says that it is deleted.
    pub fn is_deleted(&self) -> bool {
        matches!(self, Self::Refused { said: Said::Deleted, .. })
    }

    /// Whether it exists already.
    pub fn is_there_already(&self) -> bool {
        matches!(self, Self::Refused { status, said, .. }
            if *status == StatusCode::CONFLICT
                || *status == StatusCode::BAD_REQUEST && *said == Said::Exists)
    }

    /// When the platform wants to be asked again.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Throttled { until, .. } => Some(*until),
            _ => None,
        }
    }

    /// What it means to a lane.
    pub fn to_send(&self) -> SendError {
        match self {
            Self::Revoked(reason) => SendError::Revoked(reason.clone()),
            Self::Throttled { until, wide } => SendError::RateLimited {
                until: *until,
                scope: if *wide { HoldScope::Connection } else { HoldScope::Conversation },
            },
            Self::Server(reason) | Self::NoAnswer(reason) | Self::Unreadable(reason) => {
                SendError::Unknown(reason.clone())
            }
            Self::NotSent(reason) => SendError::Transient(reason.clone()),
            Self::Refused { status, said, reason } => match status.as_u16() {
                404 | 410 => {
                    SendError::Permanent(format!("the channel or message is gone ({reason})"))
                }
                408 | 409 | 412 | 423 => SendError::Transient(reason.clone()),
                403 => SendError::Permanent(forbidden(said, reason)),
                413 => SendError::Permanent(format!("the message is too large ({reason})")),
                _ => SendError::Permanent(reason.clone()),
            },
        }
    }

    /// What it means to a reader.
    pub fn to_read(&self) -> ReadError {
        self.to_send().into()
    }

    /// What it means to an admin who sets up.
    pub fn to_setup(&self) -> SetupError {
        self.to_read().into()
    }

    /// What it means to a file.
    pub fn to_file(&self) -> FileError {
        self.to_read().into()
    }
}

impl From<CabinetError> for Fault {
    fn from(error: CabinetError) -> Self {
        Self::NotSent(error.to_string())
    }
}

/// Graph says that a permission is missing in some answers and hides it in others.
fn forbidden(said: &Said, reason: &str) -> String {
    match said {
        Said::Lacks(_) => format!("a permission is missing: {reason}"),
        _ => {
            format!("not allowed; is the service user a member, and was consent given? ({reason})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_a_decision() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let body = br#"{"error":{"code":"Forbidden","message":"Missing scope permissions on the request. API requires one of 'ChannelMessage.Send'."}}"#;
        for (status, retry_after, expected) in [
            (400, None, "Permanent"),
            (403, None, "Permanent"),
            (404, None, "Permanent"),
            (409, None, "Transient"),
            (412, None, "Transient"),
            (413, None, "Permanent"),
            (423, None, "Transient"),
            (429, Some("7"), "RateLimited Conversation 2026-11-22T10:00:07Z"),
            (429, None, "RateLimited Conversation 2026-11-22T10:00:05Z"),
            (500, None, "Unknown"),
            (502, None, "Unknown"),
            (503, None, "Unknown"),
            (503, Some("9"), "RateLimited Conversation 2026-11-22T10:00:09Z"),
            (504, Some("9"), "Unknown"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(seconds) = retry_after {
                headers.insert("retry-after", seconds.parse().unwrap());
            }
            let fault = Fault::of(StatusCode::from_u16(status).unwrap(), &headers, body, now);
            let decision = match fault.to_send() {
                SendError::RateLimited { until, scope } => format!("RateLimited {scope:?} {until}"),
                SendError::Transient(_) => "Transient".into(),
                SendError::Unknown(_) => "Unknown".into(),
                SendError::Revoked(_) => "Revoked".into(),
                SendError::Permanent(_) | SendError::NoThread(_) | SendError::NoUpload(_) => {
                    "Permanent".into()
                }
            };
            assert_eq!(decision, expected, "{status}");
        }
        let fault = Fault::of(StatusCode::FORBIDDEN, &HeaderMap::new(), body, now);
        assert!(fault.to_send().to_string().contains("ChannelMessage.Send"), "{fault}");
    }

    #[test]
    fn what_graph_quotes_is_not_kept() {
        let now = Timestamp::UNIX_EPOCH;
        for body in [
            r#"{"error":{"code":"BadRequest","message":"Invalid body: my secret plan"}}"#,
            r#"{"error":{"code":"my secret plan","message":"my secret plan already exists"}}"#,
            r#"{"error":"my secret plan","error_description":"my secret plan"}"#,
            "my secret plan",
        ] {
            for status in (400..600).filter_map(|status| StatusCode::from_u16(status).ok()) {
                let fault = Fault::of(status, &HeaderMap::new(), body.as_bytes(), now);
                for told in [
                    format!("{fault:?}"),
                    fault.to_send().to_string(),
                    fault.to_read().to_string(),
                    fault.to_file().to_string(),
                    fault.to_setup().to_string(),
                ] {
                    assert!(!told.contains("plan"), "{status}: {told}");
                }
            }
        }
    }
}

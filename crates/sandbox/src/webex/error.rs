//! Refusals in Webex's own words: `{"message", "errors": [{"description"}], "trackingId"}`.

use serde_json::{Value, json};

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Fail {
    pub(crate) status: u16,
    pub(crate) message: String,
    /// Seconds for `Retry-After`.
    pub(crate) retry_after: Option<u64>,
}

impl Fail {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry_after: None }
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    /// A field is missing.
    pub(crate) fn missing(field: &str) -> Self {
        Self::bad(format!("{field} cannot be null or empty."))
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, message)
    }

    /// There is nothing like that, or not for the caller: Webex does not say which.
    pub(crate) fn none(what: &str) -> Self {
        Self::new(404, format!("Could not find a {what} with provided ID."))
    }

    /// Try again after this many seconds.
    pub(crate) fn later(status: u16, message: impl Into<String>, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(status, message) }
    }

    pub(crate) fn body(&self, tracking: &str) -> Value {
        json!({"message": self.message, "errors": [{"description": self.message}],
            "trackingId": tracking})
    }
}

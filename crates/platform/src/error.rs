//! Errors that say what to do.

use jiff::Timestamp;

use crate::CabinetError;

/// Why a call that changes something did not, or may not have: the lane has one action for each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Nothing was done; the platform asked to wait.
    #[error("asked to wait until {until}")]
    RateLimited {
        /// Not before this time.
        until: Timestamp,
        /// What must wait.
        scope: HoldScope,
    },
    /// Nothing was done; the same call may succeed later.
    #[error("{0}")]
    Transient(String),
    /// Nobody knows whether it was done: look before sending again.
    #[error("no answer, perhaps done: {0}")]
    Unknown(String),
    /// Nothing was done and nothing will be until an admin reconnects.
    #[error("the authorization is gone: {0}")]
    Revoked(String),
    /// Nothing was done: what was to be replied to is gone there. It may be said outside of a thread.
    #[error("{0}")]
    NoThread(String),
    /// Nothing was done: what was uploaded for it cannot be posted, or not any more. It may be uploaded
    /// again.
    #[error("{0}")]
    NoUpload(String),
    /// Nothing was done and the same call can never succeed. The reason is for an admin.
    #[error("{0}")]
    Permanent(String),
}

/// What a platform's request to wait is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldScope {
    /// Writing to this conversation.
    Conversation,
    /// All writing on this connection.
    Connection,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It may be readable later; not before `after`, if the platform said so.
    #[error("{reason}")]
    Transient {
        /// Why.
        reason: String,
        /// The platform's wish.
        after: Option<Timestamp>,
    },
    /// Nothing will be readable until an admin reconnects.
    #[error("the authorization is gone: {0}")]
    Revoked(String),
    /// It can never be read. The reason is for an admin and a metric: no content.
    #[error("{0}")]
    Permanent(String),
}

/// Why a step of setting up did not work, for the admin who tried: what happened, and the mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// A setting is missing or wrong.
    #[error("`{field}`: {problem}")]
    Setting {
        /// The setting, as the manifest names it.
        field: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The platform refused. Says what the admin can do.
    #[error("{0}")]
    Refused(String),
    /// The platform could not be reached or asked to wait.
    #[error("{0}")]
    Unreachable(String),
    /// What was to be remembered could not be.
    #[error(transparent)]
    Cabinet(#[from] CabinetError),
}

/// Why a file did not go. The reason is told to the reader in the file's place, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It can never go.
    #[error("{0}")]
    Refused(String),
    /// It may go later.
    #[error("{reason}")]
    Transient {
        /// Why.
        reason: String,
        /// The platform's wish.
        after: Option<Timestamp>,
    },
    /// The authorization of the side that failed is gone.
    #[error("the authorization is gone: {0}")]
    Revoked(String),
}

impl From<CabinetError> for ReadError {
    fn from(error: CabinetError) -> Self {
        Self::Transient { reason: error.to_string(), after: None }
    }
}

impl From<CabinetError> for SendError {
    fn from(error: CabinetError) -> Self {
        Self::Transient(error.to_string())
    }
}

impl SendError {
    /// What a failed look means to who wanted to send: nothing was changed by it, and nothing is known.
    pub fn looked(error: impl Into<Self>) -> Self {
        match error.into() {
            Self::Unknown(reason) => Self::Transient(reason),
            other => other,
        }
    }
}

impl From<SendError> for ReadError {
    /// Reading may be tried again whenever that is not hopeless.
    fn from(error: SendError) -> Self {
        let reason = error.to_string();
        match error {
            SendError::RateLimited { until, .. } => Self::Transient { reason, after: Some(until) },
            SendError::Transient(reason) | SendError::Unknown(reason) => {
                Self::Transient { reason, after: None }
            }
            SendError::Revoked(reason) => Self::Revoked(reason),
            SendError::NoThread(reason)
            | SendError::NoUpload(reason)
            | SendError::Permanent(reason) => Self::Permanent(reason),
        }
    }
}

impl From<ReadError> for SendError {
    /// A look that failed changed nothing: it is tried again, unless only an admin can help.
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Revoked(reason) => Self::Revoked(reason),
            other => Self::Transient(other.to_string()),
        }
    }
}

impl From<ReadError> for SetupError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Transient { reason, .. } => Self::Unreachable(reason),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// What the calls of a connector fail with, in the vendor's terms. What it means to who wanted to send is
/// the connector's to say, and all else follows from that.
pub trait ApiFailure: Into<SendError> {}

impl<E: ApiFailure> From<E> for ReadError {
    fn from(error: E) -> Self {
        Self::from(error.into())
    }
}

impl<E: ApiFailure> From<E> for FileError {
    fn from(error: E) -> Self {
        Self::from(ReadError::from(error))
    }
}

impl From<ReadError> for FileError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Transient { reason, after } => Self::Transient { reason, after },
            ReadError::Revoked(reason) => Self::Revoked(reason),
            ReadError::Permanent(reason) => Self::Refused(reason),
        }
    }
}

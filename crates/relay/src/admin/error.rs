//! Why an admin's wish was not done: what is wrong, and the mend.

use rialto_platform::{ReadError, SetupError};
use rialto_store::StoreError;

/// Why an admin's wish was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// A field is missing or wrong.
    #[error("`{field}`: {problem}")]
    Invalid {
        /// The field, as it was named in the request.
        field: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// The platform said no; its reason, and what an admin can do.
    #[error("{0}")]
    Refused(String),
    /// The database or a platform cannot be reached now: try again later.
    #[error("{0}")]
    Unavailable(String),
}

impl AdminError {
    /// A field is missing or wrong.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }

    /// Says what is true besides, after the reason: what was done already, what to do next.
    pub(crate) fn adding(self, more: &str) -> Self {
        let and = |reason: String| format!("{reason}. {more}");
        match self {
            Self::Invalid { field, problem } => Self::Invalid { field, problem: and(problem) },
            Self::NotFound(reason) => Self::NotFound(and(reason)),
            Self::Conflict(reason) => Self::Conflict(and(reason)),
            Self::Refused(reason) => Self::Refused(and(reason)),
            Self::Unavailable(reason) => Self::Unavailable(and(reason)),
        }
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) | StoreError::Erased(_) => Self::Conflict(error.to_string()),
            StoreError::NotFound(_) => Self::NotFound(error.to_string()),
            StoreError::Unavailable(_) | StoreError::WrongKey | StoreError::Corrupt(_) => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

impl From<SetupError> for AdminError {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Setting { field, problem } => Self::Invalid { field, problem },
            SetupError::Refused(reason) => Self::Refused(reason),
            SetupError::Unreachable(reason) => Self::Unavailable(reason),
            SetupError::Cabinet(error) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<ReadError> for AdminError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Transient { reason, .. } => Self::Unavailable(reason),
            ReadError::Revoked(_) => {
                Self::Refused(format!("{error}: connect the workspace again (`rialto connect`)"))
            }
            ReadError::Permanent(reason) => Self::Refused(reason),
        }
    }
}

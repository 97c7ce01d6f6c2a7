//! What went wrong inside, and the words for it outside.

use std::path::Path;

use crate::{OpenError, StoreError};

/// A refusal in the port's own words, or whatever the database said.
#[derive(Debug)]
pub(super) enum Fault {
    Refused(StoreError),
    Database(rusqlite::Error),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<OpenError> for Fault {
    fn from(error: OpenError) -> Self {
        Self::Refused(error.into())
    }
}

impl Fault {
    pub(super) fn corrupt(what: impl Into<String>) -> Self {
        Self::Refused(StoreError::Corrupt(what.into()))
    }

    /// In words an admin understands: which file, what is wrong, how to mend it.
    pub(super) fn explain(self, path: &Path) -> StoreError {
        let error = match self {
            Self::Refused(StoreError::Corrupt(what)) => {
                return StoreError::Corrupt(format!("{}: {what}", path.display()));
            }
            Self::Refused(error) => return error,
            Self::Database(error) => error,
        };
        let path = path.display();
        let away = StoreError::Unavailable;
        match primary_code(&error) {
            Some(5 | 6) => {
                away(format!("{path} is locked by another process: stop whatever else has it open"))
            }
            Some(8) => away(format!(
                "{path} is read-only: let the user that Rialto runs as write to the file and its \
                 folder"
            )),
            Some(10) => away(format!(
                "{path} cannot be read or written: check the disk and the system's log ({error})"
            )),
            Some(11) => StoreError::Corrupt(format!(
                "{path} is damaged: stop Rialto and restore a backup ({error})"
            )),
            Some(13) => away(format!(
                "there is no room left for {path}: free some space on its disk, or \
                 raise `database.max_pages` if it is set"
            )),
            Some(14) => away(format!(
                "{path} cannot be opened: the folder must exist, and the user that Rialto runs as \
                 must be allowed to write in it"
            )),
            Some(26) => StoreError::Corrupt(format!(
                "{path} is not a SQLite database: name another file, or restore a backup"
            )),
            _ => match error {
                rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::Utf8Error(..) => StoreError::Corrupt(format!("{path}: {error}")),
                _ => away(format!("{path}: {error}")),
            },
        }
    }
}

/// SQLite's result code without what extends it (<https://www.sqlite.org/rescode.html>).
fn primary_code(error: &rusqlite::Error) -> Option<i32> {
    Some(error.sqlite_error()?.extended_code & 0xFF)
}

//! What can go wrong, told apart by what the caller should do.

/// Why a verb did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be written or read right now: busy, full, read-only, gone. Answer 503
    /// so that the platform sends again, and try later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The key does not open what the database holds.
    #[error(
        "the key does not fit this database: it was made with another one; set RIALTO_KEY or \
         `keys.file` to the key that `rialto keys init` wrote for it"
    )]
    WrongKey,
    /// What the database holds cannot be understood.
    #[error("the database holds something unexpected: {0}")]
    Corrupt(String),
    /// The change contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// There is no such thing.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The content was erased when its time was over.
    #[error("the content of {0} is erased: it was kept for its time and is gone")]
    Erased(String),
}

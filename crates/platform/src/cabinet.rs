//! What a connector keeps for itself about a connection.

use async_trait::async_trait;
use secrecy::SecretString;

/// The cabinet could not be read or written; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what Rialto remembers about the connection is unavailable: {0}")]
pub struct CabinetError(pub String);

/// Sealed entries of one connection: tokens, certificates, subscriptions.
///
/// When `put` returns, the entry is on disk: a single-use refresh token's successor is put before
/// anything else is done with it.
#[async_trait]
pub trait Cabinet: Send + Sync + 'static {
    /// One entry.
    async fn get(&self, key: &str) -> Result<Option<SecretString>, CabinetError>;
    /// All entries whose key begins so, by key.
    async fn list(&self, prefix: &str) -> Result<Vec<(String, SecretString)>, CabinetError>;
    /// Keeps an entry.
    async fn put(&self, key: &str, value: SecretString) -> Result<(), CabinetError>;
    /// Forgets an entry, if there is one.
    async fn remove(&self, key: &str) -> Result<(), CabinetError>;
}

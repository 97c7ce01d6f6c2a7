//! A connector's cabinet, kept in the store.

use std::sync::Arc;

use async_trait::async_trait;
use rialto_model::ConnectionId;
use rialto_platform::{Cabinet, CabinetError};
use rialto_store::{Store, StoreError};
use secrecy::SecretString;

/// The entries of one connection.
pub(crate) struct StoreCabinet {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) connection: ConnectionId,
}

#[async_trait]
impl Cabinet for StoreCabinet {
    async fn get(&self, key: &str) -> Result<Option<SecretString>, CabinetError> {
        self.store.cabinet_get(self.connection, key).await.map_err(unavailable)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<(String, SecretString)>, CabinetError> {
        self.store.cabinet_list(self.connection, prefix).await.map_err(unavailable)
    }

    async fn put(&self, key: &str, value: SecretString) -> Result<(), CabinetError> {
        self.store.cabinet_put(self.connection, key, value).await.map_err(unavailable)
    }

    async fn remove(&self, key: &str) -> Result<(), CabinetError> {
        self.store.cabinet_remove(self.connection, key).await.map_err(unavailable)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unavailable(error: StoreError) -> CabinetError {
    CabinetError(error.to_string())
}

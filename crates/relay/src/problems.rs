//! What an admin should know about connections, until it is mended.

use std::collections::HashMap;

use parking_lot::Mutex;
use rialto_model::ConnectionId;

/// What the last round of upkeep found: gone with the next.
#[derive(Default)]
pub(crate) struct Problems(Mutex<HashMap<ConnectionId, Vec<String>>>);

impl Problems {
    /// Takes what a round of upkeep found, in place of what the round before found.
    pub(crate) fn found(&self, connection: ConnectionId, problems: Vec<String>) {
        self.0.lock().insert(connection, problems);
    }

    /// Forgets what was found: the connection was renewed.
    pub(crate) fn mended(&self, connection: ConnectionId) {
        self.0.lock().remove(&connection);
    }

    /// All that is known.
    pub(crate) fn of(&self, connection: ConnectionId) -> Vec<String> {
        self.0.lock().get(&connection).cloned().unwrap_or_default()
    }
}

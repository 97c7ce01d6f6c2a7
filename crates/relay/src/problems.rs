//! What an admin should know about connections, until it is mended.

use std::collections::HashMap;

use parking_lot::Mutex;
use rialto_model::ConnectionId;

/// How many are kept of one connection; the oldest go first.
const KEPT: usize = 20;

#[derive(Default)]
pub(crate) struct Problems(Mutex<HashMap<ConnectionId, OfConnection>>);

#[derive(Default)]
struct OfConnection {
    /// What the last round of upkeep found: gone with the next.
    upkeep: Vec<String>,
    /// What was noted since the start.
    noted: Vec<String>,
}

impl Problems {
    /// Takes what a round of upkeep found, in place of what the round before found.
    pub(crate) fn found(&self, connection: ConnectionId, problems: Vec<String>) {
        self.0.lock().entry(connection).or_default().upkeep = problems;
    }

    /// Notes a problem, once.
    pub(crate) fn note(&self, connection: ConnectionId, problem: String) {
        let mut all = self.0.lock();
        let noted = &mut all.entry(connection).or_default().noted;
        if !noted.contains(&problem) {
            if noted.len() >= KEPT {
                noted.remove(0);
            }
            noted.push(problem);
        }
    }

    /// Forgets what was noted: the connection was renewed.
    pub(crate) fn mended(&self, connection: ConnectionId) {
        self.0.lock().remove(&connection);
    }

    /// All that is known.
    pub(crate) fn of(&self, connection: ConnectionId) -> Vec<String> {
        let all = self.0.lock();
        let of = all.get(&connection);
        of.map(|of| of.upkeep.iter().chain(&of.noted).cloned().collect()).unwrap_or_default()
    }
}

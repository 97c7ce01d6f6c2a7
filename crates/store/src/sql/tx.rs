//! The writer's open transaction.

use std::collections::HashMap;

use rialto_model::ConversationRef;
use rusqlite::Connection as Database;

use super::{
    Fault,
    lately::Settling,
    query::{Query, query},
};

/// Conversations whose numbers are remembered; beyond that all are forgotten and looked up again.
const REMEMBERED: usize = 50_000;

pub(super) struct Tx {
    pub(super) database: Database,
    /// Forgotten at every rollback, which may have undone the newest of them.
    numbers: HashMap<ConversationRef, i64>,
    /// How many rows more wait to be planned or delivered than when it was opened. Deliveries that are
    /// cancelled do not lower it: only its growth within 300 ms is looked at.
    pub(super) pile: i64,
    pub(super) settling: Settling,
}

impl Tx {
    pub(super) fn new(database: Database) -> Self {
        Self { database, numbers: HashMap::new(), pile: 0, settling: Settling::default() }
    }

    /// Runs a statement; gives how many rows it touched.
    pub(super) fn run(&self, query: Query<'_>) -> Result<u64, Fault> {
        query.run(&self.database)
    }

    /// Whether the query finds anything.
    pub(super) fn finds(&self, query: Query<'_>) -> Result<bool, Fault> {
        Ok(query.maybe(&self.database, |_| Ok(()))?.is_some())
    }

    /// The number of a conversation, given when it is first met.
    pub(super) fn number(&mut self, at: &ConversationRef) -> Result<i64, Fault> {
        if let Some(number) = self.numbers.get(at) {
            return Ok(*number);
        }
        let (connection, remote) = (at.connection.uuid(), at.conversation.as_str());
        let insert = query(
            "INSERT INTO conversations (connection, remote) VALUES ($1, $2)
             ON CONFLICT (connection, remote) DO NOTHING",
        );
        self.run(insert.bind(connection).bind(remote))?;
        let number = known_number(&self.database, at)?;
        let number = number.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        if self.numbers.len() >= REMEMBERED {
            self.numbers.clear();
        }
        self.numbers.insert(at.clone(), number);
        Ok(number)
    }

    pub(super) fn forget(&mut self) {
        self.numbers.clear();
    }
}

/// The number of a conversation, if it was met.
pub(super) fn known_number(
    database: &Database,
    at: &ConversationRef,
) -> Result<Option<i64>, Fault> {
    let select = query("SELECT number FROM conversations WHERE connection = $1 AND remote = $2");
    let select = select.bind(at.connection.uuid()).bind(at.conversation.as_str());
    select.maybe(database, |columns| columns.next())
}

//! The writer's open transaction.

use std::collections::HashMap;

use rialto_model::ConversationRef;
use sqlx::{SqliteConnection, sqlite::SqliteArguments};

use super::{Fault, values::Columns};

/// Conversations whose numbers are remembered; beyond that all are forgotten and looked up again.
const REMEMBERED: usize = 50_000;

pub(super) struct Tx {
    pub(super) connection: SqliteConnection,
    /// Forgotten at every rollback, which may have undone the newest of them.
    numbers: HashMap<ConversationRef, i64>,
}

pub(super) type Query = sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>;

impl Tx {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        Self { connection, numbers: HashMap::new() }
    }

    /// Runs a statement; gives how many rows it touched.
    pub(super) async fn run(&mut self, query: Query) -> Result<u64, Fault> {
        Ok(query.execute(&mut self.connection).await?.rows_affected())
    }

    /// Whether the query finds anything.
    pub(super) async fn finds(&mut self, query: Query) -> Result<bool, Fault> {
        Ok(query.fetch_optional(&mut self.connection).await?.is_some())
    }

    /// The number of a conversation, given when it is first met.
    pub(super) async fn number(&mut self, at: &ConversationRef) -> Result<i64, Fault> {
        if let Some(number) = self.numbers.get(at) {
            return Ok(*number);
        }
        let connection = at.connection.uuid();
        let insert = sqlx::query(
            "INSERT INTO conversations (connection, remote) VALUES ($1, $2)
             ON CONFLICT (connection, remote) DO NOTHING",
        );
        self.run(insert.bind(&connection.as_bytes()[..]).bind(at.conversation.as_str())).await?;
        let select =
            sqlx::query("SELECT number FROM conversations WHERE connection = $1 AND remote = $2")
                .bind(&connection.as_bytes()[..])
                .bind(at.conversation.as_str());
        let row = select.fetch_one(&mut self.connection).await?;
        let number = Columns::of(&row).next()?;
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

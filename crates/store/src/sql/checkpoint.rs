//! Folding the write-ahead log into the database file.
//!
//! SQLite's own checkpoint runs inside a commit and makes it wait for two more fsyncs and thousands
//! of pages. Here a connection of its own does the work beside the writer. The log starts over only
//! when all of it has been folded, which under constant load never comes by itself: so the last
//! small step is taken while the writer waits at the gate.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tokio::{
    sync::Mutex,
    time::{MissedTickBehavior, interval},
};

use super::{Fault, Tx, values::Columns};

const EVERY: Duration = Duration::from_millis(250);
/// From so many pages (of 4096 bytes) on the log is made to start over.
const LONG: i64 = 2_000;
/// How often, and how long apart, the log is tried to be emptied at the end.
const CLOSING_TRIES: u32 = 100;
const CLOSING_PAUSE: Duration = Duration::from_millis(10);

pub(super) async fn run(
    options: SqliteConnectOptions,
    gate: Arc<Mutex<()>>,
    commits: Arc<AtomicU64>,
) {
    // A checkpoint that finds the file in use is tried again at the next tick.
    let options = options.busy_timeout(Duration::ZERO);
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connection = None;
    let (mut seen, mut emptied) = (0, true);
    loop {
        ticks.tick().await;
        let now = commits.load(Ordering::Relaxed);
        if now == seen && emptied {
            continue;
        }
        let step = async {
            let connection = match &mut connection {
                Some(connection) => connection,
                none => none.insert(options.connect().await?),
            };
            if now == seen {
                // Quiet: what was erased shall not linger in the log either.
                let _closed = gate.lock().await;
                return Ok(!Log::fold(connection, "PRAGMA wal_checkpoint(TRUNCATE)").await?.busy);
            }
            let log = Log::fold(connection, "PRAGMA wal_checkpoint(PASSIVE)").await?;
            if log.pages > LONG {
                Log::fold(connection, "PRAGMA wal_checkpoint(PASSIVE)").await?;
                let _closed = gate.lock().await;
                Log::fold(connection, "PRAGMA wal_checkpoint(PASSIVE)").await?;
            }
            Ok::<_, Fault>(false)
        };
        let result = step.await;
        seen = now;
        match result {
            Ok(empty) => emptied = empty,
            Err(fault) => {
                // The writer meets the same trouble and tells of it; here it is tried again.
                tracing::debug!(?fault, "the write-ahead log could not be folded");
                emptied = false;
                connection = None;
            }
        }
    }
}

/// Empties the log on the writer's own connection and closes it.
pub(super) async fn at_close(tx: Option<Tx>) {
    let Some(mut tx) = tx else { return };
    for _ in 0..CLOSING_TRIES {
        match Log::fold(&mut tx.connection, "PRAGMA wal_checkpoint(TRUNCATE)").await {
            Ok(Log { busy: false, .. }) => break,
            // A reader, or the checkpointer, has not let go yet.
            Ok(_) => tokio::time::sleep(CLOSING_PAUSE).await,
            Err(fault) => {
                tracing::warn!(
                    ?fault,
                    "the write-ahead log stays beside the database until the next start"
                );
                break;
            }
        }
    }
    let _ = tx.connection.close().await;
}

struct Log {
    busy: bool,
    pages: i64,
}

impl Log {
    async fn fold(connection: &mut SqliteConnection, how: &'static str) -> Result<Self, Fault> {
        let row: SqliteRow = sqlx::query(how).fetch_one(connection).await?;
        let mut columns = Columns::of(&row);
        Ok(Self { busy: columns.flag()?, pages: columns.next()? })
    }
}

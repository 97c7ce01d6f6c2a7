//! One thread that writes to SQLite and commits in groups, with fsync: as little as can be done to
//! keep something.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};

/// What waits for the next commit at most.
const QUEUE: usize = 4_096;
/// What one commit takes at most.
const BATCH: usize = 256;

/// Something to keep.
pub(super) struct Row {
    /// Unique.
    pub(super) key: String,
    pub(super) payload: Vec<u8>,
}

enum Command {
    /// Answered with its place, or with none when the key is known.
    Keep(Row, oneshot::Sender<Option<i64>>),
    /// What was delivered: the row's place and the post's time.
    Delivered(i64, String, oneshot::Sender<Option<i64>>),
}

/// The thread's address.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Command>);

impl Writer {
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let database = Connection::open(folder.join("ceiling.db"))?;
        database.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             CREATE TABLE inbox (
                 seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
                 payload BLOB, remote TEXT
             );",
        )?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        std::thread::Builder::new().name("writer".into()).spawn(move || {
            // Whoever waits sees that it ended: their answer never comes.
            let _ = serve(&database, receiver);
        })?;
        Ok(Self(sender))
    }

    /// Keeps a row; gives its place once it is on disk.
    pub(super) async fn keep(&self, row: Row) -> Option<i64> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Command::Keep(row, answer)).await.ok()?;
        answered.await.ok()?
    }

    /// Marks a row as delivered.
    pub(super) async fn delivered(&self, seq: i64, remote: String) {
        let (answer, answered) = oneshot::channel();
        if self.0.send(Command::Delivered(seq, remote, answer)).await.is_ok() {
            let _ = answered.await;
        }
    }
}

fn serve(database: &Connection, mut commands: mpsc::Receiver<Command>) -> Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    while commands.blocking_recv_many(&mut batch, BATCH) > 0 {
        let mut answers = Vec::with_capacity(batch.len());
        database.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for command in batch.drain(..) {
            match command {
                Command::Keep(row, answer) => {
                    let mut insert = database.prepare_cached(
                        "INSERT INTO inbox (key, payload) VALUES (?1, ?2)
                         ON CONFLICT (key) DO NOTHING",
                    )?;
                    let new = insert.execute(params![row.key, row.payload])? == 1;
                    answers.push((answer, new.then(|| database.last_insert_rowid())));
                }
                Command::Delivered(seq, remote, answer) => {
                    let mut update = database.prepare_cached(
                        "UPDATE inbox SET payload = NULL, remote = ?2 WHERE seq = ?1",
                    )?;
                    update.execute(params![seq, remote])?;
                    answers.push((answer, Some(seq)));
                }
            }
        }
        database.prepare_cached("COMMIT")?.execute([])?;
        for (answer, outcome) in answers {
            let _ = answer.send(outcome);
        }
    }
    Ok(())
}

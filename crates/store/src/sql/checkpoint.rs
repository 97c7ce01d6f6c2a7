//! What is done beside the writer: folding the write-ahead log into the database file, and giving
//! memory back when nothing is written.
//!
//! SQLite's own checkpoint runs inside a commit and makes it wait for two more fsyncs and thousands
//! of pages. Here a thread of its own does the work beside the writer. The log starts over only
//! when all of it has been folded, which under constant load never comes by itself: so the last
//! small step is taken while the writer waits at the gate.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use parking_lot::Mutex;
use rusqlite::Connection as Database;

use super::{
    Fault,
    open::Opening,
    query::query,
    readers::Readers,
    writer::{Command, WeakQueue},
};

const EVERY: Duration = Duration::from_millis(250);
/// From so many pages (of 4096 bytes) on the log is made to start over.
const LONG: i64 = 2_000;
/// So many pages, and what comes while they are folded, may be left to do while the writer waits.
const FEW: i64 = 200;
/// How often that is tried for.
const TRIES: usize = 16;
/// What was written since a reader began is held back until it ends: readers are short.
const READER: Duration = Duration::from_millis(1);

/// After so many times [`EVERY`] without a commit, and again after as many, what connections keep in
/// memory to be fast is given back: two seconds.
const REST: u64 = 8;

const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// What the writer and the thread have in common.
#[derive(Clone, Default)]
pub(super) struct Gate {
    /// Held during a batch, and by the checkpointer for the last of its steps.
    pub(super) closed: Arc<Mutex<()>>,
    pub(super) commits: Arc<AtomicU64>,
}

/// Those who have connections of their own.
pub(super) struct Others {
    /// Does not keep the writer going.
    pub(super) writer: WeakQueue,
    pub(super) readers: Arc<Readers>,
}

impl Others {
    fn let_go(&self) {
        self.readers.let_go();
        if let Some(writer) = self.writer.upgrade() {
            // A full queue is no rest.
            let _ = writer.try_send(Command::Rest);
        }
    }
}

/// The thread; it goes on until it is stopped.
pub(super) struct Checkpointer {
    /// Dropped to stop it.
    going: Sender<()>,
    thread: JoinHandle<()>,
}

impl Checkpointer {
    pub(super) fn start(opening: Opening, gate: Gate, others: Others) -> io::Result<Self> {
        let (going, stopped) = channel();
        let thread = thread::Builder::new()
            .name("rialto-fold".into())
            .spawn(move || run(&opening.without_patience(), &gate, &others, &stopped))?;
        Ok(Self { going, thread })
    }

    pub(super) fn stop(self) {
        drop(self.going);
        // It panics never; if it did, the log is emptied without it.
        let _ = self.thread.join();
    }
}

fn run(opening: &Opening, gate: &Gate, others: &Others, stopped: &Receiver<()>) {
    let mut database = None;
    let (mut seen, mut emptied, mut quiet) = (0, true, 0_u64);
    while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        let now = gate.commits.load(Ordering::Relaxed);
        if now == seen && emptied {
            quiet += 1;
            if quiet.is_multiple_of(REST) {
                database = None;
                others.let_go();
            }
            continue;
        }
        quiet = 0;
        let result = step(&mut database, opening, gate, stopped, now == seen);
        seen = now;
        match result {
            Ok(empty) => emptied = empty,
            Err(fault) => {
                // The writer meets the same trouble and tells of it; here it is tried again.
                tracing::debug!(?fault, "the write-ahead log could not be folded");
                emptied = false;
                database = None;
            }
        }
    }
}

/// Whether the log is empty then.
fn step(
    database: &mut Option<Database>,
    opening: &Opening,
    gate: &Gate,
    stopped: &Receiver<()>,
    quiet: bool,
) -> Result<bool, Fault> {
    let database = match database {
        Some(database) => database,
        none => none.insert(opening.open()?),
    };
    if quiet {
        // What was erased shall not linger in the log either.
        let _closed = gate.closed.lock();
        return Ok(!Log::fold(database, "PRAGMA wal_checkpoint(TRUNCATE)")?.busy);
    }
    let log = Log::fold(database, PASSIVE)?;
    if log.pages > LONG {
        fold_nearly_all(database, stopped, log.folded)?;
        let _closed = gate.closed.lock();
        Log::fold(database, PASSIVE)?;
    }
    Ok(false)
}

/// Folds what was written meanwhile, again and again, until little of it is left.
fn fold_nearly_all(
    database: &Database,
    stopped: &Receiver<()>,
    mut folded: i64,
) -> Result<(), Fault> {
    for _ in 0..TRIES {
        let log = Log::fold(database, PASSIVE)?;
        if log.pages - folded <= FEW {
            break;
        }
        if log.folded < log.pages {
            let _ = stopped.recv_timeout(READER);
        }
        folded = log.folded;
    }
    Ok(())
}

/// Empties the log at the end, on the writer's own connection: it waits for readers that have not
/// let go yet.
pub(super) fn at_close(database: &Database) {
    let folded = Log::fold(database, "PRAGMA wal_checkpoint(TRUNCATE)");
    if !matches!(folded, Ok(Log { busy: false, .. })) {
        let fault = folded.err();
        tracing::warn!(
            ?fault,
            "the write-ahead log stays beside the database until the next start"
        );
    }
}

struct Log {
    busy: bool,
    pages: i64,
    /// How many of them are in the file by now.
    folded: i64,
}

impl Log {
    fn fold(database: &Database, how: &'static str) -> Result<Self, Fault> {
        query(how).one(database, |columns| {
            let (busy, pages, folded) = (columns.flag()?, columns.next()?, columns.next()?);
            Ok(Self { busy, pages, folded })
        })
    }
}

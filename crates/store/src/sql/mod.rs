//! The port on SQLite.
//!
//! One thread writes: it takes what waits, webhooks first (`waiting`), runs it in one transaction,
//! commits once (`writer`) and then answers all (`answers`). Readers have connections of their own
//! (`readers`). The write-ahead log is folded into the file from a third side (`checkpoint`), so
//! that writing does not wait for it; from there everybody's memory is given back when nothing is
//! written. Statements keep to what PostgreSQL understands too; PRAGMAs and the schema do not.

mod answers;
mod at_rest;
mod checkpoint;
mod fault;
mod flood;
mod inbox;
mod lately;
mod open;
mod people;
mod plan;
mod port;
mod query;
mod readers;
mod reseal;
mod sealed;
mod setup;
mod sweeps;
mod syncs;
mod tx;
mod values;
mod views;
mod waiting;
mod work;
mod writer;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rialto_model::OrganizationId;
use tokio::sync::oneshot;

pub use at_rest::{AtRest, at_rest};

use self::{
    fault::Fault,
    readers::Readers,
    tx::Tx,
    writer::{Command, Kind, Queue},
};
use crate::{Now, StoreError, Vault};

/// How to open a database.
#[derive(Clone, Debug)]
pub struct SqlOptions {
    path: PathBuf,
    max_page_count: Option<u32>,
}

impl SqlOptions {
    /// The database in this file; made when there is none, readable for its owner alone.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), max_page_count: None }
    }

    /// Refuses to grow beyond so many pages of 4096 bytes: a full disk for tests.
    pub fn max_page_count(mut self, pages: u32) -> Self {
        self.max_page_count = Some(pages);
        self
    }
}

/// Durable state in a SQLite file.
///
/// Dropping it lets what was begun come to its end in the background; [`SqlStore::close`] waits.
pub struct SqlStore {
    path: Arc<Path>,
    vault: Arc<Vault>,
    now: Now,
    organization: OrganizationId,
    queue: Queue,
    readers: Arc<Readers>,
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlStore({})", self.path.display())
    }
}

impl SqlStore {
    /// Finishes what was begun and folds the write-ahead log into the file. Afterwards verbs that
    /// write answer `Unavailable`.
    pub async fn close(&self) {
        let (answer, closed) = oneshot::channel();
        if self.queue.send(Command::Close(answer)).await.is_ok() {
            // An error means that the writer has ended already: what was to be.
            let _ = closed.await;
        }
        self.readers.close();
    }

    /// Runs a verb in the writer's next transaction and waits for the commit. It may be run twice,
    /// the first time undone: when a neighbour in the same transaction fails.
    async fn write<T, F>(&self, verb: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, Fault> + Send + 'static,
    {
        self.write_as(Kind::Step, verb).await
    }

    async fn write_as<T, F>(&self, kind: Kind, verb: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, Fault> + Send + 'static,
    {
        let (verb, answer) = writer::queued(kind, verb);
        self.queue.send(Command::Verb(verb)).await.map_err(|_| self.closed())?;
        answer.await.map_err(|_| self.closed())?
    }

    fn explained<T>(&self, result: Result<T, Fault>) -> Result<T, StoreError> {
        result.map_err(|fault| fault.explain(&self.path))
    }

    fn closed(&self) -> StoreError {
        StoreError::Unavailable(format!("{} is closed", self.path.display()))
    }
}

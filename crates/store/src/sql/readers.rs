//! Connections that only read.

use std::{mem, sync::Arc};

use parking_lot::Mutex;
use rusqlite::Connection as Database;
use tokio::sync::Semaphore;

use super::{Fault, SqlStore, open::Opening};
use crate::StoreError;

/// Long reads that run at once; more wait for their turn.
const LONG_READS: usize = 4;

pub(super) struct Readers {
    opening: Opening,
    long: Semaphore,
    idle: Mutex<Vec<Database>>,
}

impl Readers {
    pub(super) fn new(opening: Opening) -> Self {
        Self { opening, long: Semaphore::new(LONG_READS), idle: Mutex::default() }
    }

    pub(super) fn close(&self) {
        self.long.close();
        self.let_go();
    }

    /// Closes what nobody reads by at the moment, with its page cache and its statements.
    pub(super) fn let_go(&self) {
        let idle = mem::take(&mut *self.idle.lock());
        // Without the lock: to close takes longer than a look-up.
        drop(idle);
    }

    fn read<T>(&self, read: impl FnOnce(&Database) -> Result<T, Fault>) -> Result<T, Fault> {
        let idle = self.idle.lock().pop();
        let database = match idle {
            Some(database) => database,
            None => self.opening.open()?,
        };
        let result = read(&database);
        if !self.long.is_closed() {
            self.idle.lock().push(database);
        }
        result
    }
}

impl SqlStore {
    /// Looks up what a key leads to, here and now: that takes some microseconds, less than handing
    /// it to another thread and waking up again.
    pub(super) fn look_up<T>(
        &self,
        read: impl FnOnce(&Database) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.explained(self.readers.read(read))
    }

    /// Reads what may be long, on a thread that may be kept.
    pub(super) async fn list<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Database) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _turn = self.readers.long.acquire().await.map_err(|_| self.closed())?;
        let readers = Arc::clone(&self.readers);
        let reading = tokio::task::spawn_blocking(move || readers.read(read));
        let result = reading.await.map_err(|error| {
            StoreError::Unavailable(format!("a read did not come to its end: {error}"))
        })?;
        self.explained(result)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use tokio::time::Instant;

    use super::*;
    use crate::{Key, SqlOptions, Vault};

    #[tokio::test]
    async fn they_are_closed_once_nothing_was_written_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqlOptions::new(folder.path().join("rialto.db"));
        let vault = Vault::new(&Key::generate(&mut rand::rng()));
        let store = SqlStore::open(options, vault, Arc::new(|| Timestamp::UNIX_EPOCH)).await;
        let store = store.unwrap();
        for _ in 0..2 {
            store.list(|_| Ok(())).await.unwrap();
            assert_eq!(store.readers.idle.lock().len(), 1, "one is kept for the next read");
            let asked = Instant::now();
            while !store.readers.idle.lock().is_empty() {
                assert!(asked.elapsed() < Duration::from_secs(20), "it is kept for good");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        store.close().await;
    }
}

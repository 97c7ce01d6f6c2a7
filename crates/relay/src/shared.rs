//! Work that is done one at a time, and once for all who asked for it before it began.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, MutexGuard};

#[derive(Default)]
pub(crate) struct Shared {
    begun: AtomicU64,
    /// The last that was done to its end.
    ended: Mutex<u64>,
}

impl Shared {
    /// Does the work, unless it was done by somebody who began after this was called: they saw all
    /// that it would see.
    ///
    /// # Errors
    /// The work's own; whoever waits then does it themselves.
    pub(crate) async fn run<E>(&self, work: impl Future<Output = Result<(), E>>) -> Result<(), E> {
        let asked = self.begun.load(Ordering::SeqCst);
        let ended = self.ended.lock().await;
        if *ended > asked {
            return Ok(());
        }
        self.go(ended, work).await
    }

    /// Does the work in any case: it sees more than others would.
    ///
    /// # Errors
    /// The work's own.
    pub(crate) async fn alone<E>(
        &self,
        work: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        let ended = self.ended.lock().await;
        self.go(ended, work).await
    }

    async fn go<E>(
        &self,
        mut ended: MutexGuard<'_, u64>,
        work: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        work.await?;
        *ended = number;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, sync::atomic::AtomicUsize};

    use futures_util::future::join_all;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn who_asks_while_it_is_done_shares_the_next_time() {
        let (shared, done, go) = (Shared::default(), AtomicUsize::new(0), Notify::new());
        let once = async || {
            let work = async {
                go.notified().await;
                done.fetch_add(1, Ordering::SeqCst);
                go.notify_one();
                Ok::<_, Infallible>(())
            };
            shared.run(work).await
        };
        let all = join_all((0..10).map(|_| once()));
        let (all, ()) = tokio::join!(all, async { go.notify_one() });
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(done.load(Ordering::SeqCst), 2, "the first began before the others had asked");
        once().await.unwrap();
        assert_eq!(done.load(Ordering::SeqCst), 3, "what is asked for later is done again");
    }

    #[tokio::test]
    async fn what_failed_or_was_dropped_is_done_by_the_next() {
        let shared = Shared::default();
        let waits = tokio::time::timeout(
            std::time::Duration::ZERO,
            shared.run(std::future::pending::<Result<(), Infallible>>()),
        );
        let done = AtomicUsize::new(0);
        let fails = shared.run(async { Err::<(), _>("no") });
        let works = shared.run(async {
            done.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Infallible>(())
        });
        let (dropped, failed, worked) = tokio::join!(waits, fails, works);
        assert!(dropped.is_err() && failed.is_err() && worked.is_ok());
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }
}

//! Who comes first when more comes in than can be worked on: whoever waits for an answer. A platform
//! sends again what is not answered in three seconds, and stops sending at all when that happens
//! often; what is on disk can wait.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::sync::{Notify, Semaphore};

/// From so many webhooks on that wait to be kept, there is a rush.
const RUSH: usize = 24;
/// Conversations that are worked on in a rush: something goes on always.
const MEANWHILE: usize = 2;

/// Webhooks that wait to be kept, and who stands back for them.
pub(crate) struct Admission {
    waiting: AtomicUsize,
    over: Notify,
    meanwhile: Semaphore,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            over: Notify::new(),
            meanwhile: Semaphore::new(MEANWHILE),
        }
    }
}

/// A webhook that waits to be kept, until it is dropped.
pub(crate) struct Waiting<'a>(&'a Admission);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.0.waiting.fetch_sub(1, SeqCst) == RUSH {
            self.0.over.notify_waiters();
        }
    }
}

impl Admission {
    /// Somebody waits for an answer.
    pub(crate) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, SeqCst);
        Waiting(self)
    }

    /// Does something that can wait, and waits with it while there is a rush.
    pub(crate) async fn stand_back<T>(&self, work: impl Future<Output = T>) -> T {
        let over = self.over.notified();
        if self.waiting.load(SeqCst) < RUSH {
            return work.await;
        }
        let turn = tokio::select! {
            () = over => None,
            turn = self.meanwhile.acquire() => turn.ok(),
        };
        let result = work.await;
        drop(turn);
        result
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn in_a_rush_little_goes_on_and_afterwards_everything() {
        let admission = Admission::default();
        let minute = async || tokio::time::sleep(Duration::from_secs(60)).await;
        let work = || admission.stand_back(minute());
        let done = async |count: usize| {
            let all = futures_util::future::join_all((0..count).map(|_| work()));
            tokio::time::timeout(Duration::from_secs(90), all).await.is_ok()
        };
        assert!(done(10).await);
        let rush: Vec<_> = (0..RUSH).map(|_| admission.wait()).collect();
        assert!(done(MEANWHILE).await, "something goes on");
        assert!(!done(10).await, "but not everything");
        let over = async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            drop(rush);
        };
        let (done, ()) = tokio::join!(done(10), over);
        assert!(done, "the rush is over");
    }
}

//! Counts the work that goes on in the background, so that a test can wait for its end instead of sleeping.

use std::sync::Arc;

use tokio::sync::watch;

/// A counter of work under way. Cheap to clone.
#[derive(Clone, Default)]
pub struct Idle(Arc<watch::Sender<usize>>);

/// One piece of work; dropping it ends it.
pub struct Busy(Idle);

impl Idle {
    /// Marks a piece of work as begun, until the answer is dropped.
    pub fn busy(&self) -> Busy {
        self.0.send_modify(|count| *count += 1);
        Busy(self.clone())
    }

    /// How many pieces of work are under way.
    pub fn under_way(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits until nothing is under way.
    pub async fn wait(&self) {
        let mut count = self.0.subscribe();
        // The sender lives in `self`, so the channel cannot be closed while we wait.
        let _ = count.wait_for(|count| *count == 0).await;
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

//! Deeds that several have waited for: one message is said once, and looked for everywhere.

use std::sync::Mutex;

use anyhow::{Result, anyhow};
use tokio::sync::Notify;

/// Those who tell a row on different ways, and do together what is done where it is said.
pub(super) struct Joint {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    /// Who still takes part.
    members: usize,
    /// Who waits for the next deed.
    waiting: usize,
    /// Whether somebody is doing it.
    under_way: bool,
    /// How many deeds are done, and what came of the last.
    done: usize,
    outcome: Result<String, String>,
}

impl Joint {
    pub(super) fn new(members: usize) -> Self {
        let outcome = Ok(String::new());
        let state = State { members, waiting: 0, under_way: false, done: 0, outcome };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Does not take part any more: the others wait for it no longer.
    pub(super) fn leave(&self) {
        self.state().members -= 1;
        self.changed.notify_waiters();
    }

    /// Waits until everybody wants the deed, and has one of them do it. All get what came of it.
    pub(super) async fn once(&self, deed: impl AsyncFnOnce() -> Result<String>) -> Result<String> {
        let number = {
            let mut state = self.state();
            state.waiting += 1;
            state.done
        };
        self.changed.notify_waiters();
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let mine = {
                let mut state = self.state();
                if state.done > number {
                    return state.outcome.clone().map_err(|error| anyhow!(error));
                }
                let mine = state.waiting == state.members && !state.under_way;
                state.under_way |= mine;
                mine
            };
            if mine {
                let outcome = deed().await.map_err(|error| format!("{error:#}"));
                let mut state = self.state();
                state.done += 1;
                state.waiting = 0;
                state.under_way = false;
                state.outcome = outcome.clone();
                drop(state);
                self.changed.notify_waiters();
                return outcome.map_err(|error| anyhow!(error));
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn a_deed_is_done_once_for_all_who_are_left() {
        let (joint, deeds) = (Joint::new(3), AtomicUsize::new(0));
        let member = |gives_up_after: usize| {
            let (joint, deeds) = (&joint, &deeds);
            async move {
                let mut got = Vec::new();
                for _ in 0..gives_up_after {
                    let deed = async || {
                        tokio::task::yield_now().await;
                        Ok(format!("deed {}", deeds.fetch_add(1, Ordering::Relaxed)))
                    };
                    got.push(joint.once(deed).await.unwrap_or_default());
                }
                joint.leave();
                got
            }
        };
        let all = join_all([3, 1, 2].map(member)).await;
        let expected = ["deed 0", "deed 1", "deed 2"];
        assert_eq!(all, [&expected[..3], &expected[..1], &expected[..2]]);
        assert_eq!(deeds.into_inner(), 3);
    }
}

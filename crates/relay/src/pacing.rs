//! Staying below the platforms' published limits, rather than running into them.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

use parking_lot::Mutex;
use rialto_model::{ConnectionId, ConversationRef, Window};
use tokio::time::{Duration, Instant};

/// When posts were made, by conversation and by connection.
#[derive(Default)]
pub(crate) struct Pacer {
    conversations: Mutex<HashMap<ConversationRef, Made>>,
    connections: Mutex<HashMap<ConnectionId, Made>>,
    reads: Mutex<HashMap<ConnectionId, Made>>,
}

type Made = VecDeque<Instant>;

impl Pacer {
    /// Waits until every window has room for one more post, and takes it.
    pub(crate) async fn wait(
        &self,
        to: &ConversationRef,
        conversation: &[Window],
        connection: &[Window],
    ) {
        take(&self.conversations, to, conversation).await;
        take(&self.connections, &to.connection, connection).await;
    }

    /// Likewise, for reading the past over a connection.
    pub(crate) async fn wait_to_read(&self, connection: ConnectionId, windows: &[Window]) {
        take(&self.reads, &connection, windows).await;
    }
}

async fn take<K: Hash + Eq + Clone>(made: &Mutex<HashMap<K, Made>>, key: &K, windows: &[Window]) {
    if windows.is_empty() {
        return;
    }
    loop {
        let ready = {
            let mut all = made.lock();
            let now = Instant::now();
            let longest = windows.iter().map(|window| window.per).max().unwrap_or(Duration::ZERO);
            if all.len() >= SWEEP_AT {
                all.retain(|_, times| times.back().is_some_and(|at| *at + longest > now));
            }
            let times = all.entry(key.clone()).or_default();
            while times.front().is_some_and(|at| *at + longest <= now) {
                times.pop_front();
            }
            match windows.iter().filter_map(|window| free_at(times, *window)).max() {
                Some(free) if free > now => free,
                _ => {
                    times.push_back(now);
                    return;
                }
            }
        };
        tokio::time::sleep_until(ready).await;
    }
}

/// How many conversations are remembered before those that are quiet are forgotten.
const SWEEP_AT: usize = 10_000;

/// From when on a window has room again.
fn free_at(times: &Made, window: Window) -> Option<Instant> {
    let count = usize::try_from(window.count).unwrap_or(usize::MAX).max(1);
    let nth_last = times.len().checked_sub(count)?;
    Some(times[nth_last] + window.per)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_takes_the_shortest_time_that_all_windows_allow() {
        let windows = [
            Window { count: 2, per: Duration::from_secs(1) },
            Window { count: 5, per: Duration::from_secs(10) },
        ];
        let to = ConversationRef {
            connection: ConnectionId::new(Uuid::from_u128(1)),
            conversation: "C1".into(),
        };
        let pacer = Pacer::default();
        let start = Instant::now();
        let mut seconds = Vec::new();
        for _ in 0..8 {
            pacer.wait(&to, &windows, &[]).await;
            seconds.push(start.elapsed().as_secs());
        }
        assert_eq!(seconds, [0, 0, 1, 1, 2, 10, 10, 11]);
    }
}

//! Staying below the platforms' published limits, rather than running into them.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

use parking_lot::Mutex;
use rialto_model::{ConnectionId, ConversationRef, RemoteId, Window};
use tokio::time::{Duration, Instant};

/// An answer that takes longer than this may mean that the call arrived late: then it counts from its
/// answer on, less this. Windows of platforms that block are longer than published by as much.
const USUAL: Duration = Duration::from_millis(250);
/// Of a window that conversations share, those that have had room in it leave this part to the others.
const LEFT_TO_OTHERS: usize = 4;
/// How many conversations are remembered before those that are quiet are forgotten.
const SWEEP_AT: usize = 10_000;

/// When posts were made, by conversation and by connection.
#[derive(Default)]
pub(crate) struct Pacer {
    conversations: Mutex<HashMap<ConversationRef, Made<()>>>,
    connections: Mutex<HashMap<ConnectionId, Made<RemoteId>>>,
    reads: Mutex<HashMap<ConnectionId, Made<()>>>,
}

/// Calls, the earliest first, and by whom.
type Made<W> = VecDeque<(Instant, W)>;

/// Room that was taken for a post. To be held until the post is answered.
pub(crate) struct Taken<'a> {
    pacer: &'a Pacer,
    to: &'a ConversationRef,
    of_conversation: Option<Instant>,
    of_connection: Option<Instant>,
}

impl Pacer {
    /// Waits until every window has room for one more post, and takes it.
    pub(crate) async fn wait<'a>(
        &'a self,
        to: &'a ConversationRef,
        conversation: &[Window],
        connection: &[Window],
    ) -> Taken<'a> {
        let of_conversation = take(&self.conversations, to, &(), conversation, false).await;
        let of_connection =
            take(&self.connections, &to.connection, &to.conversation, connection, true).await;
        Taken { pacer: self, to, of_conversation, of_connection }
    }

    /// Likewise, for reading the past over a connection.
    pub(crate) async fn wait_to_read(&self, connection: ConnectionId, windows: &[Window]) {
        take(&self.reads, &connection, &(), windows, false).await;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let Some(arrived) = Instant::now().checked_sub(USUAL) else { return };
        if let Some(at) = self.of_conversation.filter(|at| *at < arrived) {
            move_to(&self.pacer.conversations, self.to, at, arrived);
        }
        if let Some(at) = self.of_connection.filter(|at| *at < arrived) {
            move_to(&self.pacer.connections, &self.to.connection, at, arrived);
        }
    }
}

/// Takes room, and gives the time that it counts from; `None` where nothing is limited.
async fn take<K: Hash + Eq + Clone, W: Eq + Clone>(
    made: &Mutex<HashMap<K, Made<W>>>,
    key: &K,
    by: &W,
    windows: &[Window],
    shared: bool,
) -> Option<Instant> {
    let longest = windows.iter().map(|window| window.per).max()?;
    loop {
        let ready = {
            let mut all = made.lock();
            let now = Instant::now();
            if all.len() >= SWEEP_AT {
                all.retain(|_, made| made.back().is_some_and(|(at, _)| *at + longest > now));
            }
            let made = all.entry(key.clone()).or_default();
            while made.front().is_some_and(|(at, _)| *at + longest <= now) {
                made.pop_front();
            }
            let free = |window: &Window| {
                let recent = made.iter().rev().take_while(|(at, _)| *at + window.per > now);
                let had_room = shared && recent.into_iter().any(|(_, who)| who == by);
                free_at(made, *window, had_room)
            };
            match windows.iter().filter_map(free).max() {
                Some(free) if free > now => free,
                _ => {
                    made.push_back((now, by.clone()));
                    return Some(now);
                }
            }
        };
        tokio::time::sleep_until(ready).await;
    }
}

/// From when on a window has room again; less of it for those that leave some to others.
fn free_at<W>(made: &Made<W>, window: Window, leaves_some: bool) -> Option<Instant> {
    let count = usize::try_from(window.count).unwrap_or(usize::MAX).max(1);
    let left = if leaves_some { count / LEFT_TO_OTHERS } else { 0 };
    let nth_last = made.len().checked_sub(count - left)?;
    Some(made[nth_last].0 + window.per)
}

/// Counts a call from a later time on.
fn move_to<K: Hash + Eq, W>(
    made: &Mutex<HashMap<K, Made<W>>>,
    key: &K,
    at: Instant,
    later: Instant,
) {
    let mut all = made.lock();
    let Some(made) = all.get_mut(key) else { return };
    let Some(place) = made.iter().rposition(|(it, _)| *it == at) else { return };
    if let Some((_, by)) = made.remove(place) {
        let place = made.partition_point(|(it, _)| *it <= later);
        made.insert(place, (later, by));
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn to(conversation: &str) -> ConversationRef {
        let connection = ConnectionId::new(Uuid::from_u128(1));
        ConversationRef { connection, conversation: conversation.into() }
    }

    fn window(count: u32, seconds: u64) -> Window {
        Window { count, per: Duration::from_secs(seconds) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_takes_the_shortest_time_that_all_windows_allow() {
        let windows = [window(2, 1), window(5, 10)];
        let to = to("C1");
        let pacer = Pacer::default();
        let start = Instant::now();
        let mut seconds = Vec::new();
        for _ in 0..8 {
            pacer.wait(&to, &windows, &[]).await;
            seconds.push(start.elapsed().as_secs());
        }
        assert_eq!(seconds, [0, 0, 1, 1, 2, 10, 10, 11]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_was_answered_late_counts_from_then_on() {
        let to = to("C1");
        let pacer = Pacer::default();
        let start = Instant::now();
        let taken = pacer.wait(&to, &[window(1, 10)], &[window(1, 10)]).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        drop(taken);
        pacer.wait(&to, &[window(1, 10)], &[window(1, 10)]).await;
        assert_eq!(start.elapsed(), Duration::from_secs(13) - USUAL);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_had_room_leaves_some_to_others() {
        let windows = [window(8, 1)];
        let pacer = Pacer::default();
        let start = Instant::now();
        for _ in 0..6 {
            pacer.wait(&to("busy"), &[], &windows).await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for other in ["C1", "C2"] {
            pacer.wait(&to(other), &[], &windows).await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO, "the rest is theirs");
        pacer.wait(&to("busy"), &[], &windows).await;
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }
}

//! How the pretended Slack answers posts: later, not at all, or so that a channel is held back.

use std::{sync::Arc, time::Duration};

use parking_lot::RwLock;
use tokio::time::Instant;

use super::{Side, slack};

/// How it answers posts.
#[derive(Clone, Default)]
pub struct Behaviour {
    /// So much later.
    pub latency: Duration,
    /// One channel takes a message only so often, and says so by `Retry-After`.
    pub held: Option<Held>,
    /// Not at all.
    pub silent: bool,
}

/// A channel that is held back.
#[derive(Clone)]
pub struct Held {
    channel: String,
    every: Duration,
    state: Arc<RwLock<HeldState>>,
}

#[derive(Default)]
struct HeldState {
    free_at: Option<Instant>,
    first: Option<Instant>,
    taken: u64,
    refused: u64,
}

impl Held {
    /// This channel of the second workspace takes one message each `every`.
    pub fn new(channel: usize, every: Duration) -> Self {
        Self { channel: slack::channel(Side::To, channel), every, state: Arc::default() }
    }

    /// How many messages were taken and how many refused, and what part of the allowed rate the
    /// former are.
    pub fn outcome(&self) -> (u64, u64, f64) {
        let state = self.state.read();
        let (Some(first), Some(free_at)) = (state.first, state.free_at) else {
            return (0, state.refused, 0.0);
        };
        // From the first to the last; and on to now, if the next one is late.
        let until = Instant::now().max(free_at) - self.every;
        let allowed = (until - first).as_secs_f64() / self.every.as_secs_f64();
        (state.taken, state.refused, (state.taken - 1) as f64 / allowed)
    }

    /// `Err` with what is to be waited.
    pub(super) fn take(&self, channel: &str) -> Result<(), Duration> {
        if channel != self.channel {
            return Ok(());
        }
        let mut state = self.state.write();
        let now = Instant::now();
        if let Some(free_at) = state.free_at.filter(|at| *at > now) {
            state.refused += 1;
            return Err(free_at - now);
        }
        state.free_at = Some(now + self.every);
        state.first.get_or_insert(now);
        state.taken += 1;
        Ok(())
    }
}

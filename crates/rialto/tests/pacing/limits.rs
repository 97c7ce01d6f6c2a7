//! What the vendors publish, as strictly as it can be read.

use std::{collections::VecDeque, time::Duration};

/// Limits of one channel.
#[derive(Clone, Debug)]
pub struct Published {
    /// At most so many in any span of so many seconds, else blocked for so many.
    windows: &'static [(usize, u64, u64)],
    /// A bucket: so many a second, so many at once.
    bucket: Option<(f64, f64)>,
}

impl Published {
    /// *Send a chat message*: 10 in 1 s, else blocked for 10 s, and so on.
    pub fn zoom() -> Self {
        Self {
            windows: &[(10, 1, 10), (30, 10, 30), (60, 100, 60), (450, 1_000, 300)],
            bucket: None,
        }
    }

    /// *Rate limits*: one a second and channel, short bursts above it.
    pub fn slack() -> Self {
        Self { windows: &[], bucket: Some((1.0, 4.0)) }
    }

    pub fn model(&self) -> Model {
        let filled = self.bucket.map_or(0.0, |(_, burst)| burst);
        Model {
            published: self.clone(),
            posted: VecDeque::new(),
            blocked_until: Duration::ZERO,
            filled,
            at: Duration::ZERO,
        }
    }

    /// When the last of so many can be there at the earliest: each goes as soon as it may.
    pub fn shortest(&self, messages: usize) -> Duration {
        let mut times: Vec<Duration> = Vec::with_capacity(messages);
        for number in 0..messages {
            let free = |(count, seconds, _): &(usize, u64, u64)| {
                let nth_last = number.checked_sub(*count)?;
                Some(times[nth_last] + Duration::from_secs(*seconds))
            };
            let windows = self.windows.iter().filter_map(free).max().unwrap_or_default();
            let bucket = self
                .bucket
                .map_or(0.0, |(rate, burst)| ((number as f64 + 1.0 - burst) / rate).max(0.0));
            times.push(windows.max(Duration::from_secs_f64(bucket)));
        }
        times.pop().unwrap_or_default()
    }
}

/// A channel that holds those who write to it to the limits.
pub struct Model {
    published: Published,
    posted: VecDeque<Duration>,
    blocked_until: Duration,
    filled: f64,
    at: Duration,
}

impl Model {
    /// Whether a post that arrives now is taken.
    pub fn post(&mut self, now: Duration) -> bool {
        if now < self.blocked_until {
            return false;
        }
        for (count, seconds, block) in self.published.windows {
            let since = now.saturating_sub(Duration::from_secs(*seconds));
            let within = |at: &&Duration| **at > since || since.is_zero();
            if self.posted.iter().rev().take_while(within).count() >= *count {
                self.blocked_until = now + Duration::from_secs(*block);
                return false;
            }
        }
        if let Some((rate, burst)) = self.published.bucket {
            let gone = now.saturating_sub(self.at).as_secs_f64();
            self.filled = (self.filled + gone * rate).min(burst);
            self.at = now;
            if self.filled < 1.0 {
                return false;
            }
            self.filled -= 1.0;
        }
        self.posted.push_back(now);
        true
    }
}

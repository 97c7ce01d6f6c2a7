//! How fast apps may post to one channel, and how long it is blocked for them afterwards.
//!
//! From the reference of *Send a chat message* (`to_channel`): 10 messages within 1 s, else blocked for 10 s; 30 within
//! 10 s, 30 s; 60 within 100 s, 60 s; 450 within 1 000 s, 300 s.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How many, within how many seconds, and for how many seconds blocked when it is one more.
const WINDOWS: [(usize, i64, u64); 4] =
    [(10, 1, 10), (30, 10, 30), (60, 100, 60), (450, 1000, 300)];
/// How long the fault `block_channel` blocks: the longest that Zoom does.
pub(crate) const LONGEST: Duration = Duration::from_secs(300);

/// What apps posted to a channel lately.
#[derive(Default)]
pub(crate) struct Pace {
    posted: VecDeque<Timestamp>,
    blocked_until: Option<Timestamp>,
}

impl Pace {
    /// Counts a message, unless it is one too many.
    ///
    /// # Errors
    /// How long the channel is still blocked. Attempts while it is blocked do not count.
    pub(crate) fn post(&mut self, now: Timestamp) -> Result<(), Duration> {
        if let Some(until) = self.blocked_until {
            if now < until {
                return Err(until.duration_since(now).unsigned_abs());
            }
            self.blocked_until = None;
        }
        let age = |at: &Timestamp| now.duration_since(*at);
        while self.posted.front().is_some_and(|at| age(at) >= SignedDuration::from_secs(1000)) {
            self.posted.pop_front();
        }
        for (count, seconds, block) in WINDOWS {
            let window = SignedDuration::from_secs(seconds);
            if self.posted.iter().rev().take_while(|at| age(at) < window).count() >= count {
                let block = Duration::from_secs(block);
                self.block(now, block);
                return Err(block);
            }
        }
        self.posted.push_back(now);
        Ok(())
    }

    /// Blocks the channel from now on.
    pub(crate) fn block(&mut self, now: Timestamp, length: Duration) {
        self.blocked_until = now.checked_add(length).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_window_blocks_for_its_own_time() {
        for (count, every_ms, block) in
            [(10, 0, 10), (30, 300, 30), (60, 1600, 60), (450, 2200, 300)]
        {
            let mut pace = Pace::default();
            let mut now = Timestamp::UNIX_EPOCH;
            let later = |now: Timestamp, ms: i64| now + SignedDuration::from_millis(ms);
            for number in 0..count {
                assert_eq!(pace.post(now), Ok(()), "{number} of {count}");
                now = later(now, every_ms);
            }
            assert_eq!(pace.post(now), Err(Duration::from_secs(block)), "{count}");
            now = later(now, 1000);
            assert_eq!(pace.post(now), Err(Duration::from_secs(block - 1)));
            now = later(now, i64::try_from(block).unwrap() * 1000);
            assert_eq!(pace.post(now), Ok(()), "{count}: free again");
        }
    }
}

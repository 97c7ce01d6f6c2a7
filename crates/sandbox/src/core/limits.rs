//! Rate limits on the emulated clock: sliding windows and token buckets, which can be switched off per platform.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::{Mutex, RwLock};

use super::Clock;

const SHARDS: usize = 16;

/// All limiters of a sandbox. A limiter comes into being with the first use of its key.
pub struct Limits {
    clock: Clock,
    hasher: RandomState,
    off: RwLock<HashSet<String>>,
    windows: Vec<Mutex<HashMap<u64, VecDeque<Timestamp>>>>,
    buckets: Vec<Mutex<HashMap<u64, Bucket>>>,
}

/// `filled` tokens were there at `at`.
struct Bucket {
    filled: f64,
    at: Timestamp,
}

impl Limits {
    /// Limiters that follow `clock`, all on.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            hasher: RandomState::new(),
            off: RwLock::default(),
            windows: (0..SHARDS).map(|_| Mutex::default()).collect(),
            buckets: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Switches a platform's limits off or on again.
    pub fn set_off(&self, platform: &str, off: bool) {
        let mut set = self.off.write();
        if off {
            set.insert(platform.to_owned());
        } else {
            set.remove(platform);
        }
    }

    /// Whether a platform's limits are off.
    pub fn is_off(&self, platform: &str) -> bool {
        self.off.read().contains(platform)
    }

    /// Forgets all use so far and switches everything on again.
    pub fn reset(&self) {
        self.off.write().clear();
        self.windows.iter().for_each(|shard| shard.lock().clear());
        self.buckets.iter().for_each(|shard| shard.lock().clear());
    }

    /// Takes one of `count` uses within any `per`.
    ///
    /// # Errors
    /// How long (emulated) until the next use is free.
    pub fn window(
        &self,
        platform: &str,
        key: impl Hash,
        count: usize,
        per: Duration,
    ) -> Result<(), Duration> {
        if self.is_off(platform) {
            return Ok(());
        }
        let (now, key) = (self.clock.now(), self.hasher.hash_one((platform, key)));
        let per = signed(per);
        let mut shard = self.windows[shard_of(key)].lock();
        let uses = shard.entry(key).or_default();
        while uses.front().is_some_and(|at| now.duration_since(*at) >= per) {
            uses.pop_front();
        }
        match uses.front() {
            Some(oldest) if uses.len() >= count => {
                Err((per - now.duration_since(*oldest)).unsigned_abs())
            }
            None if count == 0 => Err(per.unsigned_abs()),
            _ => {
                uses.push_back(now);
                Ok(())
            }
        }
    }

    /// Takes one token from a bucket that holds `burst` and is filled at `per_second`.
    ///
    /// # Errors
    /// How long (emulated) until the next token is there.
    pub fn bucket(
        &self,
        platform: &str,
        key: impl Hash,
        per_second: f64,
        burst: f64,
    ) -> Result<(), Duration> {
        if self.is_off(platform) {
            return Ok(());
        }
        let (now, key) = (self.clock.now(), self.hasher.hash_one((platform, key)));
        let mut shard = self.buckets[shard_of(key)].lock();
        let bucket = shard.entry(key).or_insert(Bucket { filled: burst, at: now });
        let gone = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.filled = (bucket.filled + gone * per_second).min(burst);
        bucket.at = now;
        if bucket.filled >= 1.0 {
            bucket.filled -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - bucket.filled) / per_second;
        Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::from_secs(3600)))
    }
}

fn shard_of(key: u64) -> usize {
    usize::try_from(key % SHARDS as u64).unwrap_or(0)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_window_frees_its_oldest_use_and_a_bucket_refills() {
        let clock = Clock::starting_now(1.0);
        let limits = Limits::new(clock.clone());
        let minute = Duration::from_secs(60);
        assert!(limits.window("p", "k", 2, minute).is_ok());
        clock.advance(Duration::from_secs(20));
        assert!(limits.window("p", "k", 2, minute).is_ok());
        let wait = limits.window("p", "k", 2, minute).unwrap_err();
        assert!((39..=40).contains(&wait.as_secs()), "{wait:?}");
        assert!(limits.window("p", "other", 2, minute).is_ok(), "keys are separate");
        clock.advance(Duration::from_secs(40));
        assert!(limits.window("p", "k", 2, minute).is_ok());

        assert!(limits.bucket("p", "b", 1.0, 2.0).is_ok());
        assert!(limits.bucket("p", "b", 1.0, 2.0).is_ok());
        assert!(limits.bucket("p", "b", 1.0, 2.0).is_err());
        clock.advance(Duration::from_secs(1));
        assert!(limits.bucket("p", "b", 1.0, 2.0).is_ok());
        assert!(limits.bucket("p", "b", 1.0, 2.0).is_err());
        limits.set_off("p", true);
        assert!(limits.bucket("p", "b", 1.0, 2.0).is_ok());
    }
}

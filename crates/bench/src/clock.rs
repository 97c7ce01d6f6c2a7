//! Nanoseconds since this process began: what everything is measured in.

use std::{sync::LazyLock, time::Duration};

use tokio::time::Instant;

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Nanoseconds since the first call; never 0, which stands for *not yet*.
pub fn nanos() -> u64 {
    u64::try_from(BEGAN.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
}

/// Microseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a bench signs its webhooks by the machine's clock")]
pub fn unix_micros() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}

/// A moment after `Instant`s' beginning.
pub fn at(nanos: u64) -> Instant {
    *BEGAN + Duration::from_nanos(nanos)
}

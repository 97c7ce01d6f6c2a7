//! Clock, randomness and HTTP client: parameters, so that tests can hold them.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use rand::TryRng;

use crate::http::Http;

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Gives randomness fit for secrets.
pub trait Random: Send + Sync + fmt::Debug + 'static {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The machine's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        rand::rngs::SysRng.try_fill_bytes(buffer).expect("the machine has a source of randomness");
    }
}

/// What every connector is given.
#[derive(Clone, Debug)]
pub struct Toolkit {
    /// For calls to the platform; has time limits of its own.
    pub http: Http,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

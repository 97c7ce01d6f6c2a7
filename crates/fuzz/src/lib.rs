//! What the fuzz targets share. A target lies beside the parser that it tries, in the parser's own
//! crate, and names its corpus and its limits.
//!
//! Guarantees: a target runs for as long as [`TIME`] says and reports how many inputs it tried; what
//! breaks it is shrunk and shown with the seed that makes it again. Memory is counted by the
//! allocator, for the target's own thread, so that tests beside it do not matter.
//!
//! Deliberately absent: anything of Rialto's own. This is for tests alone.

mod bounds;
mod choices;
mod corpus;
mod growth;

use std::{
    env,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

pub use bolero::check;
use bolero::{BorrowedInput, ByteSliceGenerator, DefaultEngine, TestTarget};

pub use crate::{
    bounds::{Allowance, within},
    choices::Choices,
    corpus::Corpus,
    growth::grows_linearly,
};

/// The variable that says for how many seconds each target runs.
pub const TIME: &str = "RIALTO_FUZZ_SECONDS";
/// Seconds without it: enough to notice that something broke, short enough for every run of tests.
const SECONDS: f64 = 1.0;
/// Random bytes of one input: about so many choices.
const CHOICES: usize = 512;

/// A target as [`check!`] makes it, with the name of the test that it is in.
pub type Target = TestTarget<ByteSliceGenerator, DefaultEngine, BorrowedInput>;

/// Tries one input after another until the time is over.
///
/// # Panics
///
/// When `attempt` does, with the input that made it.
#[expect(clippy::print_stderr, reason = "how much was tried is what a developer wants to know")]
pub fn fuzz(target: Target, attempt: impl Fn(&mut Choices<'_>)) {
    let seconds = seconds();
    let tried = AtomicU64::new(0);
    let attempt = AssertUnwindSafe(attempt);
    let target = target.with_test_time(Duration::from_secs_f64(seconds)).with_max_len(CHOICES);
    target.for_each(|bytes: &[u8]| {
        // The wrapper is captured, not what is in it: what broke is not used again.
        let attempt = &attempt;
        tried.fetch_add(1, Ordering::Relaxed);
        (attempt.0)(&mut Choices::new(bytes));
    });
    eprintln!("{} inputs in {seconds} s", tried.into_inner());
}

fn seconds() -> f64 {
    let Some(given) = env::var_os(TIME) else { return SECONDS };
    let seconds = given.to_str().and_then(|text| text.parse().ok());
    seconds.unwrap_or_else(|| panic!("{TIME} is {given:?}, not a number of seconds"))
}

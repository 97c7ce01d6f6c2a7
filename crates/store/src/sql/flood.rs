//! Whether webhooks come faster than they can be relayed, and how the thread that writes behaves then.
//!
//! It has one core with everybody else in the worst case. When it is prompt, it runs as soon as there
//! is one row to write, and commits that one row; that serves webhooks, whose senders wait. When it is
//! patient, it runs once the others have nothing to do, or have done much, and commits what they did
//! together; that serves everybody.

use std::time::Duration;

#[cfg(target_os = "linux")]
use thread_priority::{
    NormalThreadSchedulePolicy::{Batch, Other},
    ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

use tokio::time::Instant;

/// How long it is counted before it is judged.
const WINDOW: Duration = Duration::from_millis(300);
/// Fewer webhooks in that time are no flood: 2 000 a second.
const MANY: usize = 600;
/// In a flood more than one webhook of so many is left lying.
const ONE_OF: i64 = 16;
/// It begins after so many windows: a burst is none.
const SURE: u32 = 3;
/// It ends after so many windows without it: one that is short of webhooks is no end yet.
const CALM: u32 = 3;

/// Niceness 0, in the crate's numbers: from 0, the nicest, to 99.
#[cfg(target_os = "linux")]
const ORDINARY: u8 = 48;

/// What came since the last judgement, and that judgement.
pub(super) struct Flood {
    since: Instant,
    appends: usize,
    /// What waited at the last judgement, see [`Tx::pile`].
    pile: i64,
    /// Windows in a row that looked like one.
    seen: u32,
    /// Windows until it ends; 0 when there is none.
    left: u32,
}

impl Flood {
    /// The thread that calls this is the one that writes; it is patient from now on.
    pub(super) fn watched(now: Instant) -> Self {
        be_patient(true);
        Self { since: now, appends: 0, pile: 0, seen: 0, left: 0 }
    }

    pub(super) fn is_on(&self) -> bool {
        self.left > 0
    }

    /// Learns how many webhooks the next transaction holds, and how much waits before it.
    pub(super) fn saw(&mut self, now: Instant, appends: usize, pile: i64) {
        self.appends += appends;
        if now.duration_since(self.since) < WINDOW {
            return;
        }
        let came = i64::try_from(self.appends).unwrap_or(i64::MAX);
        let is_left_lying = (pile - self.pile).saturating_mul(ONE_OF) > came;
        let seen = if self.appends >= MANY && is_left_lying { self.seen + 1 } else { 0 };
        let left = match (seen, self.is_on()) {
            (SURE.., _) | (1.., true) => CALM,
            _ => self.left.saturating_sub(1),
        };
        if (left > 0) != self.is_on() {
            be_patient(left == 0);
            tracing::debug!(begins = left > 0, pile, "a flood of webhooks begins or ends");
        }
        *self = Self { since: now, appends: 0, pile, seen, left };
    }
}

/// A thread of Linux' batch policy takes the core from nobody when it wakes (sched(7),
/// "SCHED_BATCH"). Where this is refused it goes on being prompt.
#[cfg(target_os = "linux")]
fn be_patient(patient: bool) {
    let policy = ThreadSchedulePolicy::Normal(if patient { Batch } else { Other });
    let Ok(priority) = ORDINARY.try_into().map(ThreadPriority::Crossplatform) else { return };
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), priority, policy) {
        tracing::debug!(?error, patient, "the thread that writes stays as it is");
    }
}

#[cfg(not(target_os = "linux"))]
fn be_patient(_: bool) {}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// One window of ten transactions, each of so many webhooks, after which so much more waits.
    fn after(flood: &mut Flood, appends: usize, growth: i64) -> bool {
        let (since, pile) = (flood.since, flood.pile);
        for number in 1..=10_u8 {
            let pile = pile + growth * i64::from(number);
            flood.saw(since + WINDOW / 10 * u32::from(number), appends, pile);
        }
        flood.is_on()
    }

    #[test]
    fn a_flood_is_more_webhooks_than_can_be_relayed() {
        let mut flood = Flood::watched(Instant::now());
        assert!(!after(&mut flood, 180, 10), "nearly all go on");
        assert!(!after(&mut flood, 6, 6), "few come");
        assert!(!after(&mut flood, 180, -60), "what waited goes on too");
        for _ in 1..SURE {
            assert!(!after(&mut flood, 180, 20), "it may be a burst");
        }
        assert!(after(&mut flood, 180, 20));
        assert!(after(&mut flood, 180, 0), "it may not have ended");
        assert!(after(&mut flood, 180, 20), "nor had it");
        for _ in 1..CALM {
            assert!(after(&mut flood, 180, 0), "it may not have ended");
        }
        assert!(!after(&mut flood, 180, 0), "all go on");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_thread_is_patient_except_in_a_flood() {
        let policy = || thread_priority::thread_schedule_policy().unwrap();
        let seen = thread::spawn(move || {
            let mut flood = Flood::watched(Instant::now());
            let before = policy();
            (0..SURE).for_each(|_| _ = after(&mut flood, 180, 60));
            let meanwhile = policy();
            for _ in 0..CALM {
                after(&mut flood, 0, 0);
            }
            [before, meanwhile, policy()]
        });
        assert_eq!(seen.join().unwrap(), [Batch, Other, Batch].map(ThreadSchedulePolicy::Normal));
    }
}

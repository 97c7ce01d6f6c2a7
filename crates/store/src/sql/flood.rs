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

use super::{Tx, query::query};

/// How long it is counted before it is judged.
const WINDOW: Duration = Duration::from_millis(100);
/// Fewer webhooks in that time are no flood: 2 000 a second.
const MANY: usize = 200;
/// Nor does one begin while less than this waits to be planned or delivered.
const BEHIND: i64 = 3_000;
/// It ends after so many windows without it: one that is short of webhooks is no end yet.
const CALM: u32 = 10;
/// What is relayed needs a plan, a begin and a step: three verbs.
const VERBS_EACH: usize = 3;

/// Niceness 0, in the crate's numbers: from 0, the nicest, to 99.
#[cfg(target_os = "linux")]
const ORDINARY: u8 = 48;

/// What came since the last judgement, and that judgement.
pub(super) struct Flood {
    since: Instant,
    appends: usize,
    verbs: usize,
    /// Windows until it ends; 0 when there is none.
    left: u32,
}

impl Flood {
    /// The thread that calls this is the one that writes; it is patient from now on.
    pub(super) fn watched(now: Instant) -> Self {
        be_patient(true);
        Self { since: now, appends: 0, verbs: 0, left: 0 }
    }

    pub(super) fn is_on(&self) -> bool {
        self.left > 0
    }

    /// Learns how many webhooks and other verbs the next transaction holds.
    pub(super) fn saw(
        &mut self,
        now: Instant,
        (appends, verbs): (usize, usize),
        is_behind: impl FnOnce() -> bool,
    ) {
        self.appends += appends;
        self.verbs += verbs;
        if now.duration_since(self.since) < WINDOW {
            return;
        }
        let falls_behind = self.appends >= MANY && self.verbs < VERBS_EACH * self.appends;
        let left = match falls_behind && (self.is_on() || is_behind()) {
            true => CALM,
            false => self.left.saturating_sub(1),
        };
        if (left > 0) != self.is_on() {
            be_patient(left == 0);
        }
        *self = Self { since: now, appends: 0, verbs: 0, left };
    }
}

/// Whether much of what was written waits to go on.
pub(super) fn is_behind(tx: Option<&Tx>) -> bool {
    let waiting = query(
        "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM inbox LIMIT $1))
              + (SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE state = 0 LIMIT $1))",
    );
    let count = |tx: &Tx| waiting.bind(BEHIND).one(&tx.database, |columns| columns.next::<i64>());
    tx.is_some_and(|tx| count(tx).is_ok_and(|count| count >= BEHIND))
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

    /// One window of ten transactions.
    fn after(flood: &mut Flood, transaction: (usize, usize), behind: bool) -> bool {
        let since = flood.since;
        (1..=10).for_each(|number| flood.saw(since + WINDOW / 10 * number, transaction, || behind));
        flood.is_on()
    }

    #[test]
    fn a_flood_is_more_webhooks_than_can_be_relayed() {
        let mut flood = Flood::watched(Instant::now());
        assert!(!after(&mut flood, (60, 4), false), "they came just now");
        assert!(!after(&mut flood, (60, 180), true), "much waits, but all go on");
        assert!(!after(&mut flood, (1, 0), true), "much waits, but few come");
        assert!(after(&mut flood, (60, 4), true));
        for _ in 1..CALM {
            assert!(after(&mut flood, (60, 180), false), "it may not have ended");
        }
        assert!(!after(&mut flood, (60, 180), false), "all go on");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_thread_is_patient_except_in_a_flood() {
        let policy = || thread_priority::thread_schedule_policy().unwrap();
        let seen = thread::spawn(move || {
            let mut flood = Flood::watched(Instant::now());
            let before = policy();
            after(&mut flood, (60, 4), true);
            let meanwhile = policy();
            for _ in 0..CALM {
                after(&mut flood, (0, 4), true);
            }
            [before, meanwhile, policy()]
        });
        assert_eq!(seen.join().unwrap(), [Batch, Other, Batch].map(ThreadSchedulePolicy::Normal));
    }
}

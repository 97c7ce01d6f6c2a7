//! Whether webhooks come faster than they can be relayed, and how the thread that writes behaves then.
//!
//! It has one core with everybody else in the worst case. When it is patient, it runs once the others
//! have nothing to do, or have done much, and commits what they did together; that serves everybody.
//! When it is prompt, it runs as soon as there is one row to write, and commits that one row; that
//! serves webhooks, whose senders wait.
//!
//! A flood is seen by what it leaves lying. Senders who wait for each answer send no faster than they are
//! answered, though: while everybody is served alike theirs looks like a busy day. So webhooks are served
//! first for a moment: on a busy day they soon come slower, because they come of what is relayed; in a
//! flood they do not, and are left lying.

use std::time::Duration;

#[cfg(target_os = "linux")]
use thread_priority::{
    NormalThreadSchedulePolicy::{Batch, Other},
    ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

use tokio::time::Instant;

/// How long it is counted before it is judged.
const WINDOW: Duration = Duration::from_millis(300);
/// How long it is tried at first: all of it is lost for those who relay.
const TRIAL: Duration = Duration::from_millis(100);
/// Fewer webhooks a second are no flood.
const MANY: u128 = 2_000;
/// Nor are those that do not wait for each other: fewer in a transaction.
pub(super) const CROWD: usize = 16;
/// When a flood comes more than one webhook of so many is left lying: those that relay are served last.
const ONE_OF: i64 = 2;
/// It goes on while more than one of so many is: relayed is less beside it than without. And where that
/// many are while everybody is served alike, more come than can be relayed: that needs no trial.
const STILL_ONE_OF: i64 = 3;
/// On a busy day webhooks come so many times slower during a trial.
const SLOWER: u128 = 2;
/// It ends after so many windows without it: one that is short of webhooks is no end yet.
const CALM: u32 = 3;
/// Windows between trials at most; each that shows no flood doubles them.
const SELDOM: u32 = 32;

/// Niceness 0, in the crate's numbers: from 0, the nicest, to 99.
#[cfg(target_os = "linux")]
const ORDINARY: u8 = 48;

/// What came since the last judgement, and that judgement.
pub(super) struct Flood {
    since: Instant,
    appends: usize,
    transactions: usize,
    /// What waited at the last judgement, see [`Tx::pile`].
    pile: i64,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// `wait`: windows before the next trial; `pause`: how many that were at its last failure.
    Calm { wait: u32, pause: u32 },
    /// `before`: webhooks a second when everybody was served alike.
    Trial { before: u128, pause: u32, part: Part },
    /// `left`: windows until it ends.
    Flood { left: u32 },
}

/// What looks like a flood for a moment is often what waited to be taken: that comes to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Short,
    Long,
}

const CALM_AGAIN: Stage = Stage::Calm { wait: 0, pause: 0 };
const FLOOD: Stage = Stage::Flood { left: CALM };

impl Stage {
    fn window(self) -> Duration {
        match self {
            Self::Trial { part: Part::Short, .. } => TRIAL,
            _ => WINDOW,
        }
    }
}

impl Flood {
    /// The thread that calls this is the one that writes; it is patient from now on.
    pub(super) fn watched(now: Instant) -> Self {
        be_patient(true);
        Self { since: now, appends: 0, transactions: 0, pile: 0, stage: CALM_AGAIN }
    }

    #[cfg(test)]
    pub(super) fn that_goes_on(now: Instant) -> Self {
        Self { stage: FLOOD, ..Self::watched(now) }
    }

    /// Whether webhooks go first.
    pub(super) fn is_on(&self) -> bool {
        !matches!(self.stage, Stage::Calm { .. })
    }

    /// Learns how many webhooks the next transaction holds, and how much waits before it.
    pub(super) fn saw(&mut self, now: Instant, appends: usize, pile: i64) {
        self.appends += appends;
        self.transactions += 1;
        let passed = now.duration_since(self.since);
        if passed < self.stage.window() {
            return;
        }
        let stage = self.judged(passed, pile);
        let (was_on, came, grew) = (self.is_on(), self.appends, pile - self.pile);
        *self = Self { since: now, appends: 0, transactions: 0, pile, stage };
        if self.is_on() != was_on {
            be_patient(was_on);
            tracing::debug!(?stage, came, grew, pile, "webhooks go first, or not any more");
        }
    }

    fn judged(&self, passed: Duration, pile: i64) -> Stage {
        let rate = self.appends as u128 * 1_000_000 / passed.as_micros().max(1);
        let is_crowd = rate >= MANY && self.appends >= CROWD * self.transactions;
        let came = i64::try_from(self.appends).unwrap_or(i64::MAX);
        let are_left_lying =
            |one_of| rate >= MANY && (pile - self.pile).saturating_mul(one_of) > came;
        match self.stage {
            Stage::Calm { .. } if are_left_lying(STILL_ONE_OF) => FLOOD,
            Stage::Calm { wait: 0, pause } if is_crowd => {
                Stage::Trial { before: rate, pause, part: Part::Short }
            }
            Stage::Calm { wait: 0, pause } => Stage::Calm { wait: 0, pause: pause / 2 },
            Stage::Calm { wait, pause } => Stage::Calm { wait: wait - 1, pause },
            Stage::Trial { before, pause, part }
                if are_left_lying(ONE_OF) && SLOWER * rate >= before =>
            {
                match part {
                    Part::Short => Stage::Trial { before, pause, part: Part::Long },
                    Part::Long => FLOOD,
                }
            }
            Stage::Trial { pause, .. } => {
                let pause = (2 * pause).clamp(1, SELDOM);
                Stage::Calm { wait: pause, pause }
            }
            Stage::Flood { .. } if are_left_lying(STILL_ONE_OF) => FLOOD,
            Stage::Flood { left: 1 } => CALM_AGAIN,
            Stage::Flood { left } => Stage::Flood { left: left - 1 },
        }
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

    /// So many judgements: each of ten transactions with so many webhooks, and so much that then
    /// waits more for each of them.
    fn after(flood: &mut Flood, judgements: u32, appends: usize, growth: i64) -> Stage {
        for _ in 0..judgements {
            let (since, pile) = (flood.since, flood.pile);
            let window = flood.stage.window();
            for number in 1..=10_u8 {
                let pile = pile + growth * i64::from(number);
                flood.saw(since + window / 10 * u32::from(number), appends, pile);
            }
        }
        flood.stage
    }

    fn calm(wait: u32, pause: u32) -> Stage {
        Stage::Calm { wait, pause }
    }

    #[test]
    fn a_flood_comes_hardly_slower_when_it_is_served_first_and_is_left_lying() {
        let mut flood = Flood::watched(Instant::now());
        assert_eq!(after(&mut flood, 1, 15, 15), calm(0, 0), "they do not wait for each other");
        assert!(matches!(after(&mut flood, 1, 90, 30), Stage::Trial { before: 3_000, .. }));
        assert!(matches!(after(&mut flood, 1, 20, 11), Stage::Trial { part: Part::Long, .. }));
        assert_eq!(after(&mut flood, 1, 60, 31), FLOOD);
        assert_eq!(after(&mut flood, CALM - 1, 90, 0), Stage::Flood { left: 1 }, "not yet over");
        assert_eq!(after(&mut flood, 1, 90, 31), FLOOD, "nor was it");
        assert_eq!(after(&mut flood, CALM, 90, 30), CALM_AGAIN, "most go on");
    }

    #[test]
    fn a_flood_whose_senders_do_not_wait_needs_no_trial() {
        for pause in [0, SELDOM] {
            let mut flood = Flood::watched(Instant::now());
            flood.stage = calm(pause, pause);
            assert!(!matches!(after(&mut flood, 1, 59, 59), FLOOD), "few come");
            assert_eq!(after(&mut flood, 1, 90, 31), FLOOD);
        }
    }

    #[test]
    fn a_busy_day_is_none_and_is_tried_ever_more_seldom() {
        let mut flood = Flood::watched(Instant::now());
        for pause in [1, 2, 4, 8, 16, SELDOM, SELDOM] {
            assert!(matches!(after(&mut flood, 1, 90, 0), Stage::Trial { .. }));
            let slower = after(&mut flood, 1, 14, 14);
            assert_eq!(slower, calm(pause, pause), "they come of what is relayed");
            assert_eq!(after(&mut flood, pause, 90, 0), calm(0, pause));
        }
        assert!(matches!(after(&mut flood, 1, 90, 0), Stage::Trial { .. }));
        assert_eq!(after(&mut flood, 1, 60, 30), calm(SELDOM, SELDOM), "most go on");
        assert!(matches!(after(&mut flood, SELDOM + 1, 90, 0), Stage::Trial { .. }));
        after(&mut flood, 1, 90, 90);
        assert_eq!(after(&mut flood, 1, 49, 49), calm(SELDOM, SELDOM), "what waited is taken");
        assert_eq!(after(&mut flood, SELDOM + 1, 9, 0), calm(0, SELDOM / 2), "few come");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_thread_is_patient_except_in_a_flood() {
        let policy = || thread_priority::thread_schedule_policy().unwrap();
        let seen = thread::spawn(move || {
            let mut flood = Flood::watched(Instant::now());
            let before = policy();
            after(&mut flood, 2, 90, 90);
            let meanwhile = policy();
            after(&mut flood, CALM, 0, 0);
            [before, meanwhile, policy()]
        });
        assert_eq!(seen.join().unwrap(), [Batch, Other, Batch].map(ThreadSchedulePolicy::Normal));
    }
}

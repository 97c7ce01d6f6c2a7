//! Whether work grows with its input, and not with the square of it.

use std::{hint::black_box, time::Duration};

use rustix::time::{ClockId, clock_gettime};

use crate::bounds::counted;

/// How much longer the second input is than the first.
const TIMES: usize = 8;
/// How much more than that the work may grow: work that grows with the square does by [`TIMES`].
const SLACK: u32 = 3;
/// How often each is measured: what else the machine does can only add, so the least is taken.
const RUNS: usize = 5;
/// How often all is measured again before it counts.
const ROUNDS: usize = 4;
/// What takes so long in all needs no further run: little else can have added much.
const ENOUGH: Duration = Duration::from_millis(200);
/// Too short to tell anything.
const NOTHING: Duration = Duration::from_micros(100);

/// Looks at how the work grows from an input of `start` pieces to one of eight times as many: what it
/// allocates, which is the same each time, and how long it takes.
///
/// # Panics
///
/// When either grows by more than three times as much as the input.
#[expect(clippy::print_stderr, reason = "how long it took is what a developer wants to know")]
pub fn grows_linearly<I, O>(
    name: &str,
    start: usize,
    make: impl Fn(usize) -> I,
    work: impl Fn(&I) -> O,
) {
    let (short, long) = (make(start), make(start * TIMES));
    let limit = SLACK * u32::try_from(TIMES).expect("a small number");
    let allocated = |input: &I| counted(|| work(input)).1.bytes_total;
    // What is made once and kept belongs to no input.
    let _ = work(&short);
    let (first, second) = (allocated(&short), allocated(&long));
    assert!(
        second <= first.max(1 << 10) * u64::from(limit),
        "{name:?}: {TIMES} times the input allocated {first} bytes first and then {second}",
    );
    let mut seen = Vec::new();
    for _ in 0..ROUNDS {
        let (first, second) = (least(|| work(&short)).max(NOTHING), least(|| work(&long)));
        if second <= first * limit {
            eprintln!("{name:?}: {first:?}, and {second:?} for {TIMES} times the input");
            return;
        }
        seen.push((first, second));
    }
    panic!("{name:?}: {TIMES} times the input took too much longer: {seen:?}");
}

fn least<O>(work: impl Fn() -> O) -> Duration {
    let mut taken = Vec::new();
    while taken.len() < RUNS && taken.iter().sum::<Duration>() < ENOUGH {
        let begun = worked();
        let result = black_box(work());
        taken.push(worked().saturating_sub(begun));
        drop(result);
    }
    taken.into_iter().min().unwrap_or_default()
}

/// How long this thread has had a processor: whoever else wants it makes no difference.
fn worked() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn work_that_grows_with_the_square_is_noticed_by_its_time_and_by_its_memory() {
        let numbers = |count: usize| (0..count as u64).collect::<Vec<_>>();
        let sum = |all: &Vec<u64>| all.iter().map(|n| black_box(*n)).sum::<u64>();
        grows_linearly("each once", 2_000, numbers, sum);
        let time = || {
            let sums = |all: &Vec<u64>| all.iter().map(|_| sum(all)).fold(0, u64::wrapping_add);
            grows_linearly("each with each", 100, numbers, sums);
        };
        assert!(catch_unwind(time).is_err());
        let memory = || {
            let copies =
                |all: &Vec<u64>| all.iter().map(|_| black_box(all.clone()).len()).sum::<usize>();
            grows_linearly("a copy for each", 100, numbers, copies);
        };
        assert!(catch_unwind(memory).is_err());
    }
}

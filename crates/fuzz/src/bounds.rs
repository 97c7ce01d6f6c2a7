//! Memory, by the allocator's own count.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use allocation_counter::{AllocationInfo, measure};

/// What an input may cost.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Bytes of memory held at one time, for each byte of the input.
    pub held: u64,
    /// Bytes allocated from beginning to end, for each byte of the input: work, as far as work
    /// allocates.
    pub allocated: u64,
}

/// Bytes that any input may cost, however small it is.
const BESIDES: u64 = 64 << 10;

/// Does the work and looks at what it cost, what it returns included.
///
/// # Panics
///
/// When it cost more than it may.
pub fn within<T>(allowance: Allowance, input: usize, work: impl FnOnce() -> T) -> T {
    let (result, spent) = counted(work);
    let limit = |each: u64| each * input as u64 + BESIDES;
    assert!(
        spent.bytes_max <= limit(allowance.held),
        "{input} bytes of input held {} bytes of memory, more than {}",
        spent.bytes_max,
        limit(allowance.held),
    );
    assert!(
        spent.bytes_total <= limit(allowance.allocated),
        "{input} bytes of input allocated {} bytes of memory, more than {}",
        spent.bytes_total,
        limit(allowance.allocated),
    );
    result
}

/// What the work gives and what it cost. The counter must see the end of what panics, too.
pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> (T, AllocationInfo) {
    let mut result = None;
    let spent = measure(|| result = Some(catch_unwind(AssertUnwindSafe(work))));
    match result.expect("the work was done") {
        Ok(value) => (value, spent),
        Err(panic) => resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIGHT: Allowance = Allowance { held: 2, allocated: 3 };

    fn cost(work: impl Fn() -> Vec<u8>) -> bool {
        catch_unwind(AssertUnwindSafe(|| within(TIGHT, 1 << 20, work))).is_err()
    }

    #[test]
    fn what_holds_or_allocates_too_much_is_noticed() {
        let mega = || vec![0_u8; 1 << 20];
        assert!(!cost(mega));
        assert!(!cost(|| vec![mega(), mega()].swap_remove(0)));
        assert!(cost(|| vec![mega(), mega(), mega()].swap_remove(0)), "held");
        assert!(cost(|| (0..4).fold(Vec::new(), |_, _| mega())), "allocated");
    }

    #[test]
    fn what_panics_is_counted_to_its_end() {
        for _ in 0..100 {
            assert!(catch_unwind(|| within(TIGHT, 0, || panic!("no"))).is_err());
        }
        assert_eq!(counted(|| ()).1.bytes_total, 0);
    }
}

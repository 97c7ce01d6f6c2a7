//! How long to wait before trying again.

use std::time::Duration;

use rialto_platform::Random;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(300);

/// Doubles with every attempt up to five minutes; between half and all of that, so that those who
/// failed together do not come back together.
pub(crate) fn backoff(attempt: u32, random: &dyn Random) -> Duration {
    let full = FIRST.saturating_mul(1 << attempt.min(16)).min(LONGEST);
    let mut bytes = [0; 2];
    random.fill(&mut bytes);
    let share = f64::from(u16::from_be_bytes(bytes)) / f64::from(u16::MAX);
    full.mul_f64(share.mul_add(0.5, 0.5))
}

#[cfg(test)]
mod tests {
    use rialto_platform::SystemRandom;

    use super::*;

    #[test]
    fn waiting_doubles_up_to_five_minutes() {
        for (attempt, full) in
            [(0, 0.5), (1, 1.0), (5, 16.0), (9, 256.0), (10, 300.0), (400, 300.0)]
        {
            let wait = backoff(attempt, &SystemRandom).as_secs_f64();
            assert!((full / 2.0..=full).contains(&wait), "attempt {attempt}: {wait} s");
        }
    }
}

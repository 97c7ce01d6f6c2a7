//! SIGKILL at moments from the seed.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use jiff::Timestamp;
use rand::{RngExt as _, rngs::StdRng};
use tokio::time::Instant;

use crate::World;

/// When the process is killed, and how long it stays down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kill {
    at: Duration,
    down: Duration,
    /// Killed once more so long after it began to start.
    again: Option<Duration>,
}

/// So many kills within a time.
pub(super) fn plan(rng: &mut StdRng, count: usize, within: Duration) -> Vec<Kill> {
    let mut kills: Vec<_> = (0..count)
        .map(|_| Kill {
            at: within.mul_f64(rng.random::<f64>()),
            // Mostly a blink; once in a while long enough that platforms give up and retry.
            down: match rng.random_range(0..10) {
                0 => Duration::from_millis(rng.random_range(1_000..3_000)),
                _ => Duration::from_millis(rng.random_range(0..250)),
            },
            again: rng.random_bool(0.2).then(|| Duration::from_millis(rng.random_range(0..200))),
        })
        .collect();
    kills.sort_unstable_by_key(|kill| kill.at);
    kills
}

/// Kills and restarts. Gives when it was down, on the emulated clock.
pub(super) async fn carry_out(
    world: Arc<World>,
    kills: Vec<Kill>,
) -> Result<Vec<(Timestamp, Timestamp)>> {
    let start = Instant::now();
    let mut downs = Vec::with_capacity(kills.len());
    for kill in kills {
        // One that is due already happens as soon as the process is up again.
        tokio::time::sleep_until(start + kill.at).await;
        let clock = &world.sandbox().core().clock;
        let mut rialto = world.rialto.lock().await;
        let killed = clock.now();
        rialto.kill().await?;
        tokio::time::sleep(kill.down).await;
        if let Some(soon) = kill.again {
            rialto.run_for(soon).await?;
        }
        rialto.run().await?;
        downs.push((killed, clock.now()));
    }
    Ok(downs)
}

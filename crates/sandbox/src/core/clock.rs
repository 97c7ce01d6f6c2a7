//! Emulated time: starts at the real time, then runs at its own speed and can be moved forward.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

/// The sandbox's clock. Cheap to clone; all clones show the same time.
#[derive(Clone)]
pub struct Clock {
    state: Arc<Mutex<State>>,
    changed: watch::Sender<()>,
}

/// `base` was the emulated time at the real instant `anchor`; it has run at `speed` since.
struct State {
    base: Timestamp,
    anchor: Instant,
    speed: f64,
}

impl State {
    fn now(&self) -> Timestamp {
        let real = self.anchor.elapsed();
        // At real speed the nanoseconds are kept exactly; floats only where the clock is scaled.
        let gone = if (self.speed - 1.0).abs() < f64::EPSILON {
            real
        } else {
            Duration::try_from_secs_f64(real.as_secs_f64() * self.speed).unwrap_or(Duration::MAX)
        };
        let gone = SignedDuration::try_from(gone).unwrap_or(SignedDuration::MAX);
        self.base.checked_add(gone).unwrap_or(Timestamp::MAX)
    }
}

impl Clock {
    /// A clock that shows the machine's time now and runs `speed` emulated seconds a real second.
    pub fn starting_now(speed: f64) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where the machine's time enters"
        )]
        let base = Timestamp::now();
        let state = State { base, anchor: Instant::now(), speed: sane(speed) };
        Self { state: Arc::new(Mutex::new(state)), changed: watch::Sender::new(()) }
    }

    /// The emulated time.
    pub fn now(&self) -> Timestamp {
        self.state.lock().now()
    }

    /// Emulated seconds per real second.
    pub fn speed(&self) -> f64 {
        self.state.lock().speed
    }

    /// Changes the speed from now on; whoever sleeps wakes accordingly. Values outside 0.001 … 1 000 000 are clamped.
    pub fn set_speed(&self, speed: f64) {
        let mut state = self.state.lock();
        state.base = state.now();
        state.anchor = Instant::now();
        state.speed = sane(speed);
        drop(state);
        self.changed.send_replace(());
    }

    /// Moves the time forward at once.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state.lock();
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        state.base = state.now().checked_add(by).unwrap_or(Timestamp::MAX);
        state.anchor = Instant::now();
        drop(state);
        self.changed.send_replace(());
    }

    /// Sleeps for an emulated duration.
    pub async fn sleep(&self, emulated: Duration) {
        let emulated = SignedDuration::try_from(emulated).unwrap_or(SignedDuration::MAX);
        self.sleep_until(self.now().checked_add(emulated).unwrap_or(Timestamp::MAX)).await;
    }

    /// Sleeps until the emulated time is reached, following changes of speed.
    pub async fn sleep_until(&self, until: Timestamp) {
        let mut changed = self.changed.subscribe();
        loop {
            let (left, speed) = {
                let state = self.state.lock();
                (until.duration_since(state.now()), state.speed)
            };
            if left <= SignedDuration::ZERO {
                return;
            }
            // Never more than a day at once: tokio's timer has an end, and so has a float.
            let real = Duration::from_secs_f64((left.as_secs_f64() / speed).min(86_400.0));
            tokio::select! {
                () = tokio::time::sleep(real) => {}
                _ = changed.changed() => {}
            }
        }
    }
}

fn sane(speed: f64) -> f64 {
    if speed.is_finite() { speed.clamp(0.001, 1_000_000.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleeps_in_emulated_time_and_wakes_when_the_clock_is_advanced() {
        let clock = Clock::starting_now(6_000.0);
        let (started, real) = (clock.now(), Instant::now());
        clock.sleep(Duration::from_secs(60)).await;
        assert!(real.elapsed() < Duration::from_secs(1));
        assert!(clock.now().duration_since(started) >= SignedDuration::from_secs(60));

        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(3600 * 2400)).await }
        });
        tokio::task::yield_now().await;
        let real = Instant::now();
        clock.advance(Duration::from_secs(3600 * 2500));
        sleeper.await.unwrap();
        assert!(real.elapsed() < Duration::from_secs(1));
    }
}

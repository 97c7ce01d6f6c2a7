//! How authorizations ended, for whoever waits for them: kept in memory, for a while.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rialto_relay::admin::ConnectedView;

/// How long an outcome can be asked for.
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// Authorizations that are remembered at most.
const MOST: usize = 1_000;

/// How an authorization ended: connected, or why not.
pub(crate) type Outcome = Result<ConnectedView, String>;

/// Authorizations that began here, oldest first.
#[derive(Default)]
pub(crate) struct Outcomes(Mutex<VecDeque<Known>>);

struct Known {
    state: String,
    expires_at: Timestamp,
    outcome: Option<Outcome>,
}

/// How far an authorization is.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    Waiting,
    Expired,
    Ended(Box<Outcome>),
}

impl Outcomes {
    /// Remembers that one began.
    pub(crate) fn began(&self, state: &str, expires_at: Timestamp, now: Timestamp) {
        let mut all = self.0.lock();
        all.retain(|it| now.duration_since(it.expires_at) < KEPT);
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back(Known { state: state.into(), expires_at, outcome: None });
    }

    /// Remembers how one ended; ignored when it did not begin here.
    pub(crate) fn ended(&self, state: &str, outcome: Outcome) {
        let mut all = self.0.lock();
        if let Some(known) = all.iter_mut().find(|it| it.state == state && it.outcome.is_none()) {
            known.outcome = Some(outcome);
        }
    }

    /// How far one is; `None` when it is not known here.
    pub(crate) fn get(&self, state: &str, now: Timestamp) -> Option<Progress> {
        let all = self.0.lock();
        let known = all.iter().find(|it| it.state == state)?;
        Some(match &known.outcome {
            Some(outcome) => Progress::Ended(Box::new(outcome.clone())),
            None if now >= known.expires_at => Progress::Expired,
            None => Progress::Waiting,
        })
    }
}

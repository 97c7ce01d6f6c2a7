//! Conversations whose past was not compared for too long: what is said to be missing there is no
//! more than what was missing then.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rialto_model::ConversationRef;

use super::heard;
use crate::{problems::Topic, relay::Relay, roster::RosterView};

/// So many rounds may go by before somebody is told.
const ROUNDS: u32 = 2;

impl Relay {
    /// Tells admins and whoever watches what is not compared any more. `running`: for how long this
    /// process is.
    pub(super) fn tell_what_is_unchecked(
        &self,
        view: &RosterView,
        now: Timestamp,
        running: Duration,
    ) {
        let patience = SignedDuration::try_from(self.inner.settings.sweep_every * ROUNDS);
        let patience = patience.unwrap_or(SignedDuration::MAX);
        let is_start = SignedDuration::try_from(running).is_ok_and(|it| it <= patience);
        let mut oldest = now;
        for connection in view.connections.keys().copied() {
            let checked =
                heard(view, connection).map(|at| (self.checked_until(view, &at, now), at));
            let checked: Vec<_> = checked.collect();
            oldest = checked.iter().fold(oldest, |oldest, (until, _)| oldest.min(*until));
            // The first sweeps after a start take their time; who must reconnect was told.
            let overdue = checked.into_iter().filter(|(until, _)| {
                let is_overdue = !is_start && now.duration_since(*until) > patience;
                view.works(connection) && is_overdue
            });
            let mut overdue: Vec<_> = overdue.collect();
            overdue.sort();
            let problem = overdue.first().map(|(until, at)| {
                format!(
                    "{} of its channels could not be compared with what was heard of them for \
                     too long, {} since {until:.0}: what no webhook told of may be missing there. \
                     The log says why: look for `a sweep waits`",
                    overdue.len(),
                    at.conversation,
                )
            });
            self.inner.problems.about(connection, Topic::Unchecked, problem);
        }
        let age = Duration::try_from(now.duration_since(oldest)).unwrap_or_default();
        metrics::gauge!("rialto_oldest_sweep_seconds").set(age.as_secs_f64());
    }

    /// Up to when nothing that was said in a conversation can be unknown.
    fn checked_until(&self, view: &RosterView, at: &ConversationRef, now: Timestamp) -> Timestamp {
        let checked = self.inner.sweeps.checked_until(at, now);
        let since = view.endpoint(at).map(|(_, endpoint)| endpoint.since);
        checked.max(since).unwrap_or(now)
    }
}

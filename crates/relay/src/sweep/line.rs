//! Which conversation of a connection is swept next: one that a platform asked to leave alone for a
//! while keeps no other waiting.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::Due;

/// The conversations of a connection that wait to be swept, and whether somebody works on it.
#[derive(Default)]
pub(super) struct Line {
    waiting: VecDeque<Due>,
    /// Those that are left alone until then.
    aside: Vec<(Instant, Due)>,
    has_worker: bool,
}

/// What there is to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Sweep this one.
    Now(Due),
    /// Nothing before then.
    At(Instant),
    /// Nothing.
    End,
}

impl Line {
    /// Puts a sweep into the line; `first`: before all others, also if it was left alone. Whether a
    /// worker must be started for it.
    pub(super) fn push(&mut self, due: Due, first: bool) -> bool {
        if let Some((_, aside)) = self.aside.iter_mut().find(|(_, aside)| aside.at == due.at) {
            aside.why = aside.why.max(due.why);
            return false;
        }
        let known = self.waiting.iter().position(|other| other.at == due.at);
        let known = known.and_then(|place| self.waiting.remove(place).map(|due| (place, due)));
        let (place, due) = match known {
            Some((place, other)) => (place, Due { why: due.why.max(other.why), ..due }),
            None => (self.waiting.len(), due),
        };
        self.waiting.insert(if first { 0 } else { place }, due);
        !std::mem::replace(&mut self.has_worker, true)
    }

    /// Leaves a conversation alone for a while.
    pub(super) fn put_aside(&mut self, due: Due, until: Instant) {
        let meanwhile = self.waiting.iter().position(|other| other.at == due.at);
        let meanwhile = meanwhile.and_then(|place| self.waiting.remove(place));
        let why = meanwhile.map_or(due.why, |other| other.why.max(due.why));
        self.aside.push((until, Due { why, ..due }));
    }

    pub(super) fn next(&mut self, now: Instant) -> Turn {
        let soonest = self.aside.iter().enumerate().min_by_key(|(_, (until, _))| *until);
        let soonest = soonest.map(|(place, (until, _))| (place, *until));
        if let Some((place, until)) = soonest
            && until <= now
        {
            return Turn::Now(self.aside.swap_remove(place).1);
        }
        match (self.waiting.pop_front(), soonest) {
            (Some(due), _) => Turn::Now(due),
            (None, Some((_, until))) => Turn::At(until),
            (None, None) => Turn::End,
        }
    }
}

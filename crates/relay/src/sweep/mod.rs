//! Sweeps: the past of each conversation is compared with what was heard of it, and what no webhook
//! brought is delivered. At the start and after every gap, and on schedule: platforms lose
//! notifications without a word.
//!
//! One conversation of a connection at a time, those where something was said last first, paced
//! below what the platform lets one read. One that the platform refuses is left alone for as long as
//! it asks; when it refuses several in a row, all of the connection wait.

mod findings;
mod gate;
mod gone;
mod line;
mod look;
mod news;
mod roots;
mod unchecked;

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    time::Duration,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_model::{ConnectionId, ConversationRef, RemoteId};
use rialto_platform::ReadError;
use rialto_store::{StoreError, SweepRecord};
use tokio::{sync::Notify, time::Instant};

use crate::{relay::Relay, roster::RosterView};

pub(crate) use findings::found;
use gate::Gates;
use line::{Line, Turn};
use look::OVERLAP;
use roots::Searched;

/// How often it is looked whether a sweep is due, at most.
const LOOK: Duration = Duration::from_secs(60);
/// So many conversations that are refused in a row are no coincidence: the workspace is held.
const IN_A_ROW: u32 = 2;

/// What was swept, and what waits for it.
#[derive(Default)]
pub(crate) struct Sweeps {
    lines: Mutex<HashMap<ConnectionId, Line>>,
    records: Mutex<HashMap<ConversationRef, SweepRecord>>,
    deaf: Mutex<HashSet<ConversationRef>>,
    activity: Mutex<Activity>,
    gates: Gates,
    searched: Searched,
    /// Something was put into a line.
    pushed: Notify,
}

/// In which order conversations were heard, the later the higher.
#[derive(Default)]
struct Activity {
    last: u64,
    of: HashMap<ConversationRef, u64>,
}

impl Activity {
    fn heard(&mut self, at: &ConversationRef) {
        self.last += 1;
        match self.of.get_mut(at) {
            Some(place) => *place = self.last,
            None => drop(self.of.insert(at.clone(), self.last)),
        }
    }
}

/// A sweep that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Due {
    at: ConversationRef,
    why: Why,
}

/// Why a conversation is swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// It is time.
    Schedule,
    /// Something may have been missed: everything is read, now.
    Gap,
}

impl Sweeps {
    /// Puts a sweep into its line. Whether a worker must be started for it.
    fn push(&self, due: Due, first: bool) -> bool {
        let starts = self.lines.lock().entry(due.at.connection).or_default().push(due, first);
        self.pushed.notify_waiters();
        starts
    }

    fn put_aside(&self, due: Due, wait: Duration) {
        let until = Instant::now() + wait;
        self.lines.lock().entry(due.at.connection).or_default().put_aside(due, until);
    }

    /// The next sweep of a connection; waits until there is one. `None`: there is no more.
    async fn next(&self, connection: ConnectionId) -> Option<Due> {
        loop {
            let mut pushed = std::pin::pin!(self.pushed.notified());
            pushed.as_mut().enable();
            let turn = {
                let mut lines = self.lines.lock();
                let turn = lines.get_mut(&connection)?.next(Instant::now());
                if turn == Turn::End {
                    lines.remove(&connection);
                }
                turn
            };
            match turn {
                Turn::Now(due) => return Some(due),
                Turn::End => return None,
                Turn::At(until) => tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    () = pushed => {}
                },
            }
        }
    }

    /// Those where something was said last first.
    fn busiest_first(&self, mut all: Vec<ConversationRef>) -> Vec<ConversationRef> {
        let activity = self.activity.lock();
        all.sort_by_cached_key(|at| Reverse(activity.of.get(at).copied()));
        all
    }

    fn record(&self, at: &ConversationRef) -> Option<SweepRecord> {
        self.records.lock().get(at).copied()
    }

    /// Up to when a conversation's past was compared; `None`: nobody knows. Who wrote down a time
    /// that is still to come had a clock that was ahead.
    fn checked_until(&self, at: &ConversationRef, now: Timestamp) -> Option<Timestamp> {
        let until = self.record(at)?.checked_until;
        (until.duration_since(now) <= OVERLAP).then_some(until)
    }
}

impl Relay {
    /// Sweeps everything: something may have been said while nobody listened. What was said since
    /// goes behind that, as long as it does not take too long.
    pub(crate) async fn sweep_from_the_start(&self) -> Result<(), StoreError> {
        let records = self.inner.store.sweeps().await?;
        let view = self.roster().view();
        for (at, record) in &records {
            if record.deaf_since.is_some() {
                self.inner.sweeps.deaf.lock().insert(at.clone());
            }
        }
        self.inner.sweeps.records.lock().extend(records.iter().cloned());
        for (at, _) in records.iter().rev() {
            self.inner.sweeps.activity.lock().heard(at);
        }
        let all = view.connections.keys().flat_map(|connection| heard(&view, *connection));
        for at in self.inner.sweeps.busiest_first(all.collect()) {
            self.inner.sweeps.gates.shut(&at);
            self.sweep_soon(Due { at, why: Why::Gap }, false);
        }
        self.tell_what_is_unchecked(&view, self.inner.toolkit.clock.now(), Duration::ZERO);
        Ok(())
    }

    /// Sweeps these conversations of a connection; the empty id stands for all that are heard.
    pub(crate) fn sweep_gaps(&self, connection: ConnectionId, conversations: &[RemoteId]) {
        let view = self.roster().view();
        for conversation in conversations {
            if conversation.as_str().is_empty() {
                let all = self.inner.sweeps.busiest_first(heard(&view, connection).collect());
                all.into_iter().for_each(|at| self.sweep_soon(Due { at, why: Why::Gap }, false));
            } else {
                let conversation = view.now_at(connection, conversation);
                let at = ConversationRef { connection, conversation };
                if view.hears(&at) {
                    self.sweep_soon(Due { at, why: Why::Gap }, true);
                }
            }
        }
    }

    /// Sweeps what is heard since a change: something may have been said before its subscription
    /// was made. All of it when the connection was authorized anew.
    pub(crate) fn sweep_what_is_new(
        &self,
        connection: ConnectionId,
        before: &RosterView,
        renewed: bool,
    ) {
        let view = self.roster().view();
        let new = heard(&view, connection).filter(|at| renewed || !before.hears(at));
        let new = self.inner.sweeps.busiest_first(new.collect());
        new.into_iter().for_each(|at| self.sweep_soon(Due { at, why: Why::Gap }, false));
    }

    /// Sweeps every conversation from time to time, for as long as the engine runs.
    pub(crate) async fn sweep_on_schedule(&self) {
        let every = self.inner.settings.sweep_every;
        let started = Instant::now();
        loop {
            tokio::time::sleep(LOOK.min(every / 4)).await;
            let now = self.inner.toolkit.clock.now();
            let view = self.roster().view();
            let age = |since: Timestamp| Duration::try_from(now.duration_since(since));
            let is_due = |at: &ConversationRef| {
                let record = self.inner.sweeps.record(at);
                // There is no age below zero: the clock was set back.
                record.is_none_or(|it| !age(it.checked_until).is_ok_and(|age| age < every))
            };
            let all = view.connections.keys().flat_map(|connection| heard(&view, *connection));
            for at in self.inner.sweeps.busiest_first(all.filter(is_due).collect()) {
                self.sweep_soon(Due { at, why: Why::Schedule }, false);
            }
            self.tell_what_is_unchecked(&view, now, started.elapsed());
        }
    }

    /// A webhook came: whoever was deaf is not.
    pub(crate) fn heard(&self, at: &ConversationRef) {
        self.inner.sweeps.activity.lock().heard(at);
        if !self.inner.sweeps.deaf.lock().remove(at) {
            return;
        }
        let record = self.inner.sweeps.records.lock().get_mut(at).map(|record| {
            record.deaf_since = None;
            *record
        });
        let Some(record) = record else { return };
        let at = at.clone();
        self.run(|relay| async move {
            let kept = relay.inner.store.put_sweep(&at, record.checked_until, None).await;
            if let Err(error) = kept {
                tracing::warn!(%error, "that a conversation is heard again is not kept");
            }
        });
    }

    fn sweep_soon(&self, due: Due, first: bool) {
        let connection = due.at.connection;
        if self.inner.sweeps.push(due, first) {
            self.run(|relay| async move { relay.work_sweeps(connection).await });
        }
    }

    async fn work_sweeps(&self, connection: ConnectionId) {
        let mut failures = 0;
        while let Some(due) = self.inner.sweeps.next(connection).await {
            let at = due.at.clone();
            let entry = self.roster().view().connections.get(&connection).cloned();
            let wait = match self.sweep(&due).await {
                Ok(()) => {
                    self.inner.problems.right(&at);
                    failures = 0;
                    None
                }
                Err(ReadError::Transient { reason, after }) => {
                    tracing::info!(%connection, conversation = %at.conversation, reason, "a sweep waits");
                    let now = self.inner.toolkit.clock.now();
                    let asked = after.and_then(|after| after.duration_since(now).try_into().ok());
                    let wait = self.inner.backoff(failures).max(asked.unwrap_or_default());
                    self.inner.sweeps.put_aside(due, wait);
                    failures += 1;
                    Some(if failures < IN_A_ROW { Duration::ZERO } else { wait })
                }
                Err(ReadError::Revoked(reason)) => {
                    let marked = match &entry {
                        Some(entry) => self.mark_revoked(entry, &reason).await,
                        None => true,
                    };
                    (!marked).then(|| {
                        self.inner.sweeps.push(due, true);
                        Duration::ZERO
                    })
                }
                // Of what was taken out of its channel sync meanwhile nobody needs to know.
                Err(ReadError::Permanent(_)) if !self.roster().view().hears(&at) => None,
                Err(ReadError::Permanent(reason)) => {
                    let problem = format!("{}: its past cannot be read: {reason}", at.conversation);
                    self.inner.problems.wrong(&at, problem);
                    None
                }
            };
            match wait {
                // It is tried again: whoever waits for it does so for as long as they can.
                Some(wait) => tokio::time::sleep(wait).await,
                None => self.inner.sweeps.gates.open(&at),
            }
        }
    }
}

fn heard(view: &RosterView, connection: ConnectionId) -> impl Iterator<Item = ConversationRef> {
    let heard = view.heard(connection).into_iter();
    heard.map(move |conversation| ConversationRef { connection, conversation })
}

//! Sweeps: the past of each conversation is compared with what was heard of it, and what no webhook
//! brought is delivered. At the start and after every gap, and on schedule: platforms lose
//! notifications without a word.
//!
//! One conversation of a connection at a time, those where something was said last first, paced
//! below what the platform lets one read.

mod gate;
mod gone;
mod look;
mod news;
mod roots;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_model::{ConnectionId, ConversationRef, RemoteId};
use rialto_platform::ReadError;
use rialto_store::{StoreError, SweepRecord};

use crate::{relay::Relay, roster::RosterView};

use gate::Gates;
pub(crate) use look::found;
use roots::Searched;

/// How often it is looked whether a sweep is due, at most.
const LOOK: Duration = Duration::from_secs(60);

/// What was swept, and what waits for it.
#[derive(Default)]
pub(crate) struct Sweeps {
    lines: Mutex<HashMap<ConnectionId, Line>>,
    records: Mutex<HashMap<ConversationRef, SweepRecord>>,
    deaf: Mutex<HashSet<ConversationRef>>,
    gates: Gates,
    searched: Searched,
}

/// The conversations of a connection that wait to be swept, and whether somebody works on it.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Due>,
    has_worker: bool,
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
        let mut lines = self.lines.lock();
        let line = lines.entry(due.at.connection).or_default();
        let known = line.waiting.iter().position(|other| other.at == due.at);
        let known = known.and_then(|place| line.waiting.remove(place).map(|due| (place, due)));
        let (place, due) = match known {
            Some((place, other)) => (place, Due { why: due.why.max(other.why), ..due }),
            None => (line.waiting.len(), due),
        };
        line.waiting.insert(if first { 0 } else { place }, due);
        !std::mem::replace(&mut line.has_worker, true)
    }

    fn next(&self, connection: ConnectionId) -> Option<Due> {
        let mut lines = self.lines.lock();
        let line = lines.get_mut(&connection)?;
        let due = line.waiting.pop_front();
        if due.is_none() {
            lines.remove(&connection);
        }
        due
    }

    fn record(&self, at: &ConversationRef) -> Option<SweepRecord> {
        self.records.lock().get(at).copied()
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
        // The busiest first, those never swept last.
        let known = records.into_iter().map(|(at, _)| at);
        let heard = view.connections.keys().flat_map(|connection| heard(&view, *connection));
        for at in known.filter(|at| view.hears(at)).chain(heard) {
            self.inner.sweeps.gates.shut(&at);
            self.sweep_soon(Due { at, why: Why::Gap }, false);
        }
        Ok(())
    }

    /// Sweeps these conversations of a connection; the empty id stands for all that are heard.
    pub(crate) fn sweep_gaps(&self, connection: ConnectionId, conversations: &[RemoteId]) {
        let view = self.roster().view();
        for conversation in conversations {
            if conversation.as_str().is_empty() {
                heard(&view, connection)
                    .for_each(|at| self.sweep_soon(Due { at, why: Why::Gap }, false));
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
        new.for_each(|at| self.sweep_soon(Due { at, why: Why::Gap }, false));
    }

    /// Sweeps every conversation from time to time, for as long as the engine runs.
    pub(crate) async fn sweep_on_schedule(&self) {
        let every = self.inner.settings.sweep_every;
        loop {
            tokio::time::sleep(LOOK.min(every / 4)).await;
            let now = self.inner.toolkit.clock.now();
            let view = self.roster().view();
            let age = |since: Timestamp| Duration::try_from(now.duration_since(since));
            for at in view.connections.keys().flat_map(|connection| heard(&view, *connection)) {
                let record = self.inner.sweeps.record(&at);
                if record.is_none_or(|it| age(it.checked_until).is_ok_and(|age| age >= every)) {
                    self.sweep_soon(Due { at, why: Why::Schedule }, false);
                }
            }
        }
    }

    /// A webhook came: whoever was deaf is not.
    pub(crate) fn heard(&self, at: &ConversationRef) {
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
        while let Some(due) = self.inner.sweeps.next(connection) {
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
                    self.inner.sweeps.push(due, asked.is_some());
                    failures += 1;
                    Some(wait)
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

//! The journal of API calls: a bounded ring of the latest, and counters of all.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;

use super::Clock;

const KEPT: usize = 20_000;
/// How much is kept of a value that was sent, in characters.
pub(crate) const SHOWN: usize = 200;

/// One API call that an emulator answered.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// Counts up from 1 over all platforms.
    pub number: u64,
    /// Which emulator.
    pub platform: &'static str,
    /// `chat.postMessage` on Slack, `POST /chats/{id}/messages` on Graph.
    pub operation: String,
    /// HTTP status; 0 when the connection was dropped without an answer.
    pub status: u16,
    /// The vendor's error code, when it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Who called: app or account id, empty when unknown.
    pub by: String,
    /// Where it led and the beginning of what was sent; what was made by it behind an arrow.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The faults that struck it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// Emulated time of the answer.
    pub at: Timestamp,
}

/// A call, as the emulator that answered it knows it.
#[derive(Debug, Default)]
pub struct Made<'a> {
    /// The operation's name.
    pub operation: &'a str,
    /// HTTP status; 0 when the connection was dropped without an answer.
    pub status: u16,
    /// The vendor's error code.
    pub error: Option<&'a str>,
    /// Who called, if that is known.
    pub by: &'a str,
    /// What the call was about.
    pub about: String,
    /// The faults that struck it.
    pub faults: &'a [String],
}

/// Journal and counters.
pub struct Calls {
    clock: Clock,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    number: u64,
    ring: VecDeque<Call>,
    counts: BTreeMap<(&'static str, String), u64>,
}

impl Calls {
    /// An empty journal.
    pub fn new(clock: Clock) -> Self {
        Self { clock, inner: Mutex::default() }
    }

    /// Notes a call that was answered (or dropped: status 0).
    pub fn note(&self, platform: &'static str, made: Made<'_>) {
        let at = self.clock.now();
        let mut inner = self.inner.lock();
        inner.number += 1;
        let number = inner.number;
        let operation = made.operation.to_owned();
        *inner.counts.entry((platform, operation.clone())).or_default() += 1;
        if inner.ring.len() == KEPT {
            inner.ring.pop_front();
        }
        inner.ring.push_back(Call {
            number,
            platform,
            operation,
            status: made.status,
            error: made.error.map(str::to_owned),
            by: made.by.to_owned(),
            about: made.about,
            faults: made.faults.to_vec(),
            at,
        });
    }

    /// How often an operation was called, faults included.
    pub fn count(&self, platform: &str, operation: &str) -> u64 {
        let inner = self.inner.lock();
        inner
            .counts
            .iter()
            .filter(|((p, o), _)| *p == platform && o == operation)
            .map(|(_, n)| n)
            .sum()
    }

    /// Counters, and the latest `limit` calls, oldest first; filtered by what is given.
    pub fn read(
        &self,
        platform: Option<&str>,
        operation: Option<&str>,
        limit: usize,
    ) -> serde_json::Value {
        let fits = |p: &str, o: &str| {
            platform.is_none_or(|wanted| wanted == p) && operation.is_none_or(|wanted| wanted == o)
        };
        let inner = self.inner.lock();
        let counts: BTreeMap<String, u64> = inner
            .counts
            .iter()
            .filter(|((p, o), _)| fits(p, o))
            .map(|((p, o), count)| (format!("{p} {o}"), *count))
            .collect();
        let mut calls: Vec<&Call> = inner
            .ring
            .iter()
            .rev()
            .filter(|call| fits(call.platform, &call.operation))
            .take(limit)
            .collect();
        calls.reverse();
        serde_json::json!({
            "total": counts.values().sum::<u64>(), "counts": counts, "calls": calls,
        })
    }

    /// The latest calls that are still kept, oldest first.
    pub fn latest(&self) -> Vec<Call> {
        self.inner.lock().ring.iter().cloned().collect()
    }

    /// Forgets everything.
    pub fn reset(&self) {
        *self.inner.lock() = Inner::default();
    }
}

//! The journal of API calls: a bounded ring of the latest, and counters of all.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;

use super::Clock;

const KEPT: usize = 20_000;

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
    /// Emulated time.
    pub at: Timestamp,
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
    pub fn note(
        &self,
        platform: &'static str,
        operation: &str,
        status: u16,
        error: Option<&str>,
        by: &str,
    ) {
        let at = self.clock.now();
        let mut inner = self.inner.lock();
        inner.number += 1;
        let number = inner.number;
        let operation = operation.to_owned();
        *inner.counts.entry((platform, operation.clone())).or_default() += 1;
        if inner.ring.len() == KEPT {
            inner.ring.pop_front();
        }
        let (error, by) = (error.map(str::to_owned), by.to_owned());
        inner.ring.push_back(Call { number, platform, operation, status, error, by, at });
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

    /// Forgets everything.
    pub fn reset(&self) {
        *self.inner.lock() = Inner::default();
    }
}

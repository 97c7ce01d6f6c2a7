//! What was sent, when, and how it was answered: a bounded ring.

use std::collections::VecDeque;

use bytes::Bytes;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{Outcome, Webhook};

const KEPT: usize = 10_000;

struct Entry {
    number: u64,
    platform: &'static str,
    event: String,
    about: String,
    url: String,
    body: Bytes,
    faults: Vec<String>,
    at: Timestamp,
    attempts: Vec<Value>,
    state: &'static str,
}

#[derive(Default)]
struct Inner {
    /// Entries opened so far; the ring holds the last of them without a gap.
    opened: u64,
    ring: VecDeque<Entry>,
}

#[derive(Default)]
pub(super) struct Journal(Mutex<Inner>);

impl Inner {
    fn get(&mut self, number: u64) -> Option<&mut Entry> {
        let first = self.ring.front()?.number;
        self.ring.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)
    }
}

impl Journal {
    pub(super) fn open(&self, webhook: &Webhook, faults: &[String], at: Timestamp) -> u64 {
        let mut inner = self.0.lock();
        inner.opened += 1;
        let number = inner.opened;
        if inner.ring.len() == KEPT {
            inner.ring.pop_front();
        }
        inner.ring.push_back(Entry {
            number,
            platform: webhook.platform,
            event: webhook.event.clone(),
            about: webhook.about.clone(),
            url: webhook.url.clone(),
            body: webhook.body.clone(),
            faults: faults.to_vec(),
            at,
            attempts: Vec::new(),
            state: "queued",
        });
        number
    }

    pub(super) fn attempt(&self, number: u64, at: Timestamp, outcome: &Outcome) {
        let attempt = match outcome {
            Outcome::Answered { status, took, .. } => {
                json!({"at": at.to_string(), "status": status, "ms": took.as_secs_f64() * 1000.0})
            }
            Outcome::TimedOut => json!({"at": at.to_string(), "error": "timeout"}),
            Outcome::Failed(why) => json!({"at": at.to_string(), "error": why}),
        };
        if let Some(entry) = self.0.lock().get(number) {
            entry.attempts.push(attempt);
            entry.state = "trying";
        }
    }

    pub(super) fn close(&self, number: u64, state: &'static str) {
        if let Some(entry) = self.0.lock().get(number) {
            entry.state = state;
        }
    }

    pub(super) fn read(&self, platform: Option<&str>, event: Option<&str>, limit: usize) -> Value {
        let inner = self.0.lock();
        let mut entries: Vec<Value> = inner
            .ring
            .iter()
            .rev()
            .filter(|entry| platform.is_none_or(|wanted| wanted == entry.platform))
            .filter(|entry| event.is_none_or(|wanted| wanted == entry.event))
            .take(limit)
            .map(|entry| {
                let body = serde_json::from_slice(&entry.body).unwrap_or_else(|_| {
                    Value::String(String::from_utf8_lossy(&entry.body).into_owned())
                });
                json!({
                    "number": entry.number, "platform": entry.platform, "event": entry.event,
                    "about": entry.about, "url": entry.url, "at": entry.at.to_string(),
                    "state": entry.state, "faults": entry.faults, "attempts": entry.attempts, "body": body,
                })
            })
            .collect();
        entries.reverse();
        json!({"webhooks": entries})
    }

    /// Keeps counting: whoever still sends must not write into another's entry.
    pub(super) fn reset(&self) {
        self.0.lock().ring.clear();
    }
}

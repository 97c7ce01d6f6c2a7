//! Which message was sent when and where it arrived: by the number that its text carries.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
};

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::{clock, pretended::Platform};

/// What the number stands behind.
const MARK: &str = "bench";

/// Messages of one run.
pub struct Ledger {
    sent: Box<[AtomicU64]>,
    /// At which platforms: a bit for each.
    arrived: Box<[AtomicU8]>,
    /// At how many platforms each must arrive.
    copies: u32,
    next: AtomicU64,
    arrivals: AtomicU64,
    twice: AtomicU64,
    strangers: AtomicU64,
    out_of_order: AtomicU64,
    newest: Mutex<HashMap<String, u64>>,
    /// Only what was sent from here on is measured.
    measured_from: AtomicU64,
    through: Mutex<Histogram<u64>>,
    /// What goes to this channel is not measured.
    apart: Option<String>,
    /// Free places among the messages that may be under way.
    pub window: Semaphore,
}

impl Ledger {
    /// Room for so many messages of so many copies each, of which `window` may be under way.
    pub fn new(room: usize, copies: u32, window: usize, apart: Option<String>) -> Self {
        Self {
            sent: (0..room).map(|_| AtomicU64::new(0)).collect(),
            arrived: (0..room).map(|_| AtomicU8::new(0)).collect(),
            copies,
            next: AtomicU64::new(0),
            arrivals: AtomicU64::new(0),
            twice: AtomicU64::new(0),
            strangers: AtomicU64::new(0),
            out_of_order: AtomicU64::new(0),
            newest: Mutex::default(),
            measured_from: AtomicU64::new(u64::MAX),
            through: Mutex::new(histogram()),
            apart,
            window: Semaphore::new(window),
        }
    }

    /// The next message's number; `None` when there is no room left.
    pub fn next(&self) -> Option<u64> {
        let number = self.next.fetch_add(1, Relaxed);
        usize::try_from(number).is_ok_and(|it| it < self.sent.len()).then_some(number)
    }

    /// It is being sent now.
    pub fn sending(&self, number: u64) {
        self.sent[index(number)].store(clock::nanos(), Relaxed);
    }

    /// What a post's body says has arrived at a platform, in one of its channels.
    pub fn arrived(&self, at: Platform, channel: &str, body: &[u8]) {
        let now = clock::nanos();
        let number = number_in(body).filter(|it| index(*it) < self.sent.len());
        let Some(number) = number else {
            self.strangers.fetch_add(1, Relaxed);
            return;
        };
        let sent = self.sent[index(number)].load(Relaxed);
        if sent == 0 {
            self.strangers.fetch_add(1, Relaxed);
            return;
        }
        let bit = 1 << at as u8;
        let before = self.arrived[index(number)].fetch_or(bit, Relaxed);
        if before & bit != 0 {
            self.twice.fetch_add(1, Relaxed);
            return;
        }
        self.arrivals.fetch_add(1, Relaxed);
        let mut newest = self.newest.lock();
        match newest.get_mut(channel) {
            Some(before) if *before > number => drop(self.out_of_order.fetch_add(1, Relaxed)),
            Some(before) => *before = number,
            None => drop(newest.insert(channel.to_owned(), number)),
        }
        drop(newest);
        let apart = self.apart.as_deref() == Some(channel);
        if !apart && sent >= self.measured_from.load(Relaxed) {
            self.through.lock().saturating_record(now.saturating_sub(sent) / 1_000);
        }
        if (before | bit).count_ones() == self.copies {
            self.window.add_permits(1);
        }
    }

    /// Measures what is sent from now on.
    pub fn measure(&self) {
        self.through.lock().reset();
        self.measured_from.store(clock::nanos(), Relaxed);
    }

    /// How long those took that were sent since, from webhook to post, in microseconds.
    pub fn through(&self) -> Histogram<u64> {
        self.through.lock().clone()
    }

    /// How many were sent.
    pub fn sent(&self) -> u64 {
        let next = self.next.load(Relaxed);
        next.min(u64::try_from(self.sent.len()).unwrap_or(u64::MAX))
    }

    /// How many copies arrived.
    pub fn arrivals(&self) -> u64 {
        self.arrivals.load(Relaxed)
    }

    /// How many copies did not arrive yet.
    pub fn missing(&self) -> u64 {
        (self.sent() * u64::from(self.copies)).saturating_sub(self.arrivals())
    }

    /// What is not as it should be; empty when messages arrived once, in order, and `all` of them if
    /// they should.
    pub fn faults(&self, all: bool) -> Vec<String> {
        let missing = if all { self.missing() } else { 0 };
        [
            (missing, "did not arrive"),
            (self.twice.load(Relaxed), "arrived twice"),
            (self.out_of_order.load(Relaxed), "arrived out of order"),
            (self.strangers.load(Relaxed), "are of nobody"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} copies {what}"))
        .collect()
    }
}

/// Microseconds, up to ten minutes, to three digits.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(600_000_000, 3).expect("these bounds are fine")
}

/// The text of a message.
pub fn text(number: u64) -> String {
    format!("{MARK}{number:08}x The quick brown fox jumps over the lazy dog, twice if it must.")
}

fn number_in(body: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find_iter(body, MARK).find(|at| {
        body.get(at + MARK.len() + 8) == Some(&b'x') && body[at + MARK.len()].is_ascii_digit()
    })?;
    let digits = body.get(at + MARK.len()..at + MARK.len() + 8)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_by_its_text_wherever_it_stands() {
        let ledger = Ledger::new(3, 1, 0, None);
        for _ in 0..3 {
            let number = ledger.next().unwrap();
            ledger.sending(number);
        }
        assert_eq!(ledger.next(), None, "there is room for three");
        let body = |number| format!(r#"{{"name":"bench","text":"<p>{}</p>"}}"#, text(number));
        ledger.arrived(Platform::Slack, "C1", body(1).as_bytes());
        assert_eq!(ledger.faults(true), ["2 copies did not arrive"]);
        ledger.arrived(Platform::Slack, "C1", body(0).as_bytes());
        ledger.arrived(Platform::Slack, "C2", body(2).as_bytes());
        ledger.arrived(Platform::Slack, "C2", body(2).as_bytes());
        ledger.arrived(Platform::Slack, "C2", b"bench");
        let faults =
            ["1 copies arrived twice", "1 copies arrived out of order", "1 copies are of nobody"];
        assert_eq!(ledger.faults(true), faults);
        assert_eq!((ledger.arrivals(), ledger.window.available_permits()), (3, 3));
    }
    #[test]
    fn a_message_is_through_when_it_has_arrived_everywhere_once() {
        let ledger = Ledger::new(1, 3, 0, None);
        let number = ledger.next().unwrap();
        ledger.sending(number);
        let post = text(number);
        for (at, missing) in [(Platform::Teams, 2), (Platform::Webex, 1), (Platform::Webex, 1)] {
            ledger.arrived(at, "c", post.as_bytes());
            assert_eq!((ledger.missing(), ledger.window.available_permits()), (missing, 0));
        }
        ledger.arrived(Platform::Zoom, "c", post.as_bytes());
        assert_eq!((ledger.missing(), ledger.window.available_permits()), (0, 1));
        assert_eq!(ledger.faults(true), ["1 copies arrived twice"]);
    }
}

//! Where a pretended platform takes posts and keeps what is asked for: its channels, and what was
//! said in them.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use parking_lot::RwLock;

use super::{Platform, past::Past};
use crate::ledger::Ledger;

/// What every pretended platform has.
#[derive(Default)]
pub struct Desk {
    ledger: RwLock<Option<Arc<Ledger>>>,
    /// In each workspace.
    channels: AtomicUsize,
    posts: AtomicU64,
    /// What people said, in what the platform counts in since 1970; Rialto's posts are not among it.
    pub(super) past: Past,
}

impl Desk {
    /// There are so many channels, in which nobody said anything.
    pub(super) fn starts_anew(&self, channels: usize) {
        self.channels.store(channels, Relaxed);
        self.past.forget();
    }

    /// Posts are told to this ledger from now on.
    pub(super) fn tells(&self, ledger: &Arc<Ledger>) {
        *self.ledger.write() = Some(ledger.clone());
    }

    /// Tells of a post that arrived in a channel; gives how many arrived before it.
    pub(super) fn takes(&self, at: Platform, channel: &str, body: &[u8]) -> u64 {
        let ledger = self.ledger.read().clone();
        if let Some(ledger) = ledger {
            ledger.arrived(at, channel, body);
        }
        self.posts.fetch_add(1, Relaxed)
    }

    /// How many channels there are.
    pub(super) fn channels(&self) -> usize {
        self.channels.load(Relaxed)
    }

    /// A page of at most `size` channels, and the cursor of the next page; empty when there is none.
    pub(super) fn page(&self, cursor: &str, size: usize) -> (Range<usize>, String) {
        let all = self.channels();
        let from: usize = cursor.parse().unwrap_or_default();
        let until = (from + size).min(all);
        (from..until, if until < all { until.to_string() } else { String::new() })
    }
}

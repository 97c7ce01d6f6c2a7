//! What was said in each channel, so that a platform can list it: by number and moment alone, since
//! everything else of a message follows from them.

use std::{ops::RangeInclusive, sync::Arc};

use parking_lot::Mutex;

/// A message in a channel that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Which one.
    pub number: u64,
    /// When, in what the platform counts in.
    pub moment: u64,
}

/// A page of what was said in a channel, newest first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// The messages.
    pub said: Vec<Said>,
    /// What the next page ends before; `None` when there is none.
    pub next: Option<usize>,
}

/// What was said in each channel, oldest first: 16 bytes each.
#[derive(Clone, Default)]
pub(super) struct Past(Arc<Mutex<Vec<Vec<Said>>>>);

impl Past {
    /// Somebody says something in a channel, after everything that was said there before.
    pub fn remember(&self, channel: usize, said: Said) {
        let mut channels = self.0.lock();
        if channels.len() <= channel {
            channels.resize_with(channel + 1, Vec::new);
        }
        channels[channel].push(said);
    }

    /// Nothing was said yet.
    pub fn forget(&self) {
        *self.0.lock() = Vec::new();
    }

    /// At most `size` messages that were said in a channel at these moments, the newest ones before
    /// the one that the page before it named as its `next`.
    pub fn page(
        &self,
        channel: usize,
        moments: RangeInclusive<u64>,
        next: Option<usize>,
        size: usize,
    ) -> Page {
        let channels = self.0.lock();
        let all = channels.get(channel).map_or(&[][..], Vec::as_slice);
        let from = all.partition_point(|said| said.moment < *moments.start());
        let until = all.partition_point(|said| said.moment <= *moments.end());
        let until = until.min(next.unwrap_or(usize::MAX)).max(from);
        let first = until.saturating_sub(size).max(from);
        let said = all[first..until].iter().rev().copied().collect();
        Page { said, next: (first > from).then_some(first) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_go_back_from_the_newest_message_and_stay_where_they_are_while_people_write() {
        let past = Past::default();
        let say = |number| past.remember(1, Said { number, moment: 10 * number });
        let numbers = |moments, next| {
            let Page { said, next } = past.page(1, moments, next, 2);
            (said.iter().map(|said| said.number).collect::<Vec<_>>(), next)
        };
        (1..=5).for_each(say);
        assert_eq!(numbers(0..=u64::MAX, None), (vec![5, 4], Some(3)));
        say(6);
        for (moments, next, expected) in [
            (0..=u64::MAX, Some(3), (vec![3, 2], Some(1))),
            (0..=u64::MAX, Some(1), (vec![1], None)),
            (20..=u64::MAX, Some(3), (vec![3, 2], None)),
            (21..=u64::MAX, Some(3), (vec![3], None)),
            (0..=29, None, (vec![2, 1], None)),
            (61..=u64::MAX, None, (vec![], None)),
            (50..=u64::MAX, Some(3), (vec![], None)),
        ] {
            assert_eq!(numbers(moments.clone(), next), expected, "{moments:?} before {next:?}");
        }
        for channel in [0, 7] {
            assert_eq!(past.page(channel, 0..=u64::MAX, None, 2).said, [], "{channel}");
        }
        past.forget();
        assert_eq!(numbers(0..=u64::MAX, None), (vec![], None));
    }
}

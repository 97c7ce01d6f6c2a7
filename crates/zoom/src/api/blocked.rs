//! How long a channel takes no messages, which Zoom may or may not say when it refuses one.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rialto_model::RemoteId;

/// How long a channel is blocked, by which of its windows was full (*Send a chat message*).
const BLOCKS: [i64; 4] = [10, 30, 60, 300];
/// A refusal so soon after a block should have ended says that it was a longer one.
const STILL: SignedDuration = SignedDuration::from_secs(30);

/// Channels that refused messages lately: until when they were left alone, and by which guess.
#[derive(Debug, Default)]
pub(crate) struct Blocked(Mutex<HashMap<RemoteId, (Timestamp, usize)>>);

impl Blocked {
    /// A channel refused a message. Gives when to come back: the shortest block is guessed first, a
    /// longer one when it goes on; never earlier than Zoom `said`.
    pub fn until(&self, channel: &RemoteId, said: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let mut all = self.0.lock();
        all.retain(|_, (until, _)| now.duration_since(*until) <= STILL);
        let guess = all.get(channel).map_or(0, |(_, guess)| (guess + 1).min(BLOCKS.len() - 1));
        let wait = SignedDuration::from_secs(BLOCKS[guess]);
        let until = now.checked_add(wait).unwrap_or(now);
        let until = said.map_or(until, |said| said.max(until));
        all.insert(channel.clone(), (until, guess));
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_goes_on_is_taken_for_a_longer_one() {
        let blocked = Blocked::default();
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        for (now, until) in [(0, 10), (10, 40), (41, 101), (101, 401), (401, 701), (732, 742)] {
            assert_eq!(blocked.until(&"c1".into(), None, at(now)), at(until), "{now}");
        }
        assert_eq!(blocked.until(&"c2".into(), None, at(732)), at(742));
        for (said, until) in [(90, 90), (95, 100)] {
            assert_eq!(blocked.until(&"c3".into(), Some(at(said)), at(70)), at(until), "{said}");
        }
    }
}

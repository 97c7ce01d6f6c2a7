//! What a sweep found and did not keep yet: the oldest of it, as much as may be in memory. What is
//! newer is let go, and found again when the past is read once more.

use std::{
    collections::{BTreeMap, HashSet},
    mem,
};

use jiff::Timestamp;
use rialto_model::{Event, EventKind, RemoteId};
use rialto_platform::ReadError;

/// What a finding takes in memory besides its content, about.
const BESIDES: usize = 256;

/// Findings of one sweep.
pub(super) struct Findings {
    /// Bytes of them that may be in memory. One finding always may.
    most: usize,
    bytes: usize,
    oldest_first: BTreeMap<Place, Vec<u8>>,
    /// What belongs here or behind is let go.
    let_go: Option<Place>,
    /// Keys of those that are on disk.
    kept: HashSet<String>,
}

/// Messages by when they were said, so that a reply comes behind what it replies to; what happened
/// to them afterwards behind all messages. Of one instant: by their ids, which platforms count up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    is_change: bool,
    at: Timestamp,
    length: usize,
    message: RemoteId,
    key: String,
}

impl Place {
    fn of(event: &Event) -> Option<Self> {
        let key = key(event)?;
        Some(match &event.kind {
            EventKind::Message(state) => Self {
                is_change: false,
                at: state.posted_at,
                length: state.id.as_str().len(),
                message: state.id.clone(),
                key,
            },
            _ => Self { is_change: true, at: event.at, length: 0, message: "".into(), key },
        })
    }
}

impl Findings {
    pub(super) fn new(most: usize) -> Self {
        Self { most, bytes: 0, oldest_first: BTreeMap::new(), let_go: None, kept: HashSet::new() }
    }

    /// Adds what is not on disk, as long as there is room for it and nothing older was let go.
    pub(super) fn put(&mut self, event: &Event) {
        let Some(place) = Place::of(event) else { return };
        let is_behind = self.let_go.as_ref().is_some_and(|from| place >= *from);
        if is_behind || self.kept.contains(&place.key) {
            return;
        }
        let Ok(content) = serde_json::to_vec(event) else { return };
        self.bytes += weight(&content);
        let before = self.oldest_first.insert(place, content);
        self.bytes -= before.as_deref().map_or(0, weight);
        while self.bytes > self.most && self.oldest_first.len() > 1 {
            let Some((place, content)) = self.oldest_first.pop_last() else { return };
            self.bytes -= weight(&content);
            self.let_go = Some(place);
        }
    }

    /// When the oldest message among them was said.
    pub(super) fn said_first(&self) -> Option<Timestamp> {
        let (first, _) = self.oldest_first.first_key_value()?;
        (!first.is_change).then_some(first.at)
    }

    /// Takes the oldest out, by key and content: they will be on disk.
    pub(super) fn take(&mut self, most: usize) -> Vec<(String, Vec<u8>)> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some((place, content)) = self.oldest_first.pop_first()
        {
            self.bytes -= weight(&content);
            self.kept.insert(place.key.clone());
            taken.push((place.key, content));
        }
        taken
    }

    /// Whether something was let go, so that the past must be read again. Then it may be put.
    pub(super) fn go_on(&mut self) -> bool {
        mem::take(&mut self.let_go).is_some()
    }
}

fn weight(content: &[u8]) -> usize {
    content.len() + BESIDES
}

/// What a finding is known by while it waits.
fn key(event: &Event) -> Option<String> {
    Some(match &event.kind {
        EventKind::Message(state) => format!("m:{}:{}", state.id, state.revision.0),
        EventKind::Deleted { message } => format!("d:{message}"),
        EventKind::Reactions { message, .. } => format!("r:{message}"),
        _ => return None,
    })
}

/// Whether a finding that is known by this is the message.
pub(super) fn is_message(key: &str, message: &RemoteId) -> bool {
    let rest = key.strip_prefix("m:").and_then(|rest| rest.strip_prefix(message.as_str()));
    rest.is_some_and(|rest| rest.starts_with(':') && !rest[1..].contains(':'))
}

/// The facts that a sweep kept.
pub(crate) fn found(payload: &[u8]) -> Result<Vec<Event>, ReadError> {
    serde_json::from_slice(payload)
        .map(|event| vec![event])
        .map_err(|_| ReadError::Permanent("what a sweep kept is no event".into()))
}

#[cfg(test)]
mod tests {
    use rialto_model::{Author, Content, MessageState, Own, Revision, RichText};

    use super::*;

    /// A message that was said at this second, with a text of so many characters.
    fn message(second: i64, length: usize) -> Event {
        let at = Timestamp::from_second(second).unwrap();
        let state = MessageState {
            id: format!("{second}").into(),
            revision: Revision(0),
            posted_at: at,
            thread: None,
            thread_began: None,
            broadcast: false,
            author: Author {
                account: Some("ana".into()),
                name: String::new(),
                avatar_url: None,
                bot: false,
            },
            content: Content {
                text: RichText::plain(&"x".repeat(length)),
                attachments: Vec::new(),
            },
            own: Own::No,
        };
        Event { conversation: "general".into(), at, kind: EventKind::Message(Box::new(state)) }
    }

    fn deleted(second: i64) -> Event {
        let kind = EventKind::Deleted { message: format!("{second}").into() };
        Event { kind, ..message(second, 0) }
    }

    /// Reads a list again and again, until all of it was taken. What came out, in its order, and how
    /// often it was read.
    fn read(list: &[Event], most: usize) -> (Vec<String>, usize) {
        let mut findings = Findings::new(most);
        let mut keys = Vec::new();
        for reading in 1..=list.len() {
            for event in list {
                findings.put(event);
                let is_within = findings.bytes <= most || findings.oldest_first.len() == 1;
                assert!(is_within, "{} of {most} bytes", findings.bytes);
            }
            keys.extend(findings.take(2).into_iter().map(|(key, _)| key));
            keys.extend(findings.take(usize::MAX).into_iter().map(|(key, _)| key));
            assert_eq!(findings.bytes, 0);
            if !findings.go_on() {
                return (keys, reading);
            }
        }
        panic!("no end: {keys:?}");
    }

    #[test]
    fn all_comes_once_and_in_order_however_it_is_listed_and_never_more_at_a_time_than_may_be() {
        let events: Vec<_> =
            (1..=9).map(|second| message(second, 1_000)).chain([deleted(77)]).collect();
        let newest_first: Vec<_> = events.iter().rev().cloned().collect();
        let mixed: Vec<_> =
            [4, 9, 0, 7, 2, 5, 1, 8, 3, 6].map(|place| events[place].clone()).into();
        let doubled: Vec<_> = newest_first.iter().chain(&events).cloned().collect();
        let mut expected: Vec<_> = (1..=9).map(|second| format!("m:{second}:0")).collect();
        expected.push("d:77".into());
        for (listed, list) in [
            ("oldest first", &events),
            ("newest first", &newest_first),
            ("mixed", &mixed),
            ("doubled", &doubled),
        ] {
            for (most, readings) in [(usize::MAX, 1), (20_000, 1), (5_000, 4), (1, 10)] {
                let (keys, count) = read(list, most);
                assert_eq!(
                    (keys, count <= readings),
                    (expected.clone(), true),
                    "{listed}, {most} bytes, read {count} times"
                );
            }
        }
    }

    #[test]
    fn what_is_small_does_not_slip_in_before_what_is_older_and_was_let_go() {
        let list = [message(1, 1_000), message(2, 5_000), message(3, 10), message(4, 10)];
        let (keys, _) = read(&list, 4_000);
        assert_eq!(keys, ["m:1:0", "m:2:0", "m:3:0", "m:4:0"]);
    }
}

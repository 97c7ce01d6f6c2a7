//! What edited messages read like, since when: a listing says that a message was edited, not when.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rialto_model::{Fingerprint, Revision};

use crate::{
    fingerprint,
    wire::{File, Message},
};

/// How many messages are remembered before all are forgotten: each is edited once more on the other
/// side then, to what it reads like there already.
const KEPT: usize = 20_000;
/// An edit that was made after a listing is later than what that shows, if Zoom's clock is behind ours
/// by no more than this. What an event tells of an edit made longer before it is past: events come
/// minutes late when Zoom sends them again.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// What edited messages read like, and at which revision.
#[derive(Debug, Default)]
pub(crate) struct Edits(Mutex<HashMap<String, (Reading, Revision)>>);

/// What a message says, and which files it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    text: Fingerprint,
    files: BTreeSet<String>,
}

impl Reading {
    pub fn new(text: &str, files: &[File]) -> Self {
        let files = files.iter().filter_map(|file| file.file_id.get().map(str::to_owned));
        Self { text: fingerprint::of(text), files: files.collect() }
    }
}

impl Edits {
    /// An event told of an edit.
    pub fn told(&self, id: &str, reading: Reading, revision: Revision) {
        let mut all = self.0.lock();
        let known = all.get(id).map_or(Revision(0), |(_, revision)| *revision);
        if revision > known {
            make_room(&mut all);
            all.insert(id.to_owned(), (reading, revision));
        }
    }

    /// The revision of a message as a listing shows it: that at which it was known to read so, else
    /// one behind all that are known.
    pub fn revision(&self, message: &Message, now: Timestamp) -> Revision {
        let Some(id) = message.id.get().filter(|_| message.status.get() == Some("Edited")) else {
            return Revision(0);
        };
        let id = crate::wire::message_id(id);
        let reads = Reading::new(message.message.as_deref().unwrap_or_default(), &message.files());
        let mut all = self.0.lock();
        let known = all.get(&id);
        if let Some((_, revision)) = known.filter(|(known, _)| *known == reads) {
            return *revision;
        }
        let before = known.map_or(0, |(_, revision)| revision.0);
        let posted = message.timestamp.0.map_or(0, Timestamp::as_microsecond);
        let shown = now.checked_sub(SKEW).unwrap_or(now).as_microsecond();
        let revision = Revision(shown.max(posted + 1).max(before + 1));
        if known.is_none() && shown <= posted {
            // Perhaps an earlier edit had this revision before a restart: the next listing has a later one.
            return revision;
        }
        make_room(&mut all);
        all.insert(id, (reads, revision));
        revision
    }
}

fn make_room(all: &mut HashMap<String, (Reading, Revision)>) {
    if all.len() >= KEPT {
        all.clear();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_edit_is_told_once_however_often_it_is_listed() {
        let listed = |text: &str, status: &str| -> Message {
            let message =
                json!({ "id": "m1", "message": text, "status": status, "timestamp": 1_000 });
            serde_json::from_value(message).unwrap()
        };
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let edits = Edits::default();
        assert_eq!(edits.revision(&listed("one", "Normal"), at(100)), Revision(0));
        let first = edits.revision(&listed("two", "Edited"), at(100));
        assert_eq!(first, Revision(95_000_000));
        assert_eq!(edits.revision(&listed("two", "Edited"), at(900)), first);
        // Where two edits come within the first five seconds, with a restart between them, the second one
        // is not later until those are over.
        let restarted = Edits::default();
        assert_eq!(restarted.revision(&listed("two", "Edited"), at(3)), Revision(1_000_001));
        let restarted = Edits::default();
        assert_eq!(restarted.revision(&listed("three", "Edited"), at(4)), Revision(1_000_001));
        assert_eq!(restarted.revision(&listed("three", "Edited"), at(9)), Revision(4_000_000));
        assert_eq!(restarted.revision(&listed("three", "Edited"), at(10)), Revision(4_000_000));
        // An event about a later one, then a listing that shows it, then one that nothing told of.
        edits.told("m1", Reading::new("three", &[]), Revision(950_000_000));
        assert_eq!(edits.revision(&listed("three", "Edited"), at(960)), Revision(950_000_000));
        assert_eq!(edits.revision(&listed("four", "Edited"), at(952)), Revision(950_000_001));
        // An event that is late changes nothing.
        assert!(first > Revision(94_000_000), "an edit made some seconds before the listing");
        edits.told("m1", Reading::new("two", &[]), Revision(39_000_000));
        assert_eq!(edits.revision(&listed("four", "Edited"), at(970)), Revision(950_000_001));
    }

    #[test]
    fn an_edit_of_the_files_alone_is_one() {
        let listed = |files: &[&str]| -> Message {
            let files: Vec<_> = files.iter().map(|id| json!({ "file_id": id })).collect();
            let message = json!({ "id": "m1", "message": "see", "status": "Edited",
                "timestamp": 1_000, "files": files });
            serde_json::from_value(message).unwrap()
        };
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let edits = Edits::default();
        let first = edits.revision(&listed(&["f1", "f2"]), at(100));
        assert_eq!(edits.revision(&listed(&["f2", "f1"]), at(200)), first);
        assert!(edits.revision(&listed(&["f2"]), at(300)) > first);
    }
}

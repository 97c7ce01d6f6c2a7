//! Which edit of a message is read: Webex says of an edited message when that was, in some places to the
//! second only, and two edits may come within one.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use parking_lot::Mutex;
use rialto_model::Revision;

use crate::wire::Message;

/// How many messages are remembered before all are forgotten: an edit in the same second as one that was
/// read before that is not seen then.
const KEPT: usize = 20_000;

/// What edited messages read like at the time of their last edit.
#[derive(Debug, Default)]
pub(crate) struct Edits(Mutex<HashMap<String, Readings>>);

/// How a message read, in the order in which that was seen.
#[derive(Debug)]
struct Readings {
    revision: Revision,
    seen: Vec<u64>,
}

impl Edits {
    /// The revision of a message as it reads: what reads otherwise at the same time is a later edit.
    pub fn revision(&self, message: &Message) -> Revision {
        let (Some(id), Some(at)) = (message.id.get(), message.updated) else { return Revision(0) };
        let revision = Revision(at.as_microsecond().max(1));
        let mut hasher = DefaultHasher::new();
        (message.text.get(), message.markdown.get(), message.html.get()).hash(&mut hasher);
        let reads = hasher.finish();
        let mut all = self.0.lock();
        if all.len() >= KEPT && !all.contains_key(id) {
            all.clear();
        }
        let known = all.entry(id.to_owned()).or_insert(Readings { revision, seen: Vec::new() });
        if revision < known.revision {
            // An answer that was under way while a later one was read.
            return revision;
        }
        if revision > known.revision {
            *known = Readings { revision, seen: Vec::new() };
        }
        let place = known.seen.iter().position(|seen| *seen == reads).unwrap_or_else(|| {
            known.seen.push(reads);
            known.seen.len() - 1
        });
        Revision(revision.0.saturating_add(i64::try_from(place).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_reads_otherwise_at_the_same_time_is_a_later_edit() {
        let edits = Edits::default();
        let revision = |html: &str, updated: Option<&str>| {
            let message = json!({ "id": "m1", "text": "x", "html": html, "updated": updated });
            edits.revision(&serde_json::from_value(message).unwrap()).0
        };
        let (first, later) = ("2015-10-18T14:27:16+00:00", "2015-10-18T14:27:17+00:00");
        assert_eq!(revision("one", None), 0);
        let two = revision("two", Some(first));
        assert_eq!(revision("two", Some(first)), two);
        // An edit of nothing but a sign is one.
        assert_eq!(revision("two!", Some(first)), two + 1);
        assert_eq!(revision("three", Some(first)), two + 2);
        // An answer that was under way meanwhile is no edit.
        assert_eq!(revision("two", Some(first)), two);
        assert_eq!(revision("four", Some(later)), two + 1_000_000);
        assert_eq!(revision("three", Some(first)), two);
    }
}

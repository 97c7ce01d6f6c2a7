//! What is written for Zoom, whatever was read elsewhere; and what Zoom makes of it.

use proptest::prelude::Strategy;
use rialto_fuzz::{Allowance, check, fuzz, grows_linearly};
use rialto_model::{EventKind, Revision, RichText, testing};
use rialto_platform::{Note, Outgoing, testing::said_elsewhere};
use serde_json::{Value, json};

use super::{messages, within};
use crate::{
    fingerprint,
    normalize::past,
    render::{MAX_UNITS, parts, units},
    tests::support::own,
    wire::Message,
};

/// Of a long text a good many pieces are tried, in both forms.
const WRITING: Allowance = Allowance { held: 400, allocated: 40_000 };
/// Bytes of JSON for each byte of a text in memory: it is said in its thread and in the channel, in both
/// forms, with up to six letters for a character, and each style is a range.
const WRITTEN: usize = 48;
/// Pieces of a text that takes several posts.
const LONG: usize = 4_000;

fn outgoing(text: RichText) -> Outgoing {
    Outgoing {
        thread: Some("M1".into()),
        broadcast: true,
        notes: vec![Note::ReplyToUnknown],
        ..said_elsewhere(text)
    }
}

fn read(message: &Value) -> Option<RichText> {
    let message: Message = serde_json::from_value(message.clone()).ok()?;
    let now = jiff::Timestamp::UNIX_EPOCH;
    let told = past(&message, Some("U1"), Revision(0), &own(), now);
    told.into_iter().find_map(|(kind, _)| match kind {
        EventKind::Message(state) => Some(state.content.text),
        _ => None,
    })
}

/// It costs what it may, fits, and says the same when it is read again.
fn written(text: RichText) {
    let outgoing = outgoing(text);
    let weight = outgoing.content.text.weight();
    let parts = within(WRITING, weight, || parts(&outgoing));
    let bytes: usize = parts.iter().map(|part| part.body.len()).sum();
    assert!(bytes <= WRITTEN * weight + 4_096, "{weight} bytes became {bytes}");
    for part in parts {
        let body: Value = serde_json::from_str(&part.body).unwrap();
        let words = body["message"].as_str().unwrap();
        assert!(units(words) <= MAX_UNITS, "{} units", units(words));
        let listed = json!({ "id": "M1", "timestamp": 1, "message": words,
            "rich_text": body["rich_text"], "at_items": body["at_items"] });
        let back = read(&listed).expect("a message");
        assert_eq!(fingerprint::of(&back.plain_text()), part.fingerprint, "{listed}");
    }
}

#[test]
fn no_text_breaks_the_writer() {
    let text = testing::rich_text().boxed();
    fuzz(check!(), |choices| written(choices.of(&text)));
}

#[test]
fn what_was_read_can_be_written() {
    let corpus = messages();
    fuzz(check!(), |choices| {
        if let Some(text) = read(&corpus.json(choices)) {
            written(text);
        }
    });
}

#[test]
fn writing_a_text_takes_as_long_as_it_is() {
    for (name, text) in testing::long_texts() {
        grows_linearly(name, LONG, |count| outgoing(text(count)), parts);
    }
}

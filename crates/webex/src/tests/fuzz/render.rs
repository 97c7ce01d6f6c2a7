//! What is written for Webex, whatever was read elsewhere; and what Webex makes of it.

use proptest::prelude::Strategy;
use rialto_fuzz::{Allowance, Corpus, check, fuzz, grows_linearly, within};
use rialto_model::{RichText, testing};
use rialto_platform::{Note, Outgoing, testing::said_elsewhere};

use super::MARKUP;
use crate::{
    fingerprint,
    html::parse,
    render::{parts, seen},
};

/// Of a long text a good many pieces are tried.
const WRITING: Allowance = Allowance { held: 200, allocated: 20_000 };
/// Bytes of JSON for each byte of a text in memory: it is said in its thread and in the space, with up
/// to six letters for a character.
const WRITTEN: usize = 24;
/// Pieces of a text that takes several posts.
const LONG: usize = 10_000;

fn outgoing(text: RichText) -> Outgoing {
    Outgoing {
        thread: Some("M1".into()),
        broadcast: true,
        notes: vec![Note::ReplyToUnknown],
        ..said_elsewhere(text)
    }
}

/// It costs what it may, and reads afterwards as it was meant to.
fn written(text: RichText) {
    let outgoing = outgoing(text);
    let weight = outgoing.content.text.weight();
    let parts = within(WRITING, weight, || parts(&outgoing));
    let bytes: usize = parts.iter().map(|part| part.body.len()).sum();
    assert!(bytes <= WRITTEN * weight + 2_048, "{weight} bytes became {bytes}");
    for part in parts {
        let body: serde_json::Value = serde_json::from_str(&part.body).unwrap();
        let markdown = body["markdown"].as_str().unwrap();
        let back = parse(&seen(markdown));
        assert_eq!(fingerprint::of(&back), part.fingerprint, "{markdown:?} is seen as {back:?}");
    }
}

#[test]
fn no_text_breaks_the_writer() {
    let text = testing::rich_text().boxed();
    fuzz(check!(), |choices| written(choices.of(&text)));
}

#[test]
fn what_was_read_can_be_written() {
    let corpus = Corpus::of(MARKUP);
    fuzz(check!(), |choices| written(parse(&corpus.text(choices))));
}

#[test]
fn writing_a_text_takes_as_long_as_it_is() {
    for (name, text) in testing::long_texts() {
        grows_linearly(name, LONG, |count| outgoing(text(count)), parts);
    }
}

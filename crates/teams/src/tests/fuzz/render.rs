//! What is written for Teams, whatever was read elsewhere.

use proptest::prelude::Strategy;
use rialto_fuzz::{Allowance, Corpus, check, fuzz, grows_linearly, within};
use rialto_model::{RichText, testing};
use rialto_platform::{Note, Outgoing, testing::said_elsewhere};

use super::MARKUP;
use crate::{
    html::{Mentions, parse},
    render::render,
};

/// Of a long text a good many pieces are tried, each read again for its fingerprint.
const WRITING: Allowance = Allowance { held: 200, allocated: 20_000 };
/// Bytes of JSON for each byte of a text in memory: it is said in its thread and in the channel, with
/// up to six letters for a character.
const WRITTEN: usize = 24;
/// Pieces of a text that takes several posts.
const LONG: usize = 40_000;

fn outgoing(text: RichText) -> Outgoing {
    Outgoing {
        to: "team/19:c@thread.tacv2".into(),
        thread: Some("1".into()),
        broadcast: true,
        notes: vec![Note::ReplyToUnknown],
        ..said_elsewhere(text)
    }
}

fn written(text: RichText) {
    let outgoing = outgoing(text);
    let weight = outgoing.content.text.weight();
    let parts = within(WRITING, weight, || render(&outgoing));
    let bytes: usize = parts.iter().map(|part| part.body.len()).sum();
    assert!(bytes <= WRITTEN * weight + 2_048, "{weight} bytes became {bytes}");
}

#[test]
fn no_text_breaks_the_writer() {
    let text = testing::rich_text().boxed();
    fuzz(check!(), |choices| written(choices.of(&text)));
}

#[test]
fn what_was_read_can_be_written() {
    let corpus = Corpus::of(MARKUP);
    fuzz(check!(), |choices| written(parse(&corpus.text(choices), &Mentions::new()).text));
}

#[test]
fn writing_a_text_takes_as_long_as_it_is() {
    for (name, text) in testing::long_texts() {
        grows_linearly(name, LONG, |count| outgoing(text(count)), render);
    }
}

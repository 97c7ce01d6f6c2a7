//! What is written for Slack, whatever was read elsewhere.

use proptest::prelude::Strategy;
use rialto_fuzz::{Allowance, Corpus, check, fuzz, grows_linearly};
use rialto_model::{Block, Inline, RichText, Style, testing};
use rialto_platform::{Note, Outgoing, testing::said_elsewhere};

use super::{MARKUP, within};
use crate::{normalize::read, render::parts};

/// Each piece of text is an element of JSON with all its names, and of a long text a good many pieces
/// are tried.
const WRITING: Allowance = Allowance { held: 300, allocated: 20_000 };
/// Bytes of JSON for each byte of a text in memory.
const WRITTEN: usize = 16;

/// Pieces of a text that takes several posts.
const LONG: usize = 10_000;

fn outgoing(text: RichText) -> Outgoing {
    Outgoing { notes: vec![Note::ReplyToUnknown], ..said_elsewhere(text) }
}

fn written(text: RichText) {
    let outgoing = outgoing(text);
    let weight = outgoing.content.text.weight();
    let parts = within(WRITING, weight, || parts(&outgoing));
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
    fuzz(check!(), |choices| written(read(&[], &corpus.text(choices))));
}

#[test]
fn writing_a_text_takes_as_long_as_it_is() {
    for (name, text) in testing::long_texts() {
        grows_linearly(name, LONG, |count| outgoing(text(count)), parts);
    }
    let paragraph = Block::Paragraph(vec![Inline::text("words")]);
    for (name, block, letters) in [("paragraphs", paragraph, 8), ("rules", Block::Rule, 16)] {
        let blocks = |count: usize| RichText { blocks: vec![block.clone(); count / letters] };
        grows_linearly(name, LONG, |count| outgoing(blocks(count)), parts);
    }
    let link = |count: usize| {
        let bold = Style { bold: true, ..Style::PLAIN };
        let url = format!("https://a.example/{}", "x".repeat(count));
        let content = vec![[Inline::text("a"), Inline::styled("b", bold)]; count].concat();
        let line = vec![Inline::Link { url, content }];
        outgoing(RichText { blocks: vec![Block::Paragraph(line)] })
    };
    grows_linearly("a link of many styles", 100, link, parts);
}

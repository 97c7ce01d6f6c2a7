//! What is written for Slack, whatever was read elsewhere.

use proptest::prelude::Strategy;
use rialto_fuzz::{Allowance, Corpus, check, fuzz, grows_linearly};
use rialto_model::{
    Author, Block, Content, DeliveryId, Inline, ListItem, RichText, Style, Table, testing,
};
use rialto_platform::{Note, Outgoing};

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
    Outgoing {
        delivery: DeliveryId::new(uuid::Uuid::from_u128(3)),
        to: "C1".into(),
        thread: None,
        broadcast: false,
        author: Author { account: None, name: "Ana".into(), avatar_url: None, bot: false },
        said_on: "Teams",
        content: Content { text, attachments: Vec::new() },
        notes: vec![Note::ReplyToUnknown],
    }
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

fn line(text: &str) -> Vec<Inline> {
    vec![Inline::text(text)]
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph(line(text))
}

#[test]
fn writing_a_text_takes_as_long_as_it_is() {
    let bold = Style { bold: true, ..Style::PLAIN };
    type Make = fn(usize) -> Vec<Block>;
    let texts: [(&str, Make); 7] = [
        ("words", |n| vec![paragraph(&"word ".repeat(n / 4))]),
        ("lines", |n| {
            vec![Block::Paragraph(vec![[Inline::text("a"), Inline::LineBreak]; n / 2].concat())]
        }),
        ("paragraphs", |n| vec![paragraph("words"); n / 8]),
        ("rules", |n| vec![Block::Rule; n / 16]),
        ("items", |n| {
            vec![Block::List {
                start: Some(1),
                items: vec![ListItem { blocks: vec![paragraph("a")] }; n / 4],
            }]
        }),
        ("code", |n| vec![Block::Code { language: None, code: "line\n".repeat(n / 4) + "x" }]),
        ("rows", |n| {
            let rows = (0..n / 16).map(|row| vec![line(&"w".repeat(if row == 1 { n } else { 1 }))]);
            vec![Block::Table(Table { header: true, rows: rows.collect() })]
        }),
    ];
    for (name, make) in texts {
        grows_linearly(name, LONG, |count| outgoing(RichText { blocks: make(count) }), parts);
    }
    let runs = |count: usize| vec![[Inline::text("a"), Inline::styled("b", bold)]; count].concat();
    let link = |count: usize| Inline::Link {
        url: format!("https://a.example/{}", "x".repeat(count)),
        content: runs(count),
    };
    let line = |line| outgoing(RichText { blocks: vec![Block::Paragraph(line)] });
    grows_linearly("styles", LONG, |count| line(runs(count / 4)), parts);
    grows_linearly("a link of many styles", 100, |count| line(vec![link(count)]), parts);
}

//! What is written for Teams, whatever was read elsewhere.

use proptest::prelude::Strategy;
use rialto_fuzz::{Allowance, Corpus, check, fuzz, grows_linearly, within};
use rialto_model::{
    Author, Block, Content, DeliveryId, Inline, ListItem, RichText, Style, Table, testing,
};
use rialto_platform::{Note, Outgoing};
use uuid::Uuid;

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
        delivery: DeliveryId::new(Uuid::from_u128(3)),
        to: "team/19:c@thread.tacv2".into(),
        thread: Some("1".into()),
        broadcast: true,
        author: Author { account: None, name: "Ana".into(), avatar_url: None, bot: false },
        said_on: "Slack",
        content: Content { text, attachments: Vec::new() },
        notes: vec![Note::ReplyToUnknown],
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

fn line(text: &str) -> Vec<Inline> {
    vec![Inline::text(text)]
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph(line(text))
}

#[test]
fn writing_a_text_takes_as_long_as_it_is() {
    type Make = fn(usize) -> Vec<Block>;
    let texts: [(&str, Make); 5] = [
        ("words", |n| vec![paragraph(&"word ".repeat(n / 4))]),
        ("lines", |n| {
            vec![Block::Paragraph(vec![[Inline::text("a"), Inline::LineBreak]; n / 4].concat())]
        }),
        ("items", |n| {
            vec![Block::List {
                start: Some(1),
                items: vec![ListItem { blocks: vec![paragraph("a")] }; n / 8],
            }]
        }),
        ("code", |n| vec![Block::Code { language: None, code: "line\n".repeat(n / 4) + "x" }]),
        ("rows", |n| {
            let rows = (0..n / 16).map(|row| vec![line(&"w".repeat(if row == 0 { n } else { 1 }))]);
            vec![Block::Table(Table { header: true, rows: rows.collect() })]
        }),
    ];
    for (name, make) in texts {
        grows_linearly(name, LONG, |count| outgoing(RichText { blocks: make(count) }), render);
    }
    let bold = Style { bold: true, ..Style::PLAIN };
    let styles = |count: usize| {
        let runs = vec![[Inline::text("a"), Inline::styled("b", bold)]; count / 16].concat();
        outgoing(RichText { blocks: vec![Block::Paragraph(runs)] })
    };
    grows_linearly("styles", LONG, styles, render);
}

//! Hostile input to what all connectors share: splitting, and emoji.

use proptest::prelude::Strategy;
use rialto_fuzz::{Allowance, Corpus, check, fuzz, grows_linearly, within};
use rialto_model::{Block, Inline, ListItem, RichText, Table, testing};

use crate::{emoji, split::split};

/// A character can be a piece of its own, deep in lists; each is tried some twenty times on the way,
/// and copied for each place that it is deep.
const SPLITTING: Allowance = Allowance { held: 200, allocated: 20_000 };
/// Bytes of pieces for each byte of a text: of a table with its header, half is header.
const PIECES: usize = 4;

fn size(text: &RichText) -> usize {
    text.plain_text().chars().count()
}

fn of(block: Block) -> RichText {
    RichText { blocks: vec![block] }
}

#[test]
fn no_text_breaks_the_splitter() {
    let text = testing::rich_text().boxed();
    fuzz(check!(), |choices| {
        let limit = choices.below(200);
        let text = choices.of(&text);
        let before = text.weight();
        let pieces = within(SPLITTING, before, || split(&text, &|piece| size(piece) <= limit));
        let after: usize = pieces.iter().map(RichText::weight).sum();
        // Of a limit so small that nothing fits, each character is a piece.
        let each = pieces.len() * size_of::<Block>() * 8;
        assert!(after <= PIECES * before + each, "{before} bytes became {after}");
        let whole = |piece: &RichText| size(piece) <= limit.max(100);
        assert!(limit < 100 || pieces.iter().all(whole), "more than {limit}: {text:?}");
    });
}

#[test]
fn splitting_takes_as_long_as_the_text_is() {
    let line = |text: String| vec![Inline::text(text)];
    let paragraph = |text: String| Block::Paragraph(line(text));
    type Make<'a> = &'a dyn Fn(usize) -> Block;
    let texts: [(&str, Make<'_>); 7] = [
        ("words", &|n| paragraph("word ".repeat(n))),
        ("one word", &|n| paragraph("x".repeat(n))),
        ("white space", &|n| paragraph(" ".repeat(n) + "x")),
        ("lines", &|n| Block::Paragraph(vec![[Inline::text("a"), Inline::LineBreak]; n].concat())),
        ("code", &|n| Block::Code {
            language: None, code: "é\n".repeat(n) + &" ".repeat(n) + "x"
        }),
        ("items in quotes", &|n| {
            let item = ListItem { blocks: vec![paragraph("words".into())] };
            Block::Quote(vec![Block::List { start: Some(1), items: vec![item; n] }])
        }),
        ("rows", &|n| {
            let header = std::iter::once(vec![line("w".repeat(90))]);
            let rows = header.chain(vec![vec![line("a".into())]; n]).collect();
            Block::Table(Table { header: true, rows })
        }),
    ];
    for (name, make) in texts {
        let text = |count: usize| of(make(count));
        grows_linearly(name, 500, text, |text| split(text, &|piece| size(piece) <= 100));
    }
}

#[test]
fn no_name_breaks_the_table_of_emoji() {
    let corpus = Corpus::of([
        "wave",
        "+1",
        "::skin-tone-",
        "2",
        "3-6",
        ":",
        "👋",
        "🏼",
        "\u{fe0f}",
        "\u{200d}",
        "❤",
        "🇩🇪",
        "a",
    ]);
    fuzz(check!(), |choices| {
        let text = corpus.text(choices);
        if let Some(emoji) = emoji::by_name(&text) {
            let name = emoji::name_of(emoji).expect("what has a name is found by it");
            assert_eq!(emoji::by_name(&name), Some(emoji), "{text:?}");
        }
        if let Some(name) = emoji::name_of(&text) {
            assert!(emoji::by_name(&name).is_some(), "{text:?}");
        }
    });
}

//! A text with ranges of formats and of mentions.

use rialto_fuzz::{Allowance, Choices, Corpus, check, fuzz, grows_linearly};
use rialto_model::RichText;

use super::{FORMATS, WORDS, within};
use crate::{
    normalize::{Ends, read},
    wire::{AtItem, Range, Text},
};

/// A line can be a block of its own, and each range begins and ends pieces.
const READING: Allowance = Allowance { held: 800, allocated: 3_000 };
/// Bytes that a range weighs as JSON, at least.
const RANGE: usize = 60;

fn text(words: &str) -> Text {
    serde_json::from_value(words.into()).unwrap()
}

/// Anywhere in a text, and behind it.
fn place(choices: &mut Choices<'_>, length: usize) -> usize {
    if choices.below(16) == 0 { usize::MAX } else { choices.below(length + 4) }
}

fn range(choices: &mut Choices<'_>, length: usize) -> Range {
    Range {
        start_position: place(choices, length),
        end_position: place(choices, length),
        format_type: (*choices.one_of(&FORMATS)).to_owned(),
        format_attr: text(FORMATS[choices.below(FORMATS.len())]),
    }
}

fn mention(choices: &mut Choices<'_>, length: usize) -> AtItem {
    AtItem {
        at_type: u8::try_from(choices.below(4)).unwrap(),
        at_contact: text(["", "U1", "ana@a.example"][choices.below(3)]),
        start_position: place(choices, length),
        end_position: place(choices, length),
        ..AtItem::default()
    }
}

fn letters(text: &RichText) -> String {
    text.plain_text().chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn no_ranges_break_the_reader_or_lose_a_letter() {
    let corpus = Corpus::of(WORDS);
    fuzz(check!(), |choices| {
        let count = choices.below(200);
        let words = corpus.text(&mut Choices::new(choices.take(count)));
        let length = words.encode_utf16().count();
        let ranges: Vec<Range> = (0..choices.below(12)).map(|_| range(choices, length)).collect();
        let mentions: Vec<AtItem> =
            (0..choices.below(6)).map(|_| mention(choices, length)).collect();
        let size = words.len() + RANGE * (ranges.len() + mentions.len());
        for ends in [Ends::Behind, Ends::Last] {
            let text = within(READING, size, || read(&words, &ranges, &mentions, ends));
            let said: String = words.chars().filter(|c| !c.is_whitespace()).collect();
            assert_eq!(letters(&text), said, "{ranges:?} {mentions:?}");
        }
    });
}

#[test]
fn reading_a_text_takes_as_long_as_it_is() {
    let one = |kind: &str, start: usize, end: usize| Range {
        start_position: start,
        end_position: end,
        format_type: kind.to_owned(),
        format_attr: text("https://a.example"),
    };
    for word in WORDS {
        let make = |count: usize| word.repeat(count);
        grows_linearly(word, 400, make, |words| read(words, &[], &[], Ends::Last));
    }
    for kind in FORMATS {
        let beside = |count: usize| -> (String, Vec<Range>) {
            let ranges = (0..count).map(|n| one(kind, 2 * n, 2 * n + 1)).collect();
            ("a\n".repeat(count), ranges)
        };
        grows_linearly(kind, 200, beside, |(words, ranges)| read(words, ranges, &[], Ends::Last));
        let around = |count: usize| -> (String, Vec<Range>) {
            let ranges = (0..count).map(|n| one(kind, n, 4 * count - n)).collect();
            ("a\n".repeat(2 * count), ranges)
        };
        grows_linearly(kind, 200, around, |(words, ranges)| read(words, ranges, &[], Ends::Last));
    }
    let calls = |count: usize| -> (String, Vec<AtItem>) {
        let one = |n: usize| AtItem {
            at_type: 2,
            start_position: 5 * n,
            end_position: 5 * n + 3,
            ..AtItem::default()
        };
        ("@all ".repeat(count), (0..count).map(one).collect())
    };
    grows_linearly("calls", 200, calls, |(words, calls)| read(words, &[], calls, Ends::Last));
}

//! Slack's two ways to write text: `mrkdwn` and blocks.

use rialto_fuzz::{Corpus, check, fuzz, grows_linearly};
use rialto_model::RichText;
use serde_json::Value;

use super::{MARKUP, READING_JSON, READING_TEXT, layouts, within};
use crate::normalize::{attachments, read};

/// Letters of what is read for each byte of what was written: names of emoji are the longest.
const LETTERS: usize = 8;

fn is_bounded(text: &RichText, written: usize) {
    let letters = text.plain_text().len();
    assert!(letters <= LETTERS * written + 64, "{written} bytes became {letters}");
}

#[test]
fn no_mrkdwn_breaks_the_reader() {
    let corpus = Corpus::of(MARKUP);
    fuzz(check!(), |choices| {
        let written = corpus.text(choices);
        let text = within(READING_TEXT, written.len(), || read(&[], &written));
        is_bounded(&text, written.len());
    });
}

#[test]
fn no_blocks_break_the_reader() {
    let corpus = layouts();
    fuzz(check!(), |choices| {
        let value = corpus.json(choices);
        let written = value.to_string().len();
        let text = within(READING_JSON, written, || {
            let mut text = read(std::slice::from_ref(&value), "");
            text.blocks.extend(attachments(std::slice::from_ref(&value)));
            text
        });
        is_bounded(&text, written);
    });
}

#[test]
fn reading_mrkdwn_takes_as_long_as_it_is() {
    for piece in [
        "*",
        "*a ",
        "*a* ",
        "_*~",
        "<",
        "*<",
        "*a* <",
        "<a|",
        "`",
        "*a `",
        "```",
        "```a```",
        ":",
        ":a",
        ":a:",
        "&gt;",
        "&gt;a\n",
        "a\n\n",
        "&",
        "&amp;",
        "<!a^",
        "<@U1>",
        "<https://a.example|b>",
        "x",
        "::skin-tone-",
        "*a _b ~c `d <e ",
    ] {
        grows_linearly(piece, 500, |count| piece.repeat(count), |text| read(&[], text));
    }
}

#[test]
fn reading_blocks_takes_as_long_as_they_are() {
    let list = |indent| {
        format!(
            r#"{{"type":"rich_text_list","indent":{indent},"elements":[{{"elements":[{{"text":"a"}}]}}]}},"#
        )
    };
    for (name, piece) in [
        ("lists", list(0)),
        ("deep lists", list(8)),
        ("quotes", r#"{"type":"rich_text_quote","elements":[{"text":"a"}]},"#.to_owned()),
        ("lines", r#"{"type":"rich_text_section","elements":[{"text":"a\n\n"}]},"#.to_owned()),
        (
            "links",
            r#"{"type":"rich_text_section","elements":[{"type":"link","url":"https://a.example"}]},"#.to_owned(),
        ),
    ] {
        let make = |count: usize| -> Value {
            let elements = piece.repeat(count);
            serde_json::from_str(&format!(r#"{{"type":"rich_text","elements":[{elements}0]}}"#))
                .expect("JSON")
        };
        grows_linearly(name, 100, make, |block| read(std::slice::from_ref(block), ""));
    }
}

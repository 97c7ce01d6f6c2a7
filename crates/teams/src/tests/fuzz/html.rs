//! A message's markup.

use rialto_fuzz::{Corpus, check, fuzz, grows_linearly, within};
use rialto_model::MentionTarget;

use super::{MARKUP, READING_HTML};
use crate::html::{Mentions, Parsed, parse};

/// Letters of what is read for each byte of markup.
const LETTERS: usize = 4;

fn read(html: &str) -> Parsed {
    let somebody = |id: &str| MentionTarget::Account(id.into());
    let mentions =
        Mentions::from_iter([("0".into(), somebody("ana")), ("1".into(), somebody("bo"))]);
    parse(html, &mentions)
}

#[test]
fn no_markup_breaks_the_reader() {
    let corpus = Corpus::of(MARKUP);
    fuzz(check!(), |choices| {
        let html = corpus.text(choices);
        let parsed = within(READING_HTML, html.len(), || read(&html));
        let letters = parsed.text.plain_text().len();
        assert!(letters <= LETTERS * html.len() + 64, "{} bytes became {letters}", html.len());
    });
}

#[test]
fn reading_markup_takes_as_long_as_it_is() {
    for piece in MARKUP {
        grows_linearly(piece, 300, |count| piece.repeat(count), |html| read(html));
    }
    for piece in [
        "<p>x",
        "<br>x",
        "<ul><li>x",
        "<li>x",
        "<table><tr><td>x",
        "<td>x",
        "</li></ul></blockquote></table>",
        "<b><i>x",
        "<b>x</b>",
        "<a href=\"https://a.example\">x",
        "<at id=\"0\">Ana</at> <at id=\"0\">Lima</at> ",
        "<at id=\"0\">a</at> <at id=\"1\">b</at> ",
        "<pre>x\n",
        "<h1>x",
        "&nbsp; ",
        "<blockquote><p>x",
        "<p title=\"x\">",
        "<img src=\"/hostedContents/x/$value\">",
        "<customemoji alt=\"x\">",
    ] {
        grows_linearly(piece, 300, |count| piece.repeat(count), |html| read(html));
    }
    let link = |count: usize| {
        format!("<a href=\"https://a.example/{}\">{}", "x".repeat(count), "<p>x".repeat(count / 8))
    };
    grows_linearly("a long link over many lines", 1_000, link, |html| read(html));
    for (name, start, end) in
        [("an attribute", "<p title=\"", "\">x"), ("a comment", "<!--", "-->x")]
    {
        let html = |count: usize| format!("{start}{}{end}", "-".repeat(10 * count));
        grows_linearly(name, 1_000, html, |html| read(html));
    }
    let attributes = |count: usize| {
        format!("<p {}>", (0..count).map(|n| format!("a{n}=1 ")).collect::<String>()).repeat(4)
    };
    grows_linearly("attributes", 2_000, attributes, |html| read(html));
}

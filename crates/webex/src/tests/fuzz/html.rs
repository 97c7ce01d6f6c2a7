//! A message's markup.

use rialto_fuzz::{Corpus, check, fuzz, grows_linearly, within};

use super::{MARKUP, READING_HTML};
use crate::html::parse;

/// Letters of what is read for each byte of markup.
const LETTERS: usize = 4;

#[test]
fn no_markup_breaks_the_reader() {
    let corpus = Corpus::of(MARKUP);
    fuzz(check!(), |choices| {
        let html = corpus.text(choices);
        let text = within(READING_HTML, html.len(), || parse(&html));
        let letters = text.plain_text().len();
        assert!(letters <= LETTERS * html.len() + 64, "{} bytes became {letters}", html.len());
    });
}

#[test]
fn reading_markup_takes_as_long_as_it_is() {
    for piece in MARKUP {
        grows_linearly(piece, 300, |count| piece.repeat(count), |html| parse(html));
    }
    for piece in [
        "<p>x</p>",
        "<p>x",
        "<br>x",
        "<ul><li>x",
        "<li>x",
        "<strong><em>x",
        "<a href=\"https://a.example\">x",
        "<spark-mention data-object-type=\"person\" data-object-id=\"P1\">Ana</spark-mention> ",
        "<spark-mention data-object-type=\"person\" data-object-id=\"P1\">x",
        "<pre>x\n",
        "<code class=\"language-rust\">x",
        "&nbsp; ",
        "<blockquote><p>x",
    ] {
        grows_linearly(piece, 300, |count| piece.repeat(count), |html| parse(html));
    }
}

//! Spaces: wide, narrow, none, and lines.

use crate::{
    Sample,
    writing::{BR, blank, line, named, p, s, sample, t},
};

pub(crate) fn samples() -> Vec<Sample> {
    vec![
        named("two spaces in a row", "a  b   c    d"),
        named("columns made of spaces", "name    qty\napple     3\npear     12"),
        named("spaces at the beginning of lines", "first\n  second\n    third"),
        named("spaces at the end of lines", "first  \nsecond   \nthird"),
        named("tabs", "a\tb\tc\n\td"),
        named("spaces that do not break", "10\u{a0}km and 5\u{202f}%"),
        named("wide and narrow spaces", "a\u{2002}b\u{2003}c\u{2009}d\u{200a}e\u{3000}f"),
        named("no width between words", "super\u{200b}cali\u{200b}fragilistic"),
        named("a joiner of words", "no\u{2060}break \u{feff}here"),
        named("an invisible sign", "f\u{2061}(x) a\u{2063}b"),
        named("a hyphen that may be", "Donau\u{ad}dampf\u{ad}schiff"),
        named("a blank line", "first\n\nsecond"),
        named("five blank lines", "first\n\n\n\n\n\nsecond"),
        named("a blank line at the beginning", "\nfirst"),
        named("a blank line at the end", "last\n"),
        named("a line of spaces", "first\n   \nsecond"),
        named("many short lines", "a\nb\nc\nd\ne\nf\ng\nh"),
        named(
            "a poem",
            "Roses are red,\n  violets are blue;\n\nsugar is sweet,\n  and so are you.",
        ),
        named("a separator of lines", "first\u{2028}second\u{2029}third"),
        named("old signs of the teleprinter", "a\u{b}b\u{c}c\u{1}d\u{7f}e"),
        named("an address over lines", "Acme Ltd.\n1 Main St.\nBerlin 10115"),
        line("breaks at both ends", [BR, t("middle"), BR]),
        sample(
            "lines and paragraphs",
            [p([t("a"), BR, t("b")]), p([t("c")]), blank(), p([t("d")])],
        ),
        line("a space of its own style", [s("b", "a"), s("i", " "), s("b", "b")]),
    ]
}

//! Lists, flat and deep.

use crate::{
    Sample,
    writing::{
        BR, blank, bullets, emoji, item, item_of, numbers, p, quote, s, sample, t, table, words,
    },
};

pub(crate) fn samples() -> Vec<Sample> {
    let two = || [item([t("one")]), item([t("two")])];
    let deep = (0..8).rev().fold(words(&["deepest"]), |inner, depth| {
        bullets([item_of([p([t(&format!("level {depth}"))]), inner])])
    });
    vec![
        sample("bullets", [words(&["one", "two", "three"])]),
        sample("numbers", [numbers(1, two())]),
        sample("numbers from five", [numbers(5, two())]),
        sample("numbers from zero", [numbers(0, two())]),
        sample("numbers that are large", [numbers(4_000_000_000, two())]),
        sample(
            "numbers of two digits",
            [numbers(1, (1..=12).map(|n| item([t(&format!("item {n}"))])).collect::<Vec<_>>())],
        ),
        sample("a single bullet", [words(&["only"])]),
        sample("a list between lines", [p([t("before")]), words(&["one", "two"]), p([t("after")])]),
        sample(
            "a list between blank lines",
            [p([t("before")]), blank(), words(&["one"]), blank(), p([t("after")])],
        ),
        sample(
            "bullets in bullets",
            [bullets([item_of([p([t("fruit")]), words(&["apple", "pear"])]), item([t("bread")])])],
        ),
        sample(
            "numbers in bullets",
            [bullets([item_of([p([t("steps")]), numbers(1, two())]), item([t("end")])])],
        ),
        sample(
            "bullets in numbers",
            [numbers(1, [item_of([p([t("first")]), words(&["a", "b"])]), item([t("second")])])],
        ),
        sample(
            "numbers in numbers",
            [numbers(1, [item_of([p([t("first")]), numbers(1, two())]), item([t("second")])])],
        ),
        sample(
            "three deep",
            [bullets([item_of([p([t("a")]), bullets([item_of([p([t("b")]), words(&["c"])])])])])],
        ),
        sample("nine deep", [deep]),
        sample("two lists in a row", [words(&["one"]), words(&["another"]), words(&["third"])]),
        sample("bullets, then numbers", [words(&["one"]), numbers(1, two())]),
        sample("numbers, then numbers", [numbers(1, two()), numbers(1, two())]),
        sample(
            "items of two lines",
            [bullets([item([t("one"), BR, t("more of one")]), item([t("two")])])],
        ),
        sample(
            "items of two paragraphs",
            [numbers(1, [item_of([p([t("one")]), p([t("more of one")])]), item([t("two")])])],
        ),
        sample("an empty item", [bullets([item([t("one")]), item([]), item([t("three")])])]),
        sample("items that look like items", [words(&["- one", "1. two", "• three", "* four"])]),
        sample(
            "items that begin with digits",
            [words(&["2024 was good", "3.14 is pi", "10) ten"])],
        ),
        sample(
            "items with styles",
            [bullets([
                item([s("b", "Bold:"), t(" text")]),
                item([s("s", "done")]),
                item([s("c", "code")]),
            ])],
        ),
        sample("items right to left", [words(&["ראשון", "שני", "third"])]),
        sample(
            "items of emoji",
            [bullets([item([emoji("✅"), t(" done")]), item([emoji("❌"), t(" not done")])])],
        ),
        sample(
            "a quote in an item",
            [bullets([item_of([p([t("she said")]), quote([p([t("never")])])]), item([t("ok")])])],
        ),
        sample(
            "a list in a quote",
            [quote([p([t("to do")]), words(&["one", "two"])]), p([t("agreed")])],
        ),
        sample(
            "a table in an item",
            [bullets([item_of([p([t("costs")]), table(true, &[&["a", "b"], &["1", "2"]])])])],
        ),
        sample(
            "an item without a line of its own",
            [bullets([item_of([words(&["inner"])]), item([t("outer")])])],
        ),
        sample(
            "a long item",
            [bullets([item([t(&"many words ".repeat(30))]), item([t("short")])])],
        ),
    ]
}

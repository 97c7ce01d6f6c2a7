//! Quotes, headings, rules, tables.

use rialto_model::{Block, Table};

use crate::{
    Sample,
    writing::{
        BR, at, blank, bullets, code, emoji, heading, item, item_of, link, numbers, p, quote, s,
        sample, t, table, words,
    },
};

pub(crate) fn samples() -> Vec<Sample> {
    let cells = |rows: Vec<Vec<Vec<_>>>| Block::Table(Table { header: true, rows });
    let large: Vec<Vec<String>> =
        (0..25).map(|row| (0..6).map(|column| format!("r{row}c{column}")).collect()).collect();
    let large: Vec<Vec<&str>> =
        large.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let large: Vec<&[&str]> = large.iter().map(Vec::as_slice).collect();
    let mut samples = vec![
        sample("a quote", [quote([p([t("to be or not to be")])]), p([t("that is it")])]),
        sample("a quote alone", [quote([p([t("never mind")])])]),
        sample("a quote of two lines", [quote([p([t("one"), BR, t("two")])]), p([t("yes")])]),
        sample(
            "a quote of two paragraphs",
            [quote([p([t("one")]), blank(), p([t("two")])]), p([t("yes")])],
        ),
        sample("a quote after words", [p([t("you said")]), quote([p([t("no")])]), p([t("why?")])]),
        sample(
            "a quote in a quote",
            [quote([quote([p([t("first")])]), p([t("second")])]), p([t("third")])],
        ),
        sample(
            "three quotes deep",
            [quote([quote([quote([p([t("a")])]), p([t("b")])]), p([t("c")])])],
        ),
        sample("two quotes in a row", [quote([p([t("one")])]), quote([p([t("two")])])]),
        sample(
            "two quotes with words between",
            [quote([p([t("one")])]), p([t("yes")]), quote([p([t("two")])]), p([t("no")])],
        ),
        sample(
            "a quote with styles",
            [quote([p([
                s("b", "bold"),
                t(" "),
                s("i", "italic"),
                t(" "),
                s("s", "gone"),
                t(" "),
                s("c", "code"),
            ])])],
        ),
        sample("a quote right to left", [quote([p([t("שלום לכולם")])]), p([t("תודה")])]),
        sample("a quote with a heading", [quote([heading(1, [t("Title")]), p([t("text")])])]),
        sample("a rule", [p([t("above")]), Block::Rule, p([t("below")])]),
        sample("a rule in a quote", [quote([p([t("above")]), Block::Rule, p([t("below")])])]),
        sample(
            "headings with text",
            [heading(1, [t("Plan")]), p([t("text")]), heading(2, [t("Part")]), p([t("more")])],
        ),
        sample(
            "a heading with styles",
            [heading(2, [t("The "), s("i", "new"), t(" "), s("c", "api"), t(" plan")])],
        ),
        sample("a heading with signs", [heading(2, [t("# C# and F# #")])]),
        sample("a heading over a break", [heading(3, [t("one"), BR, t("two")]), p([t("text")])]),
        sample("a heading before a list", [heading(3, [t("To do")]), words(&["one", "two"])]),
        sample(
            "a heading in an item",
            [bullets([item_of([heading(3, [t("Title")]), p([t("text")])])])],
        ),
        sample("a table", [table(true, &[&["Name", "Age"], &["Ana", "31"], &["Bo", "4"]])]),
        sample("a table without a header", [table(false, &[&["a", "b"], &["c", "d"]])]),
        sample(
            "a table between lines",
            [p([t("Costs:")]), table(true, &[&["a", "b"], &["1", "2"]]), p([t("that is all")])],
        ),
        sample("a table of one cell", [table(true, &[&["alone"]])]),
        sample(
            "a table with rows of several lengths",
            [table(true, &[&["a", "b", "c"], &["1"], &["1", "2", "3", "4"]])],
        ),
        sample(
            "a table with empty cells",
            [table(true, &[&["a", "", "c"], &["", "", ""], &["1", "", "3"]])],
        ),
        sample("a table with pipes", [table(true, &[&["a|b", "c"], &["x || y", "\\|"]])]),
        sample(
            "a table in several scripts",
            [table(true, &[&["名前", "שם"], &["世界", "שלום"], &["👍🏽", "abc"]])],
        ),
        sample("a table with markup", [table(true, &[&["*a*", "`b`"], &["<b>c</b>", "```"]])]),
        sample(
            "a table with styles, links, calls",
            [cells(vec![
                vec![vec![s("b", "Task")], vec![t("Who")]],
                vec![vec![link("https://a.example", [t("plan")])], vec![at("Ana Lima")]],
                vec![vec![s("c", "x"), t(" "), emoji("🎉")], vec![t("two"), BR, t("lines")]],
            ])],
        ),
        sample(
            "a table with long cells",
            [table(
                true,
                &[
                    &["topic", "what was said"],
                    &[
                        "first",
                        "a sentence that is rather long and would not fit on the screen of a telephone at all",
                    ],
                    &["second", "short"],
                ],
            )],
        ),
        sample("a large table", [table(true, &large)]),
        sample("a table in a quote", [quote([table(true, &[&["a", "b"], &["1", "2"]])])]),
        sample(
            "everything at once",
            [
                heading(1, [t("Release 2.0")]),
                p([t("by "), at("Ana Lima"), t(" on "), s("b", "Friday")]),
                bullets([
                    item([t("fix "), s("c", "null")]),
                    item_of([p([t("add")]), numbers(1, [item([t("a")]), item([t("b")])])]),
                ]),
                quote([p([s("i", "ship it")])]),
                code(Some("bash"), "git tag v2.0"),
                table(true, &[&["os", "ok"], &["linux", "yes"]]),
                Block::Rule,
                p([link("https://a.example/notes", [t("notes")]), t(" "), emoji("🚢")]),
            ],
        ),
    ];
    for level in 1..=6 {
        samples.push(sample(
            &format!("a heading of level {level}"),
            [heading(level, [t("Title")]), p([t("text")])],
        ));
    }
    samples
}

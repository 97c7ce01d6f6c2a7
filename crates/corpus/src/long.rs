//! Messages that take several posts somewhere.

use rialto_model::Inline;

use crate::{
    Sample,
    writing::{
        at, bare, bullets, code, item, line, link, named, numbers, p, quote, s, sample, t, table,
    },
};

/// Sentences, numbered, so that none can vanish or change its place.
fn sentences(count: usize) -> String {
    let sentence = |n| format!("Sentence number {n} says that all is well.");
    (1..=count).map(sentence).collect::<Vec<_>>().join(" ")
}

fn paragraphs(count: usize, each: usize) -> String {
    let all = sentences(count * each);
    let all: Vec<&str> = all.split_inclusive(". ").collect();
    all.chunks(each).map(|some| some.concat().trim().to_owned()).collect::<Vec<_>>().join("\n\n")
}

/// So many characters of it.
fn filled(piece: &str, characters: usize) -> String {
    piece.chars().cycle().take(characters).collect()
}

pub(crate) fn samples() -> Vec<Sample> {
    let numbered = |n: usize| item([t(&format!("item number {n} of the long list"))]);
    let row = |n: usize| [format!("row {n}"), format!("value {}", n * n), "remark".to_owned()];
    let rows: Vec<[String; 3]> = (0..200).map(row).collect();
    let rows: Vec<[&str; 3]> = rows.iter().map(|row| row.each_ref().map(String::as_str)).collect();
    let rows: Vec<&[&str]> = rows.iter().map(<[&str; 3]>::as_slice).collect();
    let calls: Vec<Inline> =
        (0..120).flat_map(|n| [t(&format!("call {n} of ")), at("Ana Lima"), t(", ")]).collect();
    let styled: Vec<Inline> =
        (0..300).map(|n| s(["b", "i", "s", "", "c"][n % 5], &format!("word{n} "))).collect();
    let code_lines: Vec<String> =
        (0..1_300).map(|n| format!("    let x{n} = f({n}); // `{n}`")).collect();
    vec![
        named("a character more than zoom takes", &filled("word ", 1_025)),
        named("a character more than slack shows", &filled("word ", 4_001)),
        named("a byte more than webex takes", &filled("word ", 7_440)),
        named("paragraphs", &paragraphs(12, 9)),
        named("forty thousand characters", &format!("{} END", filled(&sentences(1_000), 39_996))),
        named(
            "forty thousand characters of chinese",
            &filled("天地玄黄，宇宙洪荒。日月盈昃，辰宿列张。", 40_000),
        ),
        named("forty thousand characters of hebrew", &filled("שלום לכולם מה שלומכם היום ", 39_999)),
        named("twelve thousand characters without a space", &filled("0123456789", 12_000)),
        named("five thousand families", &"👨‍👩‍👧‍👦".repeat(1_500)),
        named("marks upon marks at great length", &"e\u{301}\u{323} ".repeat(1_500)),
        named("what must be escaped at great length", &"<&>*_`~[ ".repeat(800)),
        sample(
            "code of forty thousand characters",
            [p([t("the log:")]), code(Some("rust"), &code_lines.join("\n"))],
        ),
        sample("three hundred items", [bullets((1..=300).map(numbered).collect::<Vec<_>>())]),
        sample("three hundred numbers", [numbers(1, (1..=300).map(numbered).collect::<Vec<_>>())]),
        sample("a long quote", [quote([p([t(&sentences(150))])]), p([t("agreed")])]),
        sample("a table of two hundred rows", [table(true, &rows)]),
        sample("many calls at great length", [p(calls)]),
        sample("many styles at great length", [p(styled)]),
        line("a long bold text", [s("b", &sentences(60))]),
        line(
            "a long address",
            [t("see "), bare(&format!("https://a.example/?q={}", "x".repeat(1_500))), t(" ok")],
        ),
        line(
            "a link behind long words",
            [t("see "), link("https://a.example/long", [t(&sentences(40))])],
        ),
    ]
}

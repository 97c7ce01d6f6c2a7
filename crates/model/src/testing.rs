//! Rich text of every shape, for property tests: whatever people can say, and what those can who
//! wish them ill.
//!
//! What the types ask for is kept: text holds no line break, links hold no links and show
//! something, code does not end in one. All else happens: empty lists, rows of different length,
//! mentions of ids that no platform gives, quotes in lists in quotes.

use proptest::{collection::vec, option, prelude::*, sample::select, strategy::Union};

use crate::{
    Audience, Block, Emoji, Inline, ListItem, Mention, MentionTarget, RichText, Style, Table,
};

/// What some platform's markup, or some program, takes for more than its letters.
pub const LOOK_ALIKES: [&str; 28] = [
    "*not bold*",
    "_not italic_",
    "~not struck~",
    "`not code`",
    "```",
    "> no quote",
    "- no item",
    "1. no item",
    "# no heading",
    "[no link](https://a.example)",
    "a | b",
    "<@U123>",
    "<!channel>",
    "<#C1|general>",
    "<https://a.example|no link>",
    "https://a.example/bare",
    "@here",
    ":wave:",
    "<b>",
    "</p></blockquote>",
    "<at id=\"0\">Ana</at>",
    "<attachment id=\"1\"></attachment>",
    "<script>x</script>",
    "<!--",
    "&amp;",
    "&lt;b&gt;",
    "&nbsp;",
    "\\*",
];

/// Scripts, directions and characters of several code points.
const SCRIPTS: [&str; 12] = [
    "שלום",
    "مرحبا",
    "\u{202e}turned\u{202c}",
    "\u{200f}",
    "漢字",
    "かな",
    "한글",
    "e\u{301}",
    "ก็",
    "z\u{335}\u{321}\u{353}\u{30a}",
    "👩‍👩‍👧",
    "𝕬",
];

/// What is not seen, or only as room.
const UNSEEN: [&str; 9] =
    [" ", "  ", "\t", "\u{a0}", "\u{200b}", "\u{200d}", "\u{feff}", "\u{2060}", "\u{3000}"];

/// Single emoji: with and without skin tones, with two, joined, flags, keycaps, and one that
/// platforms have no name for.
const EMOJI: [&str; 9] = ["👋", "👋🏼", "❤️", "👨🏿‍💻", "🇩🇪", "#️⃣", "🧑🏻‍🤝‍🧑🏾", "👁️‍🗨️", "🫯"];

/// Targets: what a URL may hold, and addresses that nobody should be led to.
const URLS: [&str; 9] = [
    "https://a.example",
    "https://a.example/?a=1&b=2&amp;c=3",
    "https://a.example/wiki/X_(y)",
    "https://a.example/a|b",
    "https://a.example/\"quoted\"<b>",
    "http://xn--bcher-kva.example/%C3%A9?q=a%20b#*c*",
    "mailto:ana@a.example",
    "tel:+49-30-1234",
    "javascript:alert(1)",
];

fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-zA-Z0-9.,!?]{1,8}",
        3 => select(LOOK_ALIKES.as_slice()).prop_map(str::to_owned),
        2 => select(SCRIPTS.as_slice()).prop_map(str::to_owned),
        3 => select(UNSEEN.as_slice()).prop_map(str::to_owned),
        1 => "[*_~`<>&|@#:!\\\\\"']{1,3}",
    ];
    vec(piece, 1..5).prop_map(|pieces| pieces.concat())
}

/// What somebody types, without any formatting: some lines, some of them blank, but not all.
pub fn typed() -> impl Strategy<Value = String> {
    vec(prop_oneof![8 => words(), 1 => Just(String::new())], 1..6).prop_map(|mut lines| {
        if RichText::plain(&lines.concat()).is_blank() {
            lines.push("words".to_owned());
        }
        lines.join("\n")
    })
}

/// Any style.
pub fn style() -> impl Strategy<Value = Style> {
    let any = any::<[bool; 5]>().prop_map(|[bold, italic, strike, underline, code]| Style {
        bold,
        italic,
        strike,
        underline,
        code,
    });
    prop_oneof![2 => Just(Style::PLAIN), 3 => any]
}

fn run() -> impl Strategy<Value = Inline> {
    (words(), style()).prop_map(|(text, style)| Inline::styled(text, style))
}

fn mention() -> impl Strategy<Value = Inline> {
    let id = || {
        prop_oneof![
            3 => "[UCS][A-Z0-9]{3,8}",
            1 => Just("8a3c7a1e-0000-4b1b-8888-1f2e3d4c5b6a".to_owned()),
            1 => Just("U1> <!here".to_owned()),
        ]
    };
    let audience = select(vec![Audience::Conversation, Audience::Present, Audience::Team]);
    let target = prop_oneof![
        3 => id().prop_map(|id| MentionTarget::Account(id.into())),
        1 => id().prop_map(|id| MentionTarget::Conversation(id.into())),
        1 => id().prop_map(|id| MentionTarget::Group(id.into())),
        1 => audience.prop_map(MentionTarget::Everyone),
    ];
    let name = prop_oneof![4 => "[A-Z][a-z]{1,6}( [A-Z][a-z]{1,6})?", 1 => words()];
    let name = name
        .prop_filter("a name that can be seen", |name| name.chars().any(|c| c.is_alphanumeric()));
    (target, name).prop_map(|(target, name)| Inline::Mention(Mention { target, name }))
}

fn emoji() -> impl Strategy<Value = Inline> {
    let emoji = prop_oneof![
        4 => select(EMOJI.as_slice()).prop_map(|text| Emoji::Unicode(text.into())),
        1 => "[a-z_]{2,8}".prop_map(|name| Emoji::Custom(format!("own_{name}"))),
    ];
    emoji.prop_map(Inline::Emoji)
}

fn link() -> impl Strategy<Value = Inline> {
    let seen = ("[a-z]{1,6}", style()).prop_map(|(text, style)| Inline::styled(text, style));
    let more = prop_oneof![4 => run(), 1 => mention(), 1 => emoji(), 1 => Just(Inline::LineBreak)];
    (select(URLS.as_slice()), option::of((seen, vec(more, 0..3)))).prop_map(|(url, content)| {
        let content = match content {
            Some((seen, mut more)) => {
                more.push(seen);
                more
            }
            None => vec![Inline::text(url)],
        };
        Inline::Link { url: url.to_owned(), content }
    })
}

/// A line, perhaps blank, perhaps with breaks in it, at its start or at its end.
pub fn line() -> impl Strategy<Value = Vec<Inline>> {
    let inline = prop_oneof![
        6 => run(),
        2 => link(),
        2 => mention(),
        2 => emoji(),
        2 => Just(Inline::LineBreak),
    ];
    vec(inline, 0..5)
}

/// Code as people write it, with what could end it.
fn code() -> impl Strategy<Value = Block> {
    let language = option::of(select(vec![
        "rust",
        "js",
        "bash",
        "c++",
        "c#",
        "objective-c",
        "yaml",
        "plaintext",
        "my lang",
    ]));
    let piece = prop_oneof![
        4 => "[a-z (){};]{1,8}",
        2 => select(vec!["`", "```", "</code>", "<br>", "&lt;", "\t", "  ", "\u{200b}", "漢"])
            .prop_map(str::to_owned),
        2 => Just("\n".to_owned()),
    ];
    (language, vec(piece, 0..6)).prop_map(|(language, pieces)| Block::Code {
        language: language.map(str::to_owned),
        code: pieces.concat().trim_end_matches('\n').to_owned(),
    })
}

fn table() -> impl Strategy<Value = Block> {
    (any::<bool>(), vec(vec(line(), 0..3), 0..4))
        .prop_map(|(header, rows)| Block::Table(Table { header, rows }))
}

/// Any block, others inside it four deep.
pub fn block() -> impl Strategy<Value = Block> {
    let leaf = Union::new_weighted(vec![
        (6, line().prop_map(Block::Paragraph).boxed()),
        (
            2,
            (1..=6_u8, line())
                .prop_map(|(level, content)| Block::Heading { level, content })
                .boxed(),
        ),
        (2, code().boxed()),
        (1, table().boxed()),
        (1, Just(Block::Rule).boxed()),
    ]);
    leaf.prop_recursive(4, 16, 3, |inner| {
        let line = line().prop_map(Block::Paragraph);
        let item = (option::weighted(0.9, line), vec(inner.clone(), 0..3))
            .prop_map(|(line, more)| ListItem { blocks: line.into_iter().chain(more).collect() });
        let start = option::of(prop_oneof![4 => 0..12_u32, 1 => Just(4_000_000_000)]);
        prop_oneof![
            1 => vec(inner, 0..4).prop_map(Block::Quote),
            2 => (start, vec(item, 0..4)).prop_map(|(start, items)| Block::List { start, items }),
        ]
    })
}

/// Any text that says something.
pub fn rich_text() -> impl Strategy<Value = RichText> {
    vec(block(), 1..5).prop_map(|blocks| {
        let mut text = RichText { blocks };
        if text.is_blank() {
            text.blocks.push(Block::Paragraph(vec![Inline::text("words")]));
        }
        text
    })
}

/// The first of a typed text that is more than its letters: markup, a link, a mention, or a block
/// that is no paragraph.
pub fn more_than_typed(text: &RichText) -> Option<String> {
    text.blocks.iter().find_map(|block| {
        let Block::Paragraph(line) = block else { return Some(format!("{block:?}")) };
        let plain = |it: &&Inline| {
            matches!(it, Inline::Text { style: Style::PLAIN, .. } | Inline::LineBreak)
        };
        line.iter().find(|inline| !plain(inline)).map(|inline| format!("{inline:?}"))
    })
}

/// Makes a text of about so many characters.
pub type LongText = fn(usize) -> RichText;

/// Texts of about so many characters, each long in its own way: what is done with one must take time
/// and memory as it is long.
pub fn long_texts() -> [(&'static str, LongText); 6] {
    fn line(text: &str) -> Vec<Inline> {
        vec![Inline::text(text)]
    }
    fn of(block: Block) -> RichText {
        RichText { blocks: vec![block] }
    }
    [
        ("words", |n| of(Block::Paragraph(line(&"word ".repeat(n / 4))))),
        ("lines", |n| {
            of(Block::Paragraph(vec![[Inline::text("a"), Inline::LineBreak]; n / 4].concat()))
        }),
        ("items", |n| {
            let item = ListItem { blocks: vec![Block::Paragraph(line("a"))] };
            of(Block::List { start: Some(1), items: vec![item; n / 8] })
        }),
        ("code", |n| of(Block::Code { language: None, code: "line\n".repeat(n / 4) + "x" })),
        ("rows", |n| {
            let row = |row| vec![line(&"w".repeat(if row == 1 { n } else { 1 }))];
            of(Block::Table(Table { header: true, rows: (0..n / 16).map(row).collect() }))
        }),
        ("styles", |n| {
            let bold = Style { bold: true, ..Style::PLAIN };
            let runs = vec![[Inline::text("a"), Inline::styled("b", bold)]; n / 4].concat();
            of(Block::Paragraph(runs))
        }),
    ]
}

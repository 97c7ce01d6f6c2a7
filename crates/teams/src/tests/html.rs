//! Teams' HTML, both ways.

use proptest::prelude::*;
use rialto_model::{
    Audience, Block, Emoji, Inline, ListItem, Mention, MentionTarget, RichText, Style, Table,
};

use crate::{
    fingerprint::of_html,
    html::{Mentions, parse},
    markup,
    place::Place,
};

fn mentions() -> Mentions {
    [
        ("0".to_owned(), MentionTarget::Account("ana".into())),
        ("1".to_owned(), MentionTarget::Account("ana".into())),
        ("2".to_owned(), MentionTarget::Everyone(Audience::Team)),
    ]
    .into()
}

fn place() -> Place {
    Place::new("team", "19:c@thread.tacv2").unwrap()
}

fn read(html: &str) -> Vec<Block> {
    parse(html, &mentions()).text.blocks
}

fn p(content: impl Into<Vec<Inline>>) -> Block {
    Block::Paragraph(content.into())
}

fn t(text: &str) -> Inline {
    Inline::text(text)
}

fn styled(text: &str, set: impl Fn(&mut Style)) -> Inline {
    let mut style = Style::PLAIN;
    set(&mut style);
    Inline::styled(text, style)
}

fn item(blocks: impl Into<Vec<Block>>) -> ListItem {
    ListItem { blocks: blocks.into() }
}

fn mention(id: &str, name: &str) -> Inline {
    Inline::Mention(Mention { target: MentionTarget::Account(id.into()), name: name.into() })
}

#[test]
fn what_teams_writes_is_read() {
    let bold = |text: &str| styled(text, |style| style.bold = true);
    let link = |url: &str, text: &str| Inline::Link { url: url.into(), content: vec![t(text)] };
    let cases: Vec<(&str, Vec<Block>)> = vec![
        ("", vec![]),
        ("plain", vec![p([t("plain")])]),
        ("<p>one</p><p>two</p>", vec![p([t("one")]), p([t("two")])]),
        ("<div><div>one</div>\n<div>two</div></div>", vec![p([t("one")]), p([t("two")])]),
        ("<p>a</p>\n<p>&nbsp;</p>\n<p>b</p>", vec![p([t("a")]), p([]), p([t("b")])]),
        ("<p></p>", vec![]),
        ("<div><br></div>", vec![p([])]),
        ("<p>a<br>b<br></p>", vec![p([t("a"), Inline::LineBreak, t("b")])]),
        ("<p>  a \n b&nbsp; c </p>", vec![p([t("a b  c")])]),
        ("<p>1 &lt; 2 &amp;&amp; &eacute;&#33;</p>", vec![p([t("1 < 2 && é!")])]),
        ("<p><b>a</b><strong>b</strong> c</p>", vec![p([bold("ab"), t(" c")])]),
        (
            "<p><em>i</em><u>u</u><s>s</s><strike>t</strike><del>d</del><code>c</code></p>",
            vec![p([
                styled("i", |style| style.italic = true),
                styled("u", |style| style.underline = true),
                styled("std", |style| style.strike = true),
                styled("c", |style| style.code = true),
            ])],
        ),
        (
            "<b>a<i>b</b>c</i>",
            vec![p([
                bold("a"),
                styled("b", |style| (style.bold, style.italic) = (true, true)),
                styled("c", |style| style.italic = true),
            ])],
        ),
        (
            "<p>see <a href=\"https://example.org/?a=1&amp;b=2\" title=\"x\">this</a></p>",
            vec![p([t("see "), link("https://example.org/?a=1&b=2", "this")])],
        ),
        ("<a href=\"javascript:alert(1)\">click</a>", vec![p([t("click")])]),
        ("<a href=\"data:text/html,x\">click</a>", vec![p([t("click")])]),
        ("<a href=\" HTTPS://example.org \">x</a>", vec![p([link("HTTPS://example.org", "x")])]),
        ("<a href=\"mailto:a@example.org\">x</a>", vec![p([link("mailto:a@example.org", "x")])]),
        (
            "<h2>Title</h2>text",
            vec![Block::Heading { level: 2, content: vec![t("Title")] }, p([t("text")])],
        ),
        ("a<hr>b", vec![p([t("a")]), Block::Rule, p([t("b")])]),
        (
            "<blockquote><p>said</p></blockquote><p>so</p>",
            vec![Block::Quote(vec![p([t("said")])]), p([t("so")])],
        ),
        (
            "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>",
            vec![Block::List {
                start: None,
                items: vec![
                    item([
                        p([t("a")]),
                        Block::List { start: None, items: vec![item([p([t("b")])])] },
                    ]),
                    item([p([t("c")])]),
                ],
            }],
        ),
        (
            "<ol start=\"3\">\n<li>a\n<li>b</ol>",
            vec![Block::List {
                start: Some(3),
                items: vec![item([p([t("a")])]), item([p([t("b")])])],
            }],
        ),
        (
            "<codeblock class=\"Rust\"><code>fn main() {<br>&nbsp; x();<br>}</code></codeblock>",
            vec![Block::Code {
                language: Some("rust".into()),
                code: "fn main() {\n  x();\n}".into(),
            }],
        ),
        (
            "<codeblock class=\"PlainText\"><code>a</code></codeblock>",
            vec![Block::Code { language: None, code: "a".into() }],
        ),
        (
            "<pre>\n a  b\n\tc\n</pre>",
            vec![Block::Code { language: None, code: " a  b\n\tc".into() }],
        ),
        (
            "<pre><code>&lt;b&gt;</code></pre>",
            vec![Block::Code { language: None, code: "<b>".into() }],
        ),
        (
            "<table><tbody><tr><td><p>a</p></td><td>b</td></tr><tr><td>c</td></tr></tbody></table>",
            vec![Block::Table(Table {
                header: false,
                rows: vec![vec![vec![t("a")], vec![t("b")]], vec![vec![t("c")]]],
            })],
        ),
        (
            "<table><tr><th>a</th></tr><tr><td><p>b</p><ul><li>c</li></ul></td></tr></table>",
            vec![Block::Table(Table {
                header: true,
                rows: vec![vec![vec![t("a")]], vec![vec![t("b"), Inline::LineBreak, t("• c")]]],
            })],
        ),
        ("<p>hi <at id=\"0\">Ana</at>!</p>", vec![p([t("hi "), mention("ana", "Ana"), t("!")])]),
        (
            "<at id=\"0\">Ana</at>&nbsp;<at id=\"1\">Lima</at>",
            vec![p([mention("ana", "Ana Lima")])],
        ),
        ("<at id=\"9\">Nobody</at>", vec![p([t("Nobody")])]),
        (
            "<p><emoji id=\"smile\" alt=\"😀\" title=\"Smile\"></emoji> ok</p>",
            vec![p([Inline::Emoji(Emoji::Unicode("😀".into())), t(" ok")])],
        ),
        (
            "<customemoji id=\"x\" alt=\"partyparrot\"></customemoji>",
            vec![p([Inline::Emoji(Emoji::Custom("partyparrot".into()))])],
        ),
        ("see <attachment id=\"1\"></attachment>", vec![p([t("see")])]),
        ("<systemEventMessage/>", vec![]),
        ("<span style=\"x\">a</span><sup>2</sup>", vec![p([t("a2")])]),
        ("a<script>alert('<p>')</script><style>p{}</style>b", vec![p([t("ab")])]),
        (
            "<img alt=\"a cat\" src=\"https://example.org/cat.gif\">",
            vec![p([link("https://example.org/cat.gif", "a cat")])],
        ),
        ("</p></ul></table></li></blockquote></a></b>x", vec![p([t("x")])]),
        ("a <!-- not said --> b", vec![p([t("a b")])]),
        ("<p>a < b", vec![p([t("a < b")])]),
    ];
    for (html, expected) in cases {
        assert_eq!(read(html), expected, "{html}");
    }
}

#[test]
fn pictures_of_graphs_own_are_taken_out_of_the_text() {
    let src = "https://graph.example/v1.0/teams/t/channels/c/messages/1/hostedContents/aWQ9/$value";
    let parsed = parse(&format!("<p>look <img src=\"{src}\" alt=\"cat.png\"></p>"), &mentions());
    assert_eq!(parsed.text.plain_text(), "look");
    assert_eq!(parsed.pictures.len(), 1);
    assert_eq!(
        (parsed.pictures[0].src.as_str(), parsed.pictures[0].alt.as_str()),
        (src, "cat.png")
    );
}

#[test]
fn what_is_said_is_written_as_teams_takes_it() {
    let everyone = |audience, name: &str| {
        Inline::Mention(Mention { target: MentionTarget::Everyone(audience), name: name.into() })
    };
    let cases: Vec<(Block, &str)> = vec![
        (p([]), "<p>&nbsp;</p>"),
        (p([t("<b>&\"")]), "<p>&lt;b&gt;&amp;&quot;</p>"),
        (p([t(" a  b ")]), "<p>&nbsp;a &nbsp;b&nbsp;</p>"),
        (p([t("a"), Inline::LineBreak, t("b")]), "<p>a<br>b</p>"),
        (
            p([styled("x", |style| (style.bold, style.code) = (true, true))]),
            "<p><strong><code>x</code></strong></p>",
        ),
        (
            p([Inline::Link { url: "https://example.org/\"".into(), content: vec![t("x")] }]),
            "<p><a href=\"https://example.org/&quot;\">x</a></p>",
        ),
        (p([Inline::Link { url: "javascript:x".into(), content: vec![t("x")] }]), "<p>x</p>"),
        (p([mention("ana", "Ana & co")]), "<p><at id=\"0\">Ana &amp; co</at></p>"),
        (
            p([Inline::Mention(Mention {
                target: MentionTarget::Group("g".into()),
                name: "ops".into(),
            })]),
            "<p>@ops</p>",
        ),
        (p([everyone(Audience::Conversation, "General")]), "<p><at id=\"0\">General</at></p>"),
        (p([Inline::Emoji(Emoji::Custom("parrot".into()))]), "<p>:parrot:</p>"),
        (Block::Heading { level: 6, content: vec![t("h")] }, "<h3>h</h3>"),
        (
            Block::Code { language: Some("javascript".into()), code: "if (a) {\n  b\n}".into() },
            "<codeblock class=\"JavaScript\"><code>if (a) {<br>&nbsp; b<br>}</code></codeblock>",
        ),
        (
            Block::List { start: Some(4), items: vec![item([p([t("a")])])] },
            "<ol start=\"4\"><li>a</li></ol>",
        ),
        (
            Block::Table(Table {
                header: true,
                rows: vec![vec![vec![t("a")]], vec![vec![t("b")]]],
            }),
            "<table><tr><th>a</th></tr><tr><td>b</td></tr></table>",
        ),
        (Block::Rule, "<hr>"),
    ];
    for (block, expected) in cases {
        let text = RichText { blocks: vec![block] };
        assert_eq!(markup::write(&text, Some(&place())).html, expected);
    }
}

#[test]
fn mentions_name_who_is_meant() {
    let text = RichText {
        blocks: vec![p([
            mention("ana", "Ana"),
            t(" "),
            Inline::Mention(Mention {
                target: MentionTarget::Everyone(Audience::Team),
                name: "Sales".into(),
            }),
        ])],
    };
    let written = markup::write(&text, Some(&place()));
    assert_eq!(
        serde_json::Value::from(written.mentions),
        serde_json::json!([
            { "id": 0, "mentionText": "Ana", "mentioned": { "user": {
                "id": "ana", "displayName": "Ana", "userIdentityType": "aadUser" } } },
            { "id": 1, "mentionText": "Sales", "mentioned": { "conversation": {
                "id": "team", "displayName": "Sales", "conversationIdentityType": "team" } } },
        ])
    );
}

#[test]
fn a_link_goes_on_over_lines_but_not_for_ever() {
    let read =
        parse(&format!("<a href=\"https://a.example\">{}</a>", "<p>x</p>".repeat(20)), &mentions());
    let is_link = |block: &Block| matches!(block, Block::Paragraph(line) if matches!(line[0], Inline::Link { .. }));
    assert_eq!(read.text.blocks.iter().filter(|block| is_link(block)).count(), 16);
    assert_eq!(read.text.blocks.len(), 20);
}

#[test]
fn however_many_words_a_mention_is_of_it_is_one() {
    let name = |count: usize| (0..count).map(|n| format!("w{n}")).collect::<Vec<_>>();
    let html: Vec<_> =
        name(20_000).iter().map(|word| format!("<at id=\"0\">{word}</at>")).collect();
    let read = parse(&html.join(" "), &mentions()).text;
    let [Block::Paragraph(line)] = &read.blocks[..] else { panic!("{} blocks", read.blocks.len()) };
    let [Inline::Mention(Mention { name: joined, .. })] = &line[..] else { panic!("{line:.200?}") };
    assert_eq!(*joined, name(20_000).join(" "));
}

#[test]
fn equal_looks_have_equal_fingerprints() {
    let sent = "<p><strong>Ana</strong> <em>(Slack)</em></p><p>caf\u{e9} &amp; ❤️ <at id=\"0\">Bo</at></p>";
    for same in [
        "<div><p><b>Ana</b>&nbsp;<i>(Slack)</i></p>\n<p>caf&eacute; &amp; <emoji alt=\"❤\"></emoji> <at id=\"5\">Bo</at></p></div>",
        "<p>Ana (Slack)</p><p>café &amp; ❤ Bo<attachment id=\"x\"></attachment></p><p><em>📎 The file a.txt did not come along</em></p>",
    ] {
        assert_eq!(of_html(sent), of_html(same), "{same}");
    }
    assert_ne!(of_html(sent), of_html("<p>Ana (Slack)</p><p>café</p>"));
}

fn text() -> impl Strategy<Value = String> {
    // No tabs, no no-break spaces: they come back as spaces.
    proptest::string::string_regex("[a-zA-Z0-9<>&\"'é😀. ]{0,12}[a-z]").unwrap()
}

fn inline() -> impl Strategy<Value = Inline> {
    let style = any::<[bool; 5]>().prop_map(|[bold, italic, strike, underline, code]| Style {
        bold,
        italic,
        strike,
        underline,
        code,
    });
    prop_oneof![
        4 => (text(), style).prop_map(|(text, style)| Inline::styled(text, style)),
        1 => text().prop_map(|text| Inline::Link {
            url: "https://example.org/?a=1&b=\"2\"".into(),
            content: vec![Inline::text(text)],
        }),
        1 => Just(mention("ana", "Ana")),
        1 => Just(Inline::LineBreak),
    ]
}

/// A line that ends in something visible: a break at the end of a line is not seen.
fn line() -> impl Strategy<Value = Vec<Inline>> {
    (proptest::collection::vec(inline(), 0..5), text()).prop_map(|(mut line, last)| {
        line.push(Inline::text(last));
        line
    })
}

fn block() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![
        Just(Block::Paragraph(vec![])),
        line().prop_map(Block::Paragraph),
        (1..=3_u8, line()).prop_map(|(level, content)| Block::Heading { level, content }),
        proptest::string::string_regex("[ a-z<&\n]{0,20}[a-z]")
            .unwrap()
            .prop_map(|code| { Block::Code { language: Some("rust".into()), code } }),
        (any::<bool>(), proptest::collection::vec(proptest::collection::vec(line(), 1..3), 1..3))
            .prop_map(|(header, rows)| Block::Table(Table { header, rows })),
        Just(Block::Rule),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let blocks = proptest::collection::vec(inner, 1..3);
        let items = (line(), blocks.clone()).prop_map(|(first, rest)| {
            let mut blocks = vec![Block::Paragraph(first)];
            blocks.extend(rest);
            ListItem { blocks }
        });
        prop_oneof![
            blocks.prop_map(Block::Quote),
            (proptest::option::of(1..50_u32), proptest::collection::vec(items, 1..3))
                .prop_map(|(start, items)| Block::List { start, items }),
        ]
    })
}

proptest! {
    /// Everything comes back but: headings below the third level, tabs and no-break spaces (as
    /// spaces), emoji (as text), breaks at a line's end, mentions of groups and conversations.
    #[test]
    fn what_is_written_is_read_back(blocks in proptest::collection::vec(block(), 0..4)) {
        let said = RichText { blocks }.normalized();
        let written = markup::write(&said, Some(&place()));
        let all = (0..100).map(|id: i32| {
            (id.to_string(), MentionTarget::Account("ana".into()))
        });
        let read = parse(&written.html, &all.collect()).text;
        prop_assert_eq!(&read, &said, "{}", written.html);
    }
}

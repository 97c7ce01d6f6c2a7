use proptest::prelude::*;
use rialto_model::{Audience, Emoji, ListItem, Mention, MentionTarget, Style, Table, testing};
use rialto_platform::{
    Note,
    html::safe_link,
    testing::{said_elsewhere, shared_elsewhere},
};

use super::*;
use crate::{fingerprint, html};

fn p(content: Vec<Inline>) -> Block {
    Block::Paragraph(content)
}

fn t(text: &str) -> Inline {
    Inline::text(text)
}

fn styled(text: &str, set: fn(&mut Style)) -> Inline {
    let mut style = Style::PLAIN;
    set(&mut style);
    Inline::styled(text, style)
}

fn item(text: &str) -> ListItem {
    ListItem { blocks: vec![p(vec![t(text)])] }
}

fn list(start: Option<u32>, items: &[&str]) -> Block {
    Block::List { start, items: items.iter().map(|text| item(text)).collect() }
}

fn link(url: &str, text: &str) -> Inline {
    Inline::Link { url: url.into(), content: vec![t(text)] }
}

fn mention(target: MentionTarget, name: &str) -> Inline {
    Inline::Mention(Mention { target, name: name.into() })
}

/// The HTML that Webex makes of Markdown. Mentions are cut out of the raw text, as where nothing else
/// is looked at.
pub(crate) fn seen(markdown: &str) -> String {
    let (mut text, mut calls, mut rest) = (String::new(), Vec::new(), markdown);
    while let Some((before, after)) = rest.split_once("<@") {
        text.push_str(before);
        let (call, after) = after.split_once('>').expect("nobody types such a sign");
        text.push_str(&format!("\u{e000}{}\u{e001}", calls.len()));
        calls.push(match call.strip_prefix("personId:").and_then(|call| call.split_once('|')) {
            Some((id, name)) => {
                format!("\"person\" data-object-id=\"{id}\">{}", name.replace('&', "&amp;"))
            }
            None => "\"groupMention\" data-group-type=\"all\">All".to_owned(),
        });
        rest = after;
    }
    text.push_str(rest);
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&text));
    for (index, call) in calls.iter().enumerate() {
        let tag = format!("<spark-mention data-object-type={call}</spark-mention>");
        html = html.replace(&format!("\u{e000}{index}\u{e001}"), &tag);
    }
    html
}

/// What is written, and what Webex makes of it.
fn sketch(blocks: Vec<Block>) -> String {
    let markdown = write(&shown(RichText { blocks })).markdown;
    let both = format!("{}\n--- seen\n{}", markdown.replace("  \n", "··\n"), seen(&markdown));
    both.replace('\u{200b}', "◊").replace('\u{a0}', "⍽")
}

#[test]
fn what_webex_has_is_webex_own() {
    let all = |style: &mut Style| (style.bold, style.italic) = (true, true);
    insta::assert_snapshot!(sketch(vec![
        Block::Heading { level: 2, content: vec![t("Plan #1 #")] },
        p(vec![
            styled("bold ", |it| it.bold = true),
            t("and"),
            styled(" italic", |it| it.italic = true),
            t(", "),
            styled("both", all),
            styled("code", |it| it.code = true),
        ]),
        p(vec![t("next line")]),
        p(vec![]),
        p(vec![t("after a blank one"), Inline::LineBreak, t("broken")]),
        list(None, &["one", "two"]),
        list(None, &["another list"]),
        list(Some(3), &["third", "fourth"]),
        Block::Quote(vec![p(vec![t("said")]), p(vec![]), p(vec![t("before")])]),
        Block::Code { language: Some("rust".into()), code: "let x = `1`;\n\nlet y;".into() },
        Block::Rule,
        p(vec![
            link("https://a.example/x?y=1&copy=2", "the plan"),
            t(" "),
            link("https://b.example/w_(x)", "https://b.example/w_(x)"),
        ]),
        p(vec![
            mention(MentionTarget::Account("UDE".into()), "Ana | Lima"),
            t(" "),
            mention(MentionTarget::Everyone(Audience::Present), "here"),
        ]),
    ]));
}

#[test]
fn what_webex_lacks_is_said_in_signs_and_words() {
    let cell = |text: &str| vec![t(text)];
    insta::assert_snapshot!(sketch(vec![
        p(vec![
            styled("gone", |it| it.strike = true),
            t(" "),
            styled("under", |it| it.underline = true)
        ]),
        Block::Table(Table {
            header: true,
            rows: vec![vec![cell("a"), cell("bb")], vec![cell("c")]]
        }),
        p(vec![
            link("javascript:alert(1)", "nowhere"),
            Inline::Emoji(Emoji::Custom("ship_it".into()))
        ]),
        p(vec![
            mention(MentionTarget::Group("g".into()), "devs"),
            mention(MentionTarget::Conversation("c".into()), "general")
        ]),
        Block::List {
            start: Some(1),
            items: vec![
                ListItem {
                    blocks: vec![
                        p(vec![t("fruit"), Inline::LineBreak, t("of all kinds")]),
                        list(None, &["apple"]),
                        Block::Code { language: None, code: "x\n\ny".into() },
                    ],
                },
                ListItem::default(),
                item("bread"),
            ],
        },
    ]));
}

#[test]
fn formats_stay_apart_from_each_other_and_from_signs() {
    let bold = |text: &str| styled(text, |it| it.bold = true);
    let italic = |text: &str| styled(text, |it| it.italic = true);
    insta::assert_snapshot!(sketch(vec![
        p(vec![bold("Note:"), t("next")]),
        p(vec![t("a"), bold("(b)"), italic("c"), bold("d")]),
        p(vec![styled("x", |it| it.code = true), styled("`y`", |it| it.code = true)]),
        p(vec![bold("🎉 party"), t("!"), link("https://a.example", "no picture")]),
    ]));
}

#[test]
fn what_people_type_means_nothing_but_itself() {
    for line in [
        "# no heading",
        "- no item",
        "* no item",
        "+ no item",
        "1. no item",
        "2) no item",
        "> no quote",
        "---",
        "===",
        "```",
        "    no code",
        "a  b",
        "*x* _y_ `z` ~~w~~",
        "[a](https://a.example)",
        "[a]: https://a.example",
        "<b>x</b>",
        "&amp; &lt;",
        "<@all>",
        "\\<@all>",
        "<@personId:UDE|Ana>",
        "a\\",
        "| a | b |",
        "|---|---|",
        "<https://a.example>",
        "![a](b)",
        "C# #",
        "!",
        "1.",
        "0) ",
    ] {
        for text in [line.to_owned(), format!("before\n{line}\nafter"), format!("x {line} y")] {
            let back = html::parse(&seen(&write(&RichText::plain(&text)).markdown));
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(letters(&back.plain_text()), letters(&text), "{text:?}");
            let [Block::Paragraph(line)] = &back.blocks[..] else { panic!("{text:?}: {back:?}") };
            let plain = |it: &Inline| match it {
                Inline::Text { style, .. } => style.is_plain(),
                other => *other == Inline::LineBreak,
            };
            assert!(line.iter().all(plain), "{text:?}: {line:?}");
        }
    }
}

#[test]
fn nobody_is_called_from_within_code() {
    for block in [
        p(vec![styled("<@all> <@personId:UDE|Ana>", |it| it.code = true)]),
        Block::Code { language: None, code: "<@all>".into() },
    ] {
        let markup = write(&RichText { blocks: vec![block] });
        assert!(!markup.markdown.contains("<@") && markup.calls.is_empty(), "{markup:?}");
    }
}

fn outgoing(text: RichText, files: usize) -> Outgoing {
    let mut said = said_elsewhere(text);
    said.thread = Some("m1".into());
    said.author.name = " Ada ".into();
    said.content.attachments = vec![shared_elsewhere("a_b.png", 1); files];
    said.notes = vec![Note::SaidAt("2026-11-22T10:00:00Z".parse().unwrap()), Note::ReplyToUnknown];
    said
}

fn body(part: &Part) -> Body {
    serde_json::from_str(&part.body).unwrap()
}

#[test]
fn a_message_begins_with_who_says_it() {
    let parts = parts(&outgoing(RichText::plain("hello\nthere"), 0));
    let [part] = &parts[..] else { panic!("{} parts", parts.len()) };
    let markdown = body(part).markdown;
    assert_eq!(
        markdown,
        "**Ada** *\u{200b}(Slack, said 2026-11-22 10:00 UTC)\u{200b}*  \n\
         *In reply to a message that is not here*  \nhello  \nthere"
    );
    assert_eq!(part.fingerprint, fingerprint::of(&html::parse(&seen(&markdown))));
}

#[test]
fn files_go_on_their_own_whatever_is_said() {
    let keys = |text: &str, files| {
        let parts = parts(&outgoing(RichText::plain(text), files));
        parts.into_iter().map(|part| (part.key, part.files)).collect::<Vec<_>>()
    };
    let text = || (PartKey::Text(0), vec![]);
    let file = |index| (PartKey::Files(index), vec![usize::from(index)]);
    assert_eq!(keys("hi", 0), [text()]);
    assert_eq!(keys("hi", 2), [text(), file(0), file(1)]);
    for blank in ["", " \n"] {
        assert_eq!(keys(blank, 2), [file(0), file(1)]);
        assert_eq!(keys(blank, 0), [text()]);
    }
}

#[test]
fn the_first_file_tells_who_shared_it_where_nothing_is_said() {
    let first = |text: &str| {
        let parts = parts(&outgoing(RichText::plain(text), 2));
        let files: Vec<&Part> = parts.iter().filter(|part| !part.files.is_empty()).collect();
        let continued = "**Ada** *\u{200b}(Slack, continued)\u{200b}*";
        assert_eq!(body(files[1]).markdown, continued);
        body(files[0]).markdown
    };
    assert_eq!(
        first(""),
        "**Ada** *\u{200b}(Slack, said 2026-11-22 10:00 UTC)\u{200b}*  \n\
         *In reply to a message that is not here*"
    );
    assert_eq!(first("hi"), "**Ada** *\u{200b}(Slack, continued)\u{200b}*");
}

#[test]
fn a_reply_for_the_space_too_is_told_there_and_calls_nobody_twice() {
    let mention = mention(MentionTarget::Account("UDE".into()), "Ana");
    let text = RichText { blocks: vec![p(vec![mention])] };
    let parts = parts(&Outgoing { broadcast: true, ..outgoing(text, 1) });
    let [first, _file, copy] = &parts[..] else { panic!("{} parts", parts.len()) };
    assert_eq!((first.in_thread, copy.in_thread), (true, false));
    assert_eq!((body(first).calls.len(), body(copy).calls.len()), (1, 0));
    let said = body(copy).markdown;
    assert!(said.contains("(Slack, in a thread") && said.contains("@Ana"), "{said}");
    assert!(said.contains("📎 a\\_b.png"), "{said}");
}

/// A letter, and how it is shown: bold, italic, code; as a link; what kind of block it is in.
type Letter = (char, [bool; 3], Option<String>, &'static str);

/// All that counts of a text.
fn letters(blocks: &[Block], kind: &'static str, out: &mut Vec<Letter>) {
    let counts = |c: &char| {
        !c.is_whitespace()
            && !c.is_control()
            && !c.is_ascii_punctuation()
            && !"\u{200b}\u{feff}".contains(*c)
    };
    for block in blocks {
        match block {
            Block::Paragraph(line) => of_line(line, kind, None, out),
            Block::Heading { content, .. } => of_line(content, "heading", None, out),
            Block::Quote(blocks) => letters(blocks, "quote", out),
            Block::List { items, .. } => {
                items.iter().for_each(|item| letters(&item.blocks, "item", out));
            }
            Block::Rule => {}
            Block::Code { code, .. } => {
                out.extend(code.chars().filter(counts).map(|c| (c, [false; 3], None, "code")));
            }
            Block::Table(_) => panic!("Webex has no tables"),
        }
    }
    fn of_line(line: &[Inline], kind: &'static str, url: Option<&str>, out: &mut Vec<Letter>) {
        for inline in line {
            let (text, style) = match inline {
                Inline::Text { text, style } => (text.clone(), *style),
                Inline::Emoji(emoji) => (emoji.as_text(), Style::PLAIN),
                Inline::LineBreak => continue,
                Inline::Link { url, content } => {
                    let url = safe_link(url).map(|url| {
                        ["(", ")", "<", ">", "\"", "\\", "`", "|"].iter().fold(url, |url, sign| {
                            url.replace(sign, &format!("%{:02X}", sign.as_bytes()[0]))
                        })
                    });
                    of_line(content, kind, url.as_deref(), out);
                    continue;
                }
                Inline::Mention(Mention { target: MentionTarget::Everyone(_), .. }) => {
                    ("All".to_owned(), Style::PLAIN)
                }
                Inline::Mention(mention) => (mention.name.clone(), Style::PLAIN),
            };
            let marks = [style.bold, style.italic, style.code];
            let counts = |c: &char| {
                !c.is_whitespace()
                    && !c.is_control()
                    && !c.is_ascii_punctuation()
                    && !"\u{200b}\u{feff}".contains(*c)
            };
            out.extend(
                text.chars().filter(counts).map(|c| (c, marks, url.map(str::to_owned), kind)),
            );
        }
    }
}

fn called(text: &RichText) -> Vec<MentionTarget> {
    let mut called = Vec::new();
    text.clone().for_each_line(&mut |line| {
        called.extend(line.iter().filter_map(|it| match it {
            Inline::Mention(Mention { target: MentionTarget::Everyone(_), .. }) => {
                Some(MentionTarget::Everyone(Audience::Conversation))
            }
            Inline::Mention(Mention { target: target @ MentionTarget::Account(_), .. }) => {
                Some(target.clone())
            }
            _ => None,
        }));
    });
    called
}

proptest! {
    #[test]
    fn what_is_written_is_seen_as_it_was_meant(text in testing::rich_text()) {
        let text = shown(text);
        let markdown = write(&text).markdown;
        let back = html::parse(&seen(&markdown));
        let (mut meant, mut shown) = (Vec::new(), Vec::new());
        letters(&text.blocks, "text", &mut meant);
        letters(&back.blocks, "text", &mut shown);
        prop_assert_eq!(shown, meant, "{}", markdown);
        prop_assert_eq!(fingerprint::of(&back), fingerprint::of(&text), "{}", markdown);
    }

    #[test]
    fn what_is_typed_calls_nobody_and_comes_back(text in testing::typed()) {
        let markup = write(&RichText::plain(&text));
        prop_assert!(markup.calls.is_empty() && !markup.markdown.contains("<@"));
        let back = html::parse(&seen(&markup.markdown));
        prop_assert_eq!(called(&back), []);
        prop_assert_eq!(fingerprint::of(&back), fingerprint::of(&RichText::plain(&text)));
    }

    #[test]
    fn every_piece_of_a_text_can_be_sent(
        text in testing::rich_text(),
        more in prop::collection::vec("[a-zé👍&]{10,90}", 0..400),
    ) {
        let mut text = text;
        text.blocks.extend(RichText::plain(&more.join(" ")).blocks);
        for part in parts(&outgoing(text, 1)) {
            let length = body(&part).markdown.len();
            prop_assert!(length <= MAX_BYTES - SPARE, "{length}");
        }
    }
}

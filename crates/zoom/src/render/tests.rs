use proptest::prelude::*;
use rialto_model::{Audience, Emoji, Inline, ListItem, Mention, MentionTarget, Style, Table};
use rialto_platform::{
    Note,
    testing::{said_elsewhere, shared_elsewhere},
};

use super::*;

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

fn link(url: &str, text: &str) -> Inline {
    Inline::Link { url: url.into(), content: vec![t(text)] }
}

fn mention(target: MentionTarget, name: &str) -> Inline {
    Inline::Mention(Mention { target, name: name.into() })
}

/// The words, each range with the words it is on, and the words of an edit.
fn sketch(blocks: Vec<Block>) -> String {
    let markup = write(&RichText { blocks });
    let units: Vec<u16> = markup.message.encode_utf16().collect();
    let on = |range: &Value, more: usize| {
        let place = |name: &str| usize::try_from(range[name].as_u64().unwrap()).unwrap();
        let words = &units[place("start_position")..place("end_position") + more];
        String::from_utf16(words).unwrap().replace('\n', "⏎")
    };
    let mut out = markup.message.clone();
    for range in &markup.rich_text {
        let attribute = range["format_attr"].as_str().map(|it| format!(" {it}"));
        let kind = range["format_type"].as_str().unwrap();
        out += &format!("\n  {kind}{}: {}", attribute.unwrap_or_default(), on(range, 0));
    }
    for call in &markup.at_items {
        out += &format!("\n  @{} {}: {}", call["at_type"], call["at_contact"], on(call, 1));
    }
    out + &format!("\n--- edited\n{}\n", markup.plain)
}

#[test]
fn what_zoom_has_is_zooms_own() {
    let all = |style: &mut Style| (style.bold, style.italic) = (true, true);
    insta::assert_snapshot!(sketch(vec![
        Block::Heading { level: 2, content: vec![t("Plan 👍")] },
        p(vec![
            t("👍🏽 "),
            styled("bold", |it| it.bold = true),
            t(", "),
            styled("both", all),
            styled(" italic", |it| it.italic = true),
            t(", "),
            styled("gone", |it| it.strike = true),
            t(", "),
            styled("under", |it| it.underline = true),
        ]),
        Block::List { start: None, items: vec![item("one"), item("two")] },
        Block::List { start: Some(1), items: vec![item("first"), item("second")] },
        Block::Quote(vec![p(vec![t("said "), styled("before", |it| it.italic = true)]), p(vec![])]),
        p(vec![
            link("https://a.example/x?y=1", "the plan"),
            t(" "),
            link("https://b.example", "https://b.example")
        ]),
        p(vec![
            mention(MentionTarget::Account("u1".into()), "Zoë 👍"),
            t(" "),
            mention(MentionTarget::Everyone(Audience::Present), "here"),
        ]),
    ]));
}

#[test]
fn what_zoom_lacks_is_said_in_signs_and_words() {
    let cell = |text: &str| vec![t(text)];
    let nested = Block::List {
        start: None,
        items: vec![
            ListItem {
                blocks: vec![
                    p(vec![t("fruit"), Inline::LineBreak, t("of all kinds")]),
                    Block::List { start: None, items: vec![item("apple")] },
                ],
            },
            item("bread"),
        ],
    };
    insta::assert_snapshot!(sketch(vec![
        p(vec![styled("let x", |it| it.code = true), t(" is code")]),
        Block::Code { language: Some("rust".into()), code: "let x = 1;\n\nlet y;".into() },
        nested,
        Block::List { start: Some(3), items: vec![item("third")] },
        Block::Table(Table {
            header: true,
            rows: vec![vec![cell("a"), cell("bb")], vec![cell("c")]]
        }),
        Block::Rule,
        Block::Quote(vec![
            p(vec![
                styled("bold", |it| it.bold = true),
                t(" and "),
                styled("gone", |it| it.strike = true)
            ]),
            Block::Quote(vec![p(vec![t("deeper")])]),
            Block::List { start: None, items: vec![item("point")] },
        ]),
        p(vec![link("mailto:ana@a.example", "Ana"), t(" "), link("ftp://a.example", "files")]),
        p(vec![
            mention(MentionTarget::Group("g".into()), "devs"),
            mention(MentionTarget::Conversation("c".into()), "general")
        ]),
        p(vec![Inline::Emoji(Emoji::Custom("shipit".into()))]),
    ]));
}

#[test]
fn numbers_go_on_in_words_where_zoom_would_count_them_together() {
    let list = |start| Block::List { start: Some(start), items: vec![item("a"), item("b")] };
    insta::assert_snapshot!(sketch(vec![list(1), list(1)]));
}

fn outgoing(text: RichText, files: usize) -> Outgoing {
    let mut said = said_elsewhere(text);
    said.thread = Some("M1".into());
    said.author.name = " Ada ".into();
    said.content.attachments = vec![shared_elsewhere("a.png", 1); files];
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
    let body = body(part);
    assert_eq!(
        body.message,
        "Ada (Slack, said 2026-11-22 10:00 UTC)\nIn reply to a message that is not here\nhello\nthere"
    );
    assert_eq!(body.plain, body.message);
    assert_eq!(body.rich_text[0]["format_type"], "Bold");
    assert_eq!(part.fingerprint, fingerprint::of(&body.message));
}

#[test]
fn files_go_with_the_first_words_whatever_those_are() {
    let holders = |text: &str, files| {
        let parts = parts(&outgoing(RichText::plain(text), files)).into_iter();
        let holders = parts.filter(|part| !part.files.is_empty());
        holders.map(|part| (part.key, part.files.len())).collect::<Vec<_>>()
    };
    let (text, more) = (PartKey::Text(0), PartKey::Files);
    for said in ["", "hi", &"x".repeat(800), &"x".repeat(3_000)] {
        assert_eq!(holders(said, 0), []);
        assert_eq!(holders(said, 2), [(text, 2)]);
        assert_eq!(holders(said, 14), [(text, 6), (more(0), 6), (more(1), 2)]);
    }
}

#[test]
fn a_reply_for_the_channel_too_is_told_there_and_calls_nobody_twice() {
    let mention = mention(MentionTarget::Account("u1".into()), "Ana");
    let text = RichText { blocks: vec![p(vec![mention])] };
    let parts = parts(&Outgoing { broadcast: true, ..outgoing(text, 1) });
    let [first, copy] = &parts[..] else { panic!("{} parts", parts.len()) };
    assert_eq!((first.in_thread, copy.in_thread), (true, false));
    assert_eq!((body(first).at_items.len(), body(copy).at_items.len()), (1, 0));
    let said = body(copy).message;
    assert!(
        said.starts_with("Ada (Slack, in a thread") && said.ends_with("@Ana\n📎 a.png"),
        "{said}"
    );
}

proptest! {
    #[test]
    fn every_piece_of_a_text_can_be_sent(
        text in rialto_model::testing::rich_text(),
        more in prop::collection::vec("[a-zé👍&]{10,40}", 0..80),
        files in 0..9_usize,
    ) {
        let mut text = text;
        text.blocks.extend(RichText::plain(&more.join(" ")).blocks);
        for part in parts(&outgoing(text, files)) {
            let body = body(&part);
            let lines = part.files.len() * file_line(part.files.len());
            let (message, plain) = (units(&body.message) + lines, units(&body.plain) + lines);
            prop_assert!(message <= MAX_UNITS && plain <= MAX_UNITS, "{message} {plain}");
            for range in body.rich_text.iter().chain(&body.at_items) {
                let (start, end) = (range["start_position"].as_u64(), range["end_position"].as_u64());
                prop_assert!(start <= end && end <= u64::try_from(message).ok(), "{range}");
            }
        }
    }
}

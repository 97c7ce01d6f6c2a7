use proptest::prelude::*;
use rialto_model::{Audience, Emoji, ListItem, Mention, MentionTarget, Table};
use rialto_platform::testing::{said_elsewhere, shared_elsewhere};
use serde_json::{Value, json};

use super::*;
use crate::normalize::{read, sketch::sketch};

fn paragraph(content: Vec<Inline>) -> Block {
    Block::Paragraph(content)
}

/// What Slack's readers, ourselves among them, make of the blocks.
fn returned(text: &RichText) -> RichText {
    read(&shown(&Says::new(text)), "")
}

fn shown(says: &Says) -> Vec<Value> {
    serde_json::from_str(says.blocks.get()).unwrap()
}

proptest! {
    #[test]
    fn every_piece_of_a_long_text_can_be_sent(words in prop::collection::vec("[a-z&]{10,40}", 0..300)) {
        let outgoing = outgoing(RichText::plain(&words.join(" ")), 0);
        for part in parts(&outgoing) {
            let Body { says, .. } = serde_json::from_str(&part.body).unwrap();
            prop_assert!(says.text.chars().count() <= MAX_CHARACTERS);
            prop_assert!(shown(&says).len() <= MAX_BLOCKS);
        }
    }
}

#[test]
fn blocks_that_slack_lacks_become_the_nearest() {
    let heading = Block::Heading { level: 2, content: vec![Inline::text("Title")] };
    let cell = |text: &str| vec![Inline::text(text)];
    let table = Block::Table(Table {
        header: true,
        rows: vec![vec![cell("a"), cell("bb")], vec![cell("ccc"), cell("d")]],
    });
    let nested = Block::Quote(vec![
        paragraph(vec![Inline::text("outer")]),
        Block::Quote(vec![paragraph(vec![Inline::text("inner")])]),
    ]);
    let item = ListItem {
        blocks: vec![
            paragraph(vec![Inline::text("item")]),
            Block::Code { language: None, code: "x".into() },
        ],
    };
    let list = Block::List { start: Some(1), items: vec![item.clone(), item] };
    for (block, expected) in [
        (heading, "b{Title}"),
        (table, "code(\"a   | bb\\n----+---\\nccc | d\")"),
        (nested, "quote(outer / inner)"),
        (list, "list1(item) / code(\"x\") / list2(item) / code(\"x\")"),
        (paragraph(vec![Inline::Emoji(Emoji::Custom("blob".into()))]), ":blob:"),
    ] {
        assert_eq!(sketch(&returned(&RichText { blocks: vec![block] })), expected);
    }
}

#[test]
fn the_fallback_says_the_same_in_plain_text() {
    let mention = |target, name: &str| Inline::Mention(Mention { target, name: name.into() });
    let item = |text: &str| ListItem { blocks: vec![paragraph(vec![Inline::text(text)])] };
    let text = RichText {
        blocks: vec![
            paragraph(vec![
                Inline::styled("*b* <!channel> & ", Style { bold: true, ..Style::PLAIN }),
                mention(MentionTarget::Account("U1".into()), "ada"),
                mention(MentionTarget::Account("U1> <!here".into()), "eve<"),
                mention(MentionTarget::Everyone(Audience::Conversation), "channel"),
            ]),
            paragraph(vec![Inline::Link {
                url: "https://a.example/?a=1&b=|>".into(),
                content: vec![Inline::text("a|b>")],
            }]),
            Block::Quote(vec![paragraph(vec![Inline::text("q")])]),
            Block::List { start: Some(2), items: vec![item("x"), item("y")] },
            Block::Rule,
        ],
    };
    assert_eq!(
        Says::new(&text).text,
        "*b* &lt;!channel&gt; &amp; <@U1>@eve&lt;<!channel>\n\
         <https://a.example/?a=1&amp;b=%7C|a¦b&gt;>\n&gt; q\n2. x\n3. y\n———",
    );
}

fn outgoing(text: RichText, files: usize) -> Outgoing {
    let mut said = said_elsewhere(text);
    said.thread = Some("1.000001".into());
    said.author.name = " Ada ".into();
    said.broadcast = true;
    said.said_on = "Teams";
    said.author.avatar_url = Some("https://a.example/ada.png".into());
    said.content.attachments = vec![shared_elsewhere("a.png", 1); files];
    said.notes = vec![Note::SaidAt("2026-11-22T10:00:00Z".parse().unwrap()), Note::ReplyToUnknown];
    said
}

#[test]
fn a_message_is_its_text_and_then_its_files() {
    let keys = |text: &str, files| {
        let parts = parts(&outgoing(RichText::plain(text), files));
        parts.into_iter().map(|part| (part.key, part.files.len())).collect::<Vec<_>>()
    };
    assert_eq!(keys("hi", 0), [(PartKey::Text(0), 0)]);
    assert_eq!(keys("hi", 2), [(PartKey::Text(0), 0), (PartKey::Files(0), 2)]);
    assert_eq!(
        keys("hi", 11),
        [(PartKey::Text(0), 0), (PartKey::Files(0), 10), (PartKey::Files(1), 1)]
    );
    assert_eq!(keys("", 0), [(PartKey::Text(0), 0)]);

    let parts = parts(&outgoing(RichText::plain("hi"), 1));
    let body: Body = serde_json::from_str(&parts[0].body).unwrap();
    assert_eq!(body.username, "Ada");
    assert!(body.broadcast);
    assert_eq!(
        body.says.text,
        "said on 22 November 2026 at 10:00 UTC\nin reply to a message that is not here\nhi"
    );
    assert_eq!(
        shown(&body.says)[0]["elements"][0]["elements"][0]["style"],
        json!({ "italic": true })
    );
}

#[test]
fn what_is_said_along_with_a_long_text_stands_above_its_first_words() {
    let parts = parts(&outgoing(RichText::plain(&"word ".repeat(1_500)), 0));
    assert_eq!(parts.len(), 2);
    let said = |part: &Part| serde_json::from_str::<Body>(&part.body).unwrap().says.text;
    assert!(said(&parts[0]).contains("not here\nword word"), "{}", said(&parts[0]));
    assert!(!said(&parts[1]).contains("not here"));
}

#[test]
fn a_link_of_very_many_styles_is_its_text_alone() {
    let bold = Style { bold: true, ..Style::PLAIN };
    let elements = |pairs: usize| {
        let content = vec![[Inline::text("a"), Inline::styled("b", bold)]; pairs].concat();
        let link = Inline::Link { url: "https://a.example".into(), content };
        let blocks = shown(&Says::new(&RichText { blocks: vec![Block::Paragraph(vec![link])] }));
        blocks[0]["elements"][0]["elements"].as_array().unwrap().clone()
    };
    assert_eq!(elements(2).len(), 4);
    let [one] = &elements(20)[..] else { panic!("more than one element") };
    assert_eq!(one["text"], "ab".repeat(20));
}

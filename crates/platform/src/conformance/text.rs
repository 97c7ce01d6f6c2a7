//! Formatted text.

use rialto_model::{
    Audience, Block, Emoji, Feature, Inline, ListItem, Mention, MentionTarget, Own, RichText,
    Style, Support, Table,
};

use super::{Emulator, Stage};

const PLAIN: Style = Style::PLAIN;

fn line(content: Vec<Inline>) -> Block {
    Block::Paragraph(content)
}

fn styled(style: Style) -> Vec<Block> {
    vec![line(vec![Inline::text("a "), Inline::styled("word", style), Inline::text(" b")])]
}

fn item(text: &str, below: Vec<Block>) -> ListItem {
    let first = line(vec![Inline::text(text)]);
    ListItem { blocks: [vec![first], below].concat() }
}

fn list(start: Option<u32>, items: &[&str]) -> Block {
    Block::List { start, items: items.iter().map(|it| item(it, Vec::new())).collect() }
}

/// What each feature of a text looks like.
fn samples() -> Vec<(Feature, Vec<Block>)> {
    let code = |language: Option<&str>| Block::Code {
        language: language.map(str::to_owned),
        code: "let a = 1;\n  b();".into(),
    };
    let cell = |text: &str| vec![Inline::text(text)];
    let nested = vec![list(None, &["inner"])];
    let words = line(vec![Inline::text("words")]);
    let link = Inline::Link { url: "https://a.example/x?y=1".into(), content: cell("the plan") };
    vec![
        (Feature::Bold, styled(Style { bold: true, ..PLAIN })),
        (Feature::Italic, styled(Style { italic: true, ..PLAIN })),
        (Feature::Strike, styled(Style { strike: true, ..PLAIN })),
        (Feature::Underline, styled(Style { underline: true, ..PLAIN })),
        (Feature::InlineCode, styled(Style { code: true, ..PLAIN })),
        (Feature::CodeBlock, vec![code(None)]),
        (Feature::CodeLanguage, vec![code(Some("python"))]),
        (Feature::Quote, vec![Block::Quote(vec![words.clone()])]),
        (
            Feature::Lists,
            vec![list(None, &["one", "two"]), words.clone(), list(Some(1), &["x", "y"])],
        ),
        (
            Feature::NestedLists,
            vec![Block::List { start: None, items: vec![item("outer", nested)] }],
        ),
        (Feature::Heading, vec![Block::Heading { level: 2, content: cell("news") }]),
        (Feature::Rule, vec![words, Block::Rule, line(cell("more"))]),
        (Feature::Link, vec![line(vec![Inline::text("see "), link])]),
        (
            Feature::Table,
            vec![Block::Table(Table {
                header: true,
                rows: vec![vec![cell("Who"), cell("What")], vec![cell("Ana"), cell("Plan")]],
            })],
        ),
        (
            Feature::LineBreaks,
            vec![
                line(vec![Inline::text("one"), Inline::LineBreak, Inline::text("two")]),
                line(Vec::new()),
                line(cell("three")),
            ],
        ),
        (
            Feature::Emoji,
            vec![line(vec![
                Inline::Emoji(Emoji::Unicode("😀".into())),
                Inline::Emoji(Emoji::Unicode("👍🏽".into())),
            ])],
        ),
    ]
}

/// What was said, without the heading that names who said it, with emoji as the characters they are.
fn read(mut text: RichText, heading: bool) -> RichText {
    if heading {
        let first = text.blocks.first_mut();
        let breaks = match first {
            Some(Block::Paragraph(content)) => {
                content.iter().position(|it| *it == Inline::LineBreak)
            }
            _ => None,
        };
        match (breaks, text.blocks.first_mut()) {
            (Some(at), Some(Block::Paragraph(content))) => drop(content.drain(..=at)),
            _ => drop(text.blocks.remove(0)),
        }
    }
    text.for_each_line(&mut |line| {
        for inline in line {
            if let Inline::Emoji(emoji) = inline {
                *inline = Inline::text(emoji.as_text());
            }
        }
    });
    // A blank line next to a block is a matter of how the platform keeps blocks apart.
    let blank = |block: &Block| matches!(block, Block::Paragraph(line) if line.is_empty());
    while text.blocks.first().is_some_and(blank) {
        text.blocks.remove(0);
    }
    text.normalized()
}

/// The blocks without blank lines between them.
fn dense(text: &RichText) -> Vec<Block> {
    let blank = |block: &&Block| matches!(block, Block::Paragraph(line) if line.is_empty());
    text.blocks.iter().filter(|block| !blank(block)).cloned().collect()
}

pub async fn what_is_native_comes_back_as_it_was_said<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let heading = stage.shown(Feature::AuthorName) != Support::Native;
    for (feature, blocks) in samples() {
        let said = RichText { blocks };
        stage.say(&stage.outgoing(said.clone())).await;
        let came = stage.messages().await.pop().unwrap();
        assert_ne!(came.own, Own::No);
        let came = read(came.content.text, heading);
        let same = dense(&came) == dense(&read(said.clone(), false));
        match stage.shown(feature) {
            Support::Native => assert!(same, "{feature:?} is changed\n{said:?}\n{came:?}"),
            Support::Emulated(_) | Support::None(_) => {
                assert!(!same, "{feature:?} is native after all: {came:?}");
                let all = said.plain_text();
                let seen = |word: &&str| word.contains(char::is_alphanumeric);
                for word in all.split_whitespace().filter(seen) {
                    assert!(came.plain_text().contains(word), "{feature:?}: no {word} in {came:?}");
                }
            }
        }
    }
}

pub async fn nothing_that_people_type_means_more_than_itself<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let heading = stage.shown(Feature::AuthorName) != Support::Native;
    for typed in [
        "2 * 3 * 4 _a_ ~b~ `c` **d** __e__",
        "<b>x</b> &amp; <!channel> <@U1> <@all> @all",
        "# no heading",
        "- no list",
        "1. no list",
        "> no quote",
        "[a](https://a.example) ![b](c)",
        "| a | b |",
        "C:\\temp\\new :tada: ---",
    ] {
        stage.say(&stage.outgoing(RichText::plain(typed))).await;
        let came = stage.messages().await.pop().unwrap();
        let came = read(came.content.text, heading);
        assert_eq!(came.plain_text(), typed);
        let [Block::Paragraph(line)] = &came.blocks[..] else { panic!("{typed}: {came:?}") };
        for inline in line {
            let is_bare = match inline {
                Inline::Text { style, .. } => style.is_plain(),
                // An address is one, whoever reads it.
                Inline::Link { .. } => true,
                _ => false,
            };
            assert!(is_bare, "{typed}: {came:?}");
        }
        let seen = stage.view().await.pop().unwrap();
        assert_eq!(seen["mentions"].as_array().unwrap().len(), 0, "{seen}");
    }
}

pub async fn a_mention_calls_whom_it_names_and_nobody_else<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let bob = stage.connection.account_by_email("bob@acme.example").await.unwrap().unwrap();
    let everyone = MentionTarget::Everyone(Audience::Conversation);
    for (target, name, called) in [
        (MentionTarget::Account(bob.id.clone()), "Bob Ray", Some("account")),
        (everyone, "everybody", Some("everyone")),
        (MentionTarget::Group("nobody's id".into()), "the crew", None),
    ] {
        let mention = Inline::Mention(Mention { target, name: name.into() });
        let text = RichText { blocks: vec![line(vec![Inline::text("ask "), mention])] };
        let [id] = stage.say(&stage.outgoing(text)).await.try_into().unwrap();
        let seen = stage.sees(&id).await.unwrap();
        let calls = seen["mentions"].as_array().unwrap();
        let Some(called) = called else {
            assert_eq!(calls.len(), 0, "{seen}");
            assert!(seen["text"].as_str().unwrap().contains(name), "{seen}");
            continue;
        };
        let [call] = &calls[..] else { panic!("{name}: {seen}") };
        let whom = call[called].as_str().unwrap_or_else(|| panic!("{name}: {seen}"));
        assert!(called != "account" || whom == bob.id.as_str(), "{seen}");
    }
}

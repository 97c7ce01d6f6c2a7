//! What is written and comes back in a message of Graph's is what was said, up to what Teams cannot
//! say.
//!
//! [`EXPRESSIBLE`] is all that is lost, with the reason for each. On the way the sandbox rewrites the
//! markup as Graph does.

use proptest::prelude::*;
use rialto_model::{
    Audience, Block, EventKind, Inline, ListItem, Mention, MentionTarget, RichText, Table,
    testing::{more_than_typed, rich_text, typed},
};
use rialto_platform::html::safe_link;
use serde_json::json;

use super::support::{OWN, now};
use crate::{
    markup,
    message::{Circumstances, events},
    place::{MessagePath, Place},
    wire::ChatMessage,
};

type Step = fn(Block) -> Vec<Block>;
/// Why, how, and a text that shows it.
type Degraded = (&'static str, Step, fn() -> Block);

/// What Teams cannot say, and what it says instead: from top to bottom, with a text that shows it.
const EXPRESSIBLE: [Degraded; 13] = [
    (
        "a heading has three levels",
        |block| match block {
            Block::Heading { level, content } => {
                vec![Block::Heading { level: level.min(3), content }]
            }
            other => vec![other],
        },
        || Block::Heading { level: 4, content: vec![t("a")] },
    ),
    (
        "a list without items and a table without rows are nothing",
        |block| match &block {
            Block::List { items, .. } if items.is_empty() => vec![],
            Block::Table(table) if table.rows.is_empty() => vec![],
            _ => vec![block],
        },
        || Block::Quote(vec![p([t("a")]), Block::List { start: None, items: vec![] }]),
    ),
    (
        "a row of headers that holds no cells is none",
        |block| match block {
            Block::Table(Table { header: true, rows }) => {
                let header = !rows[0].is_empty();
                vec![Block::Table(Table { header, rows })]
            }
            other => vec![other],
        },
        || Block::Table(Table { header: true, rows: vec![vec![], vec![vec![t("a")]]] }),
    ),
    (
        "a language has the name that Teams' editor gives it, in letters and a few signs",
        |block| match block {
            Block::Code { language: Some(name), code } => {
                vec![Block::Code { language: language(&name), code }]
            }
            other => vec![other],
        },
        || Block::Code { language: Some("js".into()), code: "x".into() },
    ),
    (
        "a tab in code is four spaces: HTML would make it one",
        |block| match block {
            Block::Code { language, code } => {
                vec![Block::Code { language, code: code.replace('\t', "    ") }]
            }
            other => vec![other],
        },
        || Block::Code { language: None, code: "\tx".into() },
    ),
    (
        "a link that anyone should not be led to is what it shows",
        |block| inlines(block, followed),
        || p([Inline::Link { url: "javascript:x".into(), content: vec![t("x")] }]),
    ),
    (
        "an emoji is text: what its own element takes is not documented",
        |block| inlines(block, emoji),
        || p([Inline::Emoji(rialto_model::Emoji::Unicode("👋".into()))]),
    ),
    (
        "a group or another channel is mentioned in words, those present as the channel, and nobody \
         without a name",
        |block| inlines(block, mentioned),
        || p([mention(MentionTarget::Group("g".into()), "ops")]),
    ),
    (
        "a name has single spaces",
        |block| inlines(block, name),
        || p([mention(MentionTarget::Account("a".into()), " Ana\t  Lima")]),
    ),
    (
        "tabs and no-break spaces are spaces; control characters and those of no width vanish, which \
         would only make equal texts differ",
        |block| inlines(block, spaces),
        || p([t("a\u{a0}b\u{200b}")]),
    ),
    (
        "one person mentioned twice with a space between is mentioned once by both names: so Teams \
         tells first and last name",
        |block| lines(block, one_mention),
        || {
            let ana = |name| mention(MentionTarget::Account("a".into()), name);
            p([ana("Ana"), t(" "), ana("Lima")])
        },
    ),
    ("a line of white space is a blank one", |block| lines(block, seen), || p([t(" ")])),
    (
        "a blank heading is a blank line",
        |block| match block {
            Block::Heading { content, .. } if content.is_empty() => vec![p([])],
            other => vec![other],
        },
        || Block::Heading { level: 1, content: vec![] },
    ),
];

fn p<const N: usize>(content: [Inline; N]) -> Block {
    Block::Paragraph(content.into())
}

fn t(text: &str) -> Inline {
    Inline::text(text)
}

fn mention(target: MentionTarget, name: &str) -> Inline {
    Inline::Mention(Mention { target, name: name.into() })
}

/// Applies a change to every block, the innermost first.
fn each(blocks: Vec<Block>, change: Step) -> Vec<Block> {
    let one = |block| match block {
        Block::Quote(inner) => Block::Quote(each(inner, change)),
        Block::List { start, items } => {
            let item = |item: ListItem| ListItem { blocks: each(item.blocks, change) };
            Block::List { start, items: items.into_iter().map(item).collect() }
        }
        other => other,
    };
    blocks.into_iter().map(one).flat_map(change).collect()
}

fn lines(block: Block, change: fn(&mut Vec<Inline>)) -> Vec<Block> {
    let mut text = RichText { blocks: vec![block] };
    text.for_each_line(&mut |line| change(line));
    text.normalized().blocks
}

/// Replaces every inline, those within links too, by others.
fn inlines(block: Block, change: fn(Inline) -> Vec<Inline>) -> Vec<Block> {
    let mut text = RichText { blocks: vec![block] };
    text.for_each_line(&mut |line| {
        for inline in &mut *line {
            if let Inline::Link { content, .. } = inline {
                *content = std::mem::take(content).into_iter().flat_map(change).collect();
            }
        }
        *line = std::mem::take(line).into_iter().flat_map(change).collect();
    });
    text.normalized().blocks
}

fn language(name: &str) -> Option<String> {
    let signs = |c: &char| c.is_alphanumeric() || "+#-_.".contains(*c);
    let name: String = name.chars().filter(signs).collect();
    match name.as_str() {
        "js" => Some("javascript".into()),
        "plaintext" => None,
        _ => Some(name),
    }
}

fn followed(inline: Inline) -> Vec<Inline> {
    match inline {
        Inline::Link { url, content } if safe_link(&url).is_none() => content,
        other => vec![other],
    }
}

fn emoji(inline: Inline) -> Vec<Inline> {
    match inline {
        Inline::Emoji(emoji) => vec![t(&emoji.as_text())],
        other => vec![other],
    }
}

fn mentioned(inline: Inline) -> Vec<Inline> {
    let Inline::Mention(Mention { target, name }) = inline else { return vec![inline] };
    let in_words = |sign: &str| vec![t(&format!("{sign}{}", name.trim()))];
    match target {
        MentionTarget::Conversation(_) => in_words("#"),
        MentionTarget::Group(_) => in_words("@"),
        _ if name.trim().is_empty() => in_words("@"),
        MentionTarget::Everyone(Audience::Present) => {
            vec![mention(MentionTarget::Everyone(Audience::Conversation), &name)]
        }
        target => vec![mention(target, &name)],
    }
}

fn name(inline: Inline) -> Vec<Inline> {
    let Inline::Mention(Mention { target, name }) = inline else { return vec![inline] };
    vec![mention(target, &name.split_whitespace().collect::<Vec<_>>().join(" "))]
}

fn spaces(inline: Inline) -> Vec<Inline> {
    let Inline::Text { text, style } = inline else { return vec![inline] };
    let kept = |c: &char| (*c == '\t' || !c.is_control()) && !"\u{200b}\u{feff}".contains(*c);
    let space = |c| if matches!(c, '\t' | '\u{a0}') { ' ' } else { c };
    vec![Inline::Text { text: text.chars().filter(kept).map(space).collect(), style }]
}

fn one_mention(line: &mut Vec<Inline>) {
    let mut at = 0;
    while at + 2 < line.len() {
        if let [Inline::Mention(first), Inline::Text { text, .. }, Inline::Mention(second)] =
            &line[at..at + 3]
            && (text == " " && first.target == second.target && first.name != second.name)
        {
            let name = format!("{} {}", first.name, second.name);
            let joined = mention(first.target.clone(), &name);
            line.splice(at..at + 3, [joined]);
        } else {
            at += 1;
        }
    }
}

fn seen(line: &mut Vec<Inline>) {
    let blank =
        |inline: &Inline| matches!(inline, Inline::Text { text, .. } if text.trim().is_empty());
    if line.iter().all(blank) {
        line.clear();
    }
}

fn expressible(text: RichText) -> RichText {
    let blocks =
        EXPRESSIBLE.iter().fold(text.normalized().blocks, |blocks, row| each(blocks, row.1));
    RichText { blocks }.normalized()
}

fn place() -> Place {
    Place::new("T", "19:c@thread.tacv2").unwrap()
}

/// The text as it comes back in the notification of its post.
fn returned(text: &RichText) -> RichText {
    let written = markup::write(text, Some(&place()));
    let message: ChatMessage = serde_json::from_value(json!({
        "id": "7", "messageType": "message", "createdDateTime": "2026-11-22T09:59:00Z",
        "from": { "user": { "id": "ana", "displayName": "Ana" } },
        "body": {
            "contentType": "html",
            "content": rialto_sandbox::teams::sanitize(&written.html),
        },
        "mentions": written.mentions,
    }))
    .unwrap();
    let path = MessagePath { place: place(), message: "7".into(), root: None };
    let about = Circumstances { path: &path, ours: &OWN.into(), updated: false, now: now() };
    match events(&message, &about).remove(0).kind {
        EventKind::Message(state) => state.content.text,
        other => panic!("{other:?}"),
    }
}

fn same(text: &RichText) -> Result<(), TestCaseError> {
    let (back, expected) = (returned(text), expressible(text.clone()));
    let html = markup::write(text, Some(&place())).html;
    prop_assert_eq!(back, expected, "{}", html);
    Ok(())
}

#[test]
fn every_loss_is_one_and_is_what_the_table_says() {
    for (reason, step, example) in EXPRESSIBLE {
        let said = RichText { blocks: vec![example()] };
        assert_ne!(each(said.blocks.clone(), step), said.blocks, "nothing changes: {reason}");
        assert_ne!(returned(&said), said, "nothing is lost: {reason}");
        assert_eq!(returned(&said), expressible(said), "{reason}");
    }
}

proptest! {
    #[test]
    fn what_is_written_comes_back(text in rich_text()) {
        same(&text)?;
    }

    #[test]
    fn what_comes_back_is_all_expressible(text in rich_text()) {
        let once = returned(&text);
        prop_assert_eq!(returned(&once), once);
    }

    #[test]
    fn what_is_typed_is_no_markup_no_link_and_no_mention(text in typed()) {
        let back = returned(&RichText::plain(&text));
        prop_assert_eq!(more_than_typed(&back), None);
        let letters = |text: &str| {
            let seen = |c: &char| !c.is_whitespace() && !"\u{200b}\u{feff}".contains(*c);
            text.chars().filter(seen).collect::<String>()
        };
        prop_assert_eq!(letters(&back.plain_text()), letters(&text));
    }
}

//! What is rendered and comes back in an event is what was said, up to what Slack cannot say.
//!
//! [`EXPRESSIBLE`] is all that is lost, with the reason for each.

use proptest::prelude::*;
use rialto_model::{
    Emoji, EventKind, ListItem, Mention, MentionTarget,
    testing::{more_than_typed, rich_text, typed},
};
use rialto_platform::{links::is_followable, table::aligned};
use serde_json::json;

use super::{
    blocks::{RULE, is_id, range},
    *,
};
use crate::{
    api::Identity,
    normalize::{DEEPEST, normalize, paragraphs, sketch::sketch},
};

type Step = fn(Vec<Block>) -> Vec<Block>;
/// Why, how, and a text that shows it.
type Degraded = (&'static str, Step, fn() -> Block);

/// What Slack cannot say, and what it says instead: from top to bottom, with a text that shows it.
const EXPRESSIBLE: [Degraded; 11] = [
    (
        "a table is aligned code: a message takes a single one, and none in a list",
        |blocks| each(blocks, table),
        || Block::Table(rialto_model::Table { header: false, rows: vec![vec![vec![t("a")]]] }),
    ),
    (
        "a link that nobody can follow elsewhere is what it shows",
        |blocks| inlines(blocks, followed),
        || p([link("javascript:x", [t("x")])]),
    ),
    (
        "a link shows text alone, without breaks: it is one element per style",
        |blocks| inlines(blocks, shown),
        || p([link("https://a.example", [Inline::Emoji(Emoji::Custom("own".into())), t("a")])]),
    ),
    (
        "links to one place beside each other are one: so come back those of several styles",
        |blocks| lines(blocks, one_link),
        || p([link("https://a.example", [t("a")]), link("https://a.example", [t("b")])]),
    ),
    (
        "a mention has no name of its own, and none is made of what is no id of Slack's",
        |blocks| inlines(blocks, mentioned),
        || p([mention("U1> <!here", "Ana")]),
    ),
    (
        "an emoji of another workspace, one without a name and one of two skin tones are text",
        |blocks| inlines(blocks, named),
        || p([Inline::Emoji(Emoji::Custom("own".into()))]),
    ),
    (
        "a heading is a bold line: there is none",
        |blocks| each(blocks, heading),
        || Block::Heading { level: 1, content: vec![t("a")] },
    ),
    (
        "code is never empty: such an element is refused",
        |blocks| each(blocks, code),
        || Block::Quote(vec![p([t("a")]), Block::Code { language: None, code: String::new() }]),
    ),
    (
        "a rule inside something is a line: a divider stands alone",
        |blocks| blocks.into_iter().map(rule).collect(),
        || Block::Quote(vec![Block::Rule]),
    ),
    ("paragraphs that follow one another are lines of one", joined, || {
        Block::Quote(vec![p([t("a")]), p([t("b")])])
    }),
    (
        "lists and quotes are told flat: items by their depth, nothing but text and lists inside \
         items, no quote in a quote, none that is empty, and two with nothing between them are one",
        |blocks| gathered(flat(blocks, false, 0)),
        || Block::Quote(vec![p([t("a")]), Block::Quote(vec![p([t("b")])])]),
    ),
];

fn p<const N: usize>(content: [Inline; N]) -> Block {
    Block::Paragraph(content.into())
}

fn t(text: &str) -> Inline {
    Inline::text(text)
}

fn link<const N: usize>(url: &str, content: [Inline; N]) -> Inline {
    Inline::Link { url: url.into(), content: content.into() }
}

fn mention(id: &str, name: &str) -> Inline {
    Inline::Mention(Mention { target: MentionTarget::Account(id.into()), name: name.into() })
}

/// Applies a change to every block, the innermost first.
fn each(blocks: Vec<Block>, change: fn(Block) -> Block) -> Vec<Block> {
    let one = |block| match block {
        Block::Quote(inner) => Block::Quote(each(inner, change)),
        Block::List { start, items } => {
            let item = |item: ListItem| ListItem { blocks: each(item.blocks, change) };
            Block::List { start, items: items.into_iter().map(item).collect() }
        }
        other => other,
    };
    blocks.into_iter().map(one).map(change).collect()
}

fn lines(blocks: Vec<Block>, change: fn(&mut Vec<Inline>)) -> Vec<Block> {
    let mut text = RichText { blocks };
    text.for_each_line(&mut |line| change(line));
    text.normalized().blocks
}

/// Replaces every inline, those of links not, by others.
fn inlines(blocks: Vec<Block>, change: fn(Inline) -> Vec<Inline>) -> Vec<Block> {
    let mut text = RichText { blocks };
    text.for_each_line(&mut |line| {
        *line = std::mem::take(line).into_iter().flat_map(change).collect();
    });
    text.normalized().blocks
}

fn read_aloud(inline: Inline) -> String {
    RichText { blocks: vec![Block::Paragraph(vec![inline])] }.plain_text()
}

fn followed(inline: Inline) -> Vec<Inline> {
    match inline {
        Inline::Link { url, content } if !is_followable(&url) => content,
        other => vec![other],
    }
}

fn shown(inline: Inline) -> Vec<Inline> {
    let text = |inline| match inline {
        Inline::Text { .. } => inline,
        other => Inline::text(read_aloud(other).replace('\n', " ")),
    };
    match inline {
        Inline::Link { url, content } => {
            vec![Inline::Link { url, content: content.into_iter().map(text).collect() }]
        }
        other => vec![other],
    }
}

fn one_link(line: &mut Vec<Inline>) {
    line.dedup_by(|later, earlier| match (earlier, later) {
        (Inline::Link { url, content }, Inline::Link { url: same, content: more })
            if url == same =>
        {
            content.append(more);
            true
        }
        _ => false,
    });
}

fn mentioned(inline: Inline) -> Vec<Inline> {
    let Inline::Mention(Mention { target, name }) = inline else { return vec![inline] };
    let name = match &target {
        MentionTarget::Everyone(audience) => range(*audience).to_owned(),
        MentionTarget::Account(id) | MentionTarget::Conversation(id) | MentionTarget::Group(id) => {
            if !is_id(id.as_str()) {
                return vec![t(&read_aloud(Inline::Mention(Mention { target, name })))];
            }
            String::new()
        }
    };
    vec![Inline::Mention(Mention { target, name })]
}

fn named(inline: Inline) -> Vec<Inline> {
    let Inline::Emoji(emoji) = &inline else { return vec![inline] };
    let name = match emoji {
        Emoji::Unicode(text) => rialto_platform::emoji::name_of(text),
        Emoji::Custom(_) => None,
    };
    let two_tones = |name: &String| {
        name.split_once("::skin-tone-").is_some_and(|(_, tones)| tones.contains('-'))
    };
    match name.filter(|name| !two_tones(name)) {
        Some(_) => vec![inline],
        None => vec![t(&emoji.as_text())],
    }
}

fn heading(block: Block) -> Block {
    let Block::Heading { mut content, .. } = block else { return block };
    for inline in &mut content {
        match inline {
            Inline::Text { style, .. } => style.bold = true,
            Inline::Link { content, .. } => {
                for inline in content {
                    if let Inline::Text { style, .. } = inline {
                        style.bold = true;
                    }
                }
            }
            _ => {}
        }
    }
    Block::Paragraph(content)
}

fn table(block: Block) -> Block {
    match block {
        Block::Table(table) => {
            let code = aligned(&table).trim_end_matches('\n').to_owned();
            Block::Code { language: None, code }
        }
        other => other,
    }
}

fn code(block: Block) -> Block {
    match block {
        Block::Code { code, language } if code.is_empty() => {
            Block::Code { language, code: " ".into() }
        }
        other => other,
    }
}

/// Rules inside a block at the top.
fn rule(block: Block) -> Block {
    let line = |block| if block == Block::Rule { p([t(RULE)]) } else { block };
    match block {
        Block::Rule => Block::Rule,
        other => each(vec![other], line).remove(0),
    }
}

/// Joins paragraphs; in an item those that begin it, which are its line.
fn joined(blocks: Vec<Block>) -> Vec<Block> {
    let mut out = Vec::new();
    let mut line: Option<Vec<Inline>> = None;
    for block in blocks {
        match (block, &mut line) {
            (Block::Paragraph(content), Some(line)) => {
                line.push(Inline::LineBreak);
                line.extend(content);
            }
            (Block::Paragraph(content), None) => line = Some(content),
            (other, _) => {
                out.extend(line.take().map(paragraphs).into_iter().flatten());
                out.push(match other {
                    Block::Quote(inner) => Block::Quote(joined(inner)),
                    Block::List { start, items } => {
                        let items =
                            items.into_iter().map(|item| ListItem { blocks: in_item(item) });
                        Block::List { start, items: items.collect() }
                    }
                    other => other,
                });
            }
        }
    }
    out.extend(line.map(paragraphs).into_iter().flatten());
    out
}

fn in_item(item: ListItem) -> Vec<Block> {
    let count = item.blocks.iter().take_while(|block| matches!(block, Block::Paragraph(_))).count();
    let mut line = item.blocks;
    let rest = line.split_off(count);
    joined(line).into_iter().chain(rest.into_iter().flat_map(|block| joined(vec![block]))).collect()
}

/// An element of Slack's: a block, or items of a list with nothing between them.
enum Told {
    Block(Block),
    Items { items: Vec<ListItem>, depth: u64, first: Option<u32> },
}

/// Elements, and whether they are quoted.
fn flat(blocks: Vec<Block>, quoted: bool, depth: u64) -> Vec<(bool, Told)> {
    let mut out = Vec::new();
    for block in blocks {
        match block {
            Block::Quote(inner) => out.extend(flat(inner, true, 0)),
            Block::List { start, items } => out.extend(flat_list(start, items, quoted, depth)),
            block => out.push((quoted, Told::Block(block))),
        }
    }
    out
}

fn flat_list(
    start: Option<u32>,
    all: Vec<ListItem>,
    quoted: bool,
    depth: u64,
) -> Vec<(bool, Told)> {
    let mut out = Vec::new();
    // Counting begins at one.
    let mut first = start.map(|start| start.max(1));
    let mut items = Vec::new();
    let count = all.len();
    for (index, ListItem { blocks: mut line }) in all.into_iter().enumerate() {
        let is_line = |block: &&Block| matches!(block, Block::Paragraph(_));
        let rest = line.split_off(line.iter().take_while(is_line).count());
        if line.is_empty() {
            line.push(p([t(" ")]));
        }
        items.push(ListItem { blocks: line });
        if !rest.is_empty() || index + 1 == count {
            let items = std::mem::take(&mut items);
            let next = first.map(|first| first + u32::try_from(items.len()).unwrap());
            out.push((quoted, Told::Items { items, depth: depth.min(DEEPEST), first }));
            first = next;
        }
        for block in rest {
            let deeper = if matches!(block, Block::List { .. }) { depth + 1 } else { 0 };
            out.extend(flat(vec![block], quoted, deeper));
        }
    }
    out
}

fn gathered(told: Vec<(bool, Told)>) -> Vec<Block> {
    let mut out = Vec::new();
    for (quoted, told) in told {
        if quoted && !matches!(out.last(), Some(Block::Quote(_))) {
            out.push(Block::Quote(Vec::new()));
        }
        let inner = match out.last_mut() {
            Some(Block::Quote(inner)) if quoted => inner,
            _ => &mut out,
        };
        match told {
            Told::Block(block) => inner.push(block),
            Told::Items { items, depth, first } => put(inner, depth, first, items),
        }
    }
    out
}

/// Puts items into the list above them, as deep as it goes.
fn put(out: &mut Vec<Block>, depth: u64, first: Option<u32>, new: Vec<ListItem>) {
    match out.last_mut() {
        Some(Block::List { items, .. }) if depth > 0 => {
            let last = items.len() - 1;
            put(&mut items[last].blocks, depth - 1, first, new);
        }
        Some(Block::List { start, items })
            if first == start.map(|start| start + u32::try_from(items.len()).unwrap()) =>
        {
            items.extend(new);
        }
        _ => out.push(Block::List { start: first, items: new }),
    }
}

fn expressible(text: RichText) -> RichText {
    let blocks = EXPRESSIBLE.iter().fold(text.normalized().blocks, |blocks, row| row.1(blocks));
    RichText { blocks }.normalized()
}

/// The text as it comes back in the event of its post.
fn returned(text: &RichText) -> RichText {
    let says = Says::new(text);
    let event = json!({
        "type": "message", "channel": "C1", "channel_type": "channel", "user": "U1",
        "ts": "1764000000.000100", "event_ts": "1764000000.000100",
        "text": says.text, "blocks": says.blocks,
    });
    let payload = json!({ "event_time": 1_764_000_000, "event": event }).to_string();
    match normalize(payload.as_bytes(), &Identity::default()).unwrap().remove(0).kind {
        EventKind::Message(state) => state.content.text,
        other => panic!("{other:?}"),
    }
}

fn same(text: &RichText) -> Result<(), TestCaseError> {
    let (back, expected) = (returned(text), expressible(text.clone()));
    prop_assert_eq!(sketch(&back), sketch(&expected), "{}", sketch(text));
    prop_assert_eq!(back, expected);
    Ok(())
}

#[test]
fn every_loss_is_one_and_is_what_the_table_says() {
    for (reason, step, example) in EXPRESSIBLE {
        let said = RichText { blocks: vec![example()] };
        assert_ne!(step(said.blocks.clone()), said.blocks, "nothing changes: {reason}");
        assert_ne!(returned(&said), said, "nothing is lost: {reason}");
        assert_eq!(returned(&said), expressible(said), "{reason}");
    }
}

proptest! {
    #[test]
    fn what_is_rendered_comes_back(text in rich_text()) {
        same(&text)?;
    }

    #[test]
    fn what_comes_back_is_all_expressible(text in rich_text()) {
        let once = returned(&text);
        same(&once)?;
    }

    /// In blocks; and in the fallback, which is read where there are none.
    #[test]
    fn what_is_typed_is_no_markup_no_link_and_no_mention(text in typed()) {
        let said = RichText::plain(&text);
        let back = returned(&said);
        prop_assert_eq!(back.plain_text(), text);
        prop_assert_eq!(more_than_typed(&back), None);
        let mut fallback = crate::normalize::read(&[], &Says::new(&said).text);
        fallback.for_each_line(&mut |line| {
            for inline in line {
                assert!(!matches!(inline, Inline::Mention(_) | Inline::Link { .. }), "{inline:?}");
            }
        });
    }
}

//! `rich_text` blocks: what Slack's own composer makes.
//!
//! Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block. A list of lists is told flat,
//! by `indent`; a numbered list that was interrupted goes on at `offset`; `border` marks lists and
//! code within a quote.

use rialto_model::{Audience, Block, Inline, ListItem, MentionTarget, Style};
use serde_json::Value;

use super::text::{emoji_named, mention, paragraphs, push_link, push_text};

/// Deeper indents than Slack's own are as if they were this deep.
pub(crate) const DEEPEST: u64 = 8;

/// The blocks of one `rich_text` block.
pub(crate) fn rich_text(block: &Value) -> Vec<Block> {
    let mut out = Vec::new();
    for element in items(block, "elements") {
        let quoted = element["border"].as_u64().unwrap_or(0) > 0;
        match element["type"].as_str().unwrap_or_default() {
            "rich_text_section" => {
                let line = section(element);
                if !line.is_empty() {
                    out.extend(paragraphs(line));
                }
            }
            "rich_text_quote" => quote(&mut out, paragraphs(section(element))),
            "rich_text_preformatted" => push(&mut out, quoted, code(element)),
            "rich_text_list" if quoted => {
                if !matches!(out.last(), Some(Block::Quote(_))) {
                    out.push(Block::Quote(Vec::new()));
                }
                if let Some(Block::Quote(inner)) = out.last_mut() {
                    list(inner, element);
                }
            }
            "rich_text_list" => list(&mut out, element),
            // Something new: what text it has is text.
            _ => {
                let line = inlines(element);
                if !line.is_empty() {
                    out.extend(paragraphs(line));
                }
            }
        }
    }
    out
}

fn push(out: &mut Vec<Block>, quoted: bool, block: Block) {
    if quoted { quote(out, vec![block]) } else { out.push(block) }
}

/// Adds to the quote above, or begins one.
fn quote(out: &mut Vec<Block>, blocks: Vec<Block>) {
    if let Some(Block::Quote(before)) = out.last_mut() {
        before.extend(blocks);
    } else {
        out.push(Block::Quote(blocks));
    }
}

fn code(element: &Value) -> Block {
    let text: String = items(element, "elements").map(shown).collect();
    Block::Code {
        language: element["language"]
            .as_str()
            .filter(|name| !name.is_empty())
            .map(str::to_lowercase),
        code: text.trim_end_matches('\n').to_owned(),
    }
}

/// Adds a run of items.
fn list(out: &mut Vec<Block>, element: &Value) {
    let offset = element["offset"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let start = (element["style"] == "ordered").then_some(offset.saturating_add(1));
    let depth = element["indent"].as_u64().unwrap_or(0).min(DEEPEST);
    add(out, depth, start, items(element, "elements").map(item).collect());
}

/// Adds items at a depth of the list that ends `out`, less deep when there is none so deep: to the
/// list they continue, or as a new one.
fn add(out: &mut Vec<Block>, depth: u64, first: Option<u32>, new: Vec<ListItem>) {
    if depth > 0
        && let Some(Block::List { items, .. }) = out.last_mut()
        && let Some(item) = items.last_mut()
    {
        return add(&mut item.blocks, depth - 1, first, new);
    }
    if let Some(Block::List { start, items }) = out.last_mut() {
        let goes_on = match (&start, first) {
            (Some(start), Some(first)) => *start as usize + items.len() == first as usize,
            (None, None) => true,
            _ => false,
        };
        if goes_on {
            items.extend(new);
            return;
        }
    }
    out.push(Block::List { start: first, items: new });
}

fn item(element: &Value) -> ListItem {
    ListItem { blocks: paragraphs(section(element)) }
}

/// The line of a section. A break at its very end is not seen in Slack.
fn section(element: &Value) -> Vec<Inline> {
    let mut line = inlines(element);
    if line.last() == Some(&Inline::LineBreak) {
        line.pop();
        if line.is_empty() {
            // A lone break is a blank line.
            line.push(Inline::text(""));
        }
    }
    line
}

fn inlines(element: &Value) -> Vec<Inline> {
    let mut out = Vec::new();
    for element in items(element, "elements") {
        inline(&mut out, element);
    }
    out
}

fn inline(out: &mut Vec<Inline>, element: &Value) {
    let style = style(&element["style"]);
    let field = |name: &str| element[name].as_str().unwrap_or_default();
    match field("type") {
        "link" => {
            let url = field("url");
            let text = Some(field("text")).filter(|text| !text.is_empty()).unwrap_or(url);
            let mut content = Vec::new();
            push_text(&mut content, text, style);
            push_link(out, url, content);
        }
        "emoji" => out.push(Inline::Emoji(emoji(element))),
        "user" => out.push(mention(MentionTarget::Account(field("user_id").into()), "")),
        "channel" => {
            out.push(mention(MentionTarget::Conversation(field("channel_id").into()), ""));
        }
        "usergroup" => out.push(mention(MentionTarget::Group(field("usergroup_id").into()), "")),
        "broadcast" => {
            let range = field("range");
            out.push(mention(MentionTarget::Everyone(audience(range)), range));
        }
        _ => push_text(out, &shown(element), style),
    }
}

/// Whom `@channel`, `@here` and `@everyone` call.
pub(super) fn audience(range: &str) -> Audience {
    match range {
        "here" => Audience::Present,
        "everyone" => Audience::Team,
        _ => Audience::Conversation,
    }
}

/// What an element of another kind reads like: text, a color's value, a date's fallback.
fn shown(element: &Value) -> String {
    let texts = ["text", "fallback", "value", "url"];
    texts.iter().find_map(|name| element[*name].as_str()).unwrap_or_default().to_owned()
}

fn emoji(element: &Value) -> rialto_model::Emoji {
    let name = element["name"].as_str().unwrap_or_default();
    match element["skin_tone"].as_u64() {
        Some(tone) if !name.contains("::") => emoji_named(&format!("{name}::skin-tone-{tone}")),
        _ => emoji_named(name),
    }
}

fn style(value: &Value) -> Style {
    let on = |name: &str| value[name].as_bool().unwrap_or(false);
    Style {
        bold: on("bold"),
        italic: on("italic"),
        strike: on("strike"),
        underline: on("underline"),
        code: on("code"),
    }
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

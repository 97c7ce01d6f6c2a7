//! Text as `rich_text` blocks: literal text stays literal, nesting and quotes are Slack's own.
//!
//! What is lost: headings are bold lines, tables are aligned code, a quote within a quote is one
//! quote, custom emoji are `:name:`, lists deeper than Slack's eight levels are that deep.

use rialto_model::{
    Audience, Block, Emoji, Inline, ListItem, Mention, MentionTarget, RichText, Style,
};
use rialto_platform::{emoji, links::is_followable, table::aligned};
use serde_json::{Value, json};

use crate::normalize::DEEPEST;

/// A horizontal rule where there can be no block for it.
pub(super) const RULE: &str = "———";

/// The blocks of a text.
pub(super) fn blocks(text: &RichText) -> Vec<Value> {
    let mut out = Vec::new();
    for run in text.blocks.split_inclusive(|block| *block == Block::Rule) {
        let (run, rule) = match run.split_last() {
            Some((Block::Rule, before)) => (before, true),
            _ => (run, false),
        };
        let mut elements = Vec::new();
        write(&mut elements, run, false);
        if !elements.is_empty() {
            out.push(json!({ "type": "rich_text", "elements": elements }));
        }
        if rule {
            out.push(json!({ "type": "divider" }));
        }
    }
    out
}

fn write(out: &mut Vec<Value>, blocks: &[Block], quoted: bool) {
    let mut line: Option<Vec<Value>> = None;
    for block in blocks {
        let rule = [Inline::text(RULE)];
        let content: Option<(&[Inline], bool)> = match block {
            Block::Paragraph(content) => Some((content, false)),
            Block::Heading { content, .. } => Some((content, true)),
            Block::Rule => Some((&rule, false)),
            _ => None,
        };
        if let Some((content, bold)) = content {
            match &mut line {
                Some(line) => line_break(line),
                None => line = Some(Vec::new()),
            }
            if let Some(line) = &mut line {
                inlines(line, content, bold);
            }
            continue;
        }
        section(out, line.take(), quoted);
        match block {
            Block::Code { language, code } => out.push(preformatted(code, language, quoted)),
            Block::Table(table) => out.push(preformatted(&aligned(table), &None, quoted)),
            Block::Quote(inner) => write(out, inner, true),
            Block::List { start, items } => list(out, *start, items, 0, quoted),
            Block::Paragraph(_) | Block::Heading { .. } | Block::Rule => {}
        }
    }
    section(out, line, quoted);
}

/// Ends a run of lines. Slack does not show a break at the very end: a blank last line takes two.
fn section(out: &mut Vec<Value>, line: Option<Vec<Value>>, quoted: bool) {
    let Some(mut line) = line else { return };
    let blank = line.last().is_none_or(|last| {
        last["type"] == "text" && last["text"].as_str().is_some_and(|text| text.ends_with('\n'))
    });
    if blank {
        line_break(&mut line);
    }
    let kind = if quoted { "rich_text_quote" } else { "rich_text_section" };
    out.push(json!({ "type": kind, "elements": line }));
}

fn preformatted(code: &str, language: &Option<String>, quoted: bool) -> Value {
    // Lines end where there is something; and an element without text is refused.
    let code = code.trim_end_matches('\n');
    let code = if code.is_empty() { " " } else { code };
    let mut element = json!({
        "type": "rich_text_preformatted",
        "elements": [{ "type": "text", "text": code }],
        "border": u8::from(quoted),
    });
    if let Some(language) = language {
        element["language"] = json!(language);
    }
    element
}

/// A list, flat as Slack tells it: what interrupts it comes between its runs.
fn list(out: &mut Vec<Value>, start: Option<u32>, items: &[ListItem], depth: u64, quoted: bool) {
    let mut run: Vec<Value> = Vec::new();
    // Slack counts from one, or the list would begin anew after what interrupts it.
    let begin = start.unwrap_or(1).max(1);
    let mut first = begin;
    for (index, item) in (0..).zip(items) {
        let is_line = |block: &&Block| {
            matches!(block, Block::Paragraph(_) | Block::Heading { .. } | Block::Rule)
        };
        let lines = item.blocks.iter().take_while(is_line).count();
        let (lines, rest) = item.blocks.split_at(lines);
        let mut shown = Vec::new();
        write(&mut shown, lines, false);
        let empty = json!({ "type": "rich_text_section", "elements": [text(" ", Style::PLAIN)] });
        run.push(shown.pop().unwrap_or(empty));
        if rest.is_empty() {
            continue;
        }
        list_run(out, &mut run, start.is_some().then_some(first), depth, quoted);
        first = begin.saturating_add(index).saturating_add(1);
        for block in rest {
            match block {
                Block::List { start, items } => list(out, *start, items, depth + 1, quoted),
                other => write(out, std::slice::from_ref(other), quoted),
            }
        }
    }
    list_run(out, &mut run, start.is_some().then_some(first), depth, quoted);
}

fn list_run(
    out: &mut Vec<Value>,
    run: &mut Vec<Value>,
    first: Option<u32>,
    depth: u64,
    quoted: bool,
) {
    if run.is_empty() {
        return;
    }
    let mut element = json!({
        "type": "rich_text_list",
        "style": if first.is_some() { "ordered" } else { "bullet" },
        "indent": depth.min(DEEPEST),
        "border": u8::from(quoted),
        "elements": std::mem::take(run),
    });
    if let Some(offset) = first.map(|first| first.saturating_sub(1)).filter(|offset| *offset > 0) {
        element["offset"] = json!(offset);
    }
    out.push(element);
}

fn inlines(out: &mut Vec<Value>, content: &[Inline], bold: bool) {
    for inline in content {
        match inline {
            Inline::Text { text, style } => push_text(out, text, heavier(*style, bold)),
            Inline::Link { url, content } if is_followable(url) => link(out, url, content, bold),
            Inline::Link { content, .. } => inlines(out, content, bold),
            Inline::Mention(mention) => match target(mention) {
                Some(element) => out.push(element),
                None => push_text(out, &as_text(inline), heavier(Style::PLAIN, bold)),
            },
            Inline::Emoji(emoji) => match named(emoji) {
                Some(element) => out.push(element),
                None => push_text(out, &emoji.as_text(), heavier(Style::PLAIN, bold)),
            },
            Inline::LineBreak => line_break(out),
        }
    }
}

fn heavier(style: Style, bold: bool) -> Style {
    Style { bold: style.bold || bold, ..style }
}

fn text(text: &str, style: Style) -> Value {
    let mut element = json!({ "type": "text", "text": text });
    if !style.is_plain() {
        element["style"] = json!(style);
    }
    element
}

/// Adds text, to the element before where that looks alike.
fn push_text(out: &mut Vec<Value>, more: &str, style: Style) {
    if more.is_empty() {
        return;
    }
    if style.is_plain()
        && let Some(last) = out.last_mut()
        && last["type"] == "text"
        && last.get("style").is_none()
        && let Some(Value::String(before)) = last.get_mut("text")
    {
        before.push_str(more);
        return;
    }
    out.push(text(more, style));
}

fn line_break(out: &mut Vec<Value>) {
    push_text(out, "\n", Style::PLAIN);
}

/// Pieces of one link that keep their styles: each is an element with the whole address.
pub(super) const LINK_PIECES: usize = 16;

/// A link is one element per style; readers join them. One of very many pieces is its text alone.
fn link(out: &mut Vec<Value>, url: &str, content: &[Inline], bold: bool) {
    if content.len() > LINK_PIECES {
        let line = RichText { blocks: vec![Block::Paragraph(content.to_vec())] };
        return link(out, url, &[Inline::text(line.plain_text())], bold);
    }
    let mut pieces: Vec<(String, Style)> = Vec::new();
    for inline in content {
        let style = match inline {
            Inline::Text { style, .. } => heavier(*style, bold),
            _ => heavier(Style::PLAIN, bold),
        };
        let shown = as_text(inline);
        match pieces.last_mut() {
            Some((before, same)) if *same == style => before.push_str(&shown),
            _ => pieces.push((shown, style)),
        }
    }
    let before = out.len();
    for (shown, style) in pieces {
        if shown.is_empty() {
            continue;
        }
        let mut element = json!({ "type": "link", "url": url });
        if shown != url {
            element["text"] = json!(shown);
        }
        if !style.is_plain() {
            element["style"] = json!(style);
        }
        out.push(element);
    }
    if out.len() == before {
        out.push(json!({ "type": "link", "url": url }));
    }
}

/// A piece where only text can be.
fn as_text(inline: &Inline) -> String {
    let line = Block::Paragraph(vec![inline.clone()]);
    RichText { blocks: vec![line] }.plain_text().replace('\n', " ")
}

/// A mention as Slack's own, if it has the form of one.
fn target(mention: &Mention) -> Option<Value> {
    match &mention.target {
        MentionTarget::Account(id) if is_id(id.as_str()) => {
            Some(json!({ "type": "user", "user_id": id }))
        }
        MentionTarget::Conversation(id) if is_id(id.as_str()) => {
            Some(json!({ "type": "channel", "channel_id": id }))
        }
        MentionTarget::Group(id) if is_id(id.as_str()) => {
            Some(json!({ "type": "usergroup", "usergroup_id": id }))
        }
        MentionTarget::Everyone(audience) => {
            Some(json!({ "type": "broadcast", "range": range(*audience) }))
        }
        _ => None,
    }
}

/// Slack's word for an audience.
pub(super) fn range(audience: Audience) -> &'static str {
    match audience {
        Audience::Present => "here",
        Audience::Conversation => "channel",
        Audience::Team => "everyone",
    }
}

/// Whether a text has the form of Slack's ids: nothing else gets between `<` and `>`.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A Unicode emoji by Slack's name; `None` where there is none, or two skin tones, for which the
/// element has no field.
fn named(emoji: &Emoji) -> Option<Value> {
    let Emoji::Unicode(text) = emoji else { return None };
    let name = emoji::name_of(text)?;
    match name.split_once("::skin-tone-") {
        None => Some(json!({ "type": "emoji", "name": name })),
        Some((name, tone)) => {
            let tone: u64 = tone.parse().ok()?;
            Some(json!({ "type": "emoji", "name": name, "skin_tone": tone }))
        }
    }
}

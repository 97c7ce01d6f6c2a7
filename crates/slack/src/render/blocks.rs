//! Text as `rich_text` blocks: literal text stays literal, nesting and quotes are Slack's own.
//!
//! What is lost: headings are bold lines, tables are aligned code, a quote within a quote is one
//! quote, custom emoji are `:name:`, lists deeper than Slack's eight levels are that deep.

use std::borrow::Cow;

use rialto_model::{
    Audience, Block, Emoji, Inline, ListItem, Mention, MentionTarget, RichText, Style,
};
use rialto_platform::{emoji, links::is_followable, table::aligned};

use super::elements::Element;
use crate::normalize::DEEPEST;

/// A horizontal rule where there can be no block for it.
pub(super) const RULE: &str = "———";

/// The blocks of a text.
pub(super) fn blocks(text: &RichText) -> Vec<Element<'_>> {
    let mut out = Vec::new();
    for run in text.blocks.split_inclusive(|block| *block == Block::Rule) {
        let (run, rule) = match run.split_last() {
            Some((Block::Rule, before)) => (before, true),
            _ => (run, false),
        };
        let mut elements = Vec::new();
        write(&mut elements, run, false);
        if !elements.is_empty() {
            out.push(Element::RichText { elements });
        }
        if rule {
            out.push(Element::Divider);
        }
    }
    out
}

fn write<'a>(out: &mut Vec<Element<'a>>, blocks: &'a [Block], quoted: bool) {
    let mut line: Option<Vec<Element<'a>>> = None;
    for block in blocks {
        if is_line(block) {
            let line = match &mut line {
                Some(line) => {
                    line_break(line);
                    line
                }
                none => none.insert(Vec::new()),
            };
            match block {
                Block::Paragraph(content) => inlines(line, content, false),
                Block::Heading { content, .. } => inlines(line, content, true),
                _ => push_text(line, RULE, Style::PLAIN),
            }
            continue;
        }
        section(out, line.take(), quoted);
        match block {
            Block::Code { language, code } => {
                let code = code.trim_end_matches('\n').into();
                out.push(preformatted(code, language.as_deref(), quoted));
            }
            Block::Table(table) => {
                let mut table = aligned(table);
                table.truncate(table.trim_end_matches('\n').len());
                out.push(preformatted(table.into(), None, quoted));
            }
            Block::Quote(inner) => write(out, inner, true),
            Block::List { start, items } => list(out, *start, items, 0, quoted),
            Block::Paragraph(_) | Block::Heading { .. } | Block::Rule => {}
        }
    }
    section(out, line, quoted);
}

fn is_line(block: &Block) -> bool {
    matches!(block, Block::Paragraph(_) | Block::Heading { .. } | Block::Rule)
}

/// Ends a run of lines. Slack does not show a break at the very end: a blank last line takes two.
fn section<'a>(out: &mut Vec<Element<'a>>, line: Option<Vec<Element<'a>>>, quoted: bool) {
    let Some(mut elements) = line else { return };
    let is_blank = match elements.last() {
        None => true,
        Some(Element::Text { text, .. }) => text.ends_with('\n'),
        Some(_) => false,
    };
    if is_blank {
        line_break(&mut elements);
    }
    out.push(match quoted {
        true => Element::RichTextQuote { elements },
        false => Element::RichTextSection { elements },
    });
}

/// `code`: it ends where there is something.
fn preformatted<'a>(code: Cow<'a, str>, language: Option<&'a str>, quoted: bool) -> Element<'a> {
    // An element without text is refused.
    let code = if code.is_empty() { " ".into() } else { code };
    let elements = [Box::new(Element::text(code, Style::PLAIN))];
    Element::RichTextPreformatted { elements, border: quoted.into(), language }
}

/// A list, flat as Slack tells it: what interrupts it comes between its runs.
fn list<'a>(
    out: &mut Vec<Element<'a>>,
    start: Option<u32>,
    items: &'a [ListItem],
    depth: u64,
    quoted: bool,
) {
    let mut run = Vec::new();
    // Slack counts from one, or the list would begin anew after what interrupts it.
    let begin = start.unwrap_or(1).max(1);
    let mut first = begin;
    for (index, item) in (0..).zip(items) {
        let lines = item.blocks.iter().take_while(|block| is_line(block)).count();
        let (lines, rest) = item.blocks.split_at(lines);
        let mut shown = Vec::new();
        write(&mut shown, lines, false);
        run.push(shown.pop().unwrap_or_else(|| Element::RichTextSection {
            elements: vec![Element::text(" ", Style::PLAIN)],
        }));
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

fn list_run<'a>(
    out: &mut Vec<Element<'a>>,
    run: &mut Vec<Element<'a>>,
    first: Option<u32>,
    depth: u64,
    quoted: bool,
) {
    if run.is_empty() {
        return;
    }
    out.push(Element::RichTextList {
        style: if first.is_some() { "ordered" } else { "bullet" },
        indent: depth.min(DEEPEST),
        border: quoted.into(),
        elements: std::mem::take(run),
        offset: first.map(|first| first.saturating_sub(1)).filter(|offset| *offset > 0),
    });
}

fn inlines<'a>(out: &mut Vec<Element<'a>>, content: &'a [Inline], bold: bool) {
    for inline in content {
        match inline {
            Inline::Text { text, style } => push_text(out, text, heavier(*style, bold)),
            Inline::Link { url, content } if is_followable(url) => link(out, url, content, bold),
            Inline::Link { content, .. } => inlines(out, content, bold),
            Inline::Mention(mention) => match target(mention) {
                Some(element) => out.push(element),
                None => push_text(out, as_text(inline), heavier(Style::PLAIN, bold)),
            },
            Inline::Emoji(emoji) => match named(emoji) {
                Some(element) => out.push(element),
                None => push_text(out, emoji.as_text(), heavier(Style::PLAIN, bold)),
            },
            Inline::LineBreak => line_break(out),
        }
    }
}

fn heavier(style: Style, bold: bool) -> Style {
    Style { bold: style.bold || bold, ..style }
}

/// Adds text, to the element before where that looks alike.
fn push_text<'a>(out: &mut Vec<Element<'a>>, more: impl Into<Cow<'a, str>>, style: Style) {
    let more = more.into();
    match out.last_mut() {
        _ if more.is_empty() => {}
        Some(Element::Text { text, style: same }) if style.is_plain() && same.is_plain() => {
            text.to_mut().push_str(&more);
        }
        _ => out.push(Element::text(more, style)),
    }
}

fn line_break(out: &mut Vec<Element<'_>>) {
    push_text(out, "\n", Style::PLAIN);
}

/// Pieces of one link that keep their styles: each is an element with the whole address.
pub(super) const LINK_PIECES: usize = 16;

/// A link is one element per style; readers join them. One of very many pieces is its text alone.
fn link<'a>(out: &mut Vec<Element<'a>>, url: &'a str, content: &[Inline], bold: bool) {
    let mut pieces: Vec<(String, Style)> = Vec::new();
    if content.len() > LINK_PIECES {
        let line = RichText { blocks: vec![Block::Paragraph(content.to_vec())] };
        let shown = line.plain_text().replace('\n', " ");
        pieces.push((shown, heavier(Style::PLAIN, bold)));
    } else {
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
    }
    let before = out.len();
    for (shown, style) in pieces.into_iter().filter(|(shown, _)| !shown.is_empty()) {
        let text = (shown != url).then_some(shown);
        out.push(Element::Link { url, text, style });
    }
    if out.len() == before {
        out.push(Element::Link { url, text: None, style: Style::PLAIN });
    }
}

/// A piece where only text can be.
fn as_text(inline: &Inline) -> String {
    let line = Block::Paragraph(vec![inline.clone()]);
    RichText { blocks: vec![line] }.plain_text().replace('\n', " ")
}

/// A mention as Slack's own, if it has the form of one.
fn target(mention: &Mention) -> Option<Element<'_>> {
    match &mention.target {
        MentionTarget::Account(id) if is_id(id.as_str()) => Some(Element::User { user_id: id }),
        MentionTarget::Conversation(id) if is_id(id.as_str()) => {
            Some(Element::Channel { channel_id: id })
        }
        MentionTarget::Group(id) if is_id(id.as_str()) => {
            Some(Element::Usergroup { usergroup_id: id })
        }
        MentionTarget::Everyone(audience) => Some(Element::Broadcast { range: range(*audience) }),
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
fn named(emoji: &Emoji) -> Option<Element<'static>> {
    let Emoji::Unicode(text) = emoji else { return None };
    let name = emoji::name_of(text)?;
    match name.split_once("::skin-tone-") {
        None => Some(Element::Emoji { name, skin_tone: None }),
        Some((name, tone)) => {
            Some(Element::Emoji { name: name.to_owned(), skin_tone: Some(tone.parse().ok()?) })
        }
    }
}

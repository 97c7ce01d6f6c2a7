//! What both of Slack's ways to write text have in common.

use rialto_model::{Block, Emoji, Inline, Mention, MentionTarget, Style};
use rialto_platform::{emoji, links::is_followable};

/// Lines as blocks: a blank line is an empty paragraph, any other break is one within a paragraph.
pub(crate) fn paragraphs(inlines: Vec<Inline>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut line = Vec::new();
    let mut inlines = inlines.into_iter().peekable();
    while let Some(inline) = inlines.next() {
        if inline == Inline::LineBreak && inlines.next_if_eq(&Inline::LineBreak).is_some() {
            blocks.push(Block::Paragraph(std::mem::take(&mut line)));
            blocks.push(Block::Paragraph(Vec::new()));
        } else {
            line.push(inline);
        }
    }
    blocks.push(Block::Paragraph(line));
    blocks
}

/// Adds text in a style, a line break for each `\n`.
pub(crate) fn push_text(out: &mut Vec<Inline>, text: &str, style: Style) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push(Inline::LineBreak);
        }
        if !line.is_empty() {
            out.push(Inline::styled(line, style));
        }
    }
}

/// A link, or its text where the target is not one that people can follow elsewhere. Neighbouring
/// links to one target are one.
pub(crate) fn push_link(out: &mut Vec<Inline>, url: &str, shown: Vec<Inline>) {
    if !is_followable(url) {
        out.extend(shown);
        return;
    }
    if let Some(Inline::Link { url: before, content }) = out.last_mut()
        && before == url
    {
        content.extend(shown);
        return;
    }
    out.push(Inline::Link { url: url.to_owned(), content: shown });
}

/// An emoji by Slack's name.
pub(crate) fn emoji_named(name: &str) -> Emoji {
    match emoji::by_name(name) {
        Some(text) => Emoji::Unicode(text.to_owned()),
        None => Emoji::Custom(name.to_owned()),
    }
}

/// A mention without the name, which the relay completes, unless it came along.
pub(crate) fn mention(target: MentionTarget, name: &str) -> Inline {
    let name = name.trim_start_matches(['@', '#']).to_owned();
    Inline::Mention(Mention { target, name })
}

/// Bold.
pub(crate) const BOLD: Style = Style { bold: true, ..Style::PLAIN };
/// Italic.
pub(crate) const ITALIC: Style = Style { italic: true, ..Style::PLAIN };

//! Short words for writing messages down.

use rialto_model::{
    Audience, Block, Emoji, Inline, ListItem, Mention, MentionTarget, RichText, Style, Table,
};

use crate::{Said, Sample};

pub(crate) fn sample(name: &str, blocks: impl Into<Vec<Block>>) -> Sample {
    let text = RichText { blocks: blocks.into() };
    Sample { name: name.to_owned(), said: Said::Text(text) }
}

/// What somebody types without any formatting; named by itself.
pub(crate) fn typed(text: &str) -> Sample {
    named(text, text)
}

/// The same, with a name.
pub(crate) fn named(name: &str, text: &str) -> Sample {
    Sample { name: name.to_owned(), said: Said::Text(RichText::plain(text)) }
}

/// A line.
pub(crate) fn line(name: &str, content: impl Into<Vec<Inline>>) -> Sample {
    sample(name, [p(content)])
}

pub(crate) fn p(content: impl Into<Vec<Inline>>) -> Block {
    Block::Paragraph(content.into())
}

/// A blank line.
pub(crate) fn blank() -> Block {
    Block::Paragraph(Vec::new())
}

pub(crate) fn t(text: &str) -> Inline {
    Inline::text(text)
}

/// Text in the styles that letters stand for: `b`old, `i`talic, `s`truck through, `u`nderlined,
/// `c`ode.
pub(crate) fn s(styles: &str, text: &str) -> Inline {
    let has = |letter| styles.contains(letter);
    let style = Style {
        bold: has('b'),
        italic: has('i'),
        strike: has('s'),
        underline: has('u'),
        code: has('c'),
    };
    Inline::styled(text, style)
}

pub(crate) const BR: Inline = Inline::LineBreak;

pub(crate) fn link(url: &str, content: impl Into<Vec<Inline>>) -> Inline {
    Inline::Link { url: url.to_owned(), content: content.into() }
}

/// A link that shows where it leads.
pub(crate) fn bare(url: &str) -> Inline {
    link(url, [t(url)])
}

pub(crate) fn at(name: &str) -> Inline {
    mention(MentionTarget::Account(name.into()), name)
}

pub(crate) fn everyone(audience: Audience, name: &str) -> Inline {
    mention(MentionTarget::Everyone(audience), name)
}

pub(crate) fn mention(target: MentionTarget, name: &str) -> Inline {
    Inline::Mention(Mention { target, name: name.to_owned() })
}

pub(crate) fn emoji(text: &str) -> Inline {
    Inline::Emoji(Emoji::Unicode(text.to_owned()))
}

pub(crate) fn own_emoji(name: &str) -> Inline {
    Inline::Emoji(Emoji::Custom(name.to_owned()))
}

pub(crate) fn code(language: Option<&str>, code: &str) -> Block {
    Block::Code { language: language.map(str::to_owned), code: code.to_owned() }
}

pub(crate) fn quote(blocks: impl Into<Vec<Block>>) -> Block {
    Block::Quote(blocks.into())
}

pub(crate) fn heading(level: u8, content: impl Into<Vec<Inline>>) -> Block {
    Block::Heading { level, content: content.into() }
}

/// An item of one line.
pub(crate) fn item(content: impl Into<Vec<Inline>>) -> ListItem {
    ListItem { blocks: vec![p(content)] }
}

/// An item of more.
pub(crate) fn item_of(blocks: impl Into<Vec<Block>>) -> ListItem {
    ListItem { blocks: blocks.into() }
}

pub(crate) fn bullets(items: impl Into<Vec<ListItem>>) -> Block {
    Block::List { start: None, items: items.into() }
}

pub(crate) fn numbers(start: u32, items: impl Into<Vec<ListItem>>) -> Block {
    Block::List { start: Some(start), items: items.into() }
}

/// Bullets of one word each.
pub(crate) fn words(words: &[&str]) -> Block {
    bullets(words.iter().map(|word| item([t(word)])).collect::<Vec<_>>())
}

/// A table of words.
pub(crate) fn table(header: bool, rows: &[&[&str]]) -> Block {
    let cells = |row: &&[&str]| row.iter().map(|cell| vec![t(cell)]).collect();
    Block::Table(Table { header, rows: rows.iter().map(cells).collect() })
}

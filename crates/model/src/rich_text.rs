//! What a message says, as a closed tree: connectors parse into it and render from it.
//!
//! Blocks follow one another on new lines with nothing between them; a blank line is an empty
//! paragraph. That is how people type in chats, and it makes plain text round-trip.

use serde::{Deserialize, Serialize};

use crate::RemoteId;

/// Formatted text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RichText {
    /// From top to bottom.
    pub blocks: Vec<Block>,
}

/// One thing below another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Text; empty for a blank line.
    Paragraph(Vec<Inline>),
    /// A heading, 1 (largest) to 6.
    Heading {
        /// 1 to 6.
        level: u8,
        /// The heading's text.
        content: Vec<Inline>,
    },
    /// Preformatted code.
    Code {
        /// As the author named it, lower case; `None` when not said.
        language: Option<String>,
        /// Lines separated by `\n`, none at the end.
        code: String,
    },
    /// Somebody else's words.
    Quote(Vec<Block>),
    /// A bulleted list, or a numbered one when `start` is given.
    List {
        /// The first item's number; `None` for bullets.
        start: Option<u32>,
        /// The items, in order.
        items: Vec<ListItem>,
    },
    /// A table.
    Table(Table),
    /// A horizontal rule.
    Rule,
}

/// An item of a list: usually a paragraph, perhaps followed by a nested list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ListItem {
    /// What the item holds.
    pub blocks: Vec<Block>,
}

/// A table of cells of text. Rows may differ in length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Table {
    /// Whether the first row is a header.
    pub header: bool,
    /// Rows of cells.
    pub rows: Vec<Vec<Vec<Inline>>>,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inline {
    /// A run of text in one style. Holds no line break.
    Text {
        /// The characters.
        text: String,
        /// How they look.
        #[serde(default, skip_serializing_if = "Style::is_plain")]
        style: Style,
    },
    /// A link. Its content holds no other link.
    Link {
        /// The target, `http`, `https`, `mailto` or `tel`: connectors turn others into text.
        url: String,
        /// What is shown; equal to the URL as text for a bare link.
        content: Vec<Inline>,
    },
    /// A mention.
    Mention(Mention),
    /// An emoji.
    Emoji(Emoji),
    /// A line break within the block.
    LineBreak,
}

/// How a run of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Style {
    /// Bold.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bold: bool,
    /// Italic.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub italic: bool,
    /// Struck through.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strike: bool,
    /// Underlined.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub underline: bool,
    /// Inline code.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub code: bool,
}

impl Style {
    /// No style at all.
    pub const PLAIN: Self =
        Self { bold: false, italic: false, strike: false, underline: false, code: false };

    /// Whether nothing is set.
    pub fn is_plain(&self) -> bool {
        *self == Self::PLAIN
    }
}

/// Somebody or something called by name.
///
/// In an event, ids belong to the platform it came from. Before rendering, the relay replaces them
/// with ids of the destination, or turns the mention into text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mention {
    /// Who or what.
    pub target: MentionTarget,
    /// The name to show, without `@` or `#`.
    pub name: String,
}

/// What a mention points at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MentionTarget {
    /// A person's account.
    Account(RemoteId),
    /// Everybody of an audience.
    Everyone(Audience),
    /// Another conversation.
    Conversation(RemoteId),
    /// A named group of people (a Slack user group, a Teams tag).
    Group(RemoteId),
}

/// Whom an everybody-mention calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// All members of the conversation (`@channel`, Webex `@all`).
    Conversation,
    /// Those who are present (`@here`).
    Present,
    /// All members of the team or workspace around it (`@team`, `@everyone`).
    Team,
}

/// An emoji.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Emoji {
    /// A Unicode sequence, fully qualified, skin tone included.
    Unicode(String),
    /// An emoji of the workspace's own, by name without colons.
    Custom(String),
}

impl Emoji {
    /// As text: the character, or `:name:`.
    pub fn as_text(&self) -> String {
        match self {
            Self::Unicode(text) => text.clone(),
            Self::Custom(name) => format!(":{name}:"),
        }
    }
}

impl Inline {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), style: Style::PLAIN }
    }

    /// Text in a style.
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self::Text { text: text.into(), style }
    }
}

impl RichText {
    /// Plain text: `\n` becomes a line break, a blank line a paragraph of its own.
    pub fn plain(text: &str) -> Self {
        let mut builder = Vec::new();
        for paragraph in text.split("\n\n") {
            if !builder.is_empty() {
                builder.push(Block::Paragraph(Vec::new()));
            }
            let mut inlines = Vec::new();
            for (index, line) in paragraph.split('\n').enumerate() {
                if index > 0 {
                    inlines.push(Inline::LineBreak);
                }
                if !line.is_empty() {
                    inlines.push(Inline::text(line));
                }
            }
            builder.push(Block::Paragraph(inlines));
        }
        if text.is_empty() {
            builder.clear();
        }
        Self { blocks: builder }
    }

    /// Whether nothing would be seen.
    pub fn is_blank(&self) -> bool {
        self.plain_text().trim().is_empty()
    }

    /// The text as read aloud: no markup, mentions as `@Name`, links by what they show.
    pub fn plain_text(&self) -> String {
        let mut out = String::new();
        write_blocks(&self.blocks, &mut out);
        out
    }

    /// About how many bytes of memory the text takes.
    pub fn weight(&self) -> usize {
        let mut weight = 0;
        weigh(&self.blocks, &mut weight);
        weight
    }

    /// Joins neighbouring runs of one style and drops empty ones, so that equal texts are equal.
    pub fn normalized(mut self) -> Self {
        normalize_blocks(&mut self.blocks);
        self
    }

    /// Calls `visit` on every list of inlines, so that it may replace some of them: on what a link shows
    /// before on the line that the link is on.
    pub fn for_each_line(&mut self, visit: &mut impl FnMut(&mut Vec<Inline>)) {
        each_line(&mut self.blocks, visit);
    }
}

fn weigh(blocks: &[Block], weight: &mut usize) {
    for block in blocks {
        *weight += size_of_val(block);
        match block {
            Block::Paragraph(content) | Block::Heading { content, .. } => {
                *weight += weight_of_line(content);
            }
            Block::Code { language, code } => {
                *weight += code.len() + language.as_ref().map_or(0, String::len);
            }
            Block::Quote(blocks) => weigh(blocks, weight),
            Block::List { items, .. } => {
                *weight += size_of_val(items.as_slice());
                items.iter().for_each(|item| weigh(&item.blocks, weight));
            }
            Block::Table(table) => {
                *weight +=
                    table.rows.iter().flatten().map(|cell| weight_of_line(cell)).sum::<usize>();
            }
            Block::Rule => {}
        }
    }
}

fn weight_of_line(line: &[Inline]) -> usize {
    let of = |inline: &Inline| match inline {
        Inline::Text { text, .. } => text.len(),
        Inline::Link { url, content } => url.len() + weight_of_line(content),
        Inline::Mention(Mention { target, name }) => {
            name.len()
                + match target {
                    MentionTarget::Account(id)
                    | MentionTarget::Conversation(id)
                    | MentionTarget::Group(id) => id.as_str().len(),
                    MentionTarget::Everyone(_) => 0,
                }
        }
        Inline::Emoji(Emoji::Unicode(text) | Emoji::Custom(text)) => text.len(),
        Inline::LineBreak => 0,
    };
    size_of_val(line) + line.iter().map(of).sum::<usize>()
}

fn write_blocks(blocks: &[Block], out: &mut String) {
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        match block {
            Block::Paragraph(content) | Block::Heading { content, .. } => write_line(content, out),
            Block::Code { code, .. } => out.push_str(code),
            Block::Quote(blocks) => write_blocks(blocks, out),
            Block::List { items, .. } => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push('\n');
                    }
                    write_blocks(&item.blocks, out);
                }
            }
            Block::Table(table) => {
                for (index, row) in table.rows.iter().enumerate() {
                    if index > 0 {
                        out.push('\n');
                    }
                    for (column, cell) in row.iter().enumerate() {
                        if column > 0 {
                            out.push('\t');
                        }
                        write_line(cell, out);
                    }
                }
            }
            Block::Rule => out.push_str("---"),
        }
    }
}

fn write_line(inlines: &[Inline], out: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text { text, .. } => out.push_str(text),
            Inline::Link { content, .. } => write_line(content, out),
            Inline::Mention(mention) => {
                out.push(match mention.target {
                    MentionTarget::Conversation(_) => '#',
                    _ => '@',
                });
                out.push_str(&mention.name);
            }
            Inline::Emoji(emoji) => out.push_str(&emoji.as_text()),
            Inline::LineBreak => out.push('\n'),
        }
    }
}

fn each_line(blocks: &mut [Block], visit: &mut impl FnMut(&mut Vec<Inline>)) {
    for block in blocks {
        match block {
            Block::Paragraph(content) | Block::Heading { content, .. } => {
                with_links(content, visit);
            }
            Block::Code { .. } | Block::Rule => {}
            Block::Quote(blocks) => each_line(blocks, visit),
            Block::List { items, .. } => {
                for item in items {
                    each_line(&mut item.blocks, visit);
                }
            }
            Block::Table(table) => {
                for cell in table.rows.iter_mut().flatten() {
                    with_links(cell, visit);
                }
            }
        }
    }
}

fn with_links(line: &mut Vec<Inline>, visit: &mut impl FnMut(&mut Vec<Inline>)) {
    for inline in &mut *line {
        if let Inline::Link { content, .. } = inline {
            visit(content);
        }
    }
    visit(line);
}

fn normalize_blocks(blocks: &mut [Block]) {
    each_line(blocks, &mut normalize_line);
}

fn normalize_line(line: &mut Vec<Inline>) {
    let mut joined: Vec<Inline> = Vec::with_capacity(line.len());
    for mut inline in line.drain(..) {
        match &mut inline {
            Inline::Text { text, .. } if text.is_empty() => continue,
            Inline::Text { text, style } => {
                if let Some(Inline::Text { text: before, style: same }) = joined.last_mut()
                    && same == style
                {
                    before.push_str(text);
                    continue;
                }
            }
            _ => {}
        }
        joined.push(inline);
    }
    *line = joined;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_survives_the_tree() {
        for text in ["", "one", "one\ntwo", "one\n\ntwo", "a\n\n\nb", "a\n\n\n\nb\n", "\n\nx"] {
            assert_eq!(RichText::plain(text).plain_text(), text, "{text:?}");
        }
    }

    #[test]
    fn nothing_that_is_long_weighs_nothing() {
        let long = || "x".repeat(10_000);
        let mention = |target| Inline::Mention(Mention { target, name: String::new() });
        let link =
            |url: String, shown: String| Inline::Link { url, content: vec![Inline::text(shown)] };
        let line = |inline| Block::Paragraph(vec![inline]);
        for block in [
            line(Inline::text(long())),
            line(link(long(), String::new())),
            line(link(String::new(), long())),
            line(mention(MentionTarget::Account(long().into()))),
            line(mention(MentionTarget::Conversation(long().into()))),
            line(mention(MentionTarget::Group(long().into()))),
            line(Inline::Mention(Mention {
                target: MentionTarget::Everyone(Audience::Team),
                name: long(),
            })),
            line(Inline::Emoji(Emoji::Custom(long()))),
            line(Inline::Emoji(Emoji::Unicode(long()))),
            Block::Code { language: None, code: long() },
            Block::Code { language: Some(long()), code: String::new() },
            Block::Table(Table { header: false, rows: vec![vec![vec![Inline::text(long())]]] }),
        ] {
            let weight = RichText { blocks: vec![Block::Quote(vec![block])] }.weight();
            assert!((10_000..11_000).contains(&weight), "{weight}");
        }
    }

    #[test]
    fn what_a_link_shows_is_visited_too() {
        let link =
            Inline::Link { url: "https://a.example".into(), content: vec![Inline::text("a")] };
        let table = Table { header: false, rows: vec![vec![vec![link.clone()]]] };
        let blocks = vec![Block::Paragraph(vec![link]), Block::Table(table)];
        let mut text = RichText { blocks };
        let mut visited = 0;
        text.for_each_line(&mut |line| {
            visited += 1;
            if line == &[Inline::text("a")] {
                *line = vec![Inline::text("b")];
            }
        });
        assert_eq!((visited, text.plain_text().as_str()), (4, "b\nb"));
    }

    #[test]
    fn normalizing_joins_runs_of_one_style_and_drops_empty_ones() {
        let bold = Style { bold: true, ..Style::PLAIN };
        let text = RichText {
            blocks: vec![Block::Quote(vec![Block::Paragraph(vec![
                Inline::text("a"),
                Inline::text("b"),
                Inline::styled("", bold),
                Inline::styled("c", bold),
            ])])],
        };
        let expected = RichText {
            blocks: vec![Block::Quote(vec![Block::Paragraph(vec![
                Inline::text("ab"),
                Inline::styled("c", bold),
            ])])],
        };
        assert_eq!(text.normalized(), expected);
    }
}

//! A text as Webex's Markdown.
//!
//! Webex has no tables, no underline and no strikethrough (*Formatting messages*): tables are lines in
//! columns, words that are struck through stand between signs. A single line break does not break the
//! line: two spaces before it do. What people type is escaped wherever it could mean something; `<`
//! and `&` by name, because mentions are looked for in the raw text, behind a backslash too.

use rialto_model::{Block, Inline, ListItem, Mention, MentionTarget, RichText, Style};
use rialto_platform::table;
use serde::{Deserialize, Serialize};

use super::line::{Line, NBSP, escaped, longest_run, uncalling};

/// Numbers of lists have nine digits at most.
const LAST_NUMBER: u32 = 999_999_999;

/// A call to somebody, who may not be there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Called {
    /// Whom: the account's id.
    pub id: String,
    /// How they are called.
    pub markup: String,
    /// How they are named.
    pub words: String,
}

/// A text as Markdown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Markup {
    pub markdown: String,
    /// Calls in it.
    pub calls: Vec<Called>,
}

/// Writes a text.
pub(crate) fn write(text: &RichText) -> Markup {
    let mut writer = Writer::default();
    let lines = writer.blocks(&text.blocks, false);
    Markup { markdown: lines.join("\n"), calls: writer.calls }
}

#[derive(Default)]
struct Writer {
    calls: Vec<Called>,
}

impl Writer {
    /// The lines of blocks; in an `item` of a list its own list follows without a blank line.
    fn blocks(&mut self, blocks: &[Block], item: bool) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut rest = blocks;
        let mut before: Option<&Block> = None;
        let mut other_marks = false;
        while let Some(block) = rest.first() {
            let count = rest.iter().take_while(|it| matches!(it, Block::Paragraph(_))).count();
            let (these, after) = rest.split_at(count.max(1));
            rest = after;
            // Of two lists in a row the second has other marks: else they would be one.
            other_marks = follows_alike(before, block) && !other_marks;
            let written = match block {
                Block::Paragraph(_) => self.paragraphs(these),
                block => self.block(block, other_marks),
            };
            if written.is_empty() {
                continue;
            }
            let tight = item && matches!(before, Some(Block::Paragraph(_))) && interrupts(block);
            if !lines.is_empty() && !tight {
                lines.push(String::new());
            }
            lines.extend(written);
            before = Some(block);
        }
        lines
    }

    /// Lines of text: a blank one between paragraphs, broken ones within.
    fn paragraphs(&mut self, paragraphs: &[Block]) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for block in paragraphs {
            let Block::Paragraph(content) = block else { continue };
            texts.extend(
                content.split(|it| *it == Inline::LineBreak).map(|line| guarded(self.line(line))),
            );
        }
        let mut lines: Vec<String> = Vec::new();
        let mut blank = 0;
        for text in texts {
            if text.is_empty() {
                blank += 1;
                continue;
            }
            match lines.last_mut() {
                Some(last) if blank == 0 => last.push_str("  "),
                Some(_) => {
                    lines.push(String::new());
                    (1..blank).for_each(|_| lines.extend([NBSP.to_string(), String::new()]));
                }
                None => {}
            }
            blank = 0;
            lines.push(text);
        }
        lines
    }

    fn block(&mut self, block: &Block, other_marks: bool) -> Vec<String> {
        match block {
            Block::Paragraph(_) => Vec::new(),
            Block::Heading { level, content } => {
                let text = self.heading(content);
                let signs = "#".repeat(usize::from((*level).clamp(1, 6)));
                if text.is_empty() { Vec::new() } else { vec![format!("{signs} {text}")] }
            }
            Block::Code { language, code } => fenced(language.as_deref(), code),
            // Nothing but its lines in columns, which have taken its place before.
            Block::Table(table) => fenced(None, &table::aligned(table)),
            Block::Quote(blocks) => {
                let lines = self.blocks(blocks, false).into_iter();
                let quoted = |line: String| match line.is_empty() {
                    true => ">".to_owned(),
                    false => format!("> {line}"),
                };
                lines.map(quoted).collect()
            }
            Block::List { start, items } => self.list(*start, items, other_marks),
            Block::Rule => vec!["___".to_owned()],
        }
    }

    fn list(&mut self, start: Option<u32>, items: &[ListItem], other_marks: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, item) in (0..).zip(items) {
            let mark = match (start, other_marks) {
                (None, false) => "- ".to_owned(),
                (None, true) => "* ".to_owned(),
                (Some(first), other) => {
                    let number = first.saturating_add(index).min(LAST_NUMBER);
                    format!("{number}{} ", if other { ')' } else { '.' })
                }
            };
            let indent = " ".repeat(mark.len());
            let mut written = self.blocks(&item.blocks, true);
            if written.is_empty() {
                written.push(NBSP.to_string());
            }
            lines.extend(written.into_iter().enumerate().map(|(index, line)| {
                match (index, line.is_empty()) {
                    (0, _) => format!("{mark}{line}"),
                    (_, true) => line,
                    (_, false) => format!("{indent}{line}"),
                }
            }));
        }
        lines
    }

    /// A heading is one line; signs at its end would be taken for its own.
    fn heading(&mut self, content: &[Inline]) -> String {
        let space = |inline: &Inline| match inline {
            Inline::LineBreak => Inline::text(" "),
            other => other.clone(),
        };
        let content: Vec<Inline> = content.iter().map(space).collect();
        let line = self.line(&content);
        let bare = line.trim_end_matches('#').len();
        format!("{}{}", &line[..bare], line[bare..].replace('#', "\\#"))
    }

    fn line(&mut self, content: &[Inline]) -> String {
        let mut line = Line::default();
        for inline in content {
            match inline {
                Inline::Text { text, style } => line.text(text, *style),
                Inline::Emoji(emoji) => line.text(&emoji.as_text(), Style::PLAIN),
                Inline::Mention(mention) => self.mention(mention, &mut line),
                Inline::Link { url, content } => line.link(url, content),
                Inline::LineBreak => {}
            }
        }
        line.written()
    }

    fn mention(&mut self, mention: &Mention, line: &mut Line) {
        let name = mention.name.replace(['<', '>', '|'], " ");
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let named = |sign: char| format!("{sign}{name}");
        match &mention.target {
            MentionTarget::Account(id) if !name.is_empty() && is_id(id.as_str()) => {
                let markup = format!("<@personId:{id}|{name}>");
                let words = escaped(&named('@'), "");
                line.raw(&markup);
                self.calls.push(Called { id: id.to_string(), markup, words });
            }
            MentionTarget::Everyone(_) => line.raw("<@all>"),
            MentionTarget::Conversation(_) => line.text(&named('#'), Style::PLAIN),
            MentionTarget::Account(_) | MentionTarget::Group(_) => {
                line.text(&named('@'), Style::PLAIN);
            }
        }
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(&b))
}

/// Whether two lists would be read as one.
fn follows_alike(before: Option<&Block>, block: &Block) -> bool {
    match (before, block) {
        (Some(Block::List { start: one, .. }), Block::List { start: other, .. }) => {
            one.is_some() == other.is_some()
        }
        _ => false,
    }
}

/// Whether a block may follow a line of text without a blank one between.
fn interrupts(block: &Block) -> bool {
    matches!(block, Block::List { start: None | Some(1), .. })
}

/// Code between fences that it does not hold itself. Nobody is called from within.
fn fenced(language: Option<&str>, code: &str) -> Vec<String> {
    let fence = "`".repeat(longest_run(code).max(2) + 1);
    let named = |c: &char| c.is_ascii_alphanumeric() || "+#-_.".contains(*c);
    let language: String = language.unwrap_or_default().chars().take_while(named).collect();
    let code = uncalling(code);
    let mut lines = vec![format!("{fence}{language}")];
    lines.extend(code.split('\n').map(|line| line.trim_end_matches('\r').to_owned()));
    lines.push(fence);
    lines
}

/// A line that does not begin like a heading, a list, a rule, a table.
fn guarded(line: String) -> String {
    if line.starts_with(['#', '+', '-', '=', '|']) {
        return format!("\\{line}");
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && line[digits..].starts_with(['.', ')']) {
        return format!("{}\\{}", &line[..digits], &line[digits..]);
    }
    line
}

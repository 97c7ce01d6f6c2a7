//! A text as Zoom takes it: words, ranges of formats, ranges of mentions; and in words alone, since
//! an edit takes no formats (*Update a message*).
//!
//! Zoom has no code, no tables and no nested lists: code is between backticks, tables are lines in
//! columns, lists that are more than single lines are written out. Sources: *Send a chat message*,
//! whose rules of what clears what leave links and italics alone in a quote.

use rialto_model::{Block, Inline, ListItem, Mention, MentionTarget, RichText, Style};
use rialto_platform::{links::is_followable, table};
use serde_json::{Value, json};

/// A text in both forms.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Markup {
    /// The words that formats and mentions are ranges of.
    pub message: String,
    /// Formats.
    pub rich_text: Vec<Value>,
    /// Mentions.
    pub at_items: Vec<Value>,
    /// The same in words alone.
    pub plain: String,
    /// UTF-16 units of `message`, and of `plain`.
    units: [usize; 2],
}

impl Markup {
    /// How long it is, in UTF-16 units: the longer of both forms.
    pub fn len(&self) -> usize {
        self.units[0].max(self.units[1])
    }
}

/// Writes a text.
pub(crate) fn write(text: &RichText) -> Markup {
    let mut writer = Writer::default();
    writer.blocks(&text.blocks);
    writer.out
}

/// What lists show in front of their items, by depth.
const BULLETS: [&str; 3] = ["• ", "◦ ", "▪ "];
/// What is inside an item stands so far to the right.
const INDENT: &str = "    ";
/// Lists deeper than this stand below each other: a telephone is not wide, a message not long.
const DEEPEST: usize = 5;
/// A line across.
const RULE: &str = "———";

#[derive(Default)]
struct Writer<'a> {
    out: Markup,
    begun: bool,
    /// What lines begin with, in both forms and in words alone.
    prefix: String,
    plain_prefix: String,
    quoted: bool,
    depth: usize,
    /// Whether the line before is of a numbered list, which the next one would go on counting.
    after_numbers: bool,
    /// Since when it is bold, italic, struck through, underlined.
    since: [Option<usize>; 4],
    /// The link that is being written, and where it began on this line.
    link: Option<(&'a str, usize)>,
}

const STYLES: [&str; 4] = ["Bold", "Italic", "Strikethrough", "Underline"];

impl<'a> Writer<'a> {
    fn rich(&mut self, text: &str) {
        self.out.message.push_str(text);
        self.out.units[0] += units(text);
    }

    fn plain(&mut self, text: &str) {
        self.out.plain.push_str(text);
        self.out.units[1] += units(text);
    }

    fn both(&mut self, text: &str) {
        self.rich(text);
        self.plain(text);
    }

    fn at(&self) -> usize {
        self.out.units[0]
    }

    fn format(&mut self, start: usize, kind: &str, attribute: Option<&str>) {
        let end = self.at();
        if start < end {
            let mut range =
                json!({ "start_position": start, "end_position": end, "format_type": kind });
            if let Some(attribute) = attribute {
                range["format_attr"] = json!(attribute);
            }
            self.out.rich_text.push(range);
        }
    }

    fn is_top(&self) -> bool {
        self.depth == 0 && !self.quoted
    }

    /// Begins a line: the first one, or another.
    fn line(&mut self) {
        self.end_line();
        if self.begun {
            self.both("\n");
        }
        self.begun = true;
        let (prefix, plain) = (self.prefix.clone(), self.plain_prefix.clone());
        self.both(&prefix);
        self.plain(&plain);
        if let Some((_, start)) = &mut self.link {
            *start = self.out.units[0];
        }
    }

    /// Styles and links end with the line.
    fn end_line(&mut self) {
        self.styled(Style::PLAIN);
        if let Some((url, start)) = self.link {
            self.format(start, "AddLink", Some(url));
        }
    }

    fn blocks(&mut self, blocks: &'a [Block]) {
        for block in blocks {
            self.block(block);
            self.after_numbers =
                matches!(block, Block::List { start: Some(_), .. }) && self.is_top();
        }
    }

    fn block(&mut self, block: &'a Block) {
        match block {
            Block::Paragraph(content) => {
                self.line();
                self.inlines(content);
            }
            Block::Heading { level, content } => self.heading(*level, content),
            Block::Code { language, code } => self.code(language.as_deref(), code),
            Block::Quote(blocks) if self.is_top() => {
                let start = self.at() + usize::from(self.begun);
                self.quoted = true;
                self.plain_prefix = "> ".to_owned();
                self.blocks(blocks);
                self.end_line();
                self.plain_prefix.clear();
                self.quoted = false;
                self.format(start, "Quote", None);
            }
            Block::Quote(blocks) => self.inside("> ", blocks),
            Block::List { start, items } if self.is_native(*start, items) => {
                self.native_list(*start, items);
            }
            Block::List { start, items } => self.written_list(*start, items),
            Block::Table(table) => self.code(None, &table::aligned(table)),
            Block::Rule => {
                self.line();
                self.both(RULE);
            }
        }
    }

    /// Blocks whose lines begin with a sign more.
    fn inside(&mut self, sign: &str, blocks: &'a [Block]) {
        let before = self.prefix.len();
        self.prefix.push_str(sign);
        self.depth += 1;
        self.blocks(blocks);
        self.depth -= 1;
        self.prefix.truncate(before);
    }

    fn heading(&mut self, level: u8, content: &'a [Inline]) {
        self.line();
        if !self.is_top() {
            return self.title(content);
        }
        let start = self.at();
        self.one_line(content);
        let level = ["h1", "h2", "h3"][usize::from(level.clamp(1, 3) - 1)];
        self.format(start, "Paragraph", Some(level));
    }

    /// A heading inside something: bold, where that can be.
    fn title(&mut self, content: &'a [Inline]) {
        let start = self.at();
        self.one_line(content);
        if !self.quoted {
            self.format(start, "Bold", None);
        }
    }

    fn one_line(&mut self, content: &'a [Inline]) {
        for inline in content {
            if *inline == Inline::LineBreak { self.both(" ") } else { self.inline(inline) }
        }
        self.end_line();
    }

    fn code(&mut self, language: Option<&str>, code: &str) {
        self.line();
        self.both("```");
        self.both(language.unwrap_or_default());
        for line in code.split('\n') {
            self.line();
            self.both(line);
        }
        self.line();
        self.both("```");
    }

    /// Whether Zoom's own list can show it: lines, counted from one.
    fn is_native(&self, start: Option<u32>, items: &[ListItem]) -> bool {
        let line = |item: &ListItem| {
            matches!(&item.blocks[..], [Block::Paragraph(line)]
                if !line.is_empty() && !line.contains(&Inline::LineBreak))
        };
        self.is_top()
            && start.is_none_or(|start| start == 1 && !self.after_numbers)
            && items.iter().all(line)
    }

    fn native_list(&mut self, start: Option<u32>, items: &'a [ListItem]) {
        let from = self.at() + usize::from(self.begun);
        for (number, item) in (1..).zip(items) {
            self.line();
            match start {
                Some(_) => self.plain(&format!("{number}. ")),
                None => self.plain(BULLETS[0]),
            }
            if let Some(Block::Paragraph(line)) = item.blocks.first() {
                self.inlines(line);
            }
        }
        self.end_line();
        let kind = if start.is_some() { "NumberedList" } else { "BulletedList" };
        self.format(from, kind, None);
    }

    fn written_list(&mut self, start: Option<u32>, items: &'a [ListItem]) {
        for (index, item) in (0..).zip(items) {
            self.line();
            match start {
                Some(first) => self.both(&format!("{}. ", first.saturating_add(index))),
                None => self.both(BULLETS[self.depth.min(BULLETS.len() - 1)]),
            }
            let indent = if self.depth < DEEPEST { INDENT } else { "" };
            let rest = match &item.blocks[..] {
                [Block::Paragraph(line), rest @ ..] => {
                    self.prefix.push_str(indent);
                    self.inlines(line);
                    self.prefix.truncate(self.prefix.len() - indent.len());
                    rest
                }
                [Block::Heading { content, .. }, rest @ ..] => {
                    self.title(content);
                    rest
                }
                blocks => blocks,
            };
            self.inside(indent, rest);
        }
    }

    fn inlines(&mut self, content: &'a [Inline]) {
        for inline in content {
            self.inline(inline);
        }
        self.styled(Style::PLAIN);
    }

    fn inline(&mut self, inline: &'a Inline) {
        match inline {
            Inline::Text { text, style } => self.text(text, *style),
            Inline::Link { url, content } => self.linked(url, content),
            Inline::Mention(mention) => self.mention(mention),
            Inline::Emoji(emoji) => {
                self.styled(Style::PLAIN);
                self.both(&emoji.as_text());
            }
            Inline::LineBreak => self.line(),
        }
    }

    fn text(&mut self, text: &str, style: Style) {
        let seen = !text.trim().is_empty();
        let code = if style.code && seen { "`" } else { "" };
        // Words that do not hold any more must not read as if they did.
        let struck = if style.strike && seen { "~" } else { "" };
        self.styled(style);
        if self.quoted {
            self.both(struck);
        } else {
            self.plain(struck);
        }
        self.both(code);
        self.both(text);
        self.both(code);
        if self.quoted {
            self.both(struck);
        } else {
            self.plain(struck);
        }
    }

    /// Begins and ends formats, so that what follows has this style. A link has no underline of its
    /// own, a quote keeps italics alone.
    fn styled(&mut self, style: Style) {
        let other = !self.quoted;
        let wanted = [
            style.bold && other,
            style.italic,
            style.strike && other,
            style.underline && other && self.link.is_none(),
        ];
        for (index, wanted) in wanted.into_iter().enumerate() {
            match (self.since[index], wanted) {
                (None, true) => self.since[index] = Some(self.at()),
                (Some(start), false) => {
                    self.since[index] = None;
                    self.format(start, STYLES[index], None);
                }
                _ => {}
            }
        }
    }

    /// A link by a range, unless its words are the address, which Zoom makes a link of by itself; one
    /// that Zoom has no range for in words. One that nobody should follow, or that only a space shows,
    /// is what it shows.
    fn linked(&mut self, url: &'a str, content: &'a [Inline]) {
        let shown = RichText { blocks: vec![Block::Paragraph(content.to_vec())] }.plain_text();
        let blank = !shown.is_empty() && shown.trim().is_empty();
        self.styled(Style::PLAIN);
        if blank || !is_followable(url) {
            return self.inlines(content);
        }
        let mail = url.strip_prefix("mailto:").map(|mail| mail.split('?').next().unwrap_or(mail));
        let address = mail.or(url.strip_prefix("tel:")).unwrap_or(url);
        if shown.is_empty() {
            return self.both(address);
        }
        let bare = shown == url || shown == address;
        let web = address == url;
        if !bare && web {
            self.link = Some((url, self.at()));
        }
        self.inlines(content);
        let words = format!(" ({address})");
        match self.link.take() {
            Some((url, start)) => {
                self.format(start, "AddLink", Some(url));
                self.plain(&words);
            }
            None if bare => {}
            None => self.both(&words),
        }
    }

    /// The end of a mention is its last position, as the reference counts; the person is named by the
    /// account's id until it is sent.
    fn mention(&mut self, mention: &Mention) {
        self.styled(Style::PLAIN);
        let name = mention.name.replace('\n', " ");
        let (words, target) = match &mention.target {
            MentionTarget::Account(id) if !id.as_str().is_empty() && !name.trim().is_empty() => {
                (format!("@{name}"), Some(json!({ "at_type": 1, "at_contact": id })))
            }
            MentionTarget::Everyone(_) => ("@all".to_owned(), Some(json!({ "at_type": 2 }))),
            MentionTarget::Conversation(_) => (format!("#{name}"), None),
            MentionTarget::Account(_) | MentionTarget::Group(_) => (format!("@{name}"), None),
        };
        let start = self.at();
        self.both(&words);
        if let Some(mut item) = target {
            item["start_position"] = json!(start);
            item["end_position"] = json!(self.at() - 1);
            self.out.at_items.push(item);
        }
    }
}

/// How long a text is, as Zoom counts at its strictest.
pub(crate) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

//! Rich text as the HTML that Teams takes, with its mentions.

use rialto_model::{
    Audience, Block, Emoji, Inline, Mention, MentionTarget, RichText, Style, Table,
};
use rialto_platform::html::{is_unseen, safe_link};
use serde_json::{Value, json};

use crate::place::Place;

/// Teams shows no more levels of headings.
const SMALLEST_HEADING: u8 = 3;

/// A tab in code: as itself it would be seen as one space.
const TAB: &str = "    ";

/// HTML and the mentions that it refers to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Markup {
    pub html: String,
    pub mentions: Vec<Value>,
}

impl Markup {
    /// Bytes that count against a message's limit.
    pub fn len(&self) -> usize {
        let mentions: usize = self.mentions.iter().map(|mention| mention.to_string().len()).sum();
        self.html.len() + mentions
    }
}

/// Writes text for a channel.
pub(crate) fn write(text: &RichText, place: Option<&Place>) -> Markup {
    let mut writer =
        Writer { out: Markup::default(), place, line: Line::default(), seen: false, broken: false };
    for block in &text.blocks {
        writer.block(block);
    }
    writer.out
}

/// What spaces need to be seen: the first of a line, the last, and every second of a run.
struct Line {
    space_before: bool,
    last_space: Option<usize>,
}

impl Default for Line {
    fn default() -> Self {
        Self { space_before: true, last_space: None }
    }
}

struct Writer<'a> {
    out: Markup,
    place: Option<&'a Place>,
    line: Line,
    /// Whether the line holds anything that is seen.
    seen: bool,
    /// Whether a break is the last of it.
    broken: bool,
}

impl Writer<'_> {
    fn raw(&mut self, html: &str) {
        self.out.html.push_str(html);
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(content) => {
                self.raw("<p>");
                self.line_or_blank(content);
                self.raw("</p>");
            }
            Block::Heading { level, content } => {
                let level = (*level).clamp(1, SMALLEST_HEADING);
                self.raw(&format!("<h{level}>"));
                self.line_or_blank(content);
                self.raw(&format!("</h{level}>"));
            }
            Block::Code { language, code } => {
                let class = code_class(language.as_deref());
                self.raw(&format!("<codeblock class=\"{class}\"><code>"));
                for (index, line) in code.split('\n').enumerate() {
                    if index > 0 {
                        self.line_break();
                    }
                    self.text(&line.replace('\t', TAB));
                }
                self.end_line();
                self.raw("</code></codeblock>");
            }
            Block::Quote(blocks) => {
                self.raw("<blockquote>");
                for block in blocks {
                    self.block(block);
                }
                self.raw("</blockquote>");
            }
            Block::List { start, items } => {
                match start {
                    None => self.raw("<ul>"),
                    Some(1) => self.raw("<ol>"),
                    Some(start) => self.raw(&format!("<ol start=\"{start}\">")),
                }
                for item in items {
                    self.raw("<li>");
                    match item.blocks.split_first() {
                        Some((Block::Paragraph(first), rest)) => {
                            self.line_or_blank(first);
                            rest.iter().for_each(|block| self.block(block));
                        }
                        _ => item.blocks.iter().for_each(|block| self.block(block)),
                    }
                    self.raw("</li>");
                }
                self.raw(if start.is_some() { "</ol>" } else { "</ul>" });
            }
            Block::Table(table) => self.table(table),
            Block::Rule => self.raw("<hr>"),
        }
    }

    fn table(&mut self, table: &Table) {
        self.raw("<table>");
        for (index, row) in table.rows.iter().enumerate() {
            self.raw("<tr>");
            let tag = if table.header && index == 0 { "th" } else { "td" };
            for cell in row {
                self.raw(&format!("<{tag}>"));
                self.whole_line(cell);
                self.raw(&format!("</{tag}>"));
            }
            self.raw("</tr>");
        }
        self.raw("</table>");
    }

    fn line_or_blank(&mut self, content: &[Inline]) {
        self.seen = false;
        self.whole_line(content);
        if !self.seen {
            self.raw("&nbsp;");
        }
    }

    fn whole_line(&mut self, content: &[Inline]) {
        self.inlines(content);
        if self.broken {
            // A break at the very end is not seen: a blank last line takes two.
            self.line_break();
        }
        self.end_line();
    }

    fn inlines(&mut self, content: &[Inline]) {
        for inline in content {
            match inline {
                Inline::Text { text, style } => self.styled(text, *style),
                Inline::Link { url, content } => match safe_link(url) {
                    Some(url) => {
                        self.raw(&format!("<a href=\"{}\">", escaped(&url)));
                        // What shows nothing cannot be clicked.
                        if content.is_empty() {
                            self.text(&url);
                        }
                        self.inlines(content);
                        self.raw("</a>");
                    }
                    None => self.inlines(content),
                },
                Inline::Mention(mention) => self.mention(mention),
                Inline::Emoji(Emoji::Unicode(emoji)) => self.text(emoji),
                Inline::Emoji(custom) => self.text(&custom.as_text()),
                Inline::LineBreak => self.line_break(),
            }
        }
    }

    fn styled(&mut self, text: &str, style: Style) {
        let tags = [
            (style.bold, "strong"),
            (style.italic, "em"),
            (style.underline, "u"),
            (style.strike, "s"),
            (style.code, "code"),
        ];
        for (_, tag) in tags.iter().filter(|(on, _)| *on) {
            self.raw(&format!("<{tag}>"));
        }
        self.text(text);
        for (_, tag) in tags.iter().rev().filter(|(on, _)| *on) {
            self.raw(&format!("</{tag}>"));
        }
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            if matches!(c, ' ' | '\t' | '\u{b}' | '\u{c}') {
                if self.line.space_before {
                    self.raw("&nbsp;");
                    self.line = Line { space_before: false, last_space: None };
                    (self.seen, self.broken) = (true, false);
                } else {
                    self.line = Line { space_before: true, last_space: Some(self.out.html.len()) };
                    self.raw(" ");
                }
                continue;
            }
            if c == '\n' {
                self.line_break();
                continue;
            }
            if c.is_control() {
                continue;
            }
            escape(c, &mut self.out.html);
            // Spaces beside one another stay so with something between them that has no width.
            if !is_unseen(c) {
                self.line = Line { space_before: false, last_space: None };
                (self.seen, self.broken) = (true, false);
            }
        }
    }

    fn line_break(&mut self) {
        self.end_line();
        (self.seen, self.broken) = (true, true);
        self.raw("<br>");
    }

    fn end_line(&mut self) {
        self.broken = false;
        if let Some(at) = self.line.last_space {
            self.out.html.replace_range(at..=at, "&nbsp;");
        }
        self.line = Line::default();
    }

    fn mention(&mut self, mention: &Mention) {
        let name = mention.name.trim();
        let mentioned = match (&mention.target, self.place) {
            _ if name.is_empty() => None,
            (MentionTarget::Account(id), _) => Some(json!({
                "user": { "id": id, "displayName": name, "userIdentityType": "aadUser" }
            })),
            (MentionTarget::Everyone(audience), Some(place)) => {
                let (id, kind) = match audience {
                    Audience::Team => (&place.team, "team"),
                    Audience::Conversation | Audience::Present => (&place.channel, "channel"),
                };
                Some(json!({
                    "conversation": {
                        "id": id, "displayName": name, "conversationIdentityType": kind
                    }
                }))
            }
            _ => None,
        };
        let Some(mentioned) = mentioned else {
            let sign = match mention.target {
                MentionTarget::Conversation(_) => '#',
                _ => '@',
            };
            return self.text(&format!("{sign}{name}"));
        };
        let id = self.out.mentions.len();
        self.raw(&format!("<at id=\"{id}\">"));
        self.text(name);
        self.raw("</at>");
        self.out.mentions.push(json!({ "id": id, "mentionText": name, "mentioned": mentioned }));
    }
}

fn escape(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\u{a0}' => out.push_str("&nbsp;"),
        c => out.push(c),
    }
}

/// Text that is safe between tags and between quotation marks.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().filter(|c| !c.is_control()).for_each(|c| escape(c, &mut out));
    out
}

/// Languages as Teams' own editor writes them; others by their name with a capital.
fn code_class(language: Option<&str>) -> String {
    let Some(language) = language else { return "PlainText".into() };
    let known = match language {
        "js" | "javascript" => "JavaScript",
        "ts" | "typescript" => "TypeScript",
        "py" | "python" => "Python",
        "sh" | "shell" | "bash" => "Bash",
        "css" => "CSS",
        "html" => "HTML",
        "json" => "JSON",
        "php" => "PHP",
        "sql" => "SQL",
        "xml" => "XML",
        "yml" | "yaml" => "YAML",
        "powershell" | "ps1" => "PowerShell",
        "objective-c" | "objc" => "Objective-C",
        "vb.net" | "vb" => "VB.NET",
        other => {
            let mut letters = other.chars().filter(|c| c.is_alphanumeric() || "+#-_.".contains(*c));
            let Some(first) = letters.next() else { return "PlainText".into() };
            return first.to_uppercase().chain(letters).collect();
        }
    };
    known.to_owned()
}

//! One line of Webex's Markdown: text that means nothing but itself, formats, code, links.

use rialto_model::{Inline, Style};
use rialto_platform::html::{is_unseen, safe_link};

/// Room without width: it keeps signs of formats apart, and from the letters that would disarm them.
const JOINT: char = '\u{200b}';
/// A space that does not vanish.
pub(super) const NBSP: char = '\u{a0}';

/// Code from within which nobody is called.
pub(super) fn uncalling(code: &str) -> String {
    code.replace("<@", &format!("<{JOINT}@"))
}

/// The longest run of backticks.
pub(super) fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Text that means nothing but itself, behind what stands on the line. Spaces that would vanish are
/// kept.
pub(super) fn escaped(text: &str, before: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut spaced = before.is_empty() || before.ends_with([' ', NBSP]);
    for c in text.chars() {
        let space = c.is_whitespace();
        match c {
            _ if space => out.push(if spaced { NBSP } else { ' ' }),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' => out.extend(['\\', c]),
            c if is_unseen(c) || c.is_control() => continue,
            c => out.push(c),
        }
        spaced = space;
    }
    out
}

/// Code within a line.
fn code(text: &str) -> String {
    let seen = |c: &char| !is_unseen(*c);
    let spaced = |c: char| if c.is_whitespace() || c.is_control() { ' ' } else { c };
    let text: String = text.chars().filter(seen).map(spaced).collect();
    let text = uncalling(&text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let room = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{room}{text}{room}{fence}")
}

/// A line that is being written.
#[derive(Default)]
pub(super) struct Line {
    out: String,
    /// Whether it ends with signs of a format.
    closed: bool,
}

impl Line {
    /// What was written.
    pub fn written(&self) -> String {
        self.out.trim_end().to_owned()
    }

    /// Markup as it is.
    pub fn raw(&mut self, text: &str) {
        self.out.push_str(text);
        self.closed = false;
    }

    /// Text in a style. Formats neither begin nor end with a space: those stay outside.
    pub fn text(&mut self, text: &str, style: Style) {
        let core = text.trim_matches(|c: char| c.is_whitespace() || is_unseen(c));
        let styled = style.bold || style.italic || style.strike || style.code;
        if !styled || core.is_empty() {
            return self.plain(text);
        }
        let start = text.find(core).unwrap_or(0);
        self.plain(&text[..start]);
        self.styled(core, style);
        self.plain(&text[start + core.len()..]);
    }

    fn plain(&mut self, text: &str) {
        let text = escaped(text, &self.out);
        if !text.is_empty() {
            self.raw(&text);
        }
    }

    fn styled(&mut self, core: &str, style: Style) {
        let signs = "*".repeat(2 * usize::from(style.bold) + usize::from(style.italic));
        let struck = if style.strike { "~~" } else { "" };
        let inner = if style.code { code(core) } else { escaped(core, "x") };
        if inner.is_empty() {
            return;
        }
        let inner = format!("{struck}{inner}{struck}");
        if self.closed {
            self.out.push(JOINT);
        }
        let joint =
            |c: Option<char>| if c.is_some_and(char::is_alphanumeric) { "" } else { "\u{200b}" };
        if signs.is_empty() {
            self.out.push_str(&inner);
        } else {
            let (first, last) = (joint(inner.chars().next()), joint(inner.chars().next_back()));
            self.out.push_str(&format!("{signs}{first}{inner}{last}{signs}"));
        }
        self.closed = true;
    }

    /// A link; its words alone where nobody may be led.
    pub fn link(&mut self, url: &str, content: &[Inline]) {
        let Some(url) = safe_link(url) else { return self.words(content) };
        // With such a sign before it, it would be a picture.
        if self.out.ends_with('!') {
            self.out.push(JOINT);
        }
        let mut inside = Self::default();
        inside.raw("[");
        inside.words(content);
        self.raw(&format!("{}]({})", inside.out, destination(&url)));
    }

    fn words(&mut self, content: &[Inline]) {
        for inline in content {
            match inline {
                Inline::Text { text, style } => self.text(text, *style),
                Inline::Emoji(emoji) => self.plain(&emoji.as_text()),
                Inline::LineBreak => self.plain(" "),
                Inline::Mention(_) | Inline::Link { .. } => {}
            }
        }
    }
}

/// An address as a link's destination: what would end it, or mean something in it, is written by its
/// number.
fn destination(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '(' | ')' | '<' | '>' | '"' | '\\' | '`' | '|' => {
                out.push_str(&format!("%{:02X}", u32::from(c)));
            }
            c if c.is_whitespace() || is_unseen(c) => out.push_str("%20"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

//! Webex's Markdown: parsed once, written as Webex's own HTML and as the view's, and as plain text.
//!
//! What counts is what the vendor's page *Formatting messages* lists: bold, italic, links, lists, headings, rules,
//! quotes, code, mentions. There is no strikethrough and there are no tables. A single line break does not break the
//! line.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// Who is mentioned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mention {
    /// Id and name as shown.
    Person(String, String),
    Everyone,
}

/// The three renditions, and who is mentioned.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rendered {
    pub(crate) html: String,
    pub(crate) seen: String,
    pub(crate) text: String,
    pub(crate) mentions: Vec<Mention>,
}

/// What a single line break does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Newline {
    /// Nothing, as in Markdown that an app sends.
    Soft,
    /// It breaks the line, as where a person types.
    Breaks,
}

/// They stand around a mention's number while the text is parsed: characters that Unicode keeps for such uses inside a program.
const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

pub(crate) fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// Takes the mentions that `find` knows out of the text: `personEmail:a@b`, `personId:…` or `all`, and the name to show
/// where one is given.
fn cut(
    source: &str,
    find: impl Fn(&str, Option<&str>) -> Option<Mention>,
) -> (String, Vec<(String, Mention)>) {
    let (mut text, mut cut, mut rest) = (String::new(), Vec::new(), source);
    while let Some(start) = rest.find("<@") {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find('>').map_or(rest.len(), |end| end + 1);
        let inside = rest[2..end].trim_end_matches('>');
        let (who, name) = match inside.split_once('|') {
            Some((who, name)) => (who, Some(name)),
            None => (inside, None),
        };
        match find(who, name).filter(|_| rest[..end].ends_with('>')) {
            Some(mention) => {
                text.push_str(&format!("{OPEN}{}{CLOSE}", cut.len()));
                cut.push((rest[..end].to_owned(), mention));
                rest = &rest[end..];
            }
            None => {
                text.push_str("<@");
                rest = &rest[2..];
            }
        }
    }
    text.push_str(rest);
    (text, cut)
}

struct Writer {
    cut: Vec<(String, Mention)>,
    out: Rendered,
    /// Numbers of the ordered lists that are open; nothing for bullets.
    lists: Vec<Option<u64>>,
    in_code: bool,
    newline: Newline,
}

/// Renders Markdown; `find` looks a mention up.
pub(crate) fn render(
    source: &str,
    newline: Newline,
    find: impl Fn(&str, Option<&str>) -> Option<Mention>,
) -> Rendered {
    let (text, cut) = cut(source, find);
    let mut writer =
        Writer { cut, out: Rendered::default(), lists: Vec::new(), in_code: false, newline };
    for event in Parser::new_ext(&text, Options::empty()) {
        writer.event(event);
    }
    let mut out = writer.out;
    out.text = out.text.trim().to_owned();
    out
}

impl Writer {
    /// Tags are the same in both renditions.
    fn both(&mut self, html: &str) {
        self.out.html.push_str(html);
        self.out.seen.push_str(html);
    }

    /// Begins a new line of the plain text.
    fn line(&mut self) {
        if !self.out.text.is_empty() && !self.out.text.ends_with(['\n', '\t']) {
            self.out.text.push('\n');
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(code) => {
                let code = self.restored(&code);
                self.both(&format!("<code>{}</code>", escape(&code)));
                self.out.text.push_str(&code);
            }
            Event::Html(html) | Event::InlineHtml(html) => match html.trim() {
                "<br>" | "<br/>" | "<br />" => self.hard_break(),
                _ => self.text(&html),
            },
            Event::SoftBreak if self.newline == Newline::Breaks => self.hard_break(),
            Event::SoftBreak => {
                self.out.html.push('\n');
                self.out.seen.push(' ');
                self.out.text.push('\n');
            }
            Event::HardBreak => self.hard_break(),
            Event::Rule => {
                self.both("<hr>");
                self.line();
            }
            _ => {}
        }
    }

    fn hard_break(&mut self) {
        self.both("<br>");
        self.out.text.push('\n');
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => {
                self.line();
                self.both("<p>");
            }
            Tag::Heading { level, .. } => {
                self.line();
                self.both(&format!("<{level}>"));
            }
            Tag::BlockQuote(_) => self.both("<blockquote>"),
            Tag::CodeBlock(kind) => {
                self.line();
                self.in_code = true;
                let language = match &kind {
                    CodeBlockKind::Fenced(language) if !language.is_empty() => {
                        let language = escape(language);
                        self.out
                            .html
                            .push_str(&format!("<pre><code class=\"language-{language}\">"));
                        self.out.seen.push_str(&format!("<pre data-language=\"{language}\">"));
                        return;
                    }
                    _ => "<pre>",
                };
                self.out.seen.push_str(language);
                self.out.html.push_str("<pre><code>");
            }
            Tag::List(number) => {
                self.both(if number.is_some() { "<ol>" } else { "<ul>" });
                self.lists.push(number);
            }
            Tag::Item => {
                self.line();
                self.both("<li>");
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "• ".to_owned(),
                };
                // A paragraph in a list item begins on the line of its mark.
                self.out.text.push_str(&mark.replace(' ', "\t"));
            }
            Tag::Emphasis => self.both("<em>"),
            Tag::Strong => self.both("<strong>"),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                let url = escape(&dest_url);
                self.out.html.push_str(&format!("<a href=\"{url}\" rel=\"nofollow\">"));
                self.out.seen.push_str(&format!("<a href=\"{url}\">"));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.both("</p>"),
            TagEnd::Heading(level) => self.both(&format!("</{level}>")),
            TagEnd::BlockQuote(_) => self.both("</blockquote>"),
            TagEnd::CodeBlock => {
                self.in_code = false;
                let trimmed = self.out.seen.trim_end_matches('\n').len();
                self.out.seen.truncate(trimmed);
                self.out.seen.push_str("</pre>");
                self.out.html.push_str("</code></pre>");
            }
            TagEnd::List(ordered) => {
                self.lists.pop();
                self.both(if ordered { "</ol>" } else { "</ul>" });
            }
            TagEnd::Item => self.both("</li>"),
            TagEnd::Emphasis => self.both("</em>"),
            TagEnd::Strong => self.both("</strong>"),
            TagEnd::Link | TagEnd::Image => self.both("</a>"),
            _ => {}
        }
    }

    /// The text with mentions as they were written.
    fn restored(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (number, (source, _)) in self.cut.iter().enumerate() {
            text = text.replace(&format!("{OPEN}{number}{CLOSE}"), source);
        }
        text
    }

    fn text(&mut self, text: &str) {
        if self.in_code {
            let text = self.restored(text);
            self.both(&escape(&text));
            self.out.text.push_str(&text);
            return;
        }
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            self.plain(before);
            let (number, after) = after.split_once(CLOSE).unwrap_or((after, ""));
            let mention = number.parse().ok().and_then(|n: usize| self.cut.get(n));
            if let Some((_, mention)) = mention.cloned() {
                self.mention(mention);
            }
            rest = after;
        }
        self.plain(rest);
    }

    fn plain(&mut self, text: &str) {
        self.both(&escape(text));
        self.out.text.push_str(text);
    }

    fn mention(&mut self, mention: Mention) {
        let (native, account, name) = match &mention {
            Mention::Person(id, name) => {
                (format!("\"person\" data-object-id=\"{id}\""), id.as_str(), name.as_str())
            }
            Mention::Everyone => {
                ("\"groupMention\" data-group-type=\"all\"".to_owned(), "channel", "All")
            }
        };
        let shown = escape(name);
        self.out
            .html
            .push_str(&format!("<spark-mention data-object-type={native}>{shown}</spark-mention>"));
        self.out.seen.push_str(&format!(
            "<span class=\"mention\" data-account=\"{account}\">@{shown}</span>"
        ));
        self.out.text.push_str(name);
        if !self.out.mentions.contains(&mention) {
            self.out.mentions.push(mention);
        }
    }
}

#[cfg(test)]
mod tests;

//! HTML as rich text, for platforms whose messages are HTML.
//!
//! html5ever's tokenizer reads it; the tree is built by [`Builder`], never by recursion, so that
//! neither depth nor size of what others wrote can hurt. Each `<p>` and `<div>` is a line;
//! `<p>&nbsp;</p>` is a blank one. What is no formatting that rich text knows leaves its text. Tags of
//! a platform's own are read by its [`Dialect`].

mod builder;

use std::cell::{Cell, RefCell};

use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, states::RawKind,
    },
};
use rialto_model::{MentionTarget, RichText};

use self::builder::StyleTag;
pub use self::builder::{Builder, is_unseen};

/// A single tag longer than this is not read: the tokenizer compares each attribute with all
/// before it.
const LONGEST_TAG: usize = 16 << 10;
const CHUNK: usize = 4 << 10;

/// What a tag means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// What it means in HTML.
    Html,
    /// What the dialect did already.
    Done,
    /// The text up to its end is somebody's name; `None`: of nobody that can be called.
    Mention(Option<MentionTarget>),
}

/// What tags mean to a platform.
pub trait Dialect {
    /// A tag begins.
    fn start(&mut self, tag: &Element<'_>, builder: &mut Builder) -> Meaning;

    /// A tag ends; whether the dialect has done what that means.
    fn end(&mut self, name: &str, builder: &mut Builder) -> bool;
}

/// A tag that begins.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a>(&'a Tag);

impl Element<'_> {
    /// Its name, in small letters.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// An attribute's value.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.0.attrs.iter();
        let found = attributes.find(|attribute| &*attribute.name.local == name);
        found.map(|attribute| &*attribute.value)
    }
}

/// Reads HTML.
pub fn read(html: &str, dialect: &mut dyn Dialect) -> RichText {
    let state = State { dialect, builder: Builder::default(), mention: None, skipping: false };
    let sink = Sink { state: RefCell::new(state), tokens: Cell::new(0) };
    let tokenizer = Tokenizer::new(sink, Default::default());
    let input = BufferQueue::default();
    let mut rest = html;
    let mut unanswered = 0;
    let mut whole = true;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK.min(rest.len())));
        rest = after;
        let before = tokenizer.sink.tokens.get();
        input.push_back(StrTendril::from_slice(chunk));
        let _ = tokenizer.feed(&input);
        unanswered =
            if tokenizer.sink.tokens.get() == before { unanswered + chunk.len() } else { 0 };
        if unanswered > LONGEST_TAG {
            whole = false;
            break;
        }
    }
    if whole {
        tokenizer.end();
    }
    let mut state = tokenizer.sink.state.into_inner();
    state.end_mention();
    if !whole {
        state.builder.text("[the rest of the message cannot be read]");
    }
    state.builder.finish()
}

struct Sink<'a> {
    state: RefCell<State<'a>>,
    tokens: Cell<usize>,
}

/// A mention that is being read.
struct Called {
    tag: String,
    target: Option<MentionTarget>,
    name: String,
}

struct State<'a> {
    dialect: &'a mut dyn Dialect,
    builder: Builder,
    mention: Option<Called>,
    /// Inside `<style>` or `<script>`.
    skipping: bool,
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::ParseError(_) => return TokenSinkResult::Continue,
            Token::CharacterTokens(text) if !state.skipping => match &mut state.mention {
                Some(called) => called.name.push_str(&text),
                None => state.builder.text(&text),
            },
            Token::TagToken(tag) => {
                self.tokens.set(self.tokens.get() + 1);
                return match tag.kind {
                    TagKind::StartTag => state.start(&tag),
                    TagKind::EndTag => state.end(&tag.name),
                };
            }
            _ => {}
        }
        self.tokens.set(self.tokens.get() + 1);
        TokenSinkResult::Continue
    }
}

impl State<'_> {
    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let element = Element(tag);
        match self.dialect.start(&element, &mut self.builder) {
            Meaning::Done => return TokenSinkResult::Continue,
            Meaning::Mention(target) => {
                self.end_mention();
                let tag = element.name().to_owned();
                self.mention = Some(Called { tag, target, name: String::new() });
                return TokenSinkResult::Continue;
            }
            Meaning::Html => {}
        }
        let builder = &mut self.builder;
        match element.name() {
            "style" | "script" => {
                self.skipping = true;
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            "br" => builder.line_break(),
            "p" | "div" | "section" | "article" | "header" | "footer" => builder.end_line(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                builder.start_heading(element.name().as_bytes()[1] - b'0');
            }
            "blockquote" => builder.open_quote(),
            "ul" => builder.open_list(None),
            "ol" => {
                let start = element.attribute("start").and_then(|start| start.trim().parse().ok());
                builder.open_list(Some(start.unwrap_or(1)));
            }
            "li" => builder.open_item(),
            "table" => builder.open_table(),
            "tr" => builder.open_row(),
            "td" | "th" => builder.open_cell(element.name() == "th"),
            "hr" => builder.rule(),
            "pre" => builder.open_code(None, true),
            "a" => builder.open_link(element.attribute("href").and_then(safe_link)),
            "img" => picture(&element, builder),
            name => {
                if let Some(style) = StyleTag::named(name) {
                    builder.style(style, true);
                }
            }
        }
        TokenSinkResult::Continue
    }

    fn end(&mut self, name: &str) -> TokenSinkResult<()> {
        if self.mention.as_ref().is_some_and(|called| called.tag == name) {
            self.end_mention();
            return TokenSinkResult::Continue;
        }
        let builder = &mut self.builder;
        if self.dialect.end(name, builder) {
            return TokenSinkResult::Continue;
        }
        match name {
            "style" | "script" => self.skipping = false,
            "p" | "div" | "section" | "article" | "header" | "footer" => builder.end_line(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => builder.end_heading(),
            "blockquote" => builder.close_quote(),
            "ul" | "ol" => builder.close_list(),
            "li" => builder.close_item(),
            "table" => builder.close_table(),
            "tr" => builder.close_row(),
            "td" | "th" => builder.close_cell(),
            "pre" => builder.close_code(true),
            "a" => builder.close_link(),
            name => {
                if let Some(style) = StyleTag::named(name) {
                    builder.style(style, false);
                }
            }
        }
        TokenSinkResult::Continue
    }

    fn end_mention(&mut self) {
        let Some(Called { target, name, .. }) = self.mention.take() else { return };
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        match target {
            Some(target) if !name.is_empty() => self.builder.mention(target, name),
            _ => self.builder.text(&name),
        }
    }
}

/// A picture from elsewhere: a link to it, if anyone may be led there.
fn picture(element: &Element<'_>, builder: &mut Builder) {
    let alt = element.attribute("alt").unwrap_or_default();
    match element.attribute("src").and_then(safe_link) {
        Some(url) => {
            let shown = if alt.trim().is_empty() { url.clone() } else { alt.trim().to_owned() };
            builder.open_link(Some(url));
            builder.text(&shown);
            builder.close_link();
        }
        None => builder.text(alt),
    }
}

/// A link that anyone may be led to.
pub fn safe_link(href: &str) -> Option<String> {
    let href = href.trim();
    let scheme = href.split_once(':')?.0.to_ascii_lowercase();
    let safe = matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel");
    (safe && !href.contains(char::is_control)).then(|| href.to_owned())
}

/// The language that the class of a piece of code names: `language-rust`; `None` for plain text.
pub fn language(class: Option<&str>) -> Option<String> {
    let name = class?.trim().to_lowercase();
    let name = name.strip_prefix("language-").unwrap_or(&name);
    let plain = matches!(name, "" | "plaintext" | "plain" | "text");
    let known = name.chars().all(|c| c.is_alphanumeric() || "+#-_. ".contains(c));
    (!plain && known).then(|| name.to_owned())
}

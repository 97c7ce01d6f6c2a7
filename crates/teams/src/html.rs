//! Teams' HTML as rich text.
//!
//! html5ever's tokenizer reads it; the tree is built by [`crate::blocks::Builder`], never by
//! recursion, so that neither depth nor size of what others wrote can hurt. Each `<p>` and `<div>`
//! is a line; `<p>&nbsp;</p>` is a blank one. What is no formatting that rich text knows leaves its
//! text.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, states::RawKind,
    },
};
use rialto_model::{Emoji, Inline, MentionTarget, RichText};

use crate::blocks::{Builder, StyleTag};

/// A single tag longer than this is not read: the tokenizer compares each attribute with all
/// before it.
const LONGEST_TAG: usize = 16 << 10;
const CHUNK: usize = 4 << 10;

/// A picture of Graph's own that was shown in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub src: String,
    pub alt: String,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub text: RichText,
    pub pictures: Vec<Picture>,
}

/// Whom `<at id>` means.
pub(crate) type Mentions = HashMap<String, MentionTarget>;

/// Reads HTML.
pub(crate) fn parse(html: &str, mentions: &Mentions) -> Parsed {
    let sink = Sink {
        state: RefCell::new(State { mentions, builder: Builder::default(), ..State::default() }),
        tokens: Cell::new(0),
    };
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
    Parsed { text: state.builder.finish(), pictures: state.pictures }
}

struct Sink<'a> {
    state: RefCell<State<'a>>,
    tokens: Cell<usize>,
}

struct State<'a> {
    mentions: &'a Mentions,
    builder: Builder,
    pictures: Vec<Picture>,
    /// Inside `<at>`: its id and the name so far.
    mention: Option<(String, String)>,
    /// Inside `<style>` or `<script>`.
    skipping: bool,
}

impl Default for State<'static> {
    fn default() -> Self {
        static NOBODY: std::sync::LazyLock<Mentions> = std::sync::LazyLock::new(HashMap::new);
        Self {
            mentions: &NOBODY,
            builder: Builder::default(),
            pictures: Vec::new(),
            mention: None,
            skipping: false,
        }
    }
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::ParseError(_) => return TokenSinkResult::Continue,
            Token::CharacterTokens(text) if !state.skipping => match &mut state.mention {
                Some((_, name)) => name.push_str(&text),
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

fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|found| &*found.value)
}

impl State<'_> {
    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let builder = &mut self.builder;
        match &*tag.name {
            "style" | "script" => {
                self.skipping = true;
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            "br" => builder.line_break(),
            "p" | "div" | "section" | "article" | "header" | "footer" => builder.end_line(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                builder.start_heading(tag.name.as_bytes()[1] - b'0');
            }
            "blockquote" => builder.open_quote(),
            "ul" => builder.open_list(None),
            "ol" => {
                let start = attribute(tag, "start").and_then(|start| start.trim().parse().ok());
                builder.open_list(Some(start.unwrap_or(1)));
            }
            "li" => builder.open_item(),
            "table" => builder.open_table(),
            "tr" => builder.open_row(),
            "td" | "th" => builder.open_cell(&*tag.name == "th"),
            "hr" => builder.rule(),
            "pre" => builder.open_code(None, true),
            "codeblock" => builder.open_code(language(attribute(tag, "class")), false),
            "a" => builder.open_link(attribute(tag, "href").and_then(safe_link)),
            "img" => self.image(tag),
            "at" => {
                self.end_mention();
                let id = attribute(tag, "id").unwrap_or_default().to_owned();
                self.mention = Some((id, String::new()));
            }
            "emoji" => {
                if let Some(emoji) = attribute(tag, "alt").filter(|alt| !alt.is_empty()) {
                    builder.inline(Inline::Emoji(Emoji::Unicode(emoji.to_owned())));
                }
            }
            "customemoji" => {
                let name = attribute(tag, "alt").or_else(|| attribute(tag, "title"));
                let name = name.unwrap_or_default().trim_matches(':');
                if !name.is_empty() {
                    builder.inline(Inline::Emoji(Emoji::Custom(name.to_owned())));
                }
            }
            name => {
                if let Some(style) = StyleTag::named(name) {
                    builder.style(style, true);
                }
            }
        }
        TokenSinkResult::Continue
    }

    fn end(&mut self, name: &str) -> TokenSinkResult<()> {
        let builder = &mut self.builder;
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
            "pre" | "codeblock" => builder.close_code(name == "pre"),
            "a" => builder.close_link(),
            "at" => self.end_mention(),
            name => {
                if let Some(style) = StyleTag::named(name) {
                    builder.style(style, false);
                }
            }
        }
        TokenSinkResult::Continue
    }

    fn end_mention(&mut self) {
        let Some((id, name)) = self.mention.take() else { return };
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        match self.mentions.get(&id) {
            Some(target) if !name.is_empty() => self.builder.mention(target.clone(), name),
            _ => self.builder.text(&name),
        }
    }

    fn image(&mut self, tag: &Tag) {
        let src = attribute(tag, "src").unwrap_or_default();
        let alt = attribute(tag, "alt").unwrap_or_default();
        let kind = attribute(tag, "itemtype").unwrap_or_default();
        if src.contains("/hostedContents/") {
            self.pictures.push(Picture { src: src.to_owned(), alt: alt.to_owned() });
        } else if kind.ends_with("/Emoji") && !alt.is_empty() {
            self.builder.inline(Inline::Emoji(Emoji::Unicode(alt.to_owned())));
        } else if let Some(url) = safe_link(src) {
            let shown = if alt.trim().is_empty() { url.clone() } else { alt.trim().to_owned() };
            self.builder.open_link(Some(url));
            self.builder.text(&shown);
            self.builder.close_link();
        } else {
            self.builder.text(alt);
        }
    }
}

/// A link that anyone may be led to.
pub(crate) fn safe_link(href: &str) -> Option<String> {
    let href = href.trim();
    let scheme = href.split_once(':')?.0.to_ascii_lowercase();
    let safe = matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel");
    (safe && !href.contains(char::is_control)).then(|| href.to_owned())
}

fn language(class: Option<&str>) -> Option<String> {
    let name = class?.trim().to_lowercase();
    let name = name.strip_prefix("language-").unwrap_or(&name);
    let plain = matches!(name, "" | "plaintext" | "plain" | "text");
    let known = name.chars().all(|c| c.is_alphanumeric() || "+#-_. ".contains(c));
    (!plain && known).then(|| name.to_owned())
}

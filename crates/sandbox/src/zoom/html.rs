//! A message as a person sees it: canonical simple HTML, plain text, who is mentioned.

use serde_json::{Value, json};

use super::ranges::{Kind, Mention, Style, length, slice};
use super::world::{Account, Message, User};

pub(crate) fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// What is seen.
#[derive(Default)]
pub(crate) struct Rendered {
    pub(crate) html: String,
    pub(crate) text: String,
    pub(crate) mentions: Vec<Value>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Text,
    Bullet,
    Number,
    Quote,
    Heading(u8),
}

/// Renders text, styles and mentions.
pub(crate) fn message(message: &Message, account: &Account) -> Rendered {
    let mut out = Rendered::default();
    for mention in &message.mentions {
        out.mentions.push(match &mention.user {
            Some(id) => json!({"account": id, "name": name(account, id)}),
            None => json!({"everyone": "channel"}),
        });
    }
    if message.text.is_empty() {
        return out;
    }
    let (mut at, mut open, mut number) = (0, None, 0);
    for line in message.text.split('\n') {
        let end = at + length(line);
        let block = block_of(&message.styles, at, end);
        if open != Some(block) || matches!(block, Block::Heading(_)) {
            close(&mut out.html, open);
            open_block(&mut out.html, block);
            number = 0;
        } else if matches!(block, Block::Text | Block::Quote) {
            out.html.push_str("<br>");
        }
        open = Some(block);
        let inner = inline(message, account, at, end);
        match block {
            Block::Bullet | Block::Number => out.html.push_str(&format!("<li>{inner}</li>")),
            _ => out.html.push_str(&inner),
        }
        number += 1;
        if at > 0 || !out.text.is_empty() {
            out.text.push('\n');
        }
        match block {
            Block::Bullet => out.text.push_str("• "),
            Block::Number => out.text.push_str(&format!("{number}. ")),
            _ => {}
        }
        out.text.push_str(line);
        at = end + 1;
    }
    close(&mut out.html, open);
    out
}

fn name(account: &Account, id: &str) -> String {
    account.users.get(id).map_or_else(|| id.to_owned(), User::name)
}

/// Lists, quotes and headings count for the whole of each line they touch.
fn block_of(styles: &[Style], start: usize, end: usize) -> Block {
    let mut block = Block::Text;
    for style in styles {
        // An empty line is touched where something goes on across it.
        if style.start >= end.max(start + 1) || style.end <= start {
            continue;
        }
        block = match style.kind {
            Kind::BulletedList => Block::Bullet,
            Kind::NumberedList => Block::Number,
            Kind::Quote if block == Block::Text => Block::Quote,
            Kind::Paragraph => match style.attribute.as_deref() {
                Some("h1") => Block::Heading(1),
                Some("h2") => Block::Heading(2),
                _ => Block::Heading(3),
            },
            _ => block,
        };
    }
    block
}

fn open_block(html: &mut String, block: Block) {
    match block {
        Block::Text => html.push_str("<p>"),
        Block::Bullet => html.push_str("<ul>"),
        Block::Number => html.push_str("<ol>"),
        Block::Quote => html.push_str("<blockquote><p>"),
        Block::Heading(level) => html.push_str(&format!("<h{level}>")),
    }
}

fn close(html: &mut String, block: Option<Block>) {
    match block {
        None => {}
        Some(Block::Text) => html.push_str("</p>"),
        Some(Block::Bullet) => html.push_str("</ul>"),
        Some(Block::Number) => html.push_str("</ol>"),
        Some(Block::Quote) => html.push_str("</p></blockquote>"),
        Some(Block::Heading(level)) => html.push_str(&format!("</h{level}>")),
    }
}

/// The tags that a style opens and closes within a line; the outermost first.
fn tags(style: &Style) -> Option<(u8, String, &'static str)> {
    Some(match style.kind {
        Kind::AddLink => {
            let address = escape(style.attribute.as_deref().unwrap_or(""));
            (0, format!("<a href=\"{address}\">"), "</a>")
        }
        Kind::Bold => (1, "<strong>".to_owned(), "</strong>"),
        Kind::Italic => (2, "<em>".to_owned(), "</em>"),
        Kind::Underline => (3, "<u>".to_owned(), "</u>"),
        Kind::Strikethrough => (4, "<s>".to_owned(), "</s>"),
        _ => return None,
    })
}

/// The part of the text from `start` to `end`, cut wherever a style or a mention begins or ends.
fn inline(message: &Message, account: &Account, start: usize, end: usize) -> String {
    let mut cuts = vec![start, end];
    let styles = message.styles.iter().filter(|style| tags(style).is_some());
    cuts.extend(styles.clone().flat_map(|style| [style.start, style.end]));
    cuts.extend(message.mentions.iter().flat_map(|mention| [mention.start, mention.end]));
    cuts.retain(|cut| (start..=end).contains(cut));
    cuts.sort_unstable();
    cuts.dedup();
    let mut html = String::new();
    // What is open, from the outside to the inside; pieces with the same style are one element.
    let mut open: Vec<(String, &'static str)> = Vec::new();
    for piece in cuts.windows(2) {
        let (from, to) = (piece[0], piece[1]);
        let covers = |style: &&Style| style.start <= from && to <= style.end;
        let mut wanted: Vec<_> = styles.clone().filter(covers).filter_map(tags).collect();
        wanted.sort();
        wanted.dedup();
        let wanted: Vec<(String, &'static str)> =
            wanted.into_iter().map(|(_, begin, end)| (begin, end)).collect();
        let kept = open.iter().zip(&wanted).take_while(|(have, want)| have == want).count();
        for (_, end) in open.drain(kept..).rev() {
            html.push_str(end);
        }
        for (begin, end) in &wanted[kept..] {
            html.push_str(begin);
            open.push((begin.clone(), *end));
        }
        let text = escape(slice(&message.text, from, to));
        match message.mentions.iter().find(|mention| mention.start <= from && to <= mention.end) {
            Some(mention) => html.push_str(&mentioned(mention, account, &text)),
            None => html.push_str(&text),
        }
    }
    for (_, end) in open.drain(..).rev() {
        html.push_str(end);
    }
    html
}

fn mentioned(mention: &Mention, account: &Account, text: &str) -> String {
    let id = mention.user.as_ref().and_then(|id| account.users.get(id)).map(|user| &user.id);
    let id = escape(id.map_or("all", String::as_str));
    format!("<span class=\"mention\" data-account=\"{id}\">{text}</span>")
}

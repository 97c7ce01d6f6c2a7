//! Messages as posts. Webex shows nobody but the service user, so each post begins with the author's
//! name.

mod line;
mod markup;
#[cfg(test)]
mod tests;

use rialto_model::{Block, Inline, PartKey, RichText};
use rialto_platform::{
    Outgoing, Part,
    byline::{self, Telling, italic},
    failed_files::FILE_SIGN,
    html::safe_link,
    table,
};
use serde::{Deserialize, Serialize};

use self::markup::write;
pub(crate) use self::markup::{Called, Markup};
#[cfg(test)]
pub(crate) use self::tests::seen;
use crate::fingerprint;

/// The longest text, and the longest Markdown, in bytes (*Create a Message*).
pub(crate) const MAX_BYTES: usize = 7_439;
/// Room that is left for saying why something did not come along, or that a text is a new one.
pub(crate) const SPARE: usize = 400;

/// What a part's body holds.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Body {
    /// The text.
    pub markdown: String,
    /// Calls in it.
    pub calls: Vec<Called>,
}

/// The posts that a message takes: its text in pieces; its files, each in a post of its own, since what
/// has a file cannot be edited; and for a reply that is shown in the space too, the space's copy. Which
/// post has a file does not depend on the text: an edit takes away those that are rendered no more.
pub(crate) fn parts(outgoing: &Outgoing) -> Vec<Part> {
    let text = shown(outgoing.content.text.clone());
    let files = 0..outgoing.content.attachments.len();
    let mut said = pieces(outgoing, Telling::Original, &text);
    // Where nothing is said, the first file tells whose it is.
    let mut opening = if text.is_blank() && !files.is_empty() { said.pop() } else { None };
    let mut parts = Vec::new();
    for (index, piece) in said.iter().enumerate() {
        parts.push(part(PartKey::Text(number(index)), piece, None, true));
    }
    for (index, file) in files.enumerate() {
        let continued = || vec![byline::heading(outgoing, Telling::Continued)];
        let heading = opening.take().unwrap_or_else(|| RichText { blocks: continued() });
        parts.push(part(PartKey::Files(number(index)), &heading, Some(file), true));
    }
    if outgoing.broadcast && outgoing.thread.is_some() {
        let mut text = byline::without_calls(text);
        let files = outgoing.content.attachments.iter();
        text.blocks.extend(
            files.map(|file| Block::Paragraph(vec![italic(format!("{FILE_SIGN} {}", file.name))])),
        );
        let copies = pieces(outgoing, Telling::Broadcast, &text);
        parts.extend(
            copies
                .iter()
                .enumerate()
                .map(|(index, text)| part(PartKey::Broadcast(number(index)), text, None, false)),
        );
    }
    parts
}

fn pieces(outgoing: &Outgoing, telling: Telling, text: &RichText) -> Vec<RichText> {
    // Between heading and text there is a line's end, at most four bytes of it.
    let size = |text: &RichText| write(text).markdown.len();
    byline::pieces(outgoing, telling, text, &size, MAX_BYTES - SPARE - 4)
}

/// The text as Webex can show it: tables are lines in columns; a link is one line that calls nobody, shows
/// something, and leads where one may go.
fn shown(mut text: RichText) -> RichText {
    in_columns(&mut text.blocks);
    text.for_each_line(&mut |line| {
        for inline in std::mem::take(line) {
            match inline {
                Inline::Link { url, content } => match safe_link(&url) {
                    // A space that leads somewhere is a space: its address would be seen instead.
                    Some(_) if !content.is_empty() && !shows_something(&content) => {
                        line.extend(content);
                    }
                    Some(_) => line.push(Inline::Link { content: of_link(&url, content), url }),
                    None => line.extend(content),
                },
                other => line.push(other),
            }
        }
    });
    text
}

fn of_link(url: &str, mut content: Vec<Inline>) -> Vec<Inline> {
    for inline in &mut content {
        if *inline == Inline::LineBreak {
            *inline = Inline::text(" ");
        }
    }
    let words = RichText { blocks: vec![Block::Paragraph(content)] };
    match byline::without_calls(words).blocks.pop() {
        Some(Block::Paragraph(line)) if shows_something(&line) => line,
        _ => vec![Inline::text(url)],
    }
}

fn shows_something(line: &[Inline]) -> bool {
    !RichText { blocks: vec![Block::Paragraph(line.to_vec())] }.is_blank()
}

fn in_columns(blocks: &mut [Block]) {
    for block in blocks {
        match block {
            Block::Table(table) => {
                *block = Block::Code { language: None, code: table::aligned(table) };
            }
            Block::Quote(blocks) => in_columns(blocks),
            Block::List { items, .. } => {
                items.iter_mut().for_each(|item| in_columns(&mut item.blocks));
            }
            _ => {}
        }
    }
}

fn number(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

fn part(key: PartKey, text: &RichText, file: Option<usize>, in_thread: bool) -> Part {
    let Markup { markdown, calls } = write(text);
    Part {
        key,
        body: serde_json::to_string(&Body { markdown, calls }).unwrap_or_default(),
        files: file.into_iter().collect(),
        fingerprint: fingerprint::of(text),
        in_thread,
    }
}

/// Words as Markdown.
pub(crate) fn words(text: &str) -> String {
    write(&RichText::plain(text)).markdown
}

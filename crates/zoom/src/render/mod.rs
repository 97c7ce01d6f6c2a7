//! Messages as posts. Zoom shows nobody but the service user, so each post begins with the author's
//! name.

mod markup;
#[cfg(test)]
mod tests;

use rialto_model::{Block, PartKey, RichText};
use rialto_platform::{
    Outgoing, Part,
    byline::{self, Telling, italic},
    failed_files::FILE_SIGN,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use self::markup::units;
use self::markup::write;
use crate::fingerprint;

/// The longest message, in UTF-16 units: the reference says characters, and this is the stricter
/// reading.
pub(crate) const MAX_UNITS: usize = 1_024;
/// Files of one message (*Send a chat message*).
pub(crate) const MAX_FILES: usize = 6;
/// Room that is left for saying of one file why it did not come along.
const FILE_LINE: usize = 140;
/// Room that is left for saying so of all files of a message: what it says itself needs some too.
const FILE_LINES: usize = 4 * FILE_LINE;

/// What a part's body holds.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Body {
    /// The words.
    pub message: String,
    /// Formats on them.
    pub rich_text: Vec<Value>,
    /// Mentions in them, by the accounts' ids.
    pub at_items: Vec<Value>,
    /// The same in words alone, for edits.
    pub plain: String,
}

/// Room for saying of each of these files why it did not come along.
pub(crate) fn file_line(failed: usize) -> usize {
    FILE_LINE.min(FILE_LINES / failed.max(1))
}

/// The posts that a message takes: its text in pieces, the first with the files; further files; and for
/// a reply that is shown in the channel too, the channel's copy. Which post has a file does not depend on
/// the text: an edit takes away those that are rendered no more.
pub(crate) fn parts(outgoing: &Outgoing) -> Vec<Part> {
    let files: Vec<usize> = (0..outgoing.content.attachments.len()).collect();
    let mut batches = files.chunks(MAX_FILES);
    let with = batches.next().unwrap_or_default();
    // Each piece leaves it, though the first alone needs it: all are split alike.
    let room = MAX_UNITS - with.len() * file_line(with.len());
    let mut parts = Vec::new();
    let pieces = pieces(outgoing, Telling::Original, &outgoing.content.text, room);
    for (index, text) in pieces.iter().enumerate() {
        let files = if index == 0 { with } else { &[] };
        parts.push(part(PartKey::Text(number(index)), text, files, true));
    }
    for (index, files) in batches.enumerate() {
        let text = RichText { blocks: vec![byline::heading(outgoing, Telling::Continued)] };
        parts.push(part(PartKey::Files(number(index)), &text, files, true));
    }
    if outgoing.broadcast && outgoing.thread.is_some() {
        let mut text = byline::without_calls(outgoing.content.text.clone());
        let files = outgoing.content.attachments.iter();
        text.blocks.extend(
            files.map(|file| Block::Paragraph(vec![italic(format!("{FILE_SIGN} {}", file.name))])),
        );
        let copies = self::pieces(outgoing, Telling::Broadcast, &text, MAX_UNITS);
        parts.extend(
            copies
                .iter()
                .enumerate()
                .map(|(index, text)| part(PartKey::Broadcast(number(index)), text, &[], false)),
        );
    }
    parts
}

fn pieces(outgoing: &Outgoing, telling: Telling, text: &RichText, room: usize) -> Vec<RichText> {
    // Between heading and text there is a line's end.
    let size = |text: &RichText| write(text).len();
    byline::pieces(outgoing, telling, text, &size, room - 1)
}

fn number(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

fn part(key: PartKey, text: &RichText, files: &[usize], in_thread: bool) -> Part {
    let markup = write(text);
    let fingerprint = fingerprint::of(&markup.message);
    let body = Body {
        message: markup.message,
        rich_text: markup.rich_text,
        at_items: markup.at_items,
        plain: markup.plain,
    };
    Part {
        key,
        body: serde_json::to_string(&body).unwrap_or_default(),
        files: files.to_vec(),
        fingerprint,
        in_thread,
    }
}

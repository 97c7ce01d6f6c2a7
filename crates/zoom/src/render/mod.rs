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
pub(crate) const FILE_LINE: usize = 140;

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

/// The posts that a message takes: its text in pieces, the first with the files if they fit; further
/// files; and for a reply that is shown in the channel too, the channel's copy.
pub(crate) fn parts(outgoing: &Outgoing) -> Vec<Part> {
    let files: Vec<usize> = (0..outgoing.content.attachments.len()).collect();
    let mut batches = files.chunks(MAX_FILES).peekable();
    let pieces = pieces(outgoing, Telling::Original, &outgoing.content.text);
    let mut parts = Vec::new();
    for (index, text) in pieces.iter().enumerate() {
        let room = |files: &&[usize]| {
            index == 0 && write(text).len() + files.len() * FILE_LINE <= MAX_UNITS
        };
        let files = batches.next_if(room).unwrap_or_default();
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
        let copies = self::pieces(outgoing, Telling::Broadcast, &text);
        parts.extend(
            copies
                .iter()
                .enumerate()
                .map(|(index, text)| part(PartKey::Broadcast(number(index)), text, &[], false)),
        );
    }
    parts
}

fn pieces(outgoing: &Outgoing, telling: Telling, text: &RichText) -> Vec<RichText> {
    // Between heading and text there is a line's end.
    let size = |text: &RichText| write(text).len();
    byline::pieces(outgoing, telling, text, &size, MAX_UNITS - 1)
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

//! What is sent: text posts as blocks with a fallback, and posts of files.

mod blocks;
mod elements;
mod fallback;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use rialto_model::{Block, Fingerprint, Inline, PartKey, RichText, Style};
use rialto_platform::{Note, Outgoing, Part, split::split};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use elements::Element;

/// The metadata by which a post is found again.
pub(crate) const EVENT_TYPE: &str = "rialto_delivery";
/// Characters of one post's text: longer ones are cut by some of Slack's own displays.
pub(crate) const MAX_CHARACTERS: usize = 4_000;
/// Blocks of one post.
const MAX_BLOCKS: usize = 50;
/// Files of one post.
pub(crate) const MAX_FILES: usize = 10;
/// Characters of a name that is shown with a post.
const MAX_NAME: usize = 80;

/// What a part's body holds.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Body {
    /// The author's name.
    pub username: String,
    /// The author's picture.
    pub icon_url: Option<String>,
    /// Shown in the channel too.
    pub broadcast: bool,
    /// What it says.
    pub says: Says,
}

/// What a post says, ready to be sent. A post of files says what came of the files.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Says {
    /// For notifications.
    pub text: String,
    /// As it is shown: a list, written once and sent as it is.
    pub blocks: Box<RawValue>,
}

impl Says {
    /// A text as Slack takes it.
    pub fn new(text: &RichText) -> Self {
        Self::written(fallback::fallback(text), &blocks::blocks(text))
    }

    /// Likewise, if it fits into one post.
    fn in_one_post(text: &RichText) -> Option<Self> {
        let (fallback, blocks) = (fallback::fallback(text), blocks::blocks(text));
        let fits = fallback.chars().count() <= MAX_CHARACTERS && blocks.len() <= MAX_BLOCKS;
        fits.then(|| Self::written(fallback, &blocks))
    }

    fn written(text: String, blocks: &[Element<'_>]) -> Self {
        Self { text, blocks: to_raw_value(blocks).unwrap_or_default() }
    }
}

/// The posts that a message takes: its text in pieces, then its files.
pub(crate) fn parts(outgoing: &Outgoing) -> Vec<Part> {
    let mut parts = Vec::new();
    let files = outgoing.content.attachments.len();
    for (index, says) in posts(outgoing).into_iter().enumerate() {
        let key = PartKey::Text(u16::try_from(index).unwrap_or(u16::MAX));
        parts.push(part(outgoing, key, says, Vec::new()));
    }
    let files: Vec<usize> = (0..files).collect();
    for (index, some) in files.chunks(MAX_FILES).enumerate() {
        let key = PartKey::Files(u16::try_from(index).unwrap_or(u16::MAX));
        parts.push(part(outgoing, key, Says::default(), some.to_vec()));
    }
    if parts.is_empty() {
        let nothing = RichText { blocks: vec![italic("a message without text".into())] };
        parts.push(part(outgoing, PartKey::Text(0), Says::new(&nothing), Vec::new()));
    }
    parts
}

/// The posts of the text, with what is to be said along with it before the first words. Most fit into
/// one.
fn posts(outgoing: &Outgoing) -> Vec<Says> {
    let text = &outgoing.content.text;
    if text.is_blank() && outgoing.content.attachments.is_empty() {
        return Vec::new();
    }
    let notes: Vec<Block> = outgoing.notes.iter().map(|note| italic(words(note))).collect();
    let noted = |text: &RichText| RichText { blocks: [&notes[..], &text.blocks[..]].concat() };
    let whole = noted(text);
    if whole.is_blank() {
        return Vec::new();
    }
    if let Some(whole) = Says::in_one_post(&whole) {
        return vec![whole];
    }
    // Each piece leaves the room, though the first alone needs it: all are split alike.
    let pieces = split(text, &|piece| Says::in_one_post(&noted(piece)).is_some());
    let (first, others) = pieces.split_first().unzip();
    let first = first.map(|first| Says::new(&noted(first)));
    first.into_iter().chain(others.into_iter().flatten().map(Says::new)).collect()
}

fn part(outgoing: &Outgoing, key: PartKey, says: Says, files: Vec<usize>) -> Part {
    let author = &outgoing.author;
    let name = if author.name.trim().is_empty() { outgoing.said_on } else { author.name.trim() };
    let body = Body {
        username: name.chars().take(MAX_NAME).collect(),
        icon_url: author.avatar_url.clone().filter(|url| url.starts_with("http")),
        broadcast: outgoing.broadcast && key == PartKey::Text(0),
        says,
    };
    Part {
        key,
        body: serde_json::to_string(&body).unwrap_or_default(),
        files,
        // Posts carry their delivery as metadata, so no reader compares what they say.
        fingerprint: Fingerprint(format!("{}:{}", outgoing.delivery, key.to_i64())),
        in_thread: outgoing.thread.is_some(),
    }
}

fn words(note: &Note) -> String {
    match note {
        Note::SaidAt(at) => {
            format!("said on {}", at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y at %H:%M UTC"))
        }
        Note::ReplyToUnknown => "in reply to a message that is not here".to_owned(),
    }
}

fn italic(text: String) -> Block {
    Block::Paragraph(vec![Inline::styled(text, Style { italic: true, ..Style::PLAIN })])
}

//! Messages as posts. Teams cannot show another author than the service user, so each post begins
//! with the author's name.

use jiff::{Timestamp, tz::TimeZone};
use rialto_model::{Block, Inline, Mention, MentionTarget, PartKey, RichText, Style};
use rialto_platform::{Note, Outgoing, Part, split::split};
use serde_json::json;

use crate::{
    fingerprint::{self, FILE_SIGN},
    manifest::{MAX_BYTES, capabilities},
    markup,
    place::Place,
};

/// A name in a heading; longer ones are cut so that the heading always fits.
const LONGEST_NAME: usize = 100;

/// The posts that a message takes: its text in pieces, the first with the files; further files;
/// and for a reply that is shown in the channel too, the channel's copy.
pub(crate) fn render(outgoing: &Outgoing) -> Vec<Part> {
    let place = Place::parse(&outgoing.to);
    let place = place.as_ref();
    let per_post = capabilities().files.per_message;
    let files: Vec<usize> = (0..outgoing.content.attachments.len()).collect();
    let mut batches = files.chunks(per_post);

    let mut parts: Vec<Part> = pieces(outgoing, Copy::Original, &outgoing.content.text, place)
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            let files = if index == 0 { batches.next().unwrap_or_default() } else { &[] };
            part(PartKey::Text(number(index)), &text, files, true, place)
        })
        .collect();
    for (index, files) in batches.enumerate() {
        let text = RichText { blocks: vec![heading(outgoing, Copy::Continued)] };
        parts.push(part(PartKey::Files(number(index)), &text, files, true, place));
    }
    if outgoing.broadcast && outgoing.thread.is_some() {
        let mut text = without_calls(outgoing.content.text.clone());
        text.blocks.extend(
            outgoing
                .content
                .attachments
                .iter()
                .map(|file| Block::Paragraph(vec![italic(format!("{FILE_SIGN} {}", file.name))])),
        );
        let copies = pieces(outgoing, Copy::Broadcast, &text, place);
        parts.extend(copies.into_iter().enumerate().map(|(index, text)| {
            part(PartKey::Broadcast(number(index)), &text, &[], false, place)
        }));
    }
    parts
}

fn number(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

fn part(
    key: PartKey,
    text: &RichText,
    files: &[usize],
    in_thread: bool,
    place: Option<&Place>,
) -> Part {
    let markup = markup::write(text, place);
    let fingerprint = fingerprint::of_html(&markup.html);
    let body = json!({
        "body": { "contentType": "html", "content": markup.html },
        "mentions": markup.mentions,
    });
    Part { key, body: body.to_string(), files: files.to_vec(), fingerprint, in_thread }
}

/// Which post a heading is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copy {
    Original,
    Continued,
    Broadcast,
}

/// The text in pieces that fit, each under its heading.
fn pieces(
    outgoing: &Outgoing,
    copy: Copy,
    text: &RichText,
    place: Option<&Place>,
) -> Vec<RichText> {
    let mut first = vec![heading(outgoing, copy)];
    first.extend(notes(outgoing));
    let next = vec![heading(outgoing, Copy::Continued)];
    let size = |blocks: &[Block]| markup::write(&RichText { blocks: blocks.to_vec() }, place).len();
    let room = MAX_BYTES.saturating_sub(size(&first).max(size(&next)));
    let pieces = split(text, &|piece| markup::write(piece, place).len() <= room);
    let mut headings = std::iter::once(first).chain(std::iter::repeat(next));
    let whole = if pieces.is_empty() { vec![RichText::default()] } else { pieces };
    whole
        .into_iter()
        .filter_map(|piece| {
            let mut blocks = headings.next()?;
            blocks.extend(piece.blocks);
            Some(RichText { blocks })
        })
        .collect()
}

fn italic(text: String) -> Inline {
    Inline::styled(text, Style { italic: true, ..Style::PLAIN })
}

/// **Ana Lima** *(Slack)*
fn heading(outgoing: &Outgoing, copy: Copy) -> Block {
    let name: String = outgoing.author.name.trim().chars().take(LONGEST_NAME).collect();
    let name = if name.is_empty() { "Somebody".to_owned() } else { name };
    let mut where_and_when = outgoing.said_on.to_owned();
    match copy {
        Copy::Original => {}
        Copy::Continued => where_and_when.push_str(", continued"),
        Copy::Broadcast => where_and_when.push_str(", in a thread"),
    }
    for note in &outgoing.notes {
        if let (Note::SaidAt(at), true) = (note, copy != Copy::Continued) {
            where_and_when.push_str(&format!(", said {}", readable(*at)));
        }
    }
    Block::Paragraph(vec![
        Inline::styled(name, Style { bold: true, ..Style::PLAIN }),
        Inline::text(" "),
        italic(format!("({where_and_when})")),
    ])
}

fn notes(outgoing: &Outgoing) -> Vec<Block> {
    let line = |text: &str| Block::Paragraph(vec![italic(text.to_owned())]);
    let unknown = outgoing.notes.contains(&Note::ReplyToUnknown);
    unknown.then(|| line("In reply to a message that is not here")).into_iter().collect()
}

/// `2026-11-22 10:00 UTC`
fn readable(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The same text, calling nobody: the copy of a reply must not call people twice.
fn without_calls(mut text: RichText) -> RichText {
    text.for_each_line(&mut |line| {
        for inline in line {
            if let Inline::Mention(Mention { target, name }) = inline {
                let channel = matches!(target, MentionTarget::Conversation(_));
                *inline = Inline::text(format!("{}{name}", if channel { '#' } else { '@' }));
            }
        }
    });
    text
}

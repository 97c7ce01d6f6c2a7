//! Messages as posts. Teams cannot show another author than the service user, so each post begins
//! with the author's name.

use rialto_model::{Block, PartKey, RichText};
use rialto_platform::{
    Outgoing, Part,
    byline::{self, Telling, italic},
};
use serde_json::json;

use crate::{
    capabilities::{MAX_BYTES, MAX_FILES},
    fingerprint::{self, FILE_SIGN},
    markup,
    place::Place,
};

/// The posts that a message takes: its text in pieces, the first with the files; further files;
/// and for a reply that is shown in the channel too, the channel's copy.
pub(crate) fn render(outgoing: &Outgoing) -> Vec<Part> {
    let place = Place::parse(&outgoing.to);
    let place = place.as_ref();
    let per_post = MAX_FILES;
    let files: Vec<usize> = (0..outgoing.content.attachments.len()).collect();
    let mut batches = files.chunks(per_post);

    let mut parts: Vec<Part> = pieces(outgoing, Telling::Original, &outgoing.content.text, place)
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            let files = if index == 0 { batches.next().unwrap_or_default() } else { &[] };
            part(PartKey::Text(number(index)), &text, files, true, place)
        })
        .collect();
    for (index, files) in batches.enumerate() {
        let text = RichText { blocks: vec![byline::heading(outgoing, Telling::Continued)] };
        parts.push(part(PartKey::Files(number(index)), &text, files, true, place));
    }
    if outgoing.broadcast && outgoing.thread.is_some() {
        let mut text = byline::without_calls(outgoing.content.text.clone());
        text.blocks.extend(
            outgoing
                .content
                .attachments
                .iter()
                .map(|file| Block::Paragraph(vec![italic(format!("{FILE_SIGN} {}", file.name))])),
        );
        let copies = pieces(outgoing, Telling::Broadcast, &text, place);
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

/// The text in pieces that fit, each under its heading.
fn pieces(
    outgoing: &Outgoing,
    telling: Telling,
    text: &RichText,
    place: Option<&Place>,
) -> Vec<RichText> {
    let size = |text: &RichText| markup::write(text, place).len();
    byline::pieces(outgoing, telling, text, &size, MAX_BYTES)
}

//! Authors named in the text, for platforms that show nobody but who posts: each post of a message
//! begins with **Ana Lima** *(Slack)*.

use jiff::{Timestamp, tz::TimeZone};
use rialto_model::{Block, Inline, Mention, MentionTarget, RichText, Style};

use crate::{Note, Outgoing, split::split};

/// A name in a heading; longer ones are cut so that the heading always fits.
const LONGEST_NAME: usize = 100;

/// Which post of a message a heading is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// The message itself.
    Original,
    /// What is left of it.
    Continued,
    /// A thread's reply that is shown outside of the thread too.
    Broadcast,
}

/// A text in pieces that fit, each under its heading; the heading alone for an empty text. `size` is
/// what a text takes of the `most` that a post may be; what is put together takes no more than its
/// parts do.
pub fn pieces(
    outgoing: &Outgoing,
    telling: Telling,
    text: &RichText,
    size: &dyn Fn(&RichText) -> usize,
    most: usize,
) -> Vec<RichText> {
    let mut first = vec![heading(outgoing, telling)];
    first.extend(notes(outgoing));
    let next = vec![heading(outgoing, Telling::Continued)];
    let taken = |blocks: &[Block]| size(&RichText { blocks: blocks.to_vec() });
    let room = most.saturating_sub(taken(&first).max(taken(&next)));
    let pieces = split(text, &|piece| size(piece) <= room);
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

/// **Ana Lima** *(Slack)*
pub fn heading(outgoing: &Outgoing, telling: Telling) -> Block {
    let name: String = outgoing.author.name.trim().chars().take(LONGEST_NAME).collect();
    let name = if name.is_empty() { "Somebody".to_owned() } else { name };
    let mut where_and_when = outgoing.said_on.to_owned();
    match telling {
        Telling::Original => {}
        Telling::Continued => where_and_when.push_str(", continued"),
        Telling::Broadcast => where_and_when.push_str(", in a thread"),
    }
    for note in &outgoing.notes {
        if let (Note::SaidAt(at), true) = (note, telling != Telling::Continued) {
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

/// Text that is said along with what somebody else said.
pub fn italic(text: String) -> Inline {
    Inline::styled(text, Style { italic: true, ..Style::PLAIN })
}

/// The same text, calling nobody: the copy of a reply must not call people twice.
pub fn without_calls(mut text: RichText) -> RichText {
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

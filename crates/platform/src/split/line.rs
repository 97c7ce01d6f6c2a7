//! Lines and code that are too long by themselves.

use std::collections::VecDeque;

use rialto_model::{Block, Inline, RichText};
use unicode_segmentation::UnicodeSegmentation;

use super::largest;

/// A line in lines that fit.
pub(super) fn line_pieces(
    line: Vec<Inline>,
    fits: &dyn Fn(Vec<Inline>) -> bool,
) -> Vec<Vec<Inline>> {
    let mut rest = VecDeque::from(line);
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        pieces.push(next_line(&mut rest, fits));
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Takes what goes now. Something always does.
fn next_line(rest: &mut VecDeque<Inline>, fits: &dyn Fn(Vec<Inline>) -> bool) -> Vec<Inline> {
    let start = |rest: &VecDeque<Inline>, count| rest.range(..count).cloned().collect::<Vec<_>>();
    // Of a long text only as much is tried as might fit.
    let first = match rest.front() {
        Some(Inline::Text { text, style }) => {
            longest(text, &|start| fits(vec![Inline::styled(start, *style)])) == text.len()
        }
        _ => true,
    };
    let whole = if first { largest(rest.len(), |count| fits(start(rest, count))) } else { 0 };
    if whole == rest.len() {
        return rest.drain(..).collect();
    }
    if let Some(at) = (1..=whole).rfind(|at| rest[*at] == Inline::LineBreak) {
        let line = rest.drain(..at).collect();
        rest.pop_front();
        return line;
    }
    let mut line: Vec<Inline> = rest.drain(..whole).collect();
    match rest.front_mut() {
        Some(Inline::Text { text, style }) => {
            let with = |start: &str| {
                let mut line = line.clone();
                line.push(Inline::styled(start, *style));
                fits(line)
            };
            // In the middle of a word only when there is nothing else to go.
            let at = cut(text, &with, !line.is_empty());
            let (start, end) = (text[..at].trim_end(), text[at..].trim_start());
            if !start.is_empty() {
                line.push(Inline::styled(start, *style));
            }
            if end.is_empty() {
                rest.pop_front();
            } else {
                text.drain(..text.len() - end.len());
            }
        }
        Some(_) if line.is_empty() => {
            let first = rest.pop_front().map(words);
            match first {
                Some(text @ Inline::Text { .. }) => {
                    rest.push_front(text);
                    return next_line(rest, fits);
                }
                first => line.extend(first),
            }
        }
        _ => {}
    }
    line
}

/// What is too long by itself, in words.
fn words(inline: Inline) -> Inline {
    match inline {
        Inline::Link { url, content } => {
            let shown = RichText { blocks: vec![Block::Paragraph(content)] }.plain_text();
            Inline::text(if shown == url { url } else { format!("{shown} ({url})") })
        }
        Inline::Mention(mention) => Inline::text(format!("@{}", mention.name)),
        other => other,
    }
}

/// Code in pieces that fit: at the ends of lines, else behind a word or a character.
pub(super) fn code_pieces<'a>(code: &'a str, fits: &dyn Fn(&str) -> bool) -> Vec<&'a str> {
    let mut rest = code;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let end = longest(rest, fits);
        let line_end = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte == b'\n');
        let lines = rest.as_bytes().get(..=end).and_then(line_end);
        let (piece, later) = match lines {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None if end == rest.len() => (rest, ""),
            None => {
                let at = cut(rest, fits, false);
                (rest[..at].trim_end(), &rest[at..])
            }
        };
        pieces.push(piece);
        rest = later;
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// The end of the longest start that fits.
fn longest(text: &str, fits: &dyn Fn(&str) -> bool) -> usize {
    let end = largest(text.len(), |end| fits(&text[..text.floor_char_boundary(end)]));
    text.floor_char_boundary(end)
}

/// Where to cut a text that does not fit: behind a word and the white space after it, or else
/// (unless `words_only`) behind a character.
fn cut(text: &str, fits: &dyn Fn(&str) -> bool, words_only: bool) -> usize {
    let end = longest(text, fits);
    let later = &text[end..];
    let gap = later.len() - later.trim_start().len();
    if gap > 0 {
        return end + gap;
    }
    let space = text[..end].char_indices().rfind(|(_, c)| c.is_whitespace());
    if let Some((at, space)) = space {
        return at + space.len_utf8();
    }
    if words_only {
        return 0;
    }
    let ends = text.grapheme_indices(true).map(|(at, grapheme)| at + grapheme.len());
    let first = text.graphemes(true).next().map_or(0, str::len);
    ends.take_while(|at| *at <= end).last().unwrap_or(first)
}

//! A text with its ranges, as a tree.
//!
//! Positions count UTF-16 units: an example of the vendor's rules out bytes, and Zoom's clients count
//! so. The end of a format is one past the last position. Of a mention the reference says that it is
//! the last one, which answers follow; events, by their example, have the one behind it.

use std::collections::BTreeMap;

use rialto_model::{Audience, Block, Inline, ListItem, Mention, MentionTarget, RichText, Style};
use rialto_platform::links::{is_followable, push_text, push_typed};

use crate::wire::{AtItem, Range};

/// What the end of a mention is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// One past the last position: in events.
    Behind,
    /// The last position: in answers.
    Last,
}

/// Reads a message's text.
pub(crate) fn read(text: &str, ranges: &[Range], mentions: &[AtItem], ends: Ends) -> RichText {
    if text.is_empty() {
        return RichText::default();
    }
    let places = places(text);
    let byte = |unit: usize| places.get(unit).copied().unwrap_or(text.len());
    let spans: Vec<Span<'_>> = ranges
        .iter()
        .filter_map(|range| Span::of(range, byte(range.start_position), byte(range.end_position)))
        .collect();
    let calls = calls(text, mentions, ends, &byte);
    let lines = inlines(text, &spans, &calls);
    let shapes = shapes(text, &spans);
    RichText { blocks: blocks(shapes.into_iter().zip(lines)) }.normalized()
}

/// Where each UTF-16 unit begins, in bytes; the second half of a character where the next one does.
fn places(text: &str) -> Vec<usize> {
    let mut places = Vec::with_capacity(text.len() + 1);
    for (at, character) in text.char_indices() {
        places.push(at);
        if character.len_utf16() == 2 {
            places.push(at + character.len_utf8());
        }
    }
    places
}

/// What a format does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format<'a> {
    Styled(Style),
    Linked(&'a str),
    Shaped(Shape),
}

/// What a whole line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Bullet,
    Number,
    Quote,
    Heading(u8),
}

/// A format on bytes of the text.
#[derive(Clone, Copy, Debug)]
struct Span<'a> {
    start: usize,
    end: usize,
    format: Format<'a>,
}

impl<'a> Span<'a> {
    /// Colors, sizes and indents are left to Zoom.
    fn of(range: &'a Range, start: usize, end: usize) -> Option<Self> {
        let style = |set: fn(&mut Style)| {
            let mut style = Style::PLAIN;
            set(&mut style);
            Format::Styled(style)
        };
        let format = match range.format_type.as_str() {
            "Bold" => style(|it| it.bold = true),
            "Italic" => style(|it| it.italic = true),
            "Strikethrough" => style(|it| it.strike = true),
            "Underline" => style(|it| it.underline = true),
            "AddLink" => Format::Linked(range.format_attr.get().filter(|url| is_followable(url))?),
            "BulletedList" => Format::Shaped(Shape::Bullet),
            "NumberedList" => Format::Shaped(Shape::Number),
            "Quote" => Format::Shaped(Shape::Quote),
            "Paragraph" => Format::Shaped(Shape::Heading(match range.format_attr.get() {
                Some("h1") => 1,
                Some("h2") => 2,
                Some("h3") => 3,
                _ => return None,
            })),
            _ => return None,
        };
        (start < end).then_some(Self { start, end, format })
    }
}

/// A mention on bytes of the text, those of its name without the `@` it begins with.
struct Call {
    start: usize,
    end: usize,
    mention: Mention,
}

/// Mentions by where they begin, none in another.
fn calls(text: &str, mentions: &[AtItem], ends: Ends, byte: &dyn Fn(usize) -> usize) -> Vec<Call> {
    let mut calls: Vec<Call> = mentions
        .iter()
        .filter_map(|item| {
            let start = byte(item.start_position);
            let mut end = byte(item.end_position);
            // Who answers as events do has a blank, or nothing, behind the name.
            let last = text[end..].chars().next().is_some_and(|c| !c.is_whitespace());
            if ends == Ends::Last && (last || byte(item.end_position.saturating_add(1)) == end) {
                end = byte(item.end_position.saturating_add(1));
            }
            // The events' reference counts as answers do, their example does not: a name that goes on with a
            // letter has one more.
            let goes_on = |c: char| c.is_lowercase() || c.is_uppercase() || c.is_numeric();
            let within = text[..end].ends_with(char::is_alphanumeric);
            if ends == Ends::Behind && within && text[end..].starts_with(goes_on) {
                end = byte(item.end_position.saturating_add(1));
            }
            let name = text.get(start..end)?.strip_prefix('@')?;
            let mention = Mention { target: target(item)?, name: name.to_owned() };
            (!name.is_empty() && !name.contains('\n')).then_some(Call { start, end, mention })
        })
        .collect();
    calls.sort_by_key(|call| call.start);
    let mut behind = 0;
    calls.retain(|call| {
        let fits = call.start >= behind;
        behind = if fits { call.end } else { behind };
        fits
    });
    calls
}

fn target(item: &AtItem) -> Option<MentionTarget> {
    let contact = item.at_contact.get().filter(|contact| !contact.contains('@'));
    let ids = [item.at_contact_user_id.get(), contact, item.at_contact_member_id.get()];
    match item.at_type {
        1 => ids.into_iter().flatten().next().map(|id| MentionTarget::Account(id.into())),
        2 => Some(MentionTarget::Everyone(Audience::Conversation)),
        _ => None,
    }
}

/// What is in force at a place of the text.
#[derive(Default)]
struct Force<'a> {
    /// How many spans make it bold, italic, struck through, underlined.
    styles: [usize; 4],
    /// Links, by where in the list they are: the last one counts.
    links: BTreeMap<usize, &'a str>,
}

impl<'a> Force<'a> {
    fn change(&mut self, index: usize, format: Format<'a>, begins: bool) {
        match format {
            Format::Styled(style) => {
                let set = [style.bold, style.italic, style.strike, style.underline];
                for (count, _) in self.styles.iter_mut().zip(set).filter(|(_, set)| *set) {
                    *count = if begins { *count + 1 } else { count.saturating_sub(1) };
                }
            }
            Format::Linked(url) if begins => drop(self.links.insert(index, url)),
            Format::Linked(_) => drop(self.links.remove(&index)),
            Format::Shaped(_) => {}
        }
    }

    fn style(&self) -> Style {
        let [bold, italic, strike, underline] = self.styles.map(|count| count > 0);
        Style { bold, italic, strike, underline, code: false }
    }
}

/// The lines' inlines: the text cut wherever a format or a mention begins or ends.
fn inlines(text: &str, spans: &[Span<'_>], calls: &[Call]) -> Vec<Vec<Inline>> {
    let mut changes: Vec<(usize, bool, usize)> = spans
        .iter()
        .enumerate()
        .flat_map(|(index, span)| [(span.start, true, index), (span.end, false, index)])
        .collect();
    changes.sort_unstable();
    let mut changes = changes.into_iter().peekable();
    let mut calls = calls.iter().peekable();
    let mut force = Force::default();
    let mut lines = vec![Vec::new()];
    let mut at = 0;
    loop {
        while let Some((_, begins, index)) = changes.next_if(|(place, _, _)| *place <= at) {
            force.change(index, spans[index].format, begins);
        }
        if at >= text.len() {
            return lines;
        }
        let line = lines.last_mut().expect("there is a first line");
        if let Some(call) = calls.next_if(|call| call.start <= at) {
            push(line, &force, |line, _| line.push(Inline::Mention(call.mention.clone())));
            at = call.end;
            continue;
        }
        let next = [changes.peek().map(|it| it.0), calls.peek().map(|it| it.start)];
        let next = next.into_iter().flatten().min().unwrap_or(text.len()).min(text.len());
        let piece = &text[at..next];
        let (piece, breaks) = piece.split_once('\n').map_or((piece, false), |it| (it.0, true));
        let linked = !force.links.is_empty();
        push(line, &force, |line, style| {
            if linked { push_text(line, piece, style) } else { push_typed(line, piece, style) }
        });
        at += piece.len() + usize::from(breaks);
        if breaks {
            lines.push(Vec::new());
        }
    }
}

/// Adds to a line, in a link where one is in force. Neighbouring links to one target are one.
fn push(line: &mut Vec<Inline>, force: &Force<'_>, add: impl FnOnce(&mut Vec<Inline>, Style)) {
    let Some(url) = force.links.values().next_back() else { return add(line, force.style()) };
    if let Some(Inline::Link { url: before, content }) = line.last_mut()
        && before == url
    {
        return add(content, force.style());
    }
    let mut content = Vec::new();
    add(&mut content, force.style());
    if !content.is_empty() {
        line.push(Inline::Link { url: (*url).to_owned(), content });
    }
}

/// What each line is, and whether it is quoted: formats of lines count for the whole of each line
/// that they touch (*Send a chat message*); only lists go together with a quote.
fn shapes(text: &str, spans: &[Span<'_>]) -> Vec<(bool, Shape)> {
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let line_of = |byte: usize| starts.partition_point(|start| *start <= byte) - 1;
    let mut changes = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        let Format::Shaped(shape) = span.format else { continue };
        let mut first = line_of(span.start);
        // What begins with a line's end means the lines behind it.
        if text[span.start..].starts_with('\n') && span.start > starts[first] {
            first += 1;
        }
        let last = line_of(span.end - 1);
        if first <= last {
            changes.push((first, index, Some(shape)));
            changes.push((last + 1, index, None));
        }
    }
    changes.sort_by_key(|(line, index, shape)| (*line, shape.is_some(), *index));
    let mut changes = changes.into_iter().peekable();
    let mut quotes = BTreeMap::new();
    let mut others = BTreeMap::new();
    (0..starts.len())
        .map(|line| {
            while let Some((_, index, shape)) = changes.next_if(|(at, _, _)| *at <= line) {
                match shape {
                    Some(Shape::Quote) => drop(quotes.insert(index, ())),
                    Some(shape) => drop(others.insert(index, shape)),
                    None => {
                        quotes.remove(&index);
                        others.remove(&index);
                    }
                }
            }
            let shape = others.values().next_back().copied().unwrap_or(Shape::Text);
            (!quotes.is_empty(), shape)
        })
        .collect()
}

type Line = Vec<Inline>;

/// Lines of one kind that follow one another are one thing.
fn blocks(lines: impl Iterator<Item = ((bool, Shape), Line)>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = lines.peekable();
    while let Some(((quoted, shape), line)) = lines.next() {
        let mut run = vec![(shape, line)];
        while let Some(((_, shape), line)) = lines.next_if(|((next, _), _)| *next == quoted) {
            run.push((shape, line));
        }
        let inner = shaped(run);
        if quoted { blocks.push(Block::Quote(inner)) } else { blocks.extend(inner) }
    }
    blocks
}

fn shaped(lines: Vec<(Shape, Line)>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut before = None;
    for (shape, line) in lines {
        let goes_on = before == Some(shape);
        before = Some(shape);
        match (shape, blocks.last_mut().filter(|_| goes_on)) {
            (Shape::Bullet | Shape::Number, Some(Block::List { items, .. })) => {
                items.push(item(line));
            }
            (Shape::Bullet, _) => {
                blocks.push(Block::List { start: None, items: vec![item(line)] });
            }
            (Shape::Number, _) => {
                blocks.push(Block::List { start: Some(1), items: vec![item(line)] });
            }
            (Shape::Heading(level), _) => blocks.push(Block::Heading { level, content: line }),
            // A blank line is a paragraph of its own.
            (_, Some(Block::Paragraph(lines))) if !lines.is_empty() && !line.is_empty() => {
                lines.push(Inline::LineBreak);
                lines.extend(line);
            }
            _ => blocks.push(Block::Paragraph(line)),
        }
    }
    blocks
}

fn item(line: Line) -> ListItem {
    ListItem { blocks: vec![Block::Paragraph(line)] }
}

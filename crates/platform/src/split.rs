//! Splitting a text that is longer than a platform takes.
//!
//! At the end of a block where possible, else of a line, a word, a character as people see it;
//! code, quotes, lists and tables go on as such in the next piece; a link is cut only when it is
//! too long by itself, and is words then.

use rialto_model::{Block, Inline, ListItem, RichText, Table};
use unicode_segmentation::UnicodeSegmentation;

/// Says whether a piece can be sent.
type Fits<'a> = &'a dyn Fn(&RichText) -> bool;

/// Splits a text into pieces that each fit; one piece when it fits as it is. An empty text must
/// fit. Nothing is lost but the white space at which it is split. If not even a single character
/// fits, pieces of one character are made all the same.
pub fn split(text: &RichText, fits: Fits<'_>) -> Vec<RichText> {
    if fits(text) {
        return vec![text.clone()];
    }
    let mut pieces = Vec::new();
    let mut rest: Vec<Block> = text.blocks.clone();
    loop {
        drop_blank_start(&mut rest);
        if rest.is_empty() {
            pieces.retain(|piece: &RichText| !piece.is_blank());
            return pieces;
        }
        let whole = largest(rest.len(), |count| fits(&of(rest[..count].to_vec())));
        if whole > 0 {
            let later = rest.split_off(whole);
            drop_blank_end(&mut rest);
            pieces.push(of(std::mem::replace(&mut rest, later)));
        } else {
            let (piece, remainder) = cut_block(rest.remove(0), fits);
            pieces.push(of(piece));
            rest.splice(0..0, remainder);
        }
    }
}

fn of(blocks: Vec<Block>) -> RichText {
    RichText { blocks }
}

/// Blank lines at the ends of a piece are the white space at which it was split.
fn drop_blank_start(blocks: &mut Vec<Block>) {
    let count = blocks.iter().take_while(|block| is_blank(block)).count();
    blocks.drain(..count);
}

fn drop_blank_end(blocks: &mut Vec<Block>) {
    while blocks.last().is_some_and(is_blank) {
        blocks.pop();
    }
}

fn is_blank(block: &Block) -> bool {
    matches!(block, Block::Paragraph(line) if line.is_empty())
}

/// The largest count up to `max` that fits, if what fits with more also fits with less.
fn largest(max: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, max);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// Cuts a block that does not fit: what goes now, and what is left.
fn cut_block(block: Block, fits: Fits<'_>) -> (Vec<Block>, Vec<Block>) {
    let both = |now: Block, later: Option<Block>| (vec![now], later.into_iter().collect());
    match block {
        Block::Paragraph(line) => {
            let (now, later) = cut_line(line, &|line| fits(&of(vec![Block::Paragraph(line)])));
            both(Block::Paragraph(now), later.map(Block::Paragraph))
        }
        Block::Heading { level, content } => {
            let heading = |content| Block::Heading { level, content };
            let (now, later) = cut_line(content, &|line| fits(&of(vec![heading(line)])));
            both(heading(now), later.map(heading))
        }
        Block::Code { language, code } => {
            let block = |code: &str| Block::Code { language: language.clone(), code: code.into() };
            let (now, later) = cut_code(&code, &|code| fits(&of(vec![block(code)])));
            both(block(now), later.map(block))
        }
        Block::Quote(blocks) => {
            let quoted = |text: &RichText| fits(&of(vec![Block::Quote(text.blocks.clone())]));
            let (now, later) = cut_blocks(blocks, &quoted);
            both(Block::Quote(now), (!later.is_empty()).then_some(Block::Quote(later)))
        }
        Block::List { start, items } => {
            let (now, later) = cut_list(start, items, fits);
            both(now, later)
        }
        Block::Table(table) => cut_table(table, fits),
        Block::Rule => both(Block::Rule, None),
    }
}

fn cut_blocks(mut blocks: Vec<Block>, fits: Fits<'_>) -> (Vec<Block>, Vec<Block>) {
    let whole = largest(blocks.len(), |count| fits(&of(blocks[..count].to_vec())));
    if whole > 0 || blocks.is_empty() {
        let mut later = blocks.split_off(whole);
        drop_blank_start(&mut later);
        return (blocks, later);
    }
    let (now, mut later) = cut_block(blocks.remove(0), fits);
    later.append(&mut blocks);
    (now, later)
}

fn cut_list(
    start: Option<u32>,
    mut items: Vec<ListItem>,
    fits: Fits<'_>,
) -> (Block, Option<Block>) {
    let list = |start, items| Block::List { start, items };
    let whole = largest(items.len(), |count| fits(&of(vec![list(start, items[..count].to_vec())])));
    let next = |count: usize| start.map(|n| n.saturating_add(count.try_into().unwrap_or(u32::MAX)));
    if whole > 0 {
        let later = items.split_off(whole);
        let later = (!later.is_empty()).then(|| list(next(whole), later));
        return (list(start, items), later);
    }
    if items.is_empty() {
        return (list(start, items), None);
    }
    let alone = |text: &RichText| {
        fits(&of(vec![list(start, vec![ListItem { blocks: text.blocks.clone() }])]))
    };
    let (now, later) = cut_blocks(items.remove(0).blocks, &alone);
    // The rest of an item keeps its number: it is the same item.
    let rest = (!later.is_empty()).then_some(ListItem { blocks: later });
    let rest: Vec<_> = rest.into_iter().chain(items).collect();
    (list(start, vec![ListItem { blocks: now }]), (!rest.is_empty()).then(|| list(start, rest)))
}

fn cut_table(mut table: Table, fits: Fits<'_>) -> (Vec<Block>, Vec<Block>) {
    let Table { header, .. } = table;
    let first = |count: usize| Block::Table(Table { header, rows: table.rows[..count].to_vec() });
    let whole = largest(table.rows.len(), |count| fits(&of(vec![first(count)])));
    if whole > usize::from(header) {
        let mut later = table.rows.split_off(whole);
        if header && !later.is_empty() {
            later.insert(0, table.rows[0].clone());
        }
        let rest = (!later.is_empty()).then_some(Block::Table(Table { header, rows: later }));
        return (vec![Block::Table(table)], rest.into_iter().collect());
    }
    if table.rows.is_empty() {
        return (Vec::new(), Vec::new());
    }
    // Not even one row fits: its cells become lines.
    table.header = false;
    let cells = table.rows.remove(0).into_iter().map(Block::Paragraph).collect();
    let (now, mut later) = cut_blocks(cells, fits);
    if !table.rows.is_empty() {
        later.push(Block::Table(table));
    }
    (now, later)
}

fn cut_code<'a>(code: &'a str, fits: &dyn Fn(&str) -> bool) -> (&'a str, Option<&'a str>) {
    let ends: Vec<_> = code.match_indices('\n').map(|(at, _)| at).collect();
    let lines = largest(ends.len(), |count| count == 0 || fits(&code[..ends[count - 1]]));
    if lines > 0 {
        let at = ends[lines - 1];
        return (&code[..at], Some(&code[at + 1..]));
    }
    let at = cut_text(code, fits, false);
    (&code[..at], Some(&code[at..]).filter(|later| !later.is_empty()))
}

/// Cuts a line that does not fit. Something always goes.
fn cut_line(
    mut line: Vec<Inline>,
    fits: &dyn Fn(Vec<Inline>) -> bool,
) -> (Vec<Inline>, Option<Vec<Inline>>) {
    let breaks: Vec<_> = (1..line.len()).filter(|at| line[*at] == Inline::LineBreak).collect();
    let lines =
        largest(breaks.len(), |count| count == 0 || fits(line[..breaks[count - 1]].to_vec()));
    if lines > 0 {
        let mut later = line.split_off(breaks[lines - 1]);
        later.remove(0);
        return (line, Some(later).filter(|later| !later.is_empty()));
    }
    let whole = largest(line.len(), |count| count == 0 || fits(line[..count].to_vec()));
    if whole == line.len() {
        return (line, None);
    }
    let mut later = line.split_off(whole);
    let at = match &later[0] {
        Inline::Text { text, style } => {
            let head = line.clone();
            let with = |start: &str| {
                let mut line = head.clone();
                line.push(Inline::styled(start, *style));
                fits(line)
            };
            // In the middle of a word only when there is nothing else to go.
            cut_text(text, &with, !line.is_empty())
        }
        _ => 0,
    };
    if let (1.., Inline::Text { text, style }) = (at, &mut later[0]) {
        let tail = text[at..].trim_start().to_owned();
        let start = text[..at].trim_end().to_owned();
        if !start.is_empty() {
            line.push(Inline::styled(start, *style));
        }
        *text = tail;
        if text.is_empty() {
            later.remove(0);
        }
    } else if line.is_empty() {
        line.push(words(later.remove(0)));
        return match (line.pop(), later) {
            (Some(Inline::Text { text, style }), later)
                if text.graphemes(true).nth(1).is_some() =>
            {
                let line: Vec<_> =
                    std::iter::once(Inline::styled(text, style)).chain(later).collect();
                cut_line(line, fits)
            }
            (inline, later) => {
                (inline.into_iter().collect(), Some(later).filter(|later| !later.is_empty()))
            }
        };
    }
    (line, Some(later).filter(|later| !later.is_empty()))
}

/// What is too long by itself, in words.
fn words(inline: Inline) -> Inline {
    match inline {
        Inline::Link { url, content } => {
            let shown = of(vec![Block::Paragraph(content)]).plain_text();
            Inline::text(if shown == url { url } else { format!("{shown} ({url})") })
        }
        Inline::Mention(mention) => Inline::text(format!("@{}", mention.name)),
        other => other,
    }
}

/// Where to cut a text: behind a word, or else (unless `words_only`) behind a character.
fn cut_text(text: &str, fits: &dyn Fn(&str) -> bool, words_only: bool) -> usize {
    let spaces: Vec<_> = text
        .char_indices()
        .filter(|(_, character)| character.is_whitespace())
        .map(|(at, character)| at + character.len_utf8())
        .collect();
    let behind_words =
        largest(spaces.len(), |count| count == 0 || fits(text[..spaces[count - 1]].trim_end()));
    if behind_words > 0 {
        return spaces[behind_words - 1];
    }
    if words_only {
        return 0;
    }
    let ends: Vec<_> =
        text.grapheme_indices(true).map(|(at, grapheme)| at + grapheme.len()).collect();
    let characters = largest(ends.len(), |count| count == 0 || fits(&text[..ends[count - 1]]));
    ends.get(characters.max(1) - 1).copied().unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rialto_model::Style;

    use super::*;

    fn pieces(text: &RichText, limit: usize) -> Vec<RichText> {
        split(text, &|piece| piece.plain_text().chars().count() <= limit)
    }

    fn texts(text: &str, limit: usize) -> Vec<String> {
        pieces(&RichText::plain(text), limit).iter().map(RichText::plain_text).collect()
    }

    #[test]
    fn text_is_cut_where_it_hurts_least() {
        for (text, limit, expected) in [
            ("short", 10, vec!["short"]),
            ("one two three", 8, vec!["one two", "three"]),
            ("first line\nsecond", 12, vec!["first line", "second"]),
            ("paragraph\n\nother one", 12, vec!["paragraph", "other one"]),
            ("unbreakable", 4, vec!["unbr", "eaka", "ble"]),
            ("a bcdefghij", 5, vec!["a", "bcdef", "ghij"]),
            ("👩‍👩‍👧👩‍👩‍👧", 5, vec!["👩‍👩‍👧", "👩‍👩‍👧"]),
            ("x", 0, vec!["x"]),
        ] {
            assert_eq!(texts(text, limit), expected, "{text:?}");
        }
    }

    #[test]
    fn structures_go_on_in_the_next_piece() {
        let item =
            |text: &str| ListItem { blocks: vec![Block::Paragraph(vec![Inline::text(text)])] };
        let list =
            of(vec![Block::List { start: Some(3), items: vec![item("aaaa"), item("bbbb")] }]);
        assert_eq!(
            pieces(&list, 5),
            [
                of(vec![Block::List { start: Some(3), items: vec![item("aaaa")] }]),
                of(vec![Block::List { start: Some(4), items: vec![item("bbbb")] }]),
            ]
        );
        let code =
            |code: &str| of(vec![Block::Code { language: Some("rust".into()), code: code.into() }]);
        assert_eq!(pieces(&code("let a;\nlet b;"), 7), [code("let a;"), code("let b;")]);
        let quote = |text: &str| of(vec![Block::Quote(RichText::plain(text).blocks)]);
        assert_eq!(pieces(&quote("one two"), 4), [quote("one"), quote("two")]);
        let row = |text: &str| vec![vec![Inline::text(text)]];
        let table = |rows| of(vec![Block::Table(Table { header: true, rows })]);
        assert_eq!(
            pieces(&table(vec![row("h"), row("aaa"), row("bbb")]), 5),
            [table(vec![row("h"), row("aaa")]), table(vec![row("h"), row("bbb")])]
        );
    }

    #[test]
    fn a_link_is_whole_or_words() {
        let link = |url: &str, shown: &str| Inline::Link {
            url: url.into(),
            content: vec![Inline::text(shown)],
        };
        let text = of(vec![Block::Paragraph(vec![
            Inline::text("see "),
            link("https://a.example", "here"),
            Inline::text(" ok"),
        ])]);
        assert_eq!(
            pieces(&text, 6),
            [
                of(vec![Block::Paragraph(vec![Inline::text("see ")])]),
                of(vec![Block::Paragraph(vec![link("https://a.example", "here"),])]),
                of(vec![Block::Paragraph(vec![Inline::text("ok")])]),
            ]
        );
        let long = of(vec![Block::Paragraph(vec![link("https://a.example", "https://a.example")])]);
        let cut: String = pieces(&long, 6).iter().map(RichText::plain_text).collect();
        assert_eq!(cut, "https://a.example");
    }

    fn inline() -> impl Strategy<Value = Inline> {
        let bold = Style { bold: true, ..Style::PLAIN };
        prop_oneof![
            4 => "[a-zé漢 ]{1,12}".prop_map(Inline::text),
            2 => "[a-z ]{1,12}".prop_map(move |text| Inline::styled(text, bold)),
            1 => "[a-z]{1,12}".prop_map(|text| Inline::Link {
                url: "https://a.example".into(),
                content: vec![Inline::text(text)],
            }),
            1 => Just(Inline::LineBreak),
        ]
    }

    fn block() -> impl Strategy<Value = Block> {
        let line = || prop::collection::vec(inline(), 0..8);
        let paragraph = line().prop_map(Block::Paragraph);
        let leaf = prop_oneof![
            paragraph,
            (1..7_u8, line()).prop_map(|(level, content)| Block::Heading { level, content }),
            "[a-z\n]{0,40}".prop_map(|code| Block::Code { language: None, code }),
            prop::collection::vec(prop::collection::vec(line(), 0..3), 0..4)
                .prop_map(|rows| Block::Table(Table { header: true, rows })),
            Just(Block::Rule),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Block::Quote),
                prop::collection::vec(prop::collection::vec(inner, 0..3), 0..4).prop_map(|items| {
                    let items = items.into_iter().map(|blocks| ListItem { blocks }).collect();
                    Block::List { start: None, items }
                }),
            ]
        })
    }

    /// Letters in their order, but for what a repeated table header adds.
    fn letters(texts: &[RichText]) -> String {
        texts
            .iter()
            .flat_map(|text| text.plain_text().chars().collect::<Vec<_>>())
            .filter(|c| c.is_alphanumeric())
            .collect()
    }

    fn without_headers(block: &mut Block) {
        match block {
            Block::Table(table) => table.header = false,
            Block::Quote(blocks) => blocks.iter_mut().for_each(without_headers),
            Block::List { items, .. } => {
                items.iter_mut().flat_map(|item| &mut item.blocks).for_each(without_headers);
            }
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn every_piece_fits_and_nothing_is_lost(
            mut blocks in prop::collection::vec(block(), 0..6),
            limit in 8_usize..60,
        ) {
            blocks.iter_mut().for_each(without_headers);
            let text = of(blocks).normalized();
            let pieces = pieces(&text, limit);
            for piece in &pieces {
                prop_assert!(piece.plain_text().chars().count() <= limit, "{piece:?}");
            }
            let urls = |texts: &[RichText]| letters(texts).replace("httpsaexample", "");
            prop_assert_eq!(urls(&pieces), urls(&[text]));
        }
    }
}

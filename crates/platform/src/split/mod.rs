//! Splitting a text that is longer than a platform takes.
//!
//! At the end of a block where possible, else of a line, a word, a character as people see it;
//! code, quotes, lists and tables go on as such in the next piece; a link is cut only when it is
//! too long by itself, and is words then.
//!
//! However long the text is, each piece costs about as much as it is long: what is tried is never
//! much longer than what fits, and what was taken is not looked at again.

mod line;

use std::collections::VecDeque;

use rialto_model::{Block, Inline, ListItem, RichText, Table};

use self::line::{code_pieces, line_pieces};

/// Says whether a piece can be sent.
type Fits<'a> = &'a dyn Fn(&RichText) -> bool;

/// Splits a text into pieces that each fit; one piece when it fits as it is. An empty text must
/// fit, and so must the start of what fits. Nothing is lost but the white space at which it is
/// split. If not even a single character fits, pieces of one character are made all the same.
pub fn split(text: &RichText, fits: Fits<'_>) -> Vec<RichText> {
    if fits(text) {
        return vec![text.clone()];
    }
    let mut pieces: Vec<_> = pieces(text.blocks.clone(), fits).into_iter().map(of).collect();
    pieces.retain(|piece| !piece.is_blank());
    pieces
}

fn of(blocks: Vec<Block>) -> RichText {
    RichText { blocks }
}

fn is_blank(block: &Block) -> bool {
    matches!(block, Block::Paragraph(line) if line.is_empty())
}

/// Blocks in pieces. Blank lines at the ends of a piece are the white space at which it was split.
fn pieces(blocks: Vec<Block>, fits: Fits<'_>) -> Vec<Vec<Block>> {
    let all = |blocks: &[&Block]| fits(&of(blocks.iter().copied().cloned().collect()));
    let mut pieces = gathered(blocks, &all, &|block| block_pieces(block, fits));
    for piece in &mut pieces {
        let start = piece.iter().take_while(|block| is_blank(block)).count();
        piece.drain(..start);
        while piece.last().is_some_and(is_blank) {
            piece.pop();
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// As many in a piece as fit. What does not fit by itself is cut, and its end goes on with what
/// follows.
fn gathered<T>(
    all: Vec<T>,
    fits: &dyn Fn(&[&T]) -> bool,
    cut: &dyn Fn(T) -> Vec<Vec<T>>,
) -> Vec<Vec<T>> {
    let mut rest = VecDeque::from(all);
    let mut pieces = Vec::new();
    loop {
        let whole = largest(rest.len(), |count| fits(&rest.range(..count).collect::<Vec<_>>()));
        if whole > 0 {
            pieces.push(rest.drain(..whole).collect());
            continue;
        }
        let Some(first) = rest.pop_front() else { return pieces };
        let mut parts = cut(first);
        // What does not fit now cannot be cut any further, and goes as it is.
        let end = parts.pop_if(|end| fits(&end.iter().collect::<Vec<_>>()));
        pieces.append(&mut parts);
        end.into_iter().flatten().rev().for_each(|one| rest.push_front(one));
    }
}

/// The largest count up to `max` that fits, if what fits with more also fits with less. Tries little
/// more than what fits.
fn largest(max: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut step) = (0, 1);
    while low < max && fits(max.min(low + step)) {
        low = max.min(low + step);
        step *= 2;
    }
    let mut high = max.min(low + step - 1);
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

/// A block that does not fit, in pieces that do.
fn block_pieces(block: Block, fits: Fits<'_>) -> Vec<Vec<Block>> {
    let one = |block: Block| fits(&of(vec![block]));
    let blocks: Vec<Block> = match block {
        Block::Paragraph(line) => {
            let lines = line_pieces(line, &|line| one(Block::Paragraph(line)));
            lines.into_iter().map(Block::Paragraph).collect()
        }
        Block::Heading { level, content } => {
            let heading = |content| Block::Heading { level, content };
            line_pieces(content, &|line| one(heading(line))).into_iter().map(heading).collect()
        }
        Block::Code { language, code } => {
            let block = |code: &str| Block::Code { language: language.clone(), code: code.into() };
            code_pieces(&code, &|code| one(block(code))).into_iter().map(block).collect()
        }
        Block::Quote(blocks) => {
            let quoted = |text: &RichText| one(Block::Quote(text.blocks.clone()));
            pieces(blocks, &quoted).into_iter().map(Block::Quote).collect()
        }
        Block::List { start, items } => list_pieces(start, items, fits),
        Block::Table(table) => return table_pieces(table, fits),
        Block::Rule => vec![Block::Rule],
    };
    blocks.into_iter().map(|block| vec![block]).collect()
}

/// A list in lists that go on counting. The rest of an item that is cut keeps its number: it is the
/// same item.
fn list_pieces(start: Option<u32>, items: Vec<ListItem>, fits: Fits<'_>) -> Vec<Block> {
    type Numbered = (Option<u32>, ListItem);
    let number = |index| start.map(|first: u32| first.saturating_add(index));
    let list = |start, items| Block::List { start, items };
    let all = |items: &[&Numbered]| {
        let start = items.first().and_then(|(number, _)| *number);
        fits(&of(vec![list(start, items.iter().map(|(_, item)| item.clone()).collect())]))
    };
    let cut = |(number, item): Numbered| {
        let alone = |text: &RichText| {
            fits(&of(vec![list(number, vec![ListItem { blocks: text.blocks.clone() }])]))
        };
        let pieces = pieces(item.blocks, &alone).into_iter();
        pieces.map(|blocks| vec![(number, ListItem { blocks })]).collect()
    };
    let numbered = (0..).map(number).zip(items).collect();
    let pieces = gathered(numbered, &all, &cut).into_iter().map(|piece| {
        let (numbers, items): (Vec<_>, Vec<_>) = piece.into_iter().unzip();
        list(numbers.first().copied().flatten(), items)
    });
    pieces.collect()
}

/// A table in tables, each with the header, unless that took more than half of the room.
fn table_pieces(table: Table, fits: Fits<'_>) -> Vec<Vec<Block>> {
    let of_rows = |header, rows| vec![Block::Table(Table { header, rows })];
    let mut rows = VecDeque::from(table.rows);
    let twice = |row: &Row| fits(&of(of_rows(true, vec![row.clone(); 2])));
    let header = if table.header { rows.pop_front_if(|row| twice(row)) } else { None };
    let mut out = Vec::new();
    loop {
        let below = |rows: &mut dyn Iterator<Item = Row>| {
            of_rows(header.is_some(), header.iter().cloned().chain(rows).collect())
        };
        let whole =
            largest(rows.len(), |count| fits(&of(below(&mut rows.range(..count).cloned()))));
        if whole > 0 {
            out.push(below(&mut rows.drain(..whole)));
            continue;
        }
        let Some(row) = rows.pop_front() else { return out };
        let alone = of_rows(false, vec![row.clone()]);
        if fits(&of(alone.clone())) {
            out.push(alone);
        } else {
            // Not even the row fits: its cells become lines.
            out.extend(pieces(row.into_iter().map(Block::Paragraph).collect(), fits));
        }
    }
}

/// Cells of a table.
type Row = Vec<Vec<Inline>>;

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
    fn a_header_that_is_most_of_a_piece_is_not_repeated() {
        let row = |text: &str| vec![vec![Inline::text(text)]];
        let table = |header, rows: &[&str]| {
            of(vec![Block::Table(Table { header, rows: rows.iter().map(|it| row(it)).collect() })])
        };
        let rows = |header: &str| table(true, &[header, "aaa", "bbb", "ccc"]);
        assert_eq!(
            pieces(&rows("head"), 10),
            [
                table(true, &["head", "aaa"]),
                table(true, &["head", "bbb"]),
                table(true, &["head", "ccc"])
            ]
        );
        assert_eq!(
            pieces(&rows("header"), 10),
            [table(false, &["header", "aaa"]), table(false, &["bbb", "ccc"])]
        );
        assert_eq!(
            pieces(&table(true, &["h", "this is far more than fits", "a"]), 9).last(),
            Some(&table(true, &["h", "a"])),
        );
    }

    #[test]
    fn white_space_at_which_code_is_cut_makes_no_piece_too_long() {
        let code = |code: &str| of(vec![Block::Code { language: None, code: code.into() }]);
        let spaces = " ".repeat(30);
        assert_eq!(pieces(&code(&format!("aé{spaces}b")), 5), [code("aé"), code("b")]);
        assert_eq!(pieces(&code("é\né\nlonger"), 6), [code("é\né"), code("longer")]);
    }

    #[test]
    fn what_is_tried_is_little_more_than_what_is_sent() {
        let line = |text: String| vec![Inline::text(text)];
        let item = ListItem { blocks: vec![Block::Paragraph(line("words".into()))] };
        for block in [
            Block::Paragraph(line("word ".repeat(2_000))),
            Block::Paragraph(vec![[Inline::text("words"), Inline::LineBreak]; 2_000].concat()),
            Block::Code { language: None, code: "line\n".repeat(2_000) },
            Block::List { start: None, items: vec![item; 2_000] },
            Block::Table(Table { header: true, rows: vec![vec![line("words".into())]; 2_000] }),
        ] {
            let (text, tried) = (of(vec![block]), std::cell::Cell::new(0));
            let count = |piece: &RichText| piece.plain_text().chars().count();
            let split = split(&text, &|piece| {
                tried.set(tried.get() + count(piece));
                count(piece) <= 100
            });
            assert!(split.len() >= 100);
            assert!(tried.get() < 20 * count(&text), "{} of {}", tried.get(), count(&text));
        }
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

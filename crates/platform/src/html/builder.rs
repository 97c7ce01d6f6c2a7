//! Builds rich text from the tags of a document, in one pass and without recursion.

mod lines;
mod tables;

use rialto_model::{Block, Inline, ListItem, RichText};

use self::tables::OpenTable;

/// Containers inside one another; deeper ones are passed over and leave their text.
const DEEPEST: usize = 32;

/// Whether a character has no width and no meaning but to make equal texts differ.
pub fn is_unseen(c: char) -> bool {
    matches!(c, '\0' | '\u{200b}' | '\u{feff}')
}

/// A tag that changes how text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StyleTag {
    Bold,
    Italic,
    Strike,
    Underline,
    Code,
}

impl StyleTag {
    pub(crate) fn named(tag: &str) -> Option<Self> {
        Some(match tag {
            "b" | "strong" => Self::Bold,
            "i" | "em" => Self::Italic,
            "s" | "strike" | "del" => Self::Strike,
            "u" | "ins" => Self::Underline,
            "code" | "kbd" | "tt" => Self::Code,
            _ => return None,
        })
    }
}

/// A container that is open.
enum Open {
    Quote(Vec<Block>),
    List { start: Option<u32>, items: Vec<ListItem> },
    Item(Vec<Block>),
    Table(OpenTable),
}

struct OpenCode {
    language: Option<String>,
    code: String,
    pre: bool,
    depth: usize,
}

/// What white space would do at the end of the line so far.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Gap {
    /// Vanish: nothing is there yet.
    #[default]
    Start,
    /// Vanish: a space is there already, which itself vanishes at the line's end.
    Space,
    /// Make a space.
    None,
}

/// Takes tags in the order of the document.
#[derive(Default)]
pub struct Builder {
    done: Vec<Block>,
    open: Vec<Open>,
    line: Vec<Inline>,
    gap: Gap,
    link: Option<(String, Vec<Inline>)>,
    /// Lines that it has ended so far.
    link_lines: usize,
    heading: Option<u8>,
    styles: [usize; 5],
    code: Option<OpenCode>,
}

impl Builder {
    pub(crate) fn open_quote(&mut self) {
        self.open_container(Open::Quote(Vec::new()));
    }

    pub(crate) fn close_quote(&mut self) {
        self.close(|open| matches!(open, Open::Quote(_)), |_| false);
    }

    pub(crate) fn open_list(&mut self, start: Option<u32>) {
        self.open_container(Open::List { start, items: Vec::new() });
    }

    pub(crate) fn close_list(&mut self) {
        self.close(|open| matches!(open, Open::List { .. }), |_| false);
    }

    pub(crate) fn open_item(&mut self) {
        self.close_item();
        if self.in_table() {
            self.text("• ");
            return;
        }
        if !matches!(self.open.last(), Some(Open::List { .. })) {
            self.open_list(None);
        }
        if matches!(self.open.last(), Some(Open::List { .. })) && self.open.len() <= DEEPEST {
            self.open.push(Open::Item(Vec::new()));
        }
    }

    pub(crate) fn close_item(&mut self) {
        let list = |open: &Open| matches!(open, Open::List { .. });
        self.close(|open| matches!(open, Open::Item(_)), list);
    }

    fn open_container(&mut self, container: Open) {
        self.end_line();
        if !self.in_table() && self.code.is_none() && self.open.len() < DEEPEST {
            self.open.push(container);
        }
    }

    /// Closes the innermost container that matches, and what is inside it; cells are closed by
    /// their own tags alone.
    fn close(&mut self, matches: fn(&Open) -> bool, barrier: fn(&Open) -> bool) {
        self.end_line();
        if self.code.is_some() {
            return;
        }
        for at in (0..self.open.len()).rev() {
            if matches(&self.open[at]) {
                self.fold(at);
                return;
            }
            if barrier(&self.open[at]) || matches!(self.open[at], Open::Table(_)) {
                return;
            }
        }
    }

    /// Closes all containers from this one inwards.
    fn fold(&mut self, down_to: usize) {
        while self.open.len() > down_to {
            match self.open.pop() {
                Some(Open::Quote(blocks)) => self.push(Block::Quote(blocks)),
                Some(Open::List { items, .. }) if items.is_empty() => {}
                Some(Open::List { start, items }) => self.push(Block::List { start, items }),
                Some(Open::Item(blocks)) => {
                    if let Some(Open::List { items, .. }) = self.open.last_mut() {
                        items.push(ListItem { blocks });
                    }
                }
                Some(Open::Table(table)) => {
                    let table = table.finished();
                    if !table.rows.is_empty() {
                        self.push(Block::Table(table));
                    }
                }
                None => {}
            }
        }
    }

    /// Adds a block to the innermost container.
    fn push(&mut self, block: Block) {
        if let Some(Open::Table(OpenTable { cell: Some(cell), .. })) = self.open.last_mut() {
            if let Block::Paragraph(line) | Block::Heading { content: line, .. } = block {
                if !cell.is_empty() && !line.is_empty() {
                    cell.push(Inline::LineBreak);
                }
                cell.extend(line);
            }
            return;
        }
        for open in self.open.iter_mut().rev() {
            match open {
                Open::Quote(blocks) | Open::Item(blocks) => return blocks.push(block),
                Open::List { items, .. } => {
                    if items.is_empty() {
                        items.push(ListItem::default());
                    }
                    return items.last_mut().map_or((), |item| item.blocks.push(block));
                }
                Open::Table(_) => {}
            }
        }
        self.done.push(block);
    }

    /// Everything that is still open is closed.
    pub(crate) fn finish(mut self) -> RichText {
        self.end_code();
        self.end_line();
        self.fold(0);
        RichText { blocks: self.done }.normalized()
    }
}

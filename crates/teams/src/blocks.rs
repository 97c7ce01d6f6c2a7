//! Builds rich text from the tags of a document, in one pass and without recursion.

use rialto_model::{Block, Inline, ListItem, Mention, MentionTarget, RichText, Style, Table};

/// Containers inside one another; deeper ones are passed over and leave their text.
const DEEPEST: usize = 32;

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
    pub fn named(tag: &str) -> Option<Self> {
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

#[derive(Default)]
struct OpenTable {
    table: Table,
    row: Option<Vec<Vec<Inline>>>,
    cell: Option<Vec<Inline>>,
    /// Header cells of the first row.
    header_cells: usize,
    /// Tables inside a cell leave their text there.
    nested: usize,
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
pub(crate) struct Builder {
    done: Vec<Block>,
    open: Vec<Open>,
    line: Vec<Inline>,
    gap: Gap,
    link: Option<(String, Vec<Inline>)>,
    heading: Option<u8>,
    styles: [usize; 5],
    code: Option<OpenCode>,
}

// ---- lines

impl Builder {
    pub fn text(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            // HTML drops the line break right after <pre>.
            let skip = code.pre && code.code.is_empty() && text.starts_with('\n');
            let text = text[usize::from(skip)..].chars();
            code.code.extend(text.map(|c| if c == '\u{a0}' { ' ' } else { c }));
            return;
        }
        let mut run = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                ' ' | '\t' | '\n' | '\r' | '\x0c' => {
                    if self.gap == Gap::None {
                        run.push(' ');
                        self.gap = Gap::Space;
                    }
                    continue;
                }
                // Invisible: they would only make equal texts differ.
                '\0' | '\u{200b}' | '\u{feff}' => continue,
                '\u{a0}' => run.push(' '),
                c => run.push(c),
            }
            self.gap = Gap::None;
        }
        if !run.is_empty() {
            let style = self.style_now();
            self.put(Inline::styled(run, style));
        }
    }

    pub fn inline(&mut self, inline: Inline) {
        if let (Some(code), Inline::Emoji(emoji)) = (&mut self.code, &inline) {
            code.code.push_str(&emoji.as_text());
            return;
        }
        self.gap = Gap::None;
        self.put(inline);
    }

    pub fn mention(&mut self, target: MentionTarget, name: String) {
        self.inline(Inline::Mention(Mention { target, name }));
    }

    pub fn line_break(&mut self) {
        if let Some(code) = &mut self.code {
            code.code.push('\n');
            return;
        }
        self.trim();
        self.gap = Gap::Start;
        self.put(Inline::LineBreak);
    }

    pub fn style(&mut self, style: StyleTag, on: bool) {
        let depth = &mut self.styles[style as usize];
        *depth = if on { *depth + 1 } else { depth.saturating_sub(1) };
    }

    fn style_now(&self) -> Style {
        let [bold, italic, strike, underline, code] = self.styles.map(|depth| depth > 0);
        Style { bold, italic, strike, underline, code }
    }

    /// Begins a link; text alone when there is no address.
    pub fn open_link(&mut self, url: Option<String>) {
        self.close_link();
        self.link = url.map(|url| (url, Vec::new()));
    }

    pub fn close_link(&mut self) {
        if let Some((url, content)) = self.link.take()
            && !content.is_empty()
        {
            self.line.push(Inline::Link { url, content });
        }
    }

    fn put(&mut self, inline: Inline) {
        let line = self.link.as_mut().map_or(&mut self.line, |(_, content)| content);
        if let (Inline::Text { text, style }, Some(Inline::Text { text: before, style: same })) =
            (&inline, line.last_mut())
            && style == same
        {
            before.push_str(text);
            return;
        }
        line.push(inline);
    }

    /// Takes away the space that vanishes at a line's end.
    fn trim(&mut self) {
        if self.gap != Gap::Space {
            return;
        }
        match &mut self.link {
            Some((_, content)) if !content.is_empty() => trim(content),
            _ => trim(&mut self.line),
        }
    }

    pub fn end_line(&mut self) {
        if let Some(code) = &mut self.code {
            if !code.code.is_empty() && !code.code.ends_with('\n') {
                code.code.push('\n');
            }
            return;
        }
        self.trim();
        self.gap = Gap::Start;
        let url = self.link.as_ref().map(|(url, _)| url.clone());
        self.close_link();
        self.link = url.map(|url| (url, Vec::new()));

        let mut line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return;
        }
        // A break at the end of a line is not seen, and a line of white space is a blank one.
        if line.last() == Some(&Inline::LineBreak) {
            line.pop();
        }
        if line
            .iter()
            .all(|inline| matches!(inline, Inline::Text { text, .. } if text.trim().is_empty()))
        {
            line.clear();
        }
        join_mentions(&mut line);
        self.push(match self.heading {
            Some(level) if !line.is_empty() => Block::Heading { level, content: line },
            _ => Block::Paragraph(line),
        });
    }

    pub fn start_heading(&mut self, level: u8) {
        self.end_line();
        self.heading = Some(level);
    }

    pub fn end_heading(&mut self) {
        self.end_line();
        self.heading = None;
    }

    pub fn rule(&mut self) {
        self.end_line();
        if !self.in_table() && self.code.is_none() {
            self.push(Block::Rule);
        }
    }
}

// ---- code

impl Builder {
    pub fn open_code(&mut self, language: Option<String>, pre: bool) {
        match &mut self.code {
            Some(code) if code.pre == pre => code.depth += 1,
            Some(_) => {}
            None => {
                self.end_line();
                self.code = Some(OpenCode { language, code: String::new(), pre, depth: 1 });
            }
        }
    }

    pub fn close_code(&mut self, pre: bool) {
        let Some(code) = self.code.as_mut().filter(|code| code.pre == pre) else { return };
        code.depth -= 1;
        if code.depth == 0 {
            self.end_code();
        }
    }

    fn end_code(&mut self) {
        let Some(OpenCode { language, mut code, .. }) = self.code.take() else { return };
        code.truncate(code.trim_end_matches('\n').len());
        if !self.in_table() {
            self.push(Block::Code { language, code });
            return;
        }
        let style = Style { code: true, ..Style::PLAIN };
        for line in code.lines() {
            self.gap = Gap::None;
            self.put(Inline::styled(line, style));
            self.end_line();
        }
    }
}

// ---- containers

impl Builder {
    pub fn open_quote(&mut self) {
        self.open_container(Open::Quote(Vec::new()));
    }

    pub fn close_quote(&mut self) {
        self.close(|open| matches!(open, Open::Quote(_)), |_| false);
    }

    pub fn open_list(&mut self, start: Option<u32>) {
        self.open_container(Open::List { start, items: Vec::new() });
    }

    pub fn close_list(&mut self) {
        self.close(|open| matches!(open, Open::List { .. }), |_| false);
    }

    pub fn open_item(&mut self) {
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

    pub fn close_item(&mut self) {
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
    pub fn finish(mut self) -> RichText {
        self.end_code();
        self.end_line();
        self.fold(0);
        RichText { blocks: self.done }.normalized()
    }
}

// ---- tables

impl Builder {
    fn in_table(&self) -> bool {
        matches!(self.open.last(), Some(Open::Table(_)))
    }

    fn table(&mut self) -> Option<&mut OpenTable> {
        match self.open.last_mut() {
            Some(Open::Table(table)) => Some(table),
            _ => None,
        }
    }

    pub fn open_table(&mut self) {
        self.end_line();
        match self.table() {
            Some(table) => table.nested += 1,
            None => self.open_container(Open::Table(OpenTable::default())),
        }
    }

    pub fn close_table(&mut self) {
        self.end_line();
        match self.table() {
            Some(table) if table.nested > 0 => table.nested -= 1,
            Some(_) => self.fold(self.open.len() - 1),
            None => {}
        }
    }

    pub fn open_row(&mut self) {
        self.close_row();
        if let Some(table) = self.table().filter(|table| table.nested == 0) {
            table.row = Some(Vec::new());
        }
    }

    pub fn close_row(&mut self) {
        self.end_line();
        if let Some(table) = self.table().filter(|table| table.nested == 0) {
            table.end_row();
        }
    }

    pub fn open_cell(&mut self, header: bool) {
        self.close_cell();
        if let Some(table) = self.table().filter(|table| table.nested == 0) {
            table.row.get_or_insert_default();
            table.cell = Some(Vec::new());
            if header && table.table.rows.is_empty() {
                table.header_cells += 1;
            }
        }
    }

    pub fn close_cell(&mut self) {
        self.end_line();
        if let Some(table) = self.table().filter(|table| table.nested == 0) {
            table.end_cell();
        }
    }
}

impl OpenTable {
    fn end_cell(&mut self) {
        if let Some(cell) = self.cell.take() {
            self.row.get_or_insert_default().push(cell);
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        if let Some(row) = self.row.take() {
            self.table.rows.push(row);
        }
    }

    fn finished(mut self) -> Table {
        self.end_row();
        let first = self.table.rows.first().map_or(0, Vec::len);
        self.table.header = first > 0 && self.header_cells == first;
        self.table
    }
}

fn trim(line: &mut Vec<Inline>) {
    match line.last_mut() {
        Some(Inline::Text { text, .. }) => {
            if text.ends_with(' ') {
                text.pop();
            }
            if text.is_empty() {
                line.pop();
            }
        }
        Some(Inline::Link { content, .. }) => {
            trim(content);
            if content.is_empty() {
                line.pop();
            }
        }
        _ => {}
    }
}

/// Teams writes one mention as several, a word each: `<at>Ana</at> <at>Lima</at>`.
fn join_mentions(line: &mut Vec<Inline>) {
    let mut at = 0;
    while at + 2 < line.len() {
        let joined = match &line[at..at + 3] {
            [Inline::Mention(first), Inline::Text { text, .. }, Inline::Mention(second)]
                if text == " " && first.target == second.target && first.name != second.name =>
            {
                Mention {
                    target: first.target.clone(),
                    name: format!("{} {}", first.name, second.name),
                }
            }
            _ => {
                at += 1;
                continue;
            }
        };
        line.splice(at..at + 3, [Inline::Mention(joined)]);
    }
}

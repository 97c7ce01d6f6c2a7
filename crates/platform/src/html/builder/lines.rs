//! Lines: runs of text in their styles, links, mentions, breaks; and code, whose lines are kept as
//! they are.

use rialto_model::{Block, Inline, Mention, MentionTarget, Style};

use super::{Builder, Gap, OpenCode, StyleTag, is_unseen};

/// Lines that one link goes over.
const LINK_LINES: usize = 16;

impl Builder {
    /// Text: white space is one space, or none at the ends of lines.
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
                c if is_unseen(c) => continue,
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

    /// A mention, an emoji.
    pub fn inline(&mut self, inline: Inline) {
        if let (Some(code), Inline::Emoji(emoji)) = (&mut self.code, &inline) {
            code.code.push_str(&emoji.as_text());
            return;
        }
        self.gap = Gap::None;
        self.put(inline);
    }

    pub(crate) fn mention(&mut self, target: MentionTarget, name: String) {
        self.inline(Inline::Mention(Mention { target, name }));
    }

    pub(crate) fn line_break(&mut self) {
        if let Some(code) = &mut self.code {
            code.code.push('\n');
            return;
        }
        self.trim();
        self.gap = Gap::Start;
        self.put(Inline::LineBreak);
    }

    pub(crate) fn style(&mut self, style: StyleTag, on: bool) {
        let depth = &mut self.styles[style as usize];
        *depth = if on { *depth + 1 } else { depth.saturating_sub(1) };
    }

    fn style_now(&self) -> Style {
        let [bold, italic, strike, underline, code] = self.styles.map(|depth| depth > 0);
        Style { bold, italic, strike, underline, code }
    }

    /// Begins a link; text alone when there is no address.
    pub(crate) fn open_link(&mut self, url: Option<String>) {
        self.close_link();
        self.link = url.map(|url| (url, Vec::new()));
        self.link_lines = 0;
    }

    pub(crate) fn close_link(&mut self) {
        if let Some((url, content)) = self.link.take()
            && !content.is_empty()
        {
            self.line.push(Inline::Link { url, content });
        }
    }

    /// Ends the line of a link that is open: it goes on in the next one, though not for ever, as
    /// each line has the whole address.
    fn go_on_with_link(&mut self) {
        let Some((url, content)) = self.link.as_mut().filter(|(_, content)| !content.is_empty())
        else {
            return;
        };
        let content = std::mem::take(content);
        self.line.push(Inline::Link { url: url.clone(), content });
        self.link_lines += 1;
        if self.link_lines == LINK_LINES {
            self.link = None;
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

    pub(crate) fn end_line(&mut self) {
        if let Some(code) = &mut self.code {
            if !code.code.is_empty() && !code.code.ends_with('\n') {
                code.code.push('\n');
            }
            return;
        }
        self.trim();
        self.gap = Gap::Start;
        self.go_on_with_link();
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

    /// A blank line, where one is seen.
    pub fn blank_line(&mut self) {
        self.end_line();
        if !self.in_table() && self.code.is_none() {
            self.push(Block::Paragraph(Vec::new()));
        }
    }

    pub(crate) fn start_heading(&mut self, level: u8) {
        self.end_line();
        self.heading = Some(level);
    }

    pub(crate) fn end_heading(&mut self) {
        self.end_line();
        self.heading = None;
    }

    pub(crate) fn rule(&mut self) {
        self.end_line();
        if !self.in_table() && self.code.is_none() {
            self.push(Block::Rule);
        }
    }
}

impl Builder {
    /// Begins code, whose lines are kept as they are; `pre`: by HTML's own tag, and not a dialect's.
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

    /// Says in which language the code is that has begun; nothing where none has.
    pub fn name_code(&mut self, named: Option<String>) {
        if let Some(OpenCode { language, .. }) = &mut self.code {
            *language = named.or(language.take());
        }
    }

    /// Ends code that was begun with the same `pre`.
    pub fn close_code(&mut self, pre: bool) {
        let Some(code) = self.code.as_mut().filter(|code| code.pre == pre) else { return };
        code.depth -= 1;
        if code.depth == 0 {
            self.end_code();
        }
    }

    pub(super) fn end_code(&mut self) {
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
    let mut joined: Vec<Inline> = Vec::with_capacity(line.len());
    for inline in line.drain(..) {
        if let Inline::Mention(next) = &inline
            && let [.., Inline::Mention(first), Inline::Text { text, .. }] = joined.as_mut_slice()
            && text == " "
            && first.target == next.target
            && first.name != next.name
        {
            first.name.push(' ');
            first.name.push_str(&next.name);
            joined.pop();
            continue;
        }
        joined.push(inline);
    }
    *line = joined;
}

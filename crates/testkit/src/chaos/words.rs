//! What a message says: how people on each side write it, and what must be read on the others.

use serde_json::{Value, json};

use crate::Side;

/// Words that platforms might trip over.
const VOCABULARY: [&str; 16] = [
    "ship",
    "Grüße",
    "release",
    "a & b",
    "<b>no tag</b>",
    "\"quoted\"",
    "naïve",
    "日本語",
    "100 %",
    "it's",
    "plan",
    "Thursday",
    "ok?",
    "(maybe)",
    "1 < 2 > 0",
    "done.",
];

/// A link's words, and where it leads.
const LABEL: &str = "the plan";
pub(super) const TARGET: &str = "https://acme.example/plan?a=1&b=2";
const QUOTED: &str = "said before";
const CODE: &str = "let x = 1;\nlet y = 2;";

/// Form and length of a message. Numbers that vary come from the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A line of words.
    Plain { words: u64 },
    /// Bold, italic, code.
    Styled,
    /// Struck through.
    Struck,
    /// A link with a name.
    Link,
    /// A quote and a line.
    Quote,
    /// A line and a block of code.
    Code,
    /// So many lines that another side cannot take them in one message.
    Long { lines: usize },
    /// The first lines of what was long.
    Cut { from: usize },
    /// A line with a file.
    File { bytes: usize },
    /// A file and nothing else.
    OnlyFile { bytes: usize },
}

/// A message as its author wrote it.
#[derive(Clone, Debug)]
pub(super) struct Words {
    mark: String,
    revision: usize,
    shape: Shape,
}

impl Words {
    pub(super) fn new(number: usize, revision: usize, shape: Shape) -> Self {
        Self { mark: mark(number), revision, shape }
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    /// Found in every piece of this revision and of no other.
    fn tag(&self) -> String {
        format!("{}r{};", self.mark, self.revision)
    }

    fn tail(&self) -> String {
        format!("{} end", self.tag())
    }

    /// The lines as read, without markup.
    pub(super) fn lines(&self) -> Vec<String> {
        let tag = self.tag();
        let tail = self.tail();
        match self.shape {
            Shape::Plain { words } => {
                let chosen = (0..3).map(|place| {
                    let index = (words >> (4 * place)) % VOCABULARY.len() as u64;
                    VOCABULARY[usize::try_from(index).unwrap_or(0)]
                });
                vec![format!("{tag} {} end", chosen.collect::<Vec<_>>().join(" "))]
            }
            Shape::Styled => vec![format!("bold italic code {tail}")],
            Shape::Struck => vec![format!("gone {tail}")],
            Shape::Link => vec![format!("{LABEL} {tail}")],
            Shape::Quote => vec![QUOTED.into(), tail],
            Shape::Code => {
                [tail.as_str()].into_iter().chain(CODE.lines()).map(Into::into).collect()
            }
            Shape::Long { lines } => self.numbered(lines),
            Shape::Cut { .. } => self.numbered(10),
            Shape::File { .. } => vec![format!("{tag} with a file end")],
            Shape::OnlyFile { .. } => Vec::new(),
        }
    }

    fn numbered(&self, lines: usize) -> Vec<String> {
        let tag = self.tag();
        (0..lines).map(|n| format!("line {n:04} of {tag} and so on and so on end")).collect()
    }

    /// What must be seen besides the lines where it crosses as it is, each with the feature's name.
    pub(super) fn signs(&self) -> &'static [(&'static str, &'static str)] {
        match self.shape {
            Shape::Styled => &[
                ("bold", "<strong>bold</strong>"),
                ("italic", "<em>italic</em>"),
                ("inline_code", "<code>code</code>"),
            ],
            Shape::Struck => &[("strike", "<s>gone</s>")],
            Shape::Link => &[
                ("link", "href=\"https://acme.example/plan?a=1&amp;b=2\""),
                ("link", ">the plan</a>"),
            ],
            Shape::Quote => &[("quote", "<blockquote>")],
            Shape::Code => &[("code_block", "<pre")],
            _ => &[],
        }
    }

    /// The file that comes along.
    pub(super) fn file(&self) -> Option<Value> {
        let (Shape::File { bytes } | Shape::OnlyFile { bytes }) = self.shape else { return None };
        let (name, mime) = (self.file_name(), "application/octet-stream");
        Some(json!({"name": name, "mime": mime, "random_bytes": bytes, "seed": bytes}))
    }

    /// The files that the message has from this revision on, where an edit of them changes them: the file
    /// anew, under another name, or none.
    pub(super) fn new_files(&self, side: Side) -> Option<Value> {
        let file = self.file().filter(|_| self.changes_files(side))?;
        let none = self.revision.is_multiple_of(3);
        Some(if none { json!([]) } else { json!([file]) })
    }

    /// Whether files change with the edits of this message: on Teams. Where there is no text, what
    /// hangs on the message goes with the post of its file.
    pub(super) fn changes_files(&self, side: Side) -> bool {
        side == Side::Teams && self.revision > 0 && matches!(self.shape, Shape::File { .. })
    }

    pub(super) fn file_name(&self) -> String {
        format!("{}.bin", self.mark.trim_end_matches(';'))
    }

    /// What a person of this side types.
    pub(super) fn typed(&self, side: Side) -> Value {
        let (writing, tail) = (side.writing(), self.tail());
        // What cannot be written there is written in words alone.
        let plain = || writing.plain(&self.lines().join("\n"));
        let mut typed = match self.shape {
            Shape::OnlyFile { .. } => json!({}),
            Shape::Styled => writing.styled(&tail),
            Shape::Struck => writing.struck(&tail).unwrap_or_else(plain),
            Shape::Link => writing.link(LABEL, TARGET, &tail),
            Shape::Quote => writing.quote(QUOTED, &tail),
            Shape::Code => writing.code_block(&tail, CODE).unwrap_or_else(plain),
            _ => plain(),
        };
        if let Some(file) = self.file() {
            typed["files"] = json!([file]);
        }
        typed
    }
}

/// What every text and file name of a message carries, whatever its revision.
pub(super) fn mark(number: usize) -> String {
    format!("m{number:05};")
}

/// The messages whose marks are in a text or a file's name.
pub(super) fn marks_in(text: &str) -> Vec<usize> {
    let marked = |at: usize| {
        let digits = text.get(at + 1..at + 6)?;
        let ends = text.get(at + 6..)?.starts_with([';', '.', ' ']);
        digits.parse().ok().filter(|_| ends)
    };
    let mut found: Vec<usize> = text.match_indices('m').filter_map(|(at, _)| marked(at)).collect();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_in_texts_and_in_names_of_files() {
        let words = Words::new(12, 3, Shape::Plain { words: 7 });
        assert_eq!(marks_in(&words.lines()[0]), [12]);
        let styled = Words::new(7, 0, Shape::Styled).typed(Side::Slack);
        assert_eq!(marks_in(&format!("Ana: {}", styled["text"])), [7]);
        assert_eq!(marks_in("m00012.bin is not here: m00013; m0001; mmm"), [12, 13]);
    }
}

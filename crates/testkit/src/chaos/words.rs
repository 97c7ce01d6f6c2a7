//! What a message says: how people on either side write it, and what must be read on the other.

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

/// Form and length of a message. Numbers that vary come from the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A line of words.
    Plain { words: u64 },
    /// Bold, italic, struck, code.
    Styled,
    /// A link with a name.
    Link,
    /// A quote and a line.
    Quote,
    /// A line and a block of code.
    Code,
    /// So many lines that the other side cannot take them in one message.
    Long { lines: usize },
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

    /// The lines as read, without markup.
    pub(super) fn lines(&self) -> Vec<String> {
        let tag = self.tag();
        match self.shape {
            Shape::Plain { words } => {
                let chosen = (0..3).map(|place| {
                    let index = (words >> (4 * place)) % VOCABULARY.len() as u64;
                    VOCABULARY[usize::try_from(index).unwrap_or(0)]
                });
                vec![format!("{tag} {} end", chosen.collect::<Vec<_>>().join(" "))]
            }
            Shape::Styled => vec![format!("{tag} bold italic gone code end")],
            Shape::Link => vec![format!("{tag} the plan end")],
            Shape::Quote => vec!["said before".into(), format!("{tag} end")],
            Shape::Code => vec![format!("{tag} end"), "let x = 1;".into(), "let y = 2;".into()],
            Shape::Long { lines } => (0..lines)
                .map(|n| format!("line {n:04} of {tag} and so on and so on end"))
                .collect(),
            Shape::File { .. } => vec![format!("{tag} with a file end")],
            Shape::OnlyFile { .. } => Vec::new(),
        }
    }

    /// What must be seen besides the lines.
    pub(super) fn signs(&self) -> &'static [&'static str] {
        match self.shape {
            Shape::Styled => {
                &["<strong>bold</strong>", "<em>italic</em>", "<s>gone</s>", "<code>code</code>"]
            }
            Shape::Link => &["href=\"https://acme.example/plan?a=1&amp;b=2\"", ">the plan</a>"],
            Shape::Quote => &["<blockquote>"],
            Shape::Code => &["<pre"],
            _ => &[],
        }
    }

    /// The file that comes along.
    pub(super) fn file(&self) -> Option<Value> {
        let (Shape::File { bytes } | Shape::OnlyFile { bytes }) = self.shape else { return None };
        let (name, mime) = (self.file_name(), "application/octet-stream");
        Some(json!({"name": name, "mime": mime, "random_bytes": bytes, "seed": bytes}))
    }

    pub(super) fn file_name(&self) -> String {
        format!("{}.bin", self.mark.trim_end_matches(';'))
    }

    /// What a person of this side types.
    pub(super) fn typed(&self, side: Side) -> Value {
        let mut typed = match self.shape {
            Shape::OnlyFile { .. } => json!({}),
            _ if side == Side::Slack => json!({"text": self.mrkdwn()}),
            _ => json!({"html": self.html()}),
        };
        if let Some(file) = self.file() {
            typed["files"] = json!([file]);
        }
        typed
    }

    fn mrkdwn(&self) -> String {
        let tag = self.tag();
        match self.shape {
            Shape::Styled => format!("{tag} *bold* _italic_ ~gone~ `code` end"),
            Shape::Link => {
                format!("{tag} <https://acme.example/plan?a=1&amp;b=2|the plan> end")
            }
            Shape::Quote => format!("&gt; said before\n{tag} end"),
            Shape::Code => format!("{tag} end\n```\nlet x = 1;\nlet y = 2;\n```"),
            _ => escaped(&self.lines().join("\n")),
        }
    }

    fn html(&self) -> String {
        let tag = self.tag();
        match self.shape {
            Shape::Styled => {
                format!("<p>{tag} <b>bold</b> <i>italic</i> <s>gone</s> <code>code</code> end</p>")
            }
            Shape::Link => format!(
                "<p>{tag} <a href=\"https://acme.example/plan?a=1&amp;b=2\">the plan</a> end</p>"
            ),
            Shape::Quote => {
                format!("<blockquote>said before</blockquote><p>{tag} end</p>")
            }
            Shape::Code => format!(
                "<p>{tag} end</p><codeblock class=\"Rust\"><code>let x = 1;<br>let y = 2;</code></codeblock>"
            ),
            _ => {
                let lines: Vec<_> = self.lines().iter().map(|line| escaped(line)).collect();
                format!("<p>{}</p>", lines.join("<br>"))
            }
        }
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_in_texts_and_in_names_of_files() {
        let words = Words::new(12, 3, Shape::Plain { words: 7 });
        assert_eq!(marks_in(&words.lines()[0]), [12]);
        assert_eq!(marks_in(&format!("Ana: {}", Words::new(7, 0, Shape::Styled).mrkdwn())), [7]);
        assert_eq!(marks_in("m00012.bin is not here: m00013; m0001; mmm"), [12, 13]);
    }
}

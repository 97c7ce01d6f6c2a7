//! What people see on an emulated screen.

use serde::Deserialize;
use serde_json::Value;

/// A message as its readers see it. The same shape on every platform.
#[derive(Clone, Debug, Deserialize)]
pub struct Message {
    /// The platform's id.
    pub id: String,
    /// The root of its thread, for a reply.
    pub thread: Option<String>,
    /// A reply that is shown in the channel too.
    #[serde(default)]
    pub broadcast: bool,
    /// Who it is from, as shown.
    pub author: Author,
    /// As read aloud.
    #[serde(default)]
    pub text: String,
    /// As seen, in a small set of tags.
    #[serde(default)]
    pub html: String,
    /// Real mentions: those that call somebody.
    #[serde(default)]
    pub mentions: Vec<Value>,
    /// Reactions.
    #[serde(default)]
    pub reactions: Vec<Reaction>,
    /// Files.
    #[serde(default)]
    pub files: Vec<File>,
    /// Whether it is marked as edited.
    #[serde(default)]
    pub edited: bool,
    /// Whether only a tombstone is left.
    #[serde(default)]
    pub deleted: bool,
}

/// Who a message is from.
#[derive(Clone, Debug, Deserialize)]
pub struct Author {
    /// The name shown.
    #[serde(default)]
    pub name: String,
    /// The picture shown.
    pub avatar: Option<String>,
    /// `APP` or `Guest`.
    pub badge: Option<String>,
}

/// A reaction.
#[derive(Clone, Debug, Deserialize)]
pub struct Reaction {
    /// The emoji, or `:name:`.
    pub emoji: String,
    /// Accounts.
    pub by: Vec<String>,
}

/// A file.
#[derive(Clone, Debug, Deserialize)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub sha256: Option<String>,
}

impl Message {
    /// A line for people who look for what went wrong.
    pub fn line(&self) -> String {
        let reply = if self.thread.is_some() { "  ↳ " } else { "" };
        let gone = if self.deleted { " (deleted)" } else { "" };
        let reactions: Vec<_> = self.reactions.iter().map(|it| it.emoji.as_str()).collect();
        let files: Vec<_> = self.files.iter().map(|it| it.name.as_str()).collect();
        format!(
            "{reply}{}: {} {reactions:?} {files:?}{gone} ⟨{}⟩",
            self.author.name,
            self.text.replace('\n', " ⏎ "),
            self.html
        )
    }

    /// Whether somebody reacted with an emoji.
    pub fn has_reaction(&self, emoji: &str) -> bool {
        self.reactions.iter().any(|it| it.emoji == emoji && !it.by.is_empty())
    }
}

//! A channel as a person sees it: the same shape on all platforms.
//!
//! Only the shape is shared. Each emulator makes `html` from its own native format with its own code.

use serde::Serialize;

/// A channel's messages in the order a person sees them, replies after their root in order of time.
#[derive(Debug, Default, Serialize)]
pub struct View {
    /// Oldest first.
    pub messages: Vec<Seen>,
}

/// One message as seen.
#[derive(Debug, Serialize)]
pub struct Seen {
    /// The platform's message id (Slack: the ts).
    pub id: String,
    /// The root's id when this is a reply.
    pub thread: Option<String>,
    /// A reply also shown in the channel.
    pub broadcast: bool,
    /// Who it is from, as shown.
    pub author: Author,
    /// The native source.
    pub markup: serde_json::Value,
    /// Plain text as read.
    pub text: String,
    /// Canonical simple HTML of what is seen.
    pub html: String,
    /// Who is mentioned: `{"account","name"}` or `{"everyone":"channel|here|team"}`.
    pub mentions: Vec<serde_json::Value>,
    /// Reactions in the order they were first used.
    pub reactions: Vec<Reaction>,
    /// Attached files.
    pub files: Vec<SeenFile>,
    /// Shown as edited.
    pub edited: bool,
    /// A tombstone that is still visible.
    pub deleted: bool,
    /// When it was sent, RFC 3339, emulated time.
    pub at: String,
    /// Teams: the subject line.
    pub subject: Option<String>,
    /// Teams: `normal`, `high`, `urgent`.
    pub importance: Option<String>,
}

/// The author as shown.
#[derive(Debug, Serialize)]
pub struct Author {
    /// The platform's account id.
    pub account: String,
    /// The name that is shown.
    pub name: String,
    /// The picture that is shown.
    pub avatar: Option<String>,
    /// `APP`, `Guest`, or nothing.
    pub badge: Option<&'static str>,
}

/// One reaction with everybody who gave it.
#[derive(Debug, Serialize)]
pub struct Reaction {
    /// Unicode, or `:name:` when it is the workspace's own.
    pub emoji: String,
    /// Account ids in order.
    pub by: Vec<String>,
}

/// A file as shown.
#[derive(Debug, Serialize)]
pub struct SeenFile {
    /// File name.
    pub name: String,
    /// Media type.
    pub mime: String,
    /// Bytes.
    pub size: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

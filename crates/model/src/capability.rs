//! What a platform can do, as data: the relay asks this table and never a platform's name.

use std::time::Duration;

use serde::Serialize;

/// What a platform can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// How long one message may be.
    pub text: TextLimit,
    /// How an author's name and picture are shown on what the service identity posts.
    pub author: AuthorStyle,
    /// Changing a posted message. `max_edits` of one message, if the platform counts.
    pub edits: Support,
    /// How often one message can be edited.
    pub max_edits: Option<u32>,
    /// Taking a message away.
    pub deletes: Support,
    /// Replies below a message.
    pub threads: Support,
    /// A reply that is shown in the channel too.
    pub broadcast: Support,
    /// Reactions.
    pub reactions: ReactionSupport,
    /// Files.
    pub files: FileLimits,
    /// Calling everybody by a real mention.
    pub everyone_mentions: Support,
    /// Telling of joins and leaves.
    pub memberships: Support,
    /// How fast one may write.
    pub pacing: Pacing,
}

/// Whether a platform has a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// The platform's own.
    Native,
    /// Shown by other means; the text says how, for the compatibility page.
    Emulated(&'static str),
    /// Impossible; the text says why.
    None(&'static str),
}

/// The length of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TextLimit {
    /// How much.
    pub max: usize,
    /// Of what.
    pub unit: LengthUnit,
}

/// What a length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthUnit {
    /// Unicode scalar values.
    Characters,
    /// UTF-8 bytes, markup included.
    Bytes,
}

/// How an author is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorStyle {
    /// As the message's own name and picture.
    Native,
    /// By name in the text.
    InText,
}

/// Reactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReactionSupport {
    /// Unicode reactions.
    pub unicode: Support,
    /// Reactions by an emoji of the workspace's own.
    pub custom: Support,
    /// Whether they are told in short replies, which only a channel sync's setting asks for.
    pub in_replies: bool,
}

/// Files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FileLimits {
    /// Whether files can be posted.
    pub support: Support,
    /// Bytes of one file.
    pub max_bytes: u64,
    /// Files of one message.
    pub per_message: usize,
}

/// How fast one may write, from the platform's published limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pacing {
    /// For one conversation: every window holds.
    pub conversation: Vec<Window>,
    /// For one connection: every window holds.
    pub connection: Vec<Window>,
    /// For reading the past of conversations, over one connection: every window holds.
    pub history: Vec<Window>,
}

/// At most `count` calls in any span of `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Calls.
    pub count: u32,
    /// In this time.
    pub per: Duration,
}

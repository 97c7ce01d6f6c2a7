//! What a platform can do, as data: the relay asks this table and never a platform's name.

use std::time::Duration;

use serde::Serialize;

use crate::Abilities;

/// What a platform can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// How long one message of Rialto's may be.
    pub text: TextLimit,
    /// How long a message people there can write.
    pub longest: TextLimit,
    /// How often one message can be edited, if the platform counts.
    pub max_edits: Option<u32>,
    /// Whether reactions are told in short replies, which only a channel sync's setting asks for.
    pub reactions_in_replies: bool,
    /// Files.
    pub files: FileLimits,
    /// What people can do there, and what can be shown of what others do elsewhere.
    pub abilities: Abilities,
    /// How fast one may write.
    pub pacing: Pacing,
}

/// Whether a platform has a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// The platform's own.
    Native,
    /// By other means; the text says how, for the compatibility page.
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

impl TextLimit {
    /// In bytes, whatever is written.
    fn most_bytes(self) -> usize {
        match self.unit {
            // A character beyond the first 65 536 counts twice where UTF-16 is counted.
            LengthUnit::Characters => self.max.saturating_mul(3),
            LengthUnit::Bytes => self.max,
        }
    }

    /// Whether a text that is as long as another limit allows is within this one, with so much room
    /// left.
    pub(crate) fn takes(self, other: Self, room: usize) -> bool {
        let most = match self.unit {
            LengthUnit::Characters => other.max,
            LengthUnit::Bytes => other.most_bytes(),
        };
        most.saturating_add(room) <= self.max
    }
}

/// What a length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthUnit {
    /// Characters, as the platform counts them: at most UTF-16's units.
    Characters,
    /// UTF-8 bytes, markup included.
    Bytes,
}

/// Files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FileLimits {
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

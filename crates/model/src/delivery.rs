//! Outgoing work and its history.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Author, Content, ConversationRef, DeliveryId, Emoji, MessageId, Revision, RichText};

/// A unit of outgoing work, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id; travels with the message where the platform carries metadata.
    pub id: DeliveryId,
    /// Its place in the order of all deliveries: lower goes first in its lane.
    pub seq: i64,
    /// The message it is about.
    pub message: MessageId,
    /// Where the message was said.
    pub from: ConversationRef,
    /// Where it goes: its lane.
    pub to: ConversationRef,
    /// What kind of work.
    pub kind: WorkKind,
    /// How far it is.
    pub state: DeliveryState,
    /// Why it was parked or cancelled.
    pub reason: Option<String>,
    /// Calls made so far that did not succeed.
    pub attempts: u32,
    /// When the thing happened that it tells of.
    pub happened_at: Timestamp,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
    /// Whether the sender was told that it is not there.
    pub told: bool,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waiting for its turn, or under way.
    Pending,
    /// Done.
    Delivered,
    /// Can never succeed as things are; kept for a while so that Retry works.
    Parked,
    /// Not wanted any more: the channel sync was removed, or the message deleted before it went.
    Cancelled,
}

/// What kind of work a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// A new message.
    Post,
    /// A message changed.
    Edit,
    /// A message taken away.
    Delete,
    /// A reaction added.
    React,
    /// A reaction taken back.
    Unreact,
    /// A notice to whoever wrote the message.
    Notice,
}

/// What a delivery does; sealed while it waits, erased when it is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Post the message.
    Post {
        /// Who says it.
        author: Author,
        /// What.
        content: Content,
        /// The message whose thread it belongs to.
        thread: Option<MessageId>,
        /// Shown in the channel too.
        broadcast: bool,
        /// It is a reply to a message that Rialto does not know.
        orphan: bool,
    },
    /// Make the message's copies read so.
    Edit {
        /// Who says it.
        author: Author,
        /// What.
        content: Content,
        /// The message whose thread it belongs to.
        thread: Option<MessageId>,
        /// Shown in the channel too.
        broadcast: bool,
        /// It is a reply to a message that Rialto does not know.
        orphan: bool,
        /// Which edit.
        revision: Revision,
    },
    /// Take the message's copies away.
    Delete,
    /// Add a reaction.
    React {
        /// Which.
        emoji: Emoji,
    },
    /// Take a reaction back.
    Unreact {
        /// Which.
        emoji: Emoji,
    },
    /// Tell whoever wrote the message what became of it, in their own conversation with Rialto.
    Notice {
        /// What.
        text: RichText,
        /// Which of the message's notices: it is posted once.
        number: u16,
    },
}

impl Work {
    /// What kind this is.
    pub fn kind(&self) -> WorkKind {
        match self {
            Self::Post { .. } => WorkKind::Post,
            Self::Edit { .. } => WorkKind::Edit,
            Self::Delete => WorkKind::Delete,
            Self::React { .. } => WorkKind::React,
            Self::Unreact { .. } => WorkKind::Unreact,
            Self::Notice { .. } => WorkKind::Notice,
        }
    }
}

/// One call that was made for a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub outcome: AttemptOutcome,
    /// In words, without content.
    pub detail: String,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The platform did it.
    Done,
    /// The platform asked to wait.
    RateLimited,
    /// It failed and may succeed later.
    Transient,
    /// Nobody knows whether it was done.
    Unknown,
    /// The authorization is gone.
    Revoked,
    /// It can never succeed.
    Permanent,
}

/// Which of a message's parts: long texts and files need several posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKey {
    /// A piece of the text, from 0.
    Text(u16),
    /// A post of files, from 0.
    Files(u16),
    /// The channel's copy of a broadcast reply, from 0.
    Broadcast(u16),
}

impl PartKey {
    /// As one number, for the database.
    pub fn to_i64(self) -> i64 {
        match self {
            Self::Text(n) => i64::from(n),
            Self::Files(n) => 0x1_0000 + i64::from(n),
            Self::Broadcast(n) => 0x2_0000 + i64::from(n),
        }
    }

    /// From the number in the database.
    pub fn from_i64(number: i64) -> Option<Self> {
        let index = u16::try_from(number & 0xFFFF).ok()?;
        match number >> 16 {
            0 => Some(Self::Text(index)),
            1 => Some(Self::Files(index)),
            2 => Some(Self::Broadcast(index)),
            _ => None,
        }
    }
}

/// What a message reads like, in a form that survives the platform's own rewriting: a digest that
/// its connector computes alike from what it sends and from what it reads back.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({:.8})", self.0)
    }
}

/// The proof that it is written down that a post is about to be made: only with it can one be made.
#[derive(Debug, PartialEq, Eq)]
pub struct Begun {
    delivery: DeliveryId,
    part: PartKey,
    at: Timestamp,
}

impl Begun {
    /// For stores alone, after the commit.
    pub fn committed(delivery: DeliveryId, part: PartKey, at: Timestamp) -> Self {
        Self { delivery, part, at }
    }

    /// The delivery.
    pub fn delivery(&self) -> DeliveryId {
        self.delivery
    }

    /// The part of it.
    pub fn part(&self) -> PartKey {
        self.part
    }

    /// When this was first written down: what was posted before is not ours.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_keys_survive_the_database() {
        for key in
            [PartKey::Text(0), PartKey::Text(65_535), PartKey::Files(3), PartKey::Broadcast(1)]
        {
            assert_eq!(PartKey::from_i64(key.to_i64()), Some(key));
        }
        assert_eq!(PartKey::from_i64(-1), None);
        assert_eq!(PartKey::from_i64(3 << 16), None);
    }
}

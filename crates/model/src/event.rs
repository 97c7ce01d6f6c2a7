//! Canonical facts about conversations: what connectors make of webhooks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Author, Content, DeliveryId, Emoji, Fingerprint, RemoteId};

/// Something that happened in, or is true of, a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Where.
    pub conversation: RemoteId,
    /// When it happened, by the platform's clock.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A message reads so, at this revision: posted when new to us, edited when a later revision of
    /// one we know, nothing when we know it already. So doubled, late and swept events agree.
    Message(Box<MessageState>),
    /// A message is gone.
    Deleted {
        /// The message.
        message: RemoteId,
    },
    /// Somebody added a reaction, or took it back.
    Reaction {
        /// The message.
        message: RemoteId,
        /// Who.
        account: RemoteId,
        /// Which.
        emoji: Emoji,
        /// Added, or taken back.
        present: bool,
    },
    /// All reactions on a message, from platforms that tell the state and not the change.
    Reactions {
        /// The message.
        message: RemoteId,
        /// Everybody's reactions, the platform's own order. Those of our own identity left out.
        reactions: Vec<ReactionState>,
    },
    /// Somebody joined or left.
    Membership {
        /// Who.
        author: Author,
        /// Joined, or left.
        joined: bool,
    },
    /// Something about the connection or the conversation that the engine must act upon.
    Signal(Signal),
    /// Nothing that is relayed; the reason is counted.
    Ignored {
        /// Why, in a few words that never contain content: a metric's label.
        reason: String,
    },
}

/// A message as it reads at one revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageState {
    /// The platform's id, unique in the conversation.
    pub id: RemoteId,
    /// Which edit this is.
    pub revision: Revision,
    /// When it was posted (`Event::at` is when it came to read so).
    pub posted_at: Timestamp,
    /// The message that began the thread this one replies to.
    pub thread: Option<RemoteId>,
    /// When that one was posted, where the platform tells.
    #[serde(default)]
    pub thread_began: Option<Timestamp>,
    /// A thread reply also shown in the channel.
    pub broadcast: bool,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub content: Content,
    /// Whether we posted it ourselves.
    pub own: Own,
}

/// A counter that grows with every edit: 0 for the original, else the edit's time in microseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl Revision {
    /// After every edit: that of messages whose edits concern nobody.
    pub const LAST: Self = Self(i64::MAX);
}

/// What a message tells of having been posted by Rialto.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Own {
    /// By somebody else.
    No,
    /// By an identity that nobody but Rialto uses. `delivery` when the message carries it.
    App {
        /// The delivery that posted it.
        delivery: Option<DeliveryId>,
    },
    /// By an account that a human can use too (a service user): ours only if it is one of our
    /// copies, or equals something we are sending.
    Account {
        /// What it reads like, comparable with what we send.
        fingerprint: Fingerprint,
    },
}

/// One person's reaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReactionState {
    /// Who.
    pub account: RemoteId,
    /// Which.
    pub emoji: Emoji,
}

/// What the engine must act upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Subscriptions need attention now (reauthorize, recreate), or the authorization is said to be gone: that
    /// may be told late, when it was given anew, so that only the platform's answer to a call decides.
    Upkeep,
    /// Events may have been lost in this conversation.
    Missed,
    /// The conversation has a new id; the old one is dead.
    Moved {
        /// The new id.
        to: RemoteId,
    },
    /// The conversation was archived, deleted, or we were removed from it.
    Closed {
        /// Why, for the admin.
        reason: String,
    },
    /// An account changed: what is cached about it is stale.
    AccountChanged {
        /// Whose.
        account: RemoteId,
    },
}

//! One conversation of a channel or chat: its messages, their order and the log that delta queries read.
//! Posting, editing and reacting cost O(log n): nothing here scans the messages.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

/// Where a conversation happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Channel { team: String, channel: String },
    Chat { chat: String },
}

impl Place {
    /// The channel's or chat's id.
    pub fn id(&self) -> &str {
        match self {
            Self::Channel { channel, .. } => channel,
            Self::Chat { chat } => chat,
        }
    }
}

pub(crate) struct Conversation {
    pub place: Place,
    pub messages: BTreeMap<u64, Message>,
    /// Ids of messages that are no replies, in order of creation.
    pub roots: BTreeSet<u64>,
    /// Every message by the moment of its last change.
    pub by_change: BTreeMap<u64, u64>,
    /// Roots by the last change of the root itself.
    pub root_changes: BTreeMap<u64, u64>,
    /// Roots by the last change anywhere in their thread.
    pub thread_changes: BTreeMap<u64, u64>,
    last_id: u64,
    change: u64,
}

/// The text of a message as stored: sanitised HTML or plain text.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Body {
    pub html: bool,
    pub content: String,
}

#[derive(Clone)]
pub(crate) struct Hosted {
    pub id: String,
    pub mime: String,
    pub bytes: Bytes,
}

#[derive(Clone)]
pub(crate) struct Reaction {
    pub emoji: String,
    pub user: String,
    pub at: Timestamp,
}

/// What is given to post a message; everything else the conversation adds.
#[derive(Clone, Default)]
pub(crate) struct Draft {
    pub subject: Option<String>,
    pub summary: Option<String>,
    pub importance: &'static str,
    pub body: Body,
    pub attachments: Vec<Value>,
    pub mentions: Vec<Value>,
    pub hosted: Vec<Hosted>,
}

pub(crate) struct Message {
    pub id: u64,
    pub reply_to: Option<u64>,
    /// The author's object id; `None` for system messages.
    pub author: Option<String>,
    /// Set on system messages: Graph's `eventDetail`.
    pub event: Option<Value>,
    pub draft: Draft,
    pub locale: String,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub edited: Option<Timestamp>,
    pub deleted: Option<Timestamp>,
    pub reactions: Vec<Reaction>,
    pub replies: BTreeSet<u64>,
    /// The key of this message in `by_change`.
    pub seq: u64,
    thread_seq: u64,
}

impl Conversation {
    pub fn new(place: Place) -> Self {
        Self {
            place,
            messages: BTreeMap::new(),
            roots: BTreeSet::new(),
            by_change: BTreeMap::new(),
            root_changes: BTreeMap::new(),
            thread_changes: BTreeMap::new(),
            last_id: 0,
            change: 0,
        }
    }

    /// The number of the latest change; a delta token.
    pub fn latest_change(&self) -> u64 {
        self.change
    }

    /// Adds a message and gives its id: the millisecond of its creation, made unique.
    pub fn add(
        &mut self,
        now: Timestamp,
        author: Option<String>,
        locale: &str,
        reply_to: Option<u64>,
        draft: Draft,
        event: Option<Value>,
    ) -> u64 {
        let id = u64::try_from(now.as_millisecond()).unwrap_or(0).max(self.last_id + 1);
        self.last_id = id;
        let at = milliseconds(id);
        self.messages.insert(
            id,
            Message {
                id,
                reply_to,
                author,
                event,
                draft,
                locale: locale.to_owned(),
                created: at,
                modified: at,
                edited: None,
                deleted: None,
                reactions: Vec::new(),
                replies: BTreeSet::new(),
                seq: 0,
                thread_seq: 0,
            },
        );
        match reply_to {
            None => {
                self.roots.insert(id);
            }
            Some(root) => {
                if let Some(root) = self.messages.get_mut(&root) {
                    root.replies.insert(id);
                }
            }
        }
        self.log(id);
        id
    }

    /// Changes a message, moves its `lastModifiedDateTime` and logs the change. `None` if there is no such message.
    pub fn change<T>(
        &mut self,
        id: u64,
        now: Timestamp,
        act: impl FnOnce(&mut Message, Timestamp) -> T,
    ) -> Option<T> {
        let message = self.messages.get_mut(&id)?;
        let at = now
            .max(milliseconds(u64::try_from(message.modified.as_millisecond()).unwrap_or(0) + 1));
        let at = milliseconds(u64::try_from(at.as_millisecond()).unwrap_or(0));
        message.modified = at;
        let out = act(message, at);
        self.log(id);
        Some(out)
    }

    fn log(&mut self, id: u64) {
        self.change += 1;
        let seq = self.change;
        let Some(message) = self.messages.get_mut(&id) else { return };
        self.by_change.remove(&message.seq);
        if message.reply_to.is_none() {
            self.root_changes.remove(&message.seq);
            self.root_changes.insert(seq, id);
        }
        message.seq = seq;
        self.by_change.insert(seq, id);
        let root = message.reply_to.unwrap_or(id);
        if let Some(root) = self.messages.get_mut(&root) {
            self.thread_changes.remove(&root.thread_seq);
            root.thread_seq = seq;
            self.thread_changes.insert(seq, root.id);
        }
    }
}

/// Milliseconds since 1970 as a timestamp; out of range becomes 1970.
pub(crate) fn milliseconds(ms: u64) -> Timestamp {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

//! What the verbs of the port take and give.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rialto_model::{
    Account, AppId, Attempt, ChannelSyncId, ConnectionId, ConversationRef, Delivery, DeliveryId,
    DeliveryState, Emoji, Fingerprint, MessageId, OrganizationId, PartKey, RemoteId, Revision,
    Work,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// An application registered with a vendor.
#[derive(Clone, Debug)]
pub struct App {
    /// Its id; part of its webhook address.
    pub id: AppId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The platform's short name.
    pub platform: String,
    /// A name for people.
    pub name: String,
    /// Public settings, by the names of the platform's manifest.
    pub settings: BTreeMap<String, String>,
    /// Secret settings, likewise. Sealed.
    pub secrets: BTreeMap<String, SecretString>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// An authorized workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The application it was authorized for. One connection per (app, workspace).
    pub app: AppId,
    /// The platform's short name.
    pub platform: String,
    /// The platform's id of the workspace, as webhooks name it.
    pub workspace: RemoteId,
    /// A name for people.
    pub name: String,
    /// Whether it works.
    pub state: ConnectionState,
    /// When it was first authorized.
    pub created_at: Timestamp,
}

/// Whether a connection works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ConnectionState {
    /// It does.
    Active,
    /// The authorization is gone: deliveries wait until an admin reconnects.
    NeedsReconnect {
        /// What the platform said.
        reason: String,
        /// When that was noticed.
        since: Timestamp,
    },
}

/// A verified webhook to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInbound {
    /// Whose.
    pub connection: ConnectionId,
    /// The conversation whose order it belongs to; empty for things about the connection.
    pub conversation: RemoteId,
    /// Identity within the conversation: message id and revision, never the delivery's own id.
    pub key: String,
    /// As received. Sealed.
    pub payload: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
    /// Found by a sweep, not brought by a webhook: `payload` is canonical events then. It goes
    /// before the webhooks that wait, for it was said before most of them.
    pub swept: bool,
}

impl NewInbound {
    /// The conversation whose order it belongs to.
    pub fn at(&self) -> ConversationRef {
        let conversation = self.conversation.clone();
        ConversationRef { connection: self.connection, conversation }
    }

    /// Its place among what waits in its conversation, by the number that `append_inbound` gave.
    pub fn place(&self, seq: i64) -> i64 {
        if self.swept { seq - i64::MAX / 2 } else { seq }
    }
}

/// How far the history of a conversation was compared with what was heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepRecord {
    /// Everything until then was seen, by a webhook or by a sweep.
    pub checked_until: Timestamp,
    /// Messages and changes that no webhook brought, since the beginning.
    pub recovered: u64,
    /// Since when messages come that no webhook tells of; `None` when webhooks come.
    pub deaf_since: Option<Timestamp>,
}

/// What became of a webhook that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Kept, with its place in the order.
    New(i64),
    /// One of the same identity is waiting already.
    Duplicate,
}

/// A webhook that waits to be processed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// Its place in the order.
    pub seq: i64,
    /// What was kept.
    pub row: NewInbound,
}

/// What is known of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageView {
    /// Its id.
    pub id: MessageId,
    /// Where it was said.
    pub origin: ConversationRef,
    /// The latest revision that was planned.
    pub revision: Revision,
    /// Whether it is gone.
    pub deleted: bool,
    /// Who wrote it, on the origin's connection.
    pub author: Option<RemoteId>,
    /// The message that began its thread.
    pub thread: Option<MessageId>,
    /// When it was said.
    pub posted_at: Timestamp,
    /// Everywhere it lives, the original included, in order of their parts.
    pub copies: Vec<Copy>,
    /// Who reacted with what; those who took it back too, with `present` false.
    pub reactors: Vec<Reactor>,
}

/// Where a message lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// The message.
    pub message: MessageId,
    /// The conversation.
    pub at: ConversationRef,
    /// Which part of it.
    pub part: PartKey,
    /// The platform's id. Unique in the conversation.
    pub remote: RemoteId,
    /// The revision it shows.
    pub revision: Revision,
    /// Whether it is what the person wrote, not ours.
    pub origin: bool,
    /// Whether its post said when the message was said: then so do its edits.
    pub says_when: bool,
    /// Whether an edit posted it: what hangs on the message hangs on what was there before.
    pub by_edit: bool,
    /// The files that it was posted with, in that order.
    pub files: Vec<CopiedFile>,
}

/// A file that a copy was posted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedFile {
    /// A digest of what the source calls it.
    pub digest: u64,
    /// Whether it came; else the copy says in words why not.
    pub came: bool,
}

/// Somebody's reaction on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reactor {
    /// Where they reacted.
    pub at: ConversationRef,
    /// On which of the message's copies there: it may have several parts.
    pub remote: RemoteId,
    /// Who.
    pub account: RemoteId,
    /// With what.
    pub emoji: Emoji,
    /// Whether it is there now.
    pub present: bool,
    /// When that was said last, by the platform's clock.
    pub changed_at: Timestamp,
}

/// What the relay decided about one webhook: kept in one transaction, together with *it is done*.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Changes to what is known.
    pub changes: Vec<Change>,
    /// Work to do, in order.
    pub deliveries: Vec<NewDelivery>,
    /// Reasons for what is not relayed, one for each event. Counted.
    pub drops: Vec<String>,
}

impl Plan {
    /// Adds another event's plan behind this one.
    pub fn extend(&mut self, other: Self) {
        self.changes.extend(other.changes);
        self.deliveries.extend(other.deliveries);
        self.drops.extend(other.drops);
    }
}

/// A change to what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A message that was not known. Its original becomes a copy, part `Text(0)`. A conflict when
    /// the message is known, or its remote id is a copy already.
    NewMessage {
        /// Its id.
        id: MessageId,
        /// Where it was said.
        origin: ConversationRef,
        /// Its id there.
        remote: RemoteId,
        /// The revision first seen.
        revision: Revision,
        /// Who wrote it.
        author: Option<RemoteId>,
        /// The message that began its thread.
        thread: Option<MessageId>,
        /// When.
        posted_at: Timestamp,
        /// Whether it is gone already (its deletion came first).
        deleted: bool,
    },
    /// A later revision was seen: the message and its original come to it, unless they are past it.
    Revised {
        /// Of which message.
        message: MessageId,
        /// Which.
        revision: Revision,
    },
    /// The message is gone: its posts, edits and notices that wait or are parked are cancelled and
    /// their content erased. A post that has begun is not cancelled. They are settled at the time of the store's clock.
    Deleted {
        /// Which.
        message: MessageId,
    },
    /// A reaction came or went. Ignored when something later is known.
    Reaction {
        /// On which message.
        message: MessageId,
        /// Who, with what, and whether it is there.
        reactor: Reactor,
    },
    /// Our own post was seen before its answer: the copy is recorded, once.
    Claimed(NewCopy),
}

impl Change {
    /// Whether somebody said or did something: not so for a post of our own.
    pub(crate) fn is_news(&self) -> bool {
        !matches!(self, Self::Claimed(_))
    }
}

/// Work to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// The message it is about: one that is known, or made by the same plan.
    pub message: MessageId,
    /// Where the message was said.
    pub from: ConversationRef,
    /// Where it goes.
    pub to: ConversationRef,
    /// When the thing happened.
    pub happened_at: Timestamp,
    /// When it was planned.
    pub created_at: Timestamp,
    /// What to do. Sealed.
    pub work: Work,
}

/// A delivery that waits, with what is needed to do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingDelivery {
    /// The delivery.
    pub delivery: Delivery,
    /// What to do.
    pub work: Work,
    /// Posts that were begun, perhaps made, and not recorded.
    pub begun: Vec<BegunPart>,
}

/// A post that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BegunPart {
    /// Which part.
    pub part: PartKey,
    /// What it reads like.
    pub fingerprint: Fingerprint,
    /// What the destination knows its uploaded files by, one entry a file. Sealed.
    pub handles: Vec<String>,
    /// Whether it says when the message was said.
    pub says_when: bool,
    /// When it was first begun.
    pub at: Timestamp,
}

/// A post that was begun in a conversation and whose copy is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The message.
    pub message: MessageId,
    /// The part.
    pub part: PartKey,
    /// What it reads like.
    pub fingerprint: Fingerprint,
    /// What the destination knows its uploaded files by, one entry a file.
    pub handles: Vec<String>,
    /// Whether it says when the message was said.
    pub says_when: bool,
    /// When it was first begun.
    pub at: Timestamp,
    /// How far its delivery is: of one that is parked, or cancelled, nothing becomes by itself.
    pub state: DeliveryState,
}

/// A copy to record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCopy {
    /// The delivery that made it.
    pub delivery: DeliveryId,
    /// Which part.
    pub part: PartKey,
    /// The platform's id.
    pub remote: RemoteId,
    /// The revision it shows.
    pub revision: Revision,
    /// Whether it says when the message was said.
    pub says_when: bool,
    /// The files that it was posted with, in that order.
    pub files: Vec<CopiedFile>,
}

/// A step of a delivery: all of it in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Posts that were made. The same copy again is no error; of two messages that claim one remote
    /// id, the first keeps it.
    pub copies: Vec<NewCopy>,
    /// Copies that now show another revision.
    pub revised: Vec<(RemoteId, Revision)>,
    /// Copies that have fewer files now: those that are left.
    pub files_left: Vec<(RemoteId, Vec<CopiedFile>)>,
    /// Copies that are no part of the message any more. They stay known: what is told of them late
    /// is about our own posts.
    pub gone: Vec<RemoteId>,
    /// Posts that were begun and are known not to have happened.
    pub unbegun: Vec<PartKey>,
    /// The call that was made. Counted as an attempt unless it is `Done`.
    pub attempt: Option<Attempt>,
    /// What tells the sender that it is not there; kept while the delivery waits.
    pub told: Vec<NewDelivery>,
    /// The end of the delivery; its content is erased unless it is parked, and what was begun for it
    /// forgotten. When it has ended already, the first end stays. A conflict when it is `Pending`.
    pub settled: Option<Settled>,
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Delivered, parked or cancelled.
    pub state: DeliveryState,
    /// Why, when it was not delivered.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A lane that has work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Which.
    pub to: ConversationRef,
    /// How much waits.
    pub pending: u64,
    /// Until when the platform asked to wait.
    pub held_until: Option<Timestamp>,
}

/// An account, and when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAccount {
    /// The account.
    pub account: Account,
    /// When it was read from the platform.
    pub fetched_at: Timestamp,
}

/// Which deliveries to list. Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only in this state.
    pub state: Option<DeliveryState>,
    /// Only to or from endpoints of this channel sync.
    pub channel_sync: Option<ChannelSyncId>,
    /// Only of this message.
    pub message: Option<MessageId>,
    /// Only before this place in the order (exclusive): the last `seq` of the page before.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// Figures of a channel sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSyncTraffic {
    /// Deliveries that wait.
    pub pending: u64,
    /// Deliveries done.
    pub delivered: u64,
    /// Deliveries that can never succeed as things are.
    pub parked: u64,
    /// When the last one was done.
    pub last_delivered_at: Option<Timestamp>,
    /// What sweeps found and is not planned yet.
    pub missing: u64,
    /// What no webhook brought and a sweep found, since the beginning.
    pub recovered: u64,
    /// Until when every endpoint's history was checked; `None` while one was not checked yet.
    pub checked_until: Option<Timestamp>,
    /// Since when an endpoint is deaf.
    pub deaf_since: Option<Timestamp>,
}

/// What waits, over all channel syncs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// When the oldest delivery that waits was planned, but for what an admin paused.
    pub oldest_waiting: Option<Timestamp>,
    /// Deliveries that are parked.
    pub parked: u64,
    /// What sweeps found and is not planned yet.
    pub missing: u64,
}

/// How often something was not relayed, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropCount {
    /// Why.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// An authorization that an admin has begun at a vendor's page.
#[derive(Clone, Debug)]
pub struct PendingAuthorization {
    /// The unguessable value that comes back.
    pub state: String,
    /// For which application.
    pub app: AppId,
    /// The PKCE verifier and whatever else the connector must remember. Sealed.
    pub secret: SecretString,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// Who changed what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who, and from where: `admin-token from 127.0.0.1`.
    pub who: String,
    /// What was done: `channel-sync.pause`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More, as JSON; never a secret.
    pub detail: serde_json::Value,
}

impl MessageView {
    /// Puts copies and reactors into an order that every store gives alike.
    pub(crate) fn sort(&mut self) {
        sort_copies(&mut self.copies);
        self.reactors.sort_by_cached_key(|reactor| {
            let Reactor { at, remote, account, emoji, .. } = reactor;
            (at.clone(), remote.clone(), account.clone(), emoji_key(emoji))
        });
    }
}

/// By part; of one part the original first.
pub(crate) fn sort_copies(copies: &mut [Copy]) {
    copies.sort_by(|a, b| {
        (a.part, !a.origin, &a.at, &a.remote).cmp(&(b.part, !b.origin, &b.at, &b.remote))
    });
}

/// An emoji as one text that no other emoji shares.
pub(crate) fn emoji_key(emoji: &Emoji) -> String {
    match emoji {
        Emoji::Unicode(text) => format!("u{text}"),
        Emoji::Custom(name) => format!("c{name}"),
    }
}

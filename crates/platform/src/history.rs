//! The past of a conversation, as the platform shows it now.

use jiff::Timestamp;
use rialto_model::{Event, RemoteId};

/// What of the past is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryRequest<'a> {
    /// The conversation.
    pub conversation: &'a RemoteId,
    /// What was posted or changed since then. Where a platform lists messages by when they were
    /// posted only, changes are looked for in messages that are up to a day older.
    pub since: Timestamp,
    /// Whether also threads without a new reply are read, for replies that were edited or deleted.
    /// After a gap they are; on schedule it would cost too many calls.
    pub whole: bool,
    /// What the page before named as `next`.
    pub page: Option<&'a str>,
}

/// Part of the past: what one call of the platform's API brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// Facts in no particular order, as webhooks would have told them; a message's reactions as
    /// `EventKind::Reactions`. What Rialto posted itself may be among them.
    pub events: Vec<Event>,
    /// Everything posted from then on is among the events of all pages, but for replies in threads
    /// that are not in `threads`: so what is missing was deleted. `None` where the platform tells
    /// of deletions itself.
    pub complete_since: Option<Timestamp>,
    /// Threads, by the message that began them, all of whose replies are among the events.
    pub threads: Vec<RemoteId>,
    /// What to ask for next; `None` at the end.
    pub next: Option<String>,
}

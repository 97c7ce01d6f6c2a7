//! A reply to a message that is not known tells that something was missed, or is late: it waits until
//! the conversation was swept, and for posts of ours that are under way there, so that it goes below
//! what it replies to.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;
use rialto_model::{ConversationRef, Event, EventKind, RemoteId};
use rialto_platform::ReadError;
use rialto_store::NewInbound;
use tokio::time::Instant;

use super::{Due, Why};
use crate::{plan::is_older, relay::Relay};

/// How long a reply waits for the sweep.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it waits for posts of ours that are under way: it may reply to one of them.
const UNDER_WAY: Duration = Duration::from_secs(300);
/// How many roots are remembered that no sweep found.
const REMEMBERED: usize = 10_000;

/// Roots that are looked for: once is enough.
#[derive(Default)]
pub(super) struct Searched(Mutex<HashMap<(ConversationRef, RemoteId), Search>>);

#[derive(Clone, Copy)]
struct Search {
    began: Instant,
    /// A sweep did not find it.
    is_over: bool,
}

impl Searched {
    fn search(&self, at: &ConversationRef, root: &RemoteId) -> Search {
        let mut searched = self.0.lock();
        if searched.len() >= REMEMBERED {
            searched.clear();
        }
        let new = Search { began: Instant::now(), is_over: false };
        *searched.entry((at.clone(), root.clone())).or_insert(new)
    }

    fn is_over(&self, at: &ConversationRef, root: &RemoteId) {
        if let Some(search) = self.0.lock().get_mut(&(at.clone(), root.clone())) {
            search.is_over = true;
        }
    }
}

/// What to do about a reply to something that is not known.
pub(crate) enum Root {
    /// Nothing: it is known, or cannot be.
    Settled,
    /// The conversation was swept: what was found goes first.
    Swept,
    /// Posts of ours are under way there: look again when they are done.
    UnderWay,
}

impl Relay {
    /// Sweeps the conversation if the event is a reply to something that should be known and is not.
    /// `row`: what told of it; a sweep has looked already.
    pub(crate) async fn look_for_root(&self, event: &Event, row: &NewInbound) -> Root {
        let EventKind::Message(state) = &event.kind else { return Root::Settled };
        let Some(root) = &state.thread else { return Root::Settled };
        let connection = row.connection;
        let at = ConversationRef { connection, conversation: event.conversation.clone() };
        let view = self.roster().view();
        let Some((_, endpoint)) = view.endpoint(&at) else { return Root::Settled };
        if state.thread_began.is_some_and(|began| is_older(began, endpoint.since)) {
            return Root::Settled;
        }
        // A store that cannot be read says so when the event is planned.
        let store = &self.inner.store;
        if !matches!(store.message_at(&at, root).await, Ok(None)) {
            return Root::Settled;
        }
        let searched = &self.inner.sweeps.searched;
        let search = searched.search(&at, root);
        if row.swept || search.is_over || search.began.elapsed() >= PATIENCE {
            let under_way = store.in_flight(&at).await.is_ok_and(|posts| !posts.is_empty());
            let waits = under_way && search.began.elapsed() < UNDER_WAY;
            return if waits { Root::UnderWay } else { Root::Settled };
        }
        let due = Due { at: at.clone(), why: Why::Gap };
        match tokio::time::timeout_at(search.began + PATIENCE, self.sweep(&due)).await {
            Ok(Err(ReadError::Transient { reason, .. })) => {
                tracing::info!(%connection, reason, "the root of a thread is looked for again");
            }
            Ok(Ok(()) | Err(_)) => searched.is_over(&at, root),
            Err(_) => tracing::info!(%connection, "it takes long to find the root of a thread"),
        }
        let _ = self.inner.intake.wake(&at);
        Root::Swept
    }
}

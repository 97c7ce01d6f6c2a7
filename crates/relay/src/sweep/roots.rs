//! A reply to a message that is not known tells that something was missed, or is late: it waits until
//! the conversation was swept, so that it goes below what it replies to.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;
use rialto_model::{ConversationRef, Event, EventKind, RemoteId};
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

/// Roots that were looked for, and when first: one sweep is enough.
#[derive(Default)]
pub(super) struct Searched(Mutex<HashMap<(ConversationRef, RemoteId), Instant>>);

impl Searched {
    /// When a root was looked for before.
    fn before(&self, at: &ConversationRef, root: &RemoteId) -> Option<Instant> {
        let mut searched = self.0.lock();
        if searched.len() >= REMEMBERED {
            searched.clear();
        }
        let key = (at.clone(), root.clone());
        let before = searched.get(&key).copied();
        searched.entry(key).or_insert_with(Instant::now);
        before
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
        let before = self.inner.sweeps.searched.before(&at, root);
        if row.swept || before.is_some() {
            let under_way = store.in_flight(&at).await.is_ok_and(|posts| !posts.is_empty());
            let waits = under_way && before.is_none_or(|before| before.elapsed() < UNDER_WAY);
            return if waits { Root::UnderWay } else { Root::Settled };
        }
        let due = Due { at: at.clone(), why: Why::Gap };
        match tokio::time::timeout(PATIENCE, self.sweep(&due)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::info!(%connection, ?error, "the root of a thread was not found");
            }
            Err(_) => tracing::info!(%connection, "it takes long to find the root of a thread"),
        }
        let _ = self.inner.intake.wake(&at);
        Root::Swept
    }
}

//! A reply to a message that is not known tells that something was missed, or is late: it waits until
//! the conversation was swept, so that it goes below what it replies to.

use std::{collections::HashSet, time::Duration};

use parking_lot::Mutex;
use rialto_model::{ConnectionId, ConversationRef, Event, EventKind, RemoteId};

use super::{Due, Why};
use crate::{plan::is_older, relay::Relay};

/// How long a reply waits for the sweep.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many roots are remembered that no sweep found.
const REMEMBERED: usize = 10_000;

/// Roots that were looked for: once is enough.
#[derive(Default)]
pub(super) struct Searched(Mutex<HashSet<(ConversationRef, RemoteId)>>);

impl Searched {
    fn is_first(&self, at: &ConversationRef, root: &RemoteId) -> bool {
        let mut searched = self.0.lock();
        if searched.len() >= REMEMBERED {
            searched.clear();
        }
        searched.insert((at.clone(), root.clone()))
    }
}

impl Relay {
    /// Sweeps the conversation if the event is a reply to something that should be known and is not.
    /// Whether it did: what it found goes before the event.
    pub(crate) async fn looked_for_root(&self, event: &Event, connection: ConnectionId) -> bool {
        let EventKind::Message(state) = &event.kind else { return false };
        let Some(root) = &state.thread else { return false };
        let at = ConversationRef { connection, conversation: event.conversation.clone() };
        let view = self.roster().view();
        let Some((_, endpoint)) = view.endpoint(&at) else { return false };
        if state.thread_began.is_some_and(|began| is_older(began, endpoint.since)) {
            return false;
        }
        // A store that cannot be read says so when the event is planned.
        let known = self.inner.store.message_at(&at, root).await;
        if !matches!(known, Ok(None)) || !self.inner.sweeps.searched.is_first(&at, root) {
            return false;
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
        true
    }
}

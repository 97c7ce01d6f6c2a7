//! What was missed while Rialto was down, or not authorized, goes before what is said now: a
//! conversation's webhooks wait for its first sweep, but not for long.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;
use rialto_model::{ConnectionId, ConversationRef};
use tokio::{sync::watch, time::Instant};

use super::{Due, Why, heard};
use crate::relay::Relay;

/// How long webhooks wait for the sweep of their conversation.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gate opens when its sender is dropped.
#[derive(Default)]
pub(super) struct Gates(Mutex<HashMap<ConversationRef, (watch::Sender<()>, Instant)>>);

impl Gates {
    pub(super) fn shut(&self, at: &ConversationRef) {
        let until = Instant::now() + PATIENCE;
        let mut gates = self.0.lock();
        let (_, end) = gates.entry(at.clone()).or_insert_with(|| (watch::Sender::new(()), until));
        *end = until;
    }

    pub(super) fn open(&self, at: &ConversationRef) {
        self.0.lock().remove(at);
    }

    fn waiting_for(&self, at: &ConversationRef) -> Option<(watch::Receiver<()>, Instant)> {
        self.0.lock().get(at).map(|(gate, until)| (gate.subscribe(), *until))
    }
}

impl Relay {
    /// Lets the webhooks of a connection wait for the next sweeps of their conversations: while it
    /// was not authorized none could be made.
    pub(crate) fn shut_gates(&self, connection: ConnectionId) {
        let view = self.roster().view();
        heard(&view, connection).for_each(|at| self.inner.sweeps.gates.shut(&at));
    }

    /// Waits until a conversation was swept since its gate was shut, or for long enough.
    pub(crate) async fn pass_gate(&self, at: &ConversationRef) {
        let Some((mut gate, until)) = self.inner.sweeps.gates.waiting_for(at) else { return };
        self.sweep_soon(Due { at: at.clone(), why: Why::Gap }, true);
        let opened = async { while gate.changed().await.is_ok() {} };
        if tokio::time::timeout_at(until, opened).await.is_err() {
            self.inner.sweeps.gates.open(at);
        }
        // What the sweep found is in the database, before what was read from there.
        let _ = self.inner.intake.wake(at);
    }
}

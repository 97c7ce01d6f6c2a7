//! Looking after connections: subscriptions are made, renewed and removed, tokens stay fresh.

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_model::{ConnectionId, Conversation, ConversationRef, RemoteId};
use rialto_platform::{Credential, ReadError};
use rialto_store::{ConnectionState, StoreError};
use tokio::sync::Notify;

use crate::{ConnectionEntry, relay::Relay, shared::Shared};

/// A connection is looked after at least this often.
const AT_LEAST: Duration = Duration::from_secs(15 * 60);
/// A round that failed is tried again after this time.
const AGAIN: Duration = Duration::from_secs(30);
/// An admin's change waits this long for subscriptions to be in place.
const PATIENCE: Duration = Duration::from_secs(30);

/// When connections are looked after.
#[derive(Default)]
pub(crate) struct Rounds {
    due: Mutex<HashMap<ConnectionId, Timestamp>>,
    /// What lets Rialto in, by the last round that worked.
    credentials: Mutex<HashMap<ConnectionId, Vec<Credential>>>,
    of: Mutex<HashMap<ConnectionId, Arc<Shared>>>,
    wake: Notify,
    /// Held while it is decided whether a connection works.
    pub(crate) marking: tokio::sync::Mutex<()>,
}

/// What a round found that is to be followed when it has ended.
#[derive(Default)]
struct Found {
    /// Conversations that have another id now.
    moved: Vec<(RemoteId, RemoteId)>,
    /// Conversations of which something was perhaps missed.
    gaps: Vec<RemoteId>,
}

impl Relay {
    /// Looks after connections for as long as the engine runs.
    pub(crate) async fn upkeep(&self) {
        loop {
            let now = self.inner.toolkit.clock.now();
            let mut next = AT_LEAST;
            let active: Vec<_> = {
                let view = self.roster().view();
                let works = |state: &ConnectionState| *state == ConnectionState::Active;
                view.connections
                    .values()
                    .filter(|entry| works(&entry.record.state))
                    .map(|entry| entry.record.id)
                    .collect()
            };
            for connection in active {
                let due = self.inner.rounds.due.lock().get(&connection).copied();
                match due.map(|due| Duration::try_from(due.duration_since(now))) {
                    // Nothing is put off for longer, unless the clock was set back.
                    Some(Ok(wait)) if !wait.is_zero() && wait <= AT_LEAST => next = next.min(wait),
                    _ => {
                        self.schedule(connection, AT_LEAST);
                        self.run(|relay| async move { relay.look_after(connection).await });
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(next) => {}
                () = self.inner.rounds.wake.notified() => {}
            }
        }
    }

    /// Has a connection looked after soon.
    pub(crate) fn wake_upkeep(&self, connection: ConnectionId) {
        self.inner.rounds.due.lock().remove(&connection);
        self.inner.rounds.wake.notify_one();
    }

    /// What lets Rialto in to a workspace, as far as it was looked after.
    pub(crate) fn credentials(&self, connection: ConnectionId) -> Vec<Credential> {
        self.inner.rounds.credentials.lock().get(&connection).cloned().unwrap_or_default()
    }

    /// Looks after these connections now and waits for it, for a while. Those that were `renewed`
    /// join their channels again first.
    pub(crate) async fn look_after_now(
        &self,
        connections: Vec<ConnectionId>,
        renewed: &[ConnectionId],
    ) {
        let rounds = connections.iter().map(|connection| async {
            let connection = *connection;
            if renewed.contains(&connection) {
                self.join_again(connection).await;
            }
            self.look_after(connection).await;
        });
        let all = futures_util::future::join_all(rounds);
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            tracing::info!("subscriptions take long: they are made in the background");
            connections.iter().for_each(|connection| self.wake_upkeep(*connection));
        }
    }

    /// Joins what is in channel syncs: whoever uninstalled the application put it out of all its
    /// channels. What it may not join is for an admin, and the round that follows tells them.
    async fn join_again(&self, connection: ConnectionId) {
        let view = self.roster().view();
        let entry = view.connections.get(&connection);
        let Some(Ok(live)) = entry.map(|entry| &entry.live) else { return };
        for conversation in view.synced(connection) {
            if let Err(error) = live.join(&conversation).await {
                tracing::warn!(%connection, %conversation, %error, "a channel could not be joined");
            }
        }
    }

    /// One round for one connection, which all share who asked for it before it began.
    async fn look_after(&self, connection: ConnectionId) {
        let round = self.inner.rounds.of.lock().entry(connection).or_default().clone();
        let mut found = Found::default();
        let work = async {
            found = self.go_round(connection).await;
            Ok::<_, Infallible>(())
        };
        let Ok(()) = round.run(work).await;
        // Now that the round has ended: following a conversation waits for another one.
        for (from, to) in &found.moved {
            if let Err(error) = self.move_endpoint(connection, from, to).await {
                tracing::warn!(%connection, %error, "a conversation is not followed yet");
            }
        }
        self.sweep_gaps(connection, &found.gaps);
    }

    async fn go_round(&self, connection: ConnectionId) -> Found {
        let mut found = Found::default();
        let view = self.roster().view();
        let Some(entry) = view.connections.get(&connection) else { return found };
        let live = match &entry.live {
            Ok(live) => live,
            Err(error) => {
                self.inner.problems.found(connection, vec![error.to_string()]);
                return found;
            }
        };
        let mut heard = view.heard(connection);
        if !heard.is_empty() {
            heard.extend(self.inner.canaries.nest(connection));
        }
        match live.upkeep(&heard).await {
            Ok(upkeep) => {
                for problem in &upkeep.problems {
                    tracing::warn!(%connection, problem, "a connection needs an admin");
                }
                self.inner.problems.found(connection, upkeep.problems);
                self.inner.rounds.credentials.lock().insert(connection, upkeep.credentials);
                found = Found { moved: upkeep.moved, gaps: upkeep.gaps };
                if let Err(error) = self.follow_names(connection, &upkeep.seen).await {
                    tracing::warn!(%connection, %error, "new names of channels are not kept yet");
                }
                let now = self.inner.toolkit.clock.now();
                let wait = upkeep.again_by.map(|by| by.duration_since(now));
                let wait = wait.and_then(|wait| wait.try_into().ok()).unwrap_or(AT_LEAST);
                self.schedule(connection, wait.min(AT_LEAST));
            }
            Err(ReadError::Revoked(reason)) => {
                if !self.mark_revoked(entry, &reason).await {
                    self.schedule(connection, Duration::ZERO);
                }
            }
            Err(error) => {
                tracing::warn!(%connection, %error, "a connection could not be looked after");
                self.inner.problems.found(connection, vec![error.to_string()]);
                self.schedule(connection, AGAIN);
            }
        }
        self.inner.rounds.wake.notify_one();
        found
    }

    /// Gives endpoints the names that their conversations have now.
    async fn follow_names(
        &self,
        connection: ConnectionId,
        seen: &[Conversation],
    ) -> Result<(), StoreError> {
        let view = self.roster().view();
        let mut renamed = false;
        for conversation in seen {
            let at = ConversationRef { connection, conversation: conversation.id.clone() };
            let name = conversation.full_name();
            let endpoint = view.endpoint(&at).map(|(_, endpoint)| endpoint);
            if let Some(endpoint) = endpoint.filter(|endpoint| endpoint.name != name) {
                tracing::info!(%connection, conversation = %at.conversation, "renamed");
                self.inner.store.rename_endpoint(endpoint.id, &name).await?;
                renamed = true;
            }
        }
        if renamed { self.roster().reload(&[]).await } else { Ok(()) }
    }

    fn schedule(&self, connection: ConnectionId, wait: Duration) {
        let now = self.inner.toolkit.clock.now();
        let due = now.checked_add(wait).unwrap_or(now);
        self.inner.rounds.due.lock().insert(connection, due);
    }

    /// Writes down that a connection's authorization is gone: its lanes wait for an admin. False
    /// when it was authorized anew since: what was refused was the authorization before.
    pub(crate) async fn mark_revoked(&self, refused: &ConnectionEntry, reason: &str) -> bool {
        let connection = refused.record.id;
        let _marking = self.inner.rounds.marking.lock().await;
        let view = self.roster().view();
        let Some(entry) = view.connections.get(&connection) else { return true };
        let same = match (&entry.live, &refused.live) {
            (Ok(now), Ok(then)) => Arc::ptr_eq(now, then),
            _ => true,
        };
        if !same || entry.record.state != ConnectionState::Active {
            return same;
        }
        tracing::error!(%connection, reason, "a connection must be authorized again");
        let since = self.inner.toolkit.clock.now();
        let state = ConnectionState::NeedsReconnect { reason: reason.to_owned(), since };
        let result = async {
            self.inner.store.set_connection_state(connection, state).await?;
            self.roster().reload(&[]).await
        };
        if let Err(error) = result.await {
            tracing::warn!(%error, "that a connection must be authorized again is not kept yet");
        }
        true
    }
}

//! The canary: a reaction of Rialto's own in a channel of its own, from time to time. A workspace
//! that does not tell of it in time is *deaf*: an admin is told, and its conversations are swept
//! for as long as it is.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use parking_lot::RwLock;
use rialto_model::{ConnectionId, ConversationRef, Emoji, RemoteId};
use rialto_platform::{Connection, MessageChange, Nest, SendError};
use tokio::sync::Notify;

use crate::{problems::Topic, relay::Relay};

const EMOJI: &str = "🐤";

#[derive(Default)]
pub(crate) struct Canaries(RwLock<HashMap<ConnectionId, Canary>>);

#[derive(Clone)]
struct Canary {
    nest: Nest,
    /// The nest does not work any more.
    lost: bool,
    heard: Arc<Notify>,
    health: CanaryHealth,
}

/// What is known by a workspace's canary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CanaryHealth {
    /// When it was last heard.
    pub(crate) heard_at: Option<Timestamp>,
    /// Since when it is not heard.
    pub(crate) deaf_since: Option<Timestamp>,
}

impl Canaries {
    /// Whether a webhook tells of the canary.
    pub(crate) fn is_heard(&self, at: &ConversationRef) -> bool {
        let canaries = self.0.read();
        let canary = canaries.get(&at.connection);
        let heard = canary.filter(|canary| canary.nest.conversation == at.conversation);
        heard.inspect(|canary| canary.heard.notify_waiters()).is_some()
    }

    /// The conversation in which it is heard.
    pub(crate) fn nest(&self, connection: ConnectionId) -> Option<RemoteId> {
        self.0.read().get(&connection).map(|canary| canary.nest.conversation.clone())
    }

    /// What is known by it; nothing before it was heard for.
    pub(crate) fn health(&self, connection: ConnectionId) -> CanaryHealth {
        self.0.read().get(&connection).map(|canary| canary.health).unwrap_or_default()
    }

    fn change(&self, connection: ConnectionId, change: impl FnOnce(&mut Canary)) {
        if let Some(canary) = self.0.write().get_mut(&connection) {
            change(canary);
        }
    }
}

impl Relay {
    /// Has canaries sing for as long as the engine runs.
    pub(crate) async fn keep_canaries(&self) {
        let Some(every) = self.inner.settings.canary_every else { return };
        loop {
            let view = self.roster().view();
            let all = view.connections.keys().copied();
            let (heard, silent): (Vec<_>, Vec<_>) =
                all.partition(|id| view.works(*id) && !view.heard(*id).is_empty());
            self.inner.canaries.0.write().retain(|id, _| view.connections.contains_key(id));
            silent.into_iter().for_each(|connection| self.does_not_listen(connection));
            let rounds = heard.into_iter().map(|connection| self.sing(connection));
            let mut changes = self.inner.changes.subscribe();
            futures_util::future::join_all(rounds).await;
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                // A new workspace does not wait for its first.
                _ = changes.changed() => {}
            }
        }
    }

    async fn sing(&self, connection: ConnectionId) {
        let view = self.roster().view();
        let Some(entry) = view.connections.get(&connection) else { return };
        let Ok(live) = &entry.live else { return };
        let Some(canary) = self.canary(connection, live.as_ref()).await else { return };
        let heard = canary.heard.notified();
        tokio::pin!(heard);
        heard.as_mut().enable();
        match chirp(live.as_ref(), &canary.nest).await {
            Ok(()) => {}
            Err(SendError::Revoked(reason)) => {
                self.mark_revoked(entry, &reason).await;
                return;
            }
            Err(error) => {
                // Nothing was to be heard, so nothing is known.
                tracing::info!(%connection, %error, "the canary cannot sing");
                let lost = matches!(error, SendError::Permanent(_));
                return self.inner.canaries.change(connection, |canary| canary.lost |= lost);
            }
        }
        let in_time = tokio::time::timeout(self.inner.settings.canary_patience, heard).await;
        self.judge(connection, in_time.is_ok());
    }

    /// The canary of a connection, in its nest, with its conversation heard.
    async fn canary(&self, connection: ConnectionId, live: &dyn Connection) -> Option<Canary> {
        let known = self.inner.canaries.0.read().get(&connection).cloned();
        if let Some(canary) = known.as_ref().filter(|canary| !canary.lost) {
            return Some(canary.clone());
        }
        let heard = self.roster().view().heard(connection);
        let nest = match live.nest(&heard, known.is_some()).await {
            Ok(nest) => nest,
            Err(error) => {
                tracing::warn!(%connection, %error, "there is no canary");
                let problem = format!(
                    "whether Rialto still hears this workspace is only seen when its channels are \
                     swept: the private channel for that could not be made ({error})"
                );
                self.inner.problems.about(connection, Topic::Canary, Some(problem));
                return None;
            }
        };
        self.inner.problems.about(connection, Topic::Canary, None);
        let health = known.map(|canary| canary.health).unwrap_or_default();
        let canary = Canary { nest, lost: false, heard: Arc::default(), health };
        self.inner.canaries.0.write().insert(connection, canary.clone());
        // Where conversations are subscribed to one by one, the nest is one of them.
        self.look_after_now(vec![connection], &[]).await;
        Some(canary)
    }

    /// Where nobody listens nobody is deaf.
    fn does_not_listen(&self, connection: ConnectionId) {
        self.inner.canaries.change(connection, |canary| canary.health.deaf_since = None);
        for topic in [Topic::Deaf, Topic::Canary] {
            self.inner.problems.about(connection, topic, None);
        }
    }

    fn judge(&self, connection: ConnectionId, heard: bool) {
        let now = self.inner.toolkit.clock.now();
        let before = self.inner.canaries.health(connection).deaf_since;
        let deaf_since = if heard { None } else { before.or(Some(now)) };
        self.inner.canaries.change(connection, |canary| {
            canary.health.deaf_since = deaf_since;
            canary.health.heard_at = if heard { Some(now) } else { canary.health.heard_at };
        });
        let problem = deaf_since.map(|since| {
            format!(
                "deaf since {since:.0}: no webhook told of Rialto's own reaction within {}. What is \
                 said is swept every {} meanwhile. See whether {} can be reached from the \
                 platform, and what its page of the app says of failed deliveries",
                words(self.inner.settings.canary_patience),
                words(self.inner.settings.canary_every.unwrap_or_default()),
                self.inner.settings.public_url,
            )
        });
        if before.is_none() && deaf_since.is_some() {
            tracing::error!(%connection, "a workspace is deaf: no webhook told of the canary");
        } else if before.is_some() && heard {
            tracing::info!(%connection, "a workspace is heard again");
        }
        self.inner.problems.about(connection, Topic::Deaf, problem);
        if deaf_since.is_some() {
            // What tells of it may be mended: a webhook that fell silent, a subscription that is gone.
            self.wake_upkeep(connection);
        }
        if before.is_some() || deaf_since.is_some() {
            self.sweep_gaps(connection, &[RemoteId::from("")]);
        }
    }
}

async fn chirp(live: &dyn Connection, nest: &Nest) -> Result<(), SendError> {
    let (message, emoji) = (&nest.message, &Emoji::Unicode(EMOJI.into()));
    live.change(&nest.conversation, &MessageChange::Unreact { message, thread: None, emoji })
        .await?;
    live.change(&nest.conversation, &MessageChange::React { message, thread: None, emoji }).await
}

fn words(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

//! The engine as its callers see it.

use std::{sync::Arc, time::Duration};

use rialto_model::{AppId, ConnectionId, ConversationRef};
use rialto_platform::{Inbound, Toolkit, Verified};
use rialto_store::{Appended, NewInbound, Store, StoreError};
use url::Url;

use crate::{Platforms, Roster};

/// Choices of a deployment.
#[derive(Clone, Debug)]
pub struct RelaySettings {
    /// Where vendors and admins reach this Rialto.
    pub public_url: Url,
    /// How long the content of a parked delivery is kept, so that Retry works.
    pub keep_parked: Duration,
    /// How long a delivery is tried before it is parked, when the other side does not work.
    pub give_up_after: Duration,
    /// Whether calls are paced by the platforms' published limits. Off only where a platform has
    /// none (load tests); what a platform asks for by `Retry-After` is always honoured.
    pub pacing: bool,
}

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Relay {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) roster: Roster,
    pub(crate) toolkit: Toolkit,
    pub(crate) settings: RelaySettings,
}

/// What became of verified webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Kept on disk.
    pub kept: usize,
    /// Already waiting.
    pub duplicates: usize,
    /// For a workspace that is not connected here.
    pub unknown_workspace: usize,
}

impl Relay {
    /// Starts the engine: everything that waits in the store goes on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(
        store: Arc<dyn Store>,
        platforms: Platforms,
        toolkit: Toolkit,
        settings: RelaySettings,
    ) -> Result<Self, StoreError> {
        let roster = Roster::load(store.clone(), platforms, settings.public_url.clone()).await?;
        Ok(Self { inner: Arc::new(Inner { store, roster, toolkit, settings }) })
    }

    /// Ends the engine's tasks. What is under way is finished by the next start.
    pub async fn stop(&self) {}

    /// Keeps verified webhooks. When this returns `Ok`, they are on disk and may be acknowledged.
    ///
    /// # Errors
    /// When the store cannot keep them: answer so that the platform sends again.
    pub async fn accept(
        &self,
        app: AppId,
        inbound: Vec<Verified<Inbound>>,
    ) -> Result<Accepted, StoreError> {
        let view = self.roster().view();
        let received_at = self.inner.toolkit.clock.now();
        let mut accepted = Accepted::default();
        let mut rows = Vec::with_capacity(inbound.len());
        for inbound in inbound {
            let inbound = inbound.into_inner();
            let Some(connection) = view.workspace(app, &inbound.workspace) else {
                accepted.unknown_workspace += 1;
                continue;
            };
            rows.push(NewInbound {
                connection,
                conversation: inbound.conversation,
                key: inbound.key,
                payload: inbound.payload,
                received_at,
            });
        }
        for appended in self.inner.store.append_inbound(rows).await? {
            match appended {
                Appended::New(_) => accepted.kept += 1,
                Appended::Duplicate => accepted.duplicates += 1,
            }
        }
        Ok(accepted)
    }

    /// Puts in force what an admin changed in the store: reloads the roster, renews these
    /// connections (their credentials changed), looks after subscriptions, wakes lanes.
    ///
    /// # Errors
    /// When the store cannot be read; the old state stays in force.
    pub async fn changed(&self, renew: &[ConnectionId]) -> Result<(), StoreError> {
        self.roster().reload(renew).await
    }

    /// Lets a lane look for work now (a delivery was retried).
    pub fn wake_lane(&self, _to: &ConversationRef) {}

    /// What an admin chose for this deployment.
    pub fn settings(&self) -> &RelaySettings {
        &self.inner.settings
    }

    /// Clock, randomness, HTTP.
    pub fn toolkit(&self) -> &Toolkit {
        &self.inner.toolkit
    }

    /// What an admin set up.
    pub fn roster(&self) -> &Roster {
        &self.inner.roster
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }
}

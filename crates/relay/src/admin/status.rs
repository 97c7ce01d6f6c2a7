//! How things are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Relay,
    admin::{AdminError, ChannelSyncView, ConnectionView},
};

/// How things are.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct StatusView {
    /// The version of this Rialto.
    pub version: String,
    /// When it was started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// Seconds since then.
    pub uptime: i64,
    /// Where vendors and admins reach it.
    pub public_url: String,
    /// Whether the database can be written.
    pub database: DatabaseView,
    /// The workspaces.
    pub connections: Vec<ConnectionView>,
    /// The channel syncs, with their figures.
    pub channel_syncs: Vec<ChannelSyncView>,
    /// Conversations to which something waits to be delivered.
    pub lanes_waiting: usize,
    /// Those of them that a platform asked to wait.
    pub lanes_held: usize,
    /// What was not relayed, most frequent first.
    pub drops: Vec<DropView>,
}

/// Whether the database can be written.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DatabaseView {
    /// It can.
    pub ok: bool,
    /// Why it cannot.
    pub problem: Option<String>,
}

/// How often something was not relayed, and why.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DropView {
    /// Why.
    pub reason: String,
    /// How often.
    pub count: u64,
}

impl Relay {
    /// How things are.
    ///
    /// # Errors
    /// `Unavailable` when the database cannot even be read.
    pub async fn status(&self, started_at: Timestamp) -> Result<StatusView, AdminError> {
        let now = self.toolkit().clock.now();
        let problem = self.store().check().await.err().map(|error| error.to_string());
        let lanes = self.store().lanes().await?;
        let drops = self.store().drops().await?;
        Ok(StatusView {
            version: env!("CARGO_PKG_VERSION").into(),
            started_at,
            uptime: now.duration_since(started_at).as_secs(),
            public_url: self.settings().public_url.to_string(),
            database: DatabaseView { ok: problem.is_none(), problem },
            connections: self.list_connections(),
            channel_syncs: self.list_channel_syncs().await?,
            lanes_waiting: lanes.iter().filter(|lane| lane.pending > 0).count(),
            lanes_held: lanes.iter().filter(|it| it.held_until.is_some_and(|at| at > now)).count(),
            drops: drops
                .into_iter()
                .map(|it| DropView { reason: it.reason, count: it.count })
                .collect(),
        })
    }
}

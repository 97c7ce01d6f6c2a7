//! Authorized workspaces: their health, and the conversations in them.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;
use rialto_model::{
    AppId, ChannelSyncId, ConnectionId, Conversation, ConversationKind, ConversationRef, RemoteId,
};
use rialto_platform::{Connection, Finding, FindingLevel};
use rialto_store::ConnectionState;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    ConnectionEntry, Relay,
    admin::{AdminError, CredentialView, Who, health, schema},
};

/// Pages of conversations that are read at most: a list without an end is an error of the platform.
const MOST_PAGES: usize = 2_000;

/// A connection as it is shown.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ConnectionView {
    /// Its id.
    #[schema(value_type = String, example = "con_0192f0c1a2b37c4d8e5f60718293a4b5")]
    pub id: ConnectionId,
    /// The application it was authorized for.
    #[schema(value_type = String)]
    pub app: AppId,
    /// The platform's short name.
    pub platform: String,
    /// The platform's id of the workspace.
    #[schema(value_type = String)]
    pub workspace: RemoteId,
    /// A name for people.
    pub name: String,
    /// Whether messages can flow.
    pub healthy: bool,
    /// Why they cannot, and the mend.
    pub problem: Option<String>,
    /// When the authorization was found to be gone.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub problem_since: Option<Timestamp>,
    /// What needs an admin besides.
    pub problems: Vec<String>,
    /// When a webhook last told of the canary, Rialto's own reaction in a channel of its own.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub canary_heard_at: Option<Timestamp>,
    /// Since when none does: what is said is only seen by sweeps.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deaf_since: Option<Timestamp>,
    /// What lets Rialto in. Renewed by itself, long before it ends.
    pub credentials: Vec<CredentialView>,
    /// How many of its conversations are in channel syncs.
    pub endpoints: usize,
    /// When it was first authorized.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Which conversations to list.
#[derive(Clone, Debug, Default, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConversationQuery {
    /// Only those whose name holds this, in whatever case.
    #[serde(default)]
    pub search: Option<String>,
}

/// A conversation as it is shown.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ConversationView {
    /// The platform's id.
    #[schema(value_type = String)]
    pub id: RemoteId,
    /// Its name.
    pub name: String,
    /// What it is.
    #[schema(value_type = schema::ConversationKind)]
    pub kind: ConversationKind,
    /// The team around it, where there is one.
    pub parent: Option<ParentView>,
    /// Whether only members see it.
    pub private: bool,
    /// Whether nobody can write there any more.
    pub archived: bool,
    /// Whether Rialto is in it.
    pub joined: bool,
    /// The channel sync it is in.
    #[schema(value_type = Option<String>)]
    pub channel_sync: Option<ChannelSyncId>,
}

/// Where conversations can be made in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct ParentView {
    /// The platform's id.
    #[schema(value_type = String)]
    pub id: RemoteId,
    /// Its name.
    pub name: String,
}

/// A check and what it found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct FindingView {
    /// What was checked.
    pub subject: String,
    /// Whether all is well.
    #[schema(value_type = schema::FindingLevel)]
    pub level: FindingLevel,
    /// What was found, why it matters, how to mend it.
    pub detail: String,
}

impl From<Finding> for FindingView {
    fn from(Finding { subject, level, detail }: Finding) -> Self {
        Self { subject, level, detail }
    }
}

impl Relay {
    /// All connections, oldest first.
    pub fn list_connections(&self) -> Vec<ConnectionView> {
        let view = self.roster().view();
        let mut all: Vec<_> =
            view.connections.values().map(|it| self.view_connection(it)).collect();
        all.sort_by_key(|it| it.id);
        all
    }

    /// One connection.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn show_connection(&self, id: ConnectionId) -> Result<ConnectionView, AdminError> {
        Ok(self.view_connection(&*self.connection_entry(id)?))
    }

    /// Asks the platform whether everything is there that Rialto needs.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn check_connection(&self, id: ConnectionId) -> Result<Vec<FindingView>, AdminError> {
        let entry = self.connection_entry(id)?;
        let mut findings = Vec::new();
        if let ConnectionState::NeedsReconnect { reason, since } = &entry.record.state {
            findings.push(FindingView {
                subject: "authorization".into(),
                level: FindingLevel::Error,
                detail: format!(
                    "gone since {since}: {reason}. Deliveries wait; run `rialto connect {}` again",
                    entry.record.platform
                ),
            });
        }
        match &entry.live {
            Ok(live) => findings.extend(live.check().await.into_iter().map(FindingView::from)),
            Err(problem) => findings.push(FindingView {
                subject: "settings of the application".into(),
                level: FindingLevel::Error,
                detail: problem.to_string(),
            }),
        }
        findings.extend(self.health_findings(id));
        Ok(findings)
    }

    /// The channels of a workspace, by team and name.
    ///
    /// # Errors
    /// `NotFound`; `Refused` and `Unavailable` in the platform's words.
    pub async fn list_conversations(
        &self,
        id: ConnectionId,
        query: &ConversationQuery,
    ) -> Result<Vec<ConversationView>, AdminError> {
        let live = self.live(id)?;
        let view = self.roster().view();
        let wanted =
            query.search.as_deref().unwrap_or_default().trim_start_matches('#').to_lowercase();
        let nest = self.inner.canaries.nest(id);
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut page = None;
        for _ in 0..MOST_PAGES {
            let read = live.conversations(page.as_deref()).await?;
            for conversation in read.items {
                let matches = conversation.name.to_lowercase().contains(&wanted)
                    && nest.as_ref() != Some(&conversation.id);
                if matches && seen.insert(conversation.id.clone()) {
                    let at =
                        ConversationRef { connection: id, conversation: conversation.id.clone() };
                    let sync = view.endpoint(&at).map(|(sync, _)| sync.id);
                    found.push(view_conversation(conversation, sync));
                }
            }
            match read.next {
                Some(next) => page = Some(next),
                None => break,
            }
        }
        let key = |it: &ConversationView| {
            (it.parent.as_ref().map(|parent| parent.name.to_lowercase()), it.name.to_lowercase())
        };
        found.sort_by_cached_key(key);
        Ok(found)
    }

    /// Where conversations can be made in; empty where the platform has no parents.
    ///
    /// # Errors
    /// As [`Relay::list_conversations`].
    pub async fn list_parents(&self, id: ConnectionId) -> Result<Vec<ParentView>, AdminError> {
        let parents = self.live(id)?.parents().await?;
        Ok(parents.into_iter().map(|(id, name)| ParentView { id, name }).collect())
    }

    /// Removes a connection and its credentials.
    ///
    /// # Errors
    /// `NotFound`; `Conflict`, naming the channel syncs, while it is used.
    pub async fn remove_connection(&self, who: &Who, id: ConnectionId) -> Result<(), AdminError> {
        let shown = self.show_connection(id)?;
        let view = self.roster().view();
        let users: Vec<_> = view
            .syncs
            .values()
            .filter(|sync| sync.endpoints.iter().any(|it| it.at.connection == id))
            .map(|sync| format!("`{}` ({})", sync.name, sync.id))
            .collect();
        if !users.is_empty() {
            return Err(AdminError::Conflict(format!(
                "`{}` is used by {}: remove those channel syncs, or its endpoints in them, first",
                shown.name,
                users.join(", ")
            )));
        }
        self.store().remove_connection(id).await?;
        self.made(who, "connection.remove", id, json!({ "name": shown.name }), &[]).await
    }

    pub(super) fn connection_entry(
        &self,
        id: ConnectionId,
    ) -> Result<Arc<ConnectionEntry>, AdminError> {
        let view = self.roster().view();
        view.connections
            .get(&id)
            .cloned()
            .ok_or_else(|| AdminError::NotFound(format!("There is no connection {id}")))
    }

    pub(super) fn live(&self, id: ConnectionId) -> Result<Arc<dyn Connection>, AdminError> {
        Ok(self.connection_entry(id)?.live.clone()?)
    }

    fn view_connection(&self, entry: &ConnectionEntry) -> ConnectionView {
        let record = &entry.record;
        let (problem, problem_since) = match (&record.state, &entry.live) {
            (ConnectionState::NeedsReconnect { reason, since }, _) => {
                let mend = format!("{reason}: run `rialto connect {}` again", record.platform);
                (Some(mend), Some(*since))
            }
            (ConnectionState::Active, Err(error)) => {
                (Some(format!("settings of its application: {error}")), None)
            }
            (ConnectionState::Active, Ok(_)) => (None, None),
        };
        let view = self.roster().view();
        let canary = self.inner.canaries.health(record.id);
        let credentials = self.credentials(record.id);
        let now = self.inner.toolkit.clock.now();
        let overdue =
            credentials.iter().filter_map(|it| health::overdue(it, &record.platform, now));
        let endpoints = view.syncs.values().flat_map(|sync| &sync.endpoints);
        ConnectionView {
            id: record.id,
            app: record.app,
            platform: record.platform.clone(),
            workspace: record.workspace.clone(),
            name: record.name.clone(),
            healthy: problem.is_none(),
            problem,
            problem_since,
            problems: overdue.chain(self.problems(record.id)).collect(),
            canary_heard_at: canary.heard_at,
            deaf_since: canary.deaf_since,
            credentials: credentials.into_iter().map(CredentialView::from).collect(),
            endpoints: endpoints.filter(|it| it.at.connection == record.id).count(),
            created_at: record.created_at,
        }
    }
}

fn view_conversation(it: Conversation, channel_sync: Option<ChannelSyncId>) -> ConversationView {
    ConversationView {
        id: it.id,
        name: it.name,
        kind: it.kind,
        parent: it.parent.map(|(id, name)| ParentView { id, name }),
        private: it.private,
        archived: it.archived,
        joined: it.joined,
        channel_sync,
    }
}

//! What an admin set up, in memory: apps, live connections, channel syncs, and which conversation
//! belongs to which of them. Read on the way of every message, replaced as a whole after a change.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use parking_lot::RwLock;
use rialto_model::{
    AppId, ChannelSync, ChannelSyncId, ConnectionId, ConversationRef, Endpoint, RemoteId,
};
use rialto_platform::{AppConfig, ConnectContext, Connection, Platform, SetupError};
use rialto_store::{App, Connection as ConnectionRecord, ConnectionState, Store, StoreError};
use url::Url;

use crate::{Platforms, cabinet::StoreCabinet, shared::Shared};

/// The current view; readers take it and keep it for as long as they like.
pub struct Roster {
    store: Arc<dyn Store>,
    platforms: Platforms,
    public_url: Url,
    view: RwLock<Arc<RosterView>>,
    reloading: Shared,
}

/// What was set up at one moment.
#[derive(Default)]
pub struct RosterView {
    /// Applications.
    pub apps: HashMap<AppId, Arc<AppEntry>>,
    /// Connections.
    pub connections: HashMap<ConnectionId, Arc<ConnectionEntry>>,
    /// Channel syncs.
    pub syncs: HashMap<ChannelSyncId, Arc<ChannelSync>>,
    endpoints: HashMap<ConversationRef, (Arc<ChannelSync>, usize)>,
    moves: HashMap<ConversationRef, RemoteId>,
    workspaces: HashMap<(AppId, RemoteId), ConnectionId>,
}

/// An application with its connector.
pub struct AppEntry {
    /// As stored.
    pub app: App,
    /// As its connector sees it.
    pub config: AppConfig,
    /// The connector.
    pub platform: Arc<dyn Platform>,
}

/// A connection, alive.
pub struct ConnectionEntry {
    /// As stored.
    pub record: ConnectionRecord,
    /// The connector's side of it; why there is none when its settings are wrong.
    pub live: Result<Arc<dyn Connection>, SetupError>,
    /// The connector.
    pub platform: Arc<dyn Platform>,
}

impl RosterView {
    /// The channel sync that a conversation is in, and its endpoint there.
    pub fn endpoint(&self, at: &ConversationRef) -> Option<(&Arc<ChannelSync>, &Endpoint)> {
        let (sync, index) = self.endpoints.get(at)?;
        Some((sync, &sync.endpoints[*index]))
    }

    /// Whether calls can be made on a connection.
    pub(crate) fn works(&self, connection: ConnectionId) -> bool {
        self.connections.get(&connection).is_some_and(|entry| {
            entry.record.state == ConnectionState::Active && entry.live.is_ok()
        })
    }

    /// What a conversation is called now: platforms go on naming those that moved by their old id.
    pub fn now_at(&self, connection: ConnectionId, conversation: &RemoteId) -> RemoteId {
        if self.moves.is_empty() {
            return conversation.clone();
        }
        let old = ConversationRef { connection, conversation: conversation.clone() };
        self.moves.get(&old).cloned().unwrap_or(old.conversation)
    }

    /// The connection of an app's workspace.
    pub fn workspace(&self, app: AppId, workspace: &RemoteId) -> Option<ConnectionId> {
        self.workspaces.get(&(app, workspace.clone())).copied()
    }

    /// Whether what is said in a conversation goes anywhere.
    pub fn hears(&self, at: &ConversationRef) -> bool {
        self.endpoint(at).is_some_and(|(_, endpoint)| endpoint.direction.hears())
    }

    /// The conversations of a connection that are in channel syncs.
    pub fn synced(&self, connection: ConnectionId) -> Vec<RemoteId> {
        let of_it = self.endpoints.keys().filter(|at| at.connection == connection);
        let mut synced: Vec<_> = of_it.map(|at| at.conversation.clone()).collect();
        synced.sort();
        synced
    }

    /// The conversations of a connection that must be heard.
    pub fn heard(&self, connection: ConnectionId) -> Vec<RemoteId> {
        let mut heard: Vec<_> = self
            .endpoints
            .iter()
            .filter(|(at, (sync, index))| {
                at.connection == connection && sync.endpoints[*index].direction.hears()
            })
            .map(|(at, _)| at.conversation.clone())
            .collect();
        heard.sort();
        heard
    }
}

impl Roster {
    /// Reads what was set up.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn load(
        store: Arc<dyn Store>,
        platforms: Platforms,
        public_url: Url,
    ) -> Result<Self, StoreError> {
        let roster = Self {
            store,
            platforms,
            public_url,
            view: RwLock::default(),
            reloading: Shared::default(),
        };
        roster.reload(&[]).await?;
        Ok(roster)
    }

    /// The current view.
    pub fn view(&self) -> Arc<RosterView> {
        self.view.read().clone()
    }

    /// All connectors.
    pub fn platforms(&self) -> &Platforms {
        &self.platforms
    }

    /// An app as its connector sees it, defaults filled in; `None` for an unknown platform.
    pub fn entry_of(&self, app: &App) -> Option<AppEntry> {
        let platform = self.platforms.get(&app.platform)?.clone();
        let mut settings = app.settings.clone();
        for field in &platform.manifest().fields {
            if let (false, Some(default)) = (field.secret, field.default) {
                settings.entry(field.name.into()).or_insert_with(|| default.into());
            }
        }
        let config = AppConfig {
            id: app.id,
            settings,
            secrets: app.secrets.clone(),
            webhook_url: self.public(&format!("webhooks/{}/{}", app.platform, app.id)),
            redirect_url: self.public("oauth/callback"),
        };
        Some(AppEntry { app: app.clone(), config, platform })
    }

    /// Reads again what was set up, and puts it in force. Connections that did not change stay
    /// alive as they are, but for those in `renew`: their credentials changed.
    ///
    /// # Errors
    /// When the store cannot be read; the old view stays.
    pub async fn reload(&self, renew: &[ConnectionId]) -> Result<(), StoreError> {
        if renew.is_empty() {
            return self.reloading.run(self.read(renew)).await;
        }
        self.reloading.alone(self.read(renew)).await
    }

    async fn read(&self, renew: &[ConnectionId]) -> Result<(), StoreError> {
        let before = self.view();
        let mut view = RosterView::default();
        for app in self.store.apps().await? {
            if let Some(entry) = self.entry_of(&app) {
                view.apps.insert(app.id, Arc::new(entry));
            }
        }
        let renew: HashSet<_> = renew.iter().copied().collect();
        for record in self.store.connections().await? {
            let Some(app) = view.apps.get(&record.app) else { continue };
            let kept = before.connections.get(&record.id).filter(|old| {
                !renew.contains(&record.id)
                    && before.apps.get(&record.app).is_some_and(|old| same_app(&old.app, &app.app))
                    && old.live.is_ok()
            });
            let live = match kept {
                Some(old) => old.live.clone(),
                None => app.platform.connect(ConnectContext {
                    connection: record.id,
                    app: app.config.clone(),
                    workspace: record.workspace.clone(),
                    cabinet: Arc::new(StoreCabinet {
                        store: self.store.clone(),
                        connection: record.id,
                    }),
                }),
            };
            view.workspaces.insert((record.app, record.workspace.clone()), record.id);
            let entry = ConnectionEntry { live, platform: app.platform.clone(), record };
            view.connections.insert(entry.record.id, Arc::new(entry));
        }
        view.moves = self.store.moves().await?.into_iter().collect();
        for mut sync in self.store.channel_syncs().await? {
            // There may be ten thousand of them: what did not change stays where it is.
            let sync = match before.syncs.get(&sync.id) {
                Some(old) if **old == sync => old.clone(),
                _ => {
                    sync.endpoints.shrink_to_fit();
                    Arc::new(sync)
                }
            };
            for (index, endpoint) in sync.endpoints.iter().enumerate() {
                view.endpoints.insert(endpoint.at.clone(), (sync.clone(), index));
            }
            view.syncs.insert(sync.id, sync);
        }
        *self.view.write() = Arc::new(view);
        Ok(())
    }

    fn public(&self, path: &str) -> Url {
        let mut url = self.public_url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }
}

fn same_app(one: &App, other: &App) -> bool {
    use secrecy::ExposeSecret;
    one.settings == other.settings
        && one.secrets.len() == other.secrets.len()
        && one.secrets.iter().zip(&other.secrets).all(|((name, secret), (other_name, other))| {
            name == other_name && secret.expose_secret() == other.expose_secret()
        })
}

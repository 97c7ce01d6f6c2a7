//! Slack and Zoom as destinations, a source, and the engine between them, on a clock that the test holds.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use rialto_model::{
    AppId, Author, ChannelSync, ChannelSyncId, ChannelSyncState, ConnectionId, Content,
    ConversationRef, Direction, Endpoint, EndpointId, Event, EventKind, MessageState,
    OrganizationId, Own, Pacing, PlatformId, RemoteId, Revision, RichText, SyncSettings,
};
use rialto_platform::{
    Clock, Inbound, Manifest, Platform, SystemRandom, Toolkit, Verified, http, verify,
};
use rialto_relay::{Relay, RelaySettings};
use rialto_store::{App, Connection, ConnectionState, MemoryStore, Store};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{limits::Published, network::Network};

/// The conversation that the burst is in.
pub const BURST: &str = "burst";
const SOURCE: usize = 0;

/// One of the conversations beside it.
pub fn other(number: usize) -> String {
    format!("other-{number}")
}

#[derive(Clone, Copy, Debug)]
struct Simulated(Instant);

impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap() + self.0.elapsed()
    }
}

pub struct World {
    /// Those that are written to.
    pub platforms: Vec<Network>,
    relay: Relay,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    start: Instant,
    said: usize,
}

fn app(side: usize) -> AppId {
    AppId::new(Uuid::from_u128(10 + side as u128))
}

fn connection(side: usize) -> ConnectionId {
    ConnectionId::new(Uuid::from_u128(20 + side as u128))
}

impl World {
    /// The burst's channel sync, and so many others, each over all three, within the published limits.
    pub async fn new(others: usize) -> Self {
        Self::within(others, None).await
    }

    /// Likewise, within other limits.
    pub async fn within(others: usize, limits: Option<Pacing>) -> Self {
        let start = Instant::now();
        let clock: Arc<dyn Clock> = Arc::new(Simulated(start));
        let http = http::client().unwrap();
        let random = Arc::new(SystemRandom);
        let toolkit = Toolkit { http, clock: clock.clone(), random };
        let slack = rialto_slack::Slack::new(toolkit.clone());
        let zoom = rialto_zoom::Zoom::new(toolkit.clone());
        let mut source: Manifest = slack.manifest().clone();
        source.id = PlatformId::new("source");
        source.capabilities.pacing = Pacing::default();
        let network = |manifest: &Manifest, published| {
            let mut manifest = manifest.clone();
            if let Some(limits) = &limits {
                manifest.capabilities.pacing = limits.clone();
            }
            Network::new(&manifest, published, clock.clone(), start)
        };
        let all = [
            network(&source, Published::slack()),
            network(slack.manifest(), Published::slack()),
            network(zoom.manifest(), Published::zoom()),
        ];
        let organization = OrganizationId::new(Uuid::from_u128(1));
        let told = clock.clone();
        let store: Arc<dyn Store> =
            Arc::new(MemoryStore::new(organization, Arc::new(move || told.now())));
        let now = clock.now();
        for (side, network) in all.iter().enumerate() {
            let platform = network.manifest().id.to_string();
            let made = App {
                id: app(side),
                organization,
                platform: platform.clone(),
                name: platform.clone(),
                settings: Default::default(),
                secrets: Default::default(),
                created_at: now,
            };
            store.put_app(made).await.unwrap();
            let made = Connection {
                id: connection(side),
                organization,
                app: app(side),
                platform,
                workspace: "acme".into(),
                name: "Acme".into(),
                state: ConnectionState::Active,
                created_at: now,
            };
            store.put_connection(made).await.unwrap();
        }
        let names = std::iter::once(BURST.to_owned()).chain((0..others).map(other));
        for (number, name) in names.enumerate() {
            let endpoint = |side: usize| Endpoint {
                id: EndpointId::new(Uuid::from_u128((1_000 + 10 * number + side) as u128)),
                at: ConversationRef {
                    connection: connection(side),
                    conversation: name.as_str().into(),
                },
                name: name.clone(),
                direction: Direction::Both,
                since: now,
            };
            let sync = ChannelSync {
                id: ChannelSyncId::new(Uuid::from_u128(100 + number as u128)),
                organization,
                name: name.clone(),
                state: ChannelSyncState::Active,
                settings: SyncSettings::default(),
                created_at: now,
                endpoints: (0..all.len()).map(endpoint).collect(),
            };
            store.put_channel_sync(sync).await.unwrap();
        }
        let platforms = all.iter().map(|it| Arc::new(it.clone()) as Arc<dyn Platform>).collect();
        let settings = RelaySettings::new("http://rialto.test/".parse().unwrap());
        let relay = Relay::start(store.clone(), platforms, toolkit, settings).await.unwrap();
        let platforms = all.into_iter().skip(SOURCE + 1).collect();
        Self { platforms, relay, store, clock, start, said: 0 }
    }

    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Somebody says something where nothing is limited.
    pub async fn say(&mut self, conversation: &str, text: &str) {
        self.said += 1;
        let id = RemoteId::from(format!("m{}", self.said));
        let now = self.clock.now();
        let author = Author {
            account: Some("ana".into()),
            name: "Ana".into(),
            avatar_url: None,
            bot: false,
        };
        let state = MessageState {
            id: id.clone(),
            revision: Revision(0),
            posted_at: now,
            thread: None,
            thread_began: None,
            broadcast: false,
            author,
            content: Content { text: RichText::plain(text), attachments: Vec::new() },
            own: Own::No,
        };
        let kind = EventKind::Message(Box::new(state));
        let event = Event { conversation: conversation.into(), at: now, kind };
        let inbound = Inbound {
            workspace: "acme".into(),
            conversation: conversation.into(),
            key: id.to_string(),
            payload: serde_json::to_vec(&event).unwrap(),
        };
        let proof = verify::shared_secret("fake", "fake").unwrap();
        self.relay.accept(app(SOURCE), vec![Verified::by(proof, inbound)]).await.unwrap();
    }

    /// Waits until nothing waits any more.
    pub async fn settle(&self) {
        loop {
            if self.store.pending_inbound(i64::MIN, 1).await.unwrap().is_empty()
                && self.store.lanes().await.unwrap().is_empty()
            {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

//! Networks, a store and an engine between them, on a clock that tests hold.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};

use jiff::Timestamp;
use rialto_model::{
    AppId, ChannelSync, ChannelSyncId, ChannelSyncState, ConnectionId, ConversationRef, Direction,
    Endpoint, EndpointId, OrganizationId, RemoteId, SyncSettings,
};
use rialto_platform::{Clock, Inbound, Platform, Random, Toolkit, Verified, http, verify};
use rialto_relay::{Accepted, Relay, RelaySettings, admin::Who};
use rialto_store::{App, Connection, ConnectionState, MemoryStore, NewInbound, Store};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    network::{Kind, Network, Vendor},
    watched::{Broken, Process, Watched},
};

/// Emulated time: follows tokio's, which tests pause.
#[derive(Clone, Copy, Debug)]
pub struct TestClock(Instant);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        start + self.0.elapsed()
    }
}

/// Numbers that are the same each time, and never twice.
#[derive(Debug, Default)]
pub struct Counting(parking_lot::Mutex<u64>);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let mut count = self.0.lock();
        for chunk in buffer.chunks_mut(8) {
            *count = count
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            chunk.copy_from_slice(&count.to_be_bytes()[..chunk.len()]);
        }
    }
}

pub struct World {
    /// The first two, which are all that most tests need: one marks its posts, as Slack does, ...
    pub left: Network,
    /// ... the other does not, as Teams.
    pub right: Network,
    /// All.
    pub networks: Vec<Network>,
    pub relay: Relay,
    pub store: Arc<dyn Store>,
    pub toolkit: Toolkit,
    /// The run of the engine that there is now.
    pub process: Arc<Process>,
    /// What the next run of the engine is started with.
    pub settings: RelaySettings,
    broken: Option<Broken>,
    keys: u64,
}

/// The apps' ids begin here: one for each kind of network.
const APPS: u128 = 10;
pub const SYNC: u128 = 30;

/// A network in the channel sync.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub kind: Kind,
    pub direction: Direction,
}

impl Member {
    pub fn new(kind: Kind) -> Self {
        Self { kind, direction: Direction::Both }
    }
}

/// Who are in the channel sync.
#[derive(Clone, Debug)]
pub struct Members {
    pub all: Vec<Member>,
    /// Whether they have the limits that their kinds have.
    pub paced: bool,
}

impl Members {
    /// `left` and `right`, which can all there is.
    pub fn two() -> Self {
        Self { all: [Kind::Slack, Kind::Teams].map(Member::new).to_vec(), paced: false }
    }
}

fn app(kind: Kind) -> AppId {
    AppId::new(Uuid::from_u128(APPS + kind as u128))
}

fn workspace(side: usize) -> RemoteId {
    format!("acme-{side}").into()
}

pub fn connection(side: usize) -> ConnectionId {
    ConnectionId::new(Uuid::from_u128(20 + side as u128))
}

pub fn at(side: usize) -> ConversationRef {
    ConversationRef { connection: connection(side), conversation: "general".into() }
}

pub fn toolkit() -> Toolkit {
    // Nobody calls with the HTTP client, and each that is made reads all certificates of the machine.
    static FIRST: LazyLock<Toolkit> = LazyLock::new(|| Toolkit {
        http: http::client().unwrap(),
        clock: Arc::new(TestClock(Instant::now())),
        random: Arc::new(Counting::default()),
    });
    Toolkit {
        clock: Arc::new(TestClock(Instant::now())),
        random: Arc::new(Counting::default()),
        ..FIRST.clone()
    }
}

impl World {
    /// `left` and `right`, each with a conversation `general`, in one channel sync.
    pub async fn new() -> Self {
        Self::of(&Members::two(), None).await
    }

    /// These, likewise, and an engine that may be robbed of something.
    pub async fn of(members: &Members, broken: Option<Broken>) -> Self {
        let toolkit = toolkit();
        let clock = toolkit.clock.clone();
        let organization = OrganizationId::new(Uuid::from_u128(1));
        let store: Arc<dyn Store> =
            Arc::new(MemoryStore::new(organization, Arc::new(move || clock.now())));
        let now = toolkit.clock.now();
        let mut networks = Vec::new();
        let mut endpoints = Vec::new();
        for (side, member) in members.all.iter().enumerate() {
            let network = Network::new(member.kind, members.paced, toolkit.clock.clone());
            let platform = network.manifest().id.as_str();
            let made = App {
                id: app(member.kind),
                organization,
                platform: platform.into(),
                name: platform.into(),
                settings: Default::default(),
                secrets: Default::default(),
                created_at: now,
            };
            store.put_app(made).await.unwrap();
            let made = Connection {
                id: connection(side),
                organization,
                app: app(member.kind),
                platform: platform.into(),
                workspace: workspace(side),
                name: "Acme".into(),
                state: ConnectionState::Active,
                created_at: now,
            };
            store.put_connection(made).await.unwrap();
            endpoints.push(Endpoint {
                id: EndpointId::new(Uuid::from_u128(40 + side as u128)),
                at: at(side),
                name: "general".into(),
                direction: member.direction,
                since: now,
            });
            networks.push(network);
        }
        let sync = ChannelSync {
            id: ChannelSyncId::new(Uuid::from_u128(SYNC)),
            organization,
            name: "general".into(),
            state: ChannelSyncState::Active,
            settings: SyncSettings::default(),
            created_at: now,
            endpoints,
        };
        store.put_channel_sync(sync).await.unwrap();
        let process = Arc::default();
        let settings = RelaySettings::new("http://rialto.test/".parse().unwrap());
        let relay = start(&store, &networks, &toolkit, &process, &settings, broken).await;
        let (left, right) = (networks[0].clone(), networks[1].clone());
        Self { left, right, networks, relay, store, toolkit, process, settings, broken, keys: 0 }
    }

    /// Another channel sync between the first two.
    pub async fn also(&mut self, name: &str) {
        let now = self.toolkit.clock.now();
        let count = self.store.channel_syncs().await.unwrap().len() as u128;
        let endpoint = |side: usize| Endpoint {
            id: EndpointId::new(Uuid::from_u128(100 * count + side as u128)),
            at: ConversationRef { connection: connection(side), conversation: name.into() },
            name: name.into(),
            direction: Direction::Both,
            since: now,
        };
        let sync = ChannelSync {
            id: ChannelSyncId::new(Uuid::from_u128(SYNC + 1_000 * count)),
            organization: OrganizationId::new(Uuid::from_u128(1)),
            name: name.into(),
            state: ChannelSyncState::Active,
            settings: SyncSettings::default(),
            created_at: now,
            endpoints: vec![endpoint(0), endpoint(1)],
        };
        self.store.put_channel_sync(sync).await.unwrap();
        self.relay.changed(&[]).await.unwrap();
    }

    /// A webhook comes in, as a new one each time.
    pub async fn hear(&mut self, side: usize, payload: &[u8]) -> Accepted {
        self.keys += 1;
        let key = format!("{}", self.keys);
        self.hear_as(side, payload, &key).await
    }

    pub async fn hear_as(&self, side: usize, payload: &[u8], key: &str) -> Accepted {
        self.hear_in("general", side, payload, key).await
    }

    /// Likewise, about another conversation.
    pub async fn hear_in(
        &self,
        conversation: &str,
        side: usize,
        payload: &[u8],
        key: &str,
    ) -> Accepted {
        let proof = verify::shared_secret("fake", "fake").unwrap();
        let inbound = Inbound {
            workspace: workspace(side),
            conversation: RemoteId::from(conversation),
            key: key.into(),
            payload: payload.to_vec(),
        };
        let app = app(self.networks[side].kind);
        self.relay.accept(app, vec![Verified::by(proof, inbound)]).await.unwrap()
    }

    /// A webhook as it is kept.
    pub fn row(&self, side: usize, payload: &[u8], key: &str) -> NewInbound {
        NewInbound {
            connection: connection(side),
            conversation: RemoteId::from("general"),
            key: key.into(),
            payload: payload.to_vec(),
            received_at: self.toolkit.clock.now(),
            swept: false,
        }
    }

    /// Waits until nothing waits any more.
    pub async fn settle(&mut self) {
        loop {
            for side in 0..self.networks.len() {
                for event in self.networks[side].own_events() {
                    self.hear(side, &event).await;
                }
            }
            if self.store.pending_inbound(i64::MIN, 1).await.unwrap().is_empty()
                && self.store.lanes().await.unwrap().is_empty()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// An admin retries all that is parked.
    pub async fn retry_what_is_parked(&self) {
        let sync = ChannelSyncId::new(Uuid::from_u128(SYNC));
        self.relay.retry_channel_sync(&Who::new("an admin"), sync).await.unwrap();
    }

    /// An admin authorizes these again.
    pub async fn connect_again(&mut self, sides: &[usize]) {
        let connections: Vec<_> = sides.iter().copied().map(connection).collect();
        for connection in &connections {
            let active = ConnectionState::Active;
            self.store.set_connection_state(*connection, active).await.unwrap();
        }
        let changed = self.relay.changed(&connections);
        if tokio::time::timeout(Duration::from_secs(3), changed).await.is_err() {
            self.crash().await;
        }
    }

    /// The process dies at some await point, and another one starts.
    pub async fn crash(&mut self) {
        // A dead process never answers, so it is not waited for long.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.relay.stop()).await;
        self.process = Arc::default();
        let (store, networks) = (&self.store, &self.networks);
        let (toolkit, settings) = (&self.toolkit, &self.settings);
        self.relay = start(store, networks, toolkit, &self.process, settings, self.broken).await;
    }
}

async fn start(
    store: &Arc<dyn Store>,
    networks: &[Network],
    toolkit: &Toolkit,
    process: &Arc<Process>,
    settings: &RelaySettings,
    broken: Option<Broken>,
) -> Relay {
    let mut vendors: BTreeMap<Kind, Vendor> = BTreeMap::new();
    for (side, network) in networks.iter().enumerate() {
        network.called_by(process);
        let vendor = vendors.entry(network.kind);
        vendor
            .and_modify(|vendor| vendor.takes(workspace(side), network))
            .or_insert_with(|| Vendor::of(workspace(side), network));
    }
    let store = Arc::new(Watched::new(store.clone(), process.clone(), broken));
    let platforms = vendors.into_values().map(|vendor| Arc::new(vendor) as Arc<dyn Platform>);
    Relay::start(store, platforms.collect(), toolkit.clone(), settings.clone()).await.unwrap()
}

//! The oracle: the port in plain maps behind one lock, simple enough to be believed.

mod plan;
mod port;
mod setup;
mod sweeps;
mod work;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_model::{
    AppId, Attempt, ChannelSync, ChannelSyncId, ConnectionId, ConversationRef, Delivery,
    DeliveryId, MessageId, OrganizationId, PartKey, RemoteId, Revision, Work,
};
use secrecy::SecretString;

use crate::{
    App, AuditEntry, BegunPart, Connection, Copy, NewInbound, Now, PendingAuthorization, Reactor,
    StoredAccount, SweepRecord,
};

/// Durable for as long as it lives: for tests and simulations. Nothing is sealed.
pub struct MemoryStore(Mutex<State>);

impl MemoryStore {
    /// An empty store.
    pub fn new(organization: OrganizationId, now: Now) -> Self {
        Self(Mutex::new(State::new(organization, now)))
    }

    /// What a crash at this moment would leave: everything that a verb has answered, in a store of
    /// its own.
    pub fn after_crash(&self) -> Self {
        Self(Mutex::new(self.0.lock().clone()))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}

type Identity = (ConnectionId, RemoteId, String, bool);

#[derive(Clone)]
struct State {
    organization: OrganizationId,
    now: Now,
    apps: BTreeMap<AppId, App>,
    connections: BTreeMap<ConnectionId, Connection>,
    cabinet: BTreeMap<(ConnectionId, String), SecretString>,
    authorizations: HashMap<String, PendingAuthorization>,
    channel_syncs: BTreeMap<ChannelSyncId, ChannelSync>,
    audit: Vec<AuditEntry>,
    accounts: BTreeMap<(ConnectionId, RemoteId), StoredAccount>,
    last_inbound: i64,
    inbox: BTreeMap<i64, NewInbound>,
    waiting: HashSet<Identity>,
    sweeps: BTreeMap<ConversationRef, SweepRecord>,
    moves: BTreeMap<ConversationRef, RemoteId>,
    messages: HashMap<MessageId, Message>,
    copies: HashMap<(ConversationRef, RemoteId), MessageId>,
    deliveries: BTreeMap<i64, Kept>,
    places: HashMap<DeliveryId, i64>,
    holds: HashMap<ConversationRef, Timestamp>,
    drops: BTreeMap<String, u64>,
}

#[derive(Clone)]
struct Message {
    origin: ConversationRef,
    revision: Revision,
    deleted: bool,
    author: Option<RemoteId>,
    thread: Option<MessageId>,
    posted_at: Timestamp,
    copies: Vec<Copy>,
    reactors: Vec<Reactor>,
}

#[derive(Clone)]
struct Kept {
    delivery: Delivery,
    work: Option<Work>,
    begun: BTreeMap<PartKey, BegunPart>,
    calls: Vec<Attempt>,
}

impl State {
    fn new(organization: OrganizationId, now: Now) -> Self {
        Self {
            organization,
            now,
            apps: BTreeMap::new(),
            connections: BTreeMap::new(),
            cabinet: BTreeMap::new(),
            authorizations: HashMap::new(),
            channel_syncs: BTreeMap::new(),
            audit: Vec::new(),
            accounts: BTreeMap::new(),
            last_inbound: 0,
            inbox: BTreeMap::new(),
            waiting: HashSet::new(),
            sweeps: BTreeMap::new(),
            moves: BTreeMap::new(),
            messages: HashMap::new(),
            copies: HashMap::new(),
            deliveries: BTreeMap::new(),
            places: HashMap::new(),
            holds: HashMap::new(),
            drops: BTreeMap::new(),
        }
    }
}

//! Things to keep, named by small numbers.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use rialto_model::{
    Account, AccountKind, AppId, Attempt, AttemptOutcome, Author, ChannelSync, ChannelSyncId,
    ChannelSyncState, ConnectionId, Content, ConversationRef, DeliveryId, DeliveryState, Direction,
    Emoji, Endpoint, EndpointId, Fingerprint, MessageId, OrganizationId, PartKey, Revision,
    RichText, SyncSettings, Work,
};
use rialto_store::{
    Appended, Change, Connection, ConnectionState, CopiedFile, Key, MemoryStore, NewCopy,
    NewDelivery, NewInbound, Now, Plan, Progress, Reactor, Settled, SqlOptions, SqlStore, Store,
    StoreError, StoredAccount, Vault,
};
use uuid::Uuid;

pub fn id(number: u64) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

pub fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

/// The store's clock: it stands still.
pub fn now() -> Now {
    Arc::new(|| time(9_999))
}

pub fn memory() -> MemoryStore {
    MemoryStore::new(OrganizationId::new(id(1)), now())
}

pub fn key(fill: u8) -> Key {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    Key::from_base64(&STANDARD.encode([fill; 32])).unwrap()
}

pub async fn sql(path: &Path) -> Result<SqlStore, StoreError> {
    SqlStore::open(SqlOptions::new(path), Vault::new(&key(1)), now()).await
}

pub fn connection(number: u64) -> ConnectionId {
    ConnectionId::new(id(number))
}

/// Conversation `number`; even ones on connection 0, odd ones on 1.
pub fn at(number: u64) -> ConversationRef {
    ConversationRef {
        connection: connection(number % 2),
        conversation: format!("C{number}").into(),
    }
}

pub fn message(number: u64) -> MessageId {
    MessageId::new(id(number))
}

pub fn delivery(number: u64) -> DeliveryId {
    DeliveryId::new(id(number))
}

pub fn remote(number: u64) -> rialto_model::RemoteId {
    format!("1700000000.{number:06}").into()
}

pub fn inbound(conversation: u64, key: u64) -> NewInbound {
    let at = at(conversation);
    NewInbound {
        connection: at.connection,
        conversation: at.conversation,
        key: format!("{key}:0"),
        payload: format!("payload of {key}").into_bytes(),
        received_at: time(5),
        swept: false,
    }
}

pub fn post(text: &str) -> Work {
    Work::Post {
        author: Author { account: None, name: "Ada".into(), avatar_url: None, bot: false },
        content: Content { text: RichText::plain(text), attachments: Vec::new() },
        thread: None,
        broadcast: false,
        orphan: false,
    }
}

pub fn edit(text: &str) -> Work {
    let Work::Post { author, content, thread, broadcast, orphan } = post(text) else {
        unreachable!()
    };
    Work::Edit { author, content, thread, broadcast, orphan, revision: Revision(9) }
}

pub fn new_message(number: u64, conversation: u64) -> Change {
    Change::NewMessage {
        id: message(number),
        origin: at(conversation),
        remote: remote(number),
        revision: Revision(0),
        author: Some("U1".into()),
        thread: None,
        posted_at: time(3),
        deleted: false,
    }
}

pub fn new_delivery(number: u64, about: u64, from: u64, to: u64, work: Work) -> NewDelivery {
    NewDelivery {
        id: delivery(number),
        message: message(about),
        from: at(from),
        to: at(to),
        happened_at: time(3),
        created_at: time(4),
        work,
    }
}

pub fn changes(changes: impl Into<Vec<Change>>) -> Plan {
    Plan { changes: changes.into(), ..Plan::default() }
}

pub fn copy(of: u64, part: PartKey, at: u64) -> NewCopy {
    NewCopy {
        delivery: delivery(of),
        part,
        remote: remote(at),
        revision: Revision(0),
        says_when: at % 2 == 1,
        files: files(at % 3),
    }
}

pub fn files(count: u64) -> Vec<CopiedFile> {
    (0..count).map(|n| CopiedFile { digest: u64::MAX - n, came: n == 0 }).collect()
}

pub fn reactor(conversation: u64, present: bool, seconds: i64) -> Reactor {
    Reactor {
        remote: "1".into(),
        at: at(conversation),
        account: "U2".into(),
        emoji: Emoji::Unicode("👍".into()),
        present,
        changed_at: time(seconds),
    }
}

pub fn attempt(outcome: AttemptOutcome) -> Attempt {
    Attempt { at: time(20), outcome, detail: "in words".into() }
}

pub fn settled(state: DeliveryState, seconds: i64) -> Progress {
    let reason = (state != DeliveryState::Delivered).then(|| "for a reason".to_owned());
    let settled = Some(Settled { state, reason, at: time(seconds) });
    Progress { settled, ..Progress::default() }
}

pub fn fingerprint(text: &str) -> Fingerprint {
    Fingerprint(text.into())
}

pub fn endpoint(number: u64, conversation: u64) -> Endpoint {
    Endpoint {
        id: EndpointId::new(id(number)),
        at: at(conversation),
        name: format!("channel {conversation}"),
        direction: Direction::Both,
        since: time(0),
    }
}

pub fn sync(number: u64, endpoints: impl Into<Vec<Endpoint>>) -> ChannelSync {
    ChannelSync {
        id: ChannelSyncId::new(id(number)),
        organization: OrganizationId::new(id(1)),
        name: format!("sync {number}"),
        state: ChannelSyncState::Active,
        settings: SyncSettings::default(),
        created_at: time(0),
        endpoints: endpoints.into(),
    }
}

pub fn a_connection(number: u64, app: u64, workspace: &str) -> Connection {
    Connection {
        id: connection(number),
        organization: OrganizationId::new(id(1)),
        app: AppId::new(id(app)),
        platform: "slack".into(),
        workspace: workspace.into(),
        name: "Acme".into(),
        state: ConnectionState::Active,
        created_at: time(0),
    }
}

pub fn account(name: &str, email: Option<&str>) -> StoredAccount {
    let account = Account {
        id: name.into(),
        name: format!("{name} Lovelace"),
        email: email.map(str::to_owned),
        avatar_url: Some("https://pictures.example/1".into()),
        kind: AccountKind::Person,
    };
    StoredAccount { account, fetched_at: time(7) }
}

/// Lets a webhook come in and keeps what was decided about it.
pub async fn decide(store: &dyn Store, plan: Plan) -> Result<Vec<i64>, StoreError> {
    let row = NewInbound { key: "the one that is decided about".into(), ..inbound(0, 0) };
    let Appended::New(seq) = store.append_inbound(&[row]).await?[0] else {
        panic!("the plan before this one was refused: its webhook waits still");
    };
    store.commit_plan(seq, plan).await
}

/// Message 1 of conversation 0, to be posted by delivery `number` in conversation 1.
pub async fn one_post(store: &dyn Store, number: u64) {
    let deliveries = vec![new_delivery(number, number, 0, 1, post("hello"))];
    let plan = Plan { deliveries, ..changes([new_message(number, 0)]) };
    decide(store, plan).await.unwrap();
}

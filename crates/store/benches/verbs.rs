//! How fast the verbs are that every message needs, on a real disk: `cargo bench -p rialto-store`.
//!
//! `RIALTO_BENCH_DIR` says where the database goes (a folder on the disk to measure).
#![allow(clippy::print_stdout, reason = "the figures are what this is for")]

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use rialto_model::{
    Attempt, AttemptOutcome, Author, ConnectionId, Content, ConversationRef, DeliveryId,
    DeliveryState, Fingerprint, MessageId, PartKey, RemoteId, Revision, RichText, Work,
};
use rialto_store::{
    Appended, Change, Key, NewCopy, NewDelivery, NewInbound, Plan, Progress, Settled, SqlOptions,
    SqlStore, Store, StoreError, Vault,
};
use tokio::{task::JoinSet, time::Instant};
use uuid::Uuid;

const TASKS: u64 = 64;
const WEBHOOKS_EACH: u64 = 1_500;
const MESSAGES_EACH: u64 = 500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> Result<(), Box<dyn std::error::Error>> {
    let folder = match std::env::var_os("RIALTO_BENCH_DIR") {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let file = folder.path().join("rialto.db");
    let vault = Vault::new(&Key::generate(&mut rand::rng()));
    let store = SqlStore::open(SqlOptions::new(&file), vault, Arc::new(|| at(0))).await?;
    let store = Arc::new(store);

    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = store.clone();
        tasks.spawn(async move {
            for number in 0..WEBHOOKS_EACH {
                store.append_inbound(&[webhook(task, 1_000_000 + number)]).await?;
            }
            Ok::<_, StoreError>(())
        });
    }
    finish(tasks).await?;
    report("webhooks kept", TASKS * WEBHOOKS_EACH, started, &file);
    loop {
        let waiting = store.pending_inbound(0, 1_000).await?;
        if waiting.is_empty() {
            break;
        }
        let mut tasks = JoinSet::new();
        for row in waiting {
            let store = store.clone();
            tasks.spawn(async move { store.commit_plan(row.seq, Plan::default()).await.map(drop) });
        }
        finish(tasks).await?;
    }

    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = store.clone();
        tasks.spawn(async move {
            for number in 0..MESSAGES_EACH {
                relay_one(&*store, task, number).await?;
            }
            Ok::<_, StoreError>(())
        });
    }
    finish(tasks).await?;
    report("messages relayed (5 verbs)", TASKS * MESSAGES_EACH, started, &file);
    store.close().await;
    let bytes = std::fs::metadata(&file)?.len();
    println!("the database has {bytes} bytes");
    Ok(())
}

/// What the engine asks of the store for one message with one destination.
async fn relay_one(store: &dyn Store, task: u64, number: u64) -> Result<(), StoreError> {
    let (from, to) = (place(task, "C"), place(task, "D"));
    let kept = store.append_inbound(&[webhook(task, number)]).await?;
    let [Appended::New(seq)] = kept[..] else { return Ok(()) };
    store.message_at(&from, &remote(number)).await?;
    // Version 7 shaped: the time first.
    let id =
        Uuid::from_u128(0x7000_8000_0000_0000_0000 | u128::from(number) << 88 | u128::from(task));
    let (message, delivery) = (MessageId::new(id), DeliveryId::new(id));
    let plan = Plan {
        changes: vec![Change::NewMessage {
            id: message,
            origin: from.clone(),
            remote: remote(number),
            revision: Revision(0),
            author: Some("U024BE7LH".into()),
            thread: None,
            posted_at: at(1),
            deleted: false,
        }],
        deliveries: vec![NewDelivery {
            id: delivery,
            message,
            from,
            to,
            happened_at: at(1),
            created_at: at(2),
            work: Work::Post {
                author: Author {
                    account: Some("U024BE7LH".into()),
                    name: "Ada Lovelace".into(),
                    avatar_url: Some("https://avatars.example/ada.png".into()),
                    bot: false,
                },
                content: Content {
                    text: RichText::plain(&"a few words ".repeat(20)),
                    attachments: Vec::new(),
                },
                thread: None,
                broadcast: false,
                orphan: false,
            },
        }],
        drops: Vec::new(),
    };
    store.commit_plan(seq, plan).await?;
    let part = PartKey::Text(0);
    let fingerprint = Fingerprint("0123456789abcdef0123456789abcdef".into());
    store.begin(delivery, part, fingerprint, Vec::new(), false, at(3)).await?;
    let made = NewCopy {
        delivery,
        part,
        remote: remote(number),
        revision: Revision(0),
        says_when: false,
        files: vec![],
    };
    let step = Progress {
        copies: vec![made],
        attempt: Some(Attempt { at: at(4), outcome: AttemptOutcome::Done, detail: "ok".into() }),
        settled: Some(Settled { state: DeliveryState::Delivered, reason: None, at: at(4) }),
        ..Progress::default()
    };
    store.progress(delivery, step).await
}

fn webhook(task: u64, number: u64) -> NewInbound {
    let place = place(task, "C");
    NewInbound {
        connection: place.connection,
        conversation: place.conversation,
        key: format!("1700000000.{number:06}:0"),
        payload: vec![b'x'; 1_200],
        received_at: at(0),
        swept: false,
    }
}

fn place(task: u64, kind: &str) -> ConversationRef {
    let connection = ConnectionId::new(Uuid::from_u128(u128::from(task % 4)));
    ConversationRef { connection, conversation: format!("{kind}024BE7{task:03}").into() }
}

fn remote(number: u64) -> RemoteId {
    format!("1700000000.{number:06}").into()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap_or_default()
}

async fn finish(
    mut tasks: JoinSet<Result<(), StoreError>>,
) -> Result<(), Box<dyn std::error::Error>> {
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

fn report(what: &str, count: u64, started: Instant, file: &Path) {
    let seconds = started.elapsed().as_secs_f64();
    let log = file.with_extension("db-wal");
    let log = std::fs::metadata(log).map_or(0, |log| log.len() / 1_048_576);
    let rate = count as f64 / seconds;
    println!("{what}: {count} in {seconds:.2} s, {rate:.0}/s; write-ahead log {log} MiB");
}

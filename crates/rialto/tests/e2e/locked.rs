//! Something else holds the database: platforms are told in time to send again, memory stays
//! bounded, and what was refused comes in when the database is free again.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use rialto_platform::Clock as _;
use rialto_testkit::{Side, World};
use rusqlite::Connection as Database;
use serde_json::json;
use tokio::time::Instant;

use crate::{all_connected_with, both_ways, connected_with, vendor::Vendor};

/// Different webhooks; all of them together are more than may wait to be written.
const WEBHOOKS: usize = 300;
/// Bytes of each that nobody reads.
const PADDING: usize = 128 << 10;
/// How often each is sent while the database is locked.
const TIMES: usize = 5;
/// How long a platform waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes that the process may grow by: 32 MB that wait to be written, as they came and as they are
/// kept, what is being read and proved, and what the allocator keeps of it. Without bounds it is
/// all of them, several times over.
const GROWTH: u64 = 320 << 20;

/// Nobody else writes for as long as this lives.
fn locked(world: &World) -> Database {
    let database = Database::open(world.folder().join("rialto.db")).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    database
}

fn event(world: &World, ana: &str, channel: &str, number: usize) -> Vec<u8> {
    let now = rialto_platform::SystemClock.now().as_second();
    let ts = format!("{now}.{number:06}");
    let event = json!({
        "type": "message", "channel": channel, "channel_type": "channel", "user": ana,
        "text": format!("refused-{number};"), "ts": ts, "event_ts": ts,
        "padding": "x".repeat(PADDING),
    });
    let envelope = json!({
        "type": "event_callback", "team_id": world.workspace(Side::Slack), "api_app_id": "A0",
        "event_id": format!("Ev{number}"), "event_time": now, "event": event,
    });
    serde_json::to_vec(&envelope).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_locked_platforms_are_told_in_time_to_send_again() {
    let settings = [("RIALTO_CANARY_EVERY", "0s"), ("RIALTO_SWEEPS_EVERY", "1d")];
    let world = connected_with(&settings).await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    both_ways(&world, &channels, "before").await;
    let vendor = Vendor::slack(&world).await;
    let launch = world.conversation(Side::Slack, "launch").await.unwrap();
    let ana = world.account(Side::Slack, "Ana Silva").await.unwrap();
    let events = (0..WEBHOOKS).map(|number| event(&world, &ana, &launch, number));
    let events: Arc<Vec<_>> = Arc::new(events.collect());
    let before = world.rialto.lock().await.memory();
    let largest = AtomicU64::new(0);

    let lock = locked(&world);
    for _ in 0..TIMES {
        let calls = (0..WEBHOOKS).map(|number| {
            let (vendor, events) = (vendor.clone(), events.clone());
            tokio::spawn(async move {
                let began = Instant::now();
                let (status, _) = vendor.posts("", &events[number]).await;
                (status, began.elapsed())
            })
        });
        for call in calls.collect::<Vec<_>>() {
            let (status, took) = call.await.unwrap();
            assert!(status == 503 && took < PATIENCE, "{status} after {took:?}");
        }
        largest.fetch_max(world.rialto.lock().await.memory().unwrap_or_default(), SeqCst);
    }
    if let Some(before) = before {
        let growth = largest.into_inner().saturating_sub(before);
        assert!(growth < GROWTH, "from {before} by {growth} bytes");
    }
    drop(lock);

    for event in events.iter() {
        let taken = async || Ok(vendor.posts("", event).await.0 == 200);
        world.until("it is taken when it is sent again", taken).await.unwrap();
    }
    let number = |text: &str| -> Option<usize> {
        text.split("refused-").nth(1)?.split(';').next()?.parse().ok()
    };
    let arrived = world
        .wait(Side::Teams, &channels, "all of them", |all| {
            let numbers: Vec<_> = all.iter().filter_map(|it| number(&it.text)).collect();
            (numbers.len() >= WEBHOOKS).then_some(numbers)
        })
        .await
        .unwrap();
    let different: BTreeSet<_> = arrived.iter().collect();
    assert_eq!((arrived.len(), different.len()), (WEBHOOKS, WEBHOOKS), "each once");
    both_ways(&world, &channels, "after").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_and_is_never_sent_again_is_read_from_the_past() {
    let settings = [("RIALTO_CANARY_EVERY", "0s"), ("RIALTO_SWEEPS_EVERY", "1d")];
    let world = all_connected_with(&[Side::Slack, Side::Webex], &settings).await;
    let channels = world.connect_channels(&["slack:launch", "webex:Launch"]).await.unwrap();
    both_ways(&world, &channels, "before").await;

    let lock = locked(&world);
    world.say(Side::Webex, &channels, "said meanwhile").await.unwrap();
    let refused = async || {
        let metrics = world.api.get("/metrics").await?;
        let line = "rialto_webhooks_total{platform=\"webex\",outcome=\"unavailable\"}";
        Ok(metrics.as_str().is_some_and(|it| it.contains(line)))
    };
    world.until("it is refused", refused).await.unwrap();
    // Long enough that what waited to be written is given up.
    let given_up = async || Ok(world.rialto.lock().await.log().contains("could not be kept"));
    world.until("it is given up", given_up).await.unwrap();
    drop(lock);

    world.arrives(Side::Slack, &channels, "said meanwhile").await.unwrap();
    both_ways(&world, &channels, "after").await;
    world.stop().await;
}

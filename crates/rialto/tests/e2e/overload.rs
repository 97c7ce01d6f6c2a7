//! More comes in than can go out: memory stays bounded, nothing that was accepted is lost, and who
//! talks elsewhere does not notice.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use reqwest::Method;
use rialto_testkit::{Channels, Side, World};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{connected_with, vendor::Vendor};

/// Webhooks that come at once; `RIALTO_BURST` for more.
fn size() -> usize {
    std::env::var("RIALTO_BURST").ok().and_then(|text| text.parse().ok()).unwrap_or(6_000)
}
/// Connections by which they come.
const AT_ONCE: usize = 64;
/// Characters of each message: all of them together are far more than may be kept in memory.
const LENGTH: usize = 25_000;
/// Bytes that the process may grow by: two queues of 32 MB, and what is at work.
const GROWTH: u64 = 128 << 20;

fn event(world: &World, ana: &str, channel: &str, number: usize) -> Vec<u8> {
    let text = format!("burst-{number:06}; {}", "x".repeat(LENGTH));
    let ts = format!("{}.{number:06}", now());
    let event = json!({
        "type": "message", "channel": channel, "channel_type": "channel", "user": ana,
        "text": text, "ts": ts, "event_ts": ts,
    });
    let envelope = json!({
        "type": "event_callback", "team_id": world.workspace(Side::Slack), "api_app_id": "A0",
        "event_id": format!("Ev{number}"), "event_time": now(), "event": event,
    });
    serde_json::to_vec(&envelope).unwrap()
}

fn now() -> i64 {
    use rialto_platform::Clock as _;
    rialto_platform::SystemClock.now().as_second()
}

/// Posts a burst as Slack does: what is not answered by 200 in time is sent again. Gives how often
/// that was so.
async fn burst(world: &World, channels: &[String]) -> usize {
    let vendor = Vendor::slack(world).await;
    let (next, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let ana = world.account(Side::Slack, "Ana Silva").await.unwrap();
    let channel = |number: usize| &channels[number % channels.len()];
    let events = (0..size()).map(|number| event(world, &ana, channel(number), number));
    let events: Arc<Vec<_>> = Arc::new(events.collect());
    let workers = (0..AT_ONCE).map(|_| {
        let (vendor, next, again, events) =
            (vendor.clone(), next.clone(), again.clone(), events.clone());
        tokio::spawn(async move {
            while let Some(event) = events.get(next.fetch_add(1, SeqCst)) {
                loop {
                    match vendor.posts("", event).await.0 {
                        200 => break,
                        503 => drop(again.fetch_add(1, SeqCst)),
                        status => panic!("Slack does not send again after {status}"),
                    }
                }
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    again.load(SeqCst)
}

/// How many deliveries of all channel syncs are counted under these names.
async fn counted(world: &World, names: &[&str]) -> u64 {
    let status = world.api.get("/api/v1/status").await.unwrap();
    let syncs = status["channel_syncs"].as_array().unwrap();
    let of = |sync: &Value| -> u64 {
        names.iter().map(|name| sync["traffic"][name].as_u64().unwrap()).sum()
    };
    syncs.iter().map(of).sum()
}

async fn say_elsewhere(world: &World, channels: &Channels, text: &'static str) -> Duration {
    let began = Instant::now();
    world.act(Side::Teams, channels, "Lee Gu", "post", json!({"text": text})).await.unwrap();
    world
        .wait(Side::Slack, channels, text, |all| {
            all.iter().any(|it| it.text.contains(text)).then_some(())
        })
        .await
        .unwrap();
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_that_cannot_go_out_is_kept_within_bounds_and_holds_up_nobody_else() {
    let world = connected_with(&[
        ("RIALTO_CANARY_EVERY", "0s"),
        ("RIALTO_DELIVERIES_TELL_AFTER", "1d"),
        ("RIALTO_SWEEPS_EVERY", "1d"),
    ])
    .await;
    let elsewhere = world.connect_channels(&["slack:general", "teams:General"]).await.unwrap();
    let launch = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let mut channels = Vec::new();
    for name in ["launch", "release-planning"] {
        channels.push(world.conversation(Side::Slack, name).await.unwrap());
    }
    world.add_channel("slack:release-planning", Side::Teams).await.unwrap();
    // Nothing can be posted in Teams: what is said in Slack waits.
    let away = json!({"platform": "teams", "target": "api", "kind": "status", "code": 503,
                      "method": "POST /teams/{id}/channels/{id}/messages"});
    world.control.post("/faults", away).await.unwrap();
    let before = world.rialto.lock().await.memory();

    let (largest, burst) = {
        let burst = burst(&world, &channels);
        tokio::pin!(burst);
        let mut largest = 0;
        let again = loop {
            tokio::select! {
                again = &mut burst => break again,
                () = tokio::time::sleep(Duration::from_millis(200)) => {
                    largest = largest.max(world.rialto.lock().await.memory().unwrap_or_default());
                }
            }
        };
        (largest, again)
    };
    let took = say_elsewhere(&world, &elsewhere, "who talks elsewhere is not held up").await;
    assert!(took < Duration::from_secs(10), "{took:?} with {burst} webhooks sent again");
    let mut planned = counted(&world, &["pending"]).await;
    while planned < size() as u64 {
        let before = planned;
        world
            .until("more is planned", async || Ok(counted(&world, &["pending"]).await > before))
            .await
            .unwrap();
        planned = counted(&world, &["pending"]).await;
    }
    assert_eq!(planned, size() as u64);
    let largest = largest.max(world.rialto.lock().await.memory().unwrap_or_default());
    if let Some(before) = before {
        let growth = largest.saturating_sub(before);
        assert!(growth < GROWTH, "from {before} by {growth} bytes");
    }

    // And all of it is on disk. Teams works again by then: it is not waited for the next try.
    let crossed = counted(&world, &["delivered"]).await;
    world.rialto.lock().await.kill().await.unwrap();
    world.control.call(Method::DELETE, "/faults", None).await.unwrap();
    world.rialto.lock().await.run().await.unwrap();
    let known = counted(&world, &["pending", "delivered"]).await;
    assert_eq!(known, size() as u64 + crossed);
    let first = world
        .wait(Side::Teams, &launch, "the first of them", |all| {
            let numbers: Vec<usize> = all
                .iter()
                .filter_map(|it| it.text.split("burst-").nth(1)?.split(';').next()?.parse().ok())
                .collect();
            (numbers.len() >= 4).then_some(numbers)
        })
        .await
        .unwrap();
    let different: BTreeSet<_> = first.iter().collect();
    assert_eq!(different.len(), first.len(), "{first:?}");
    world.stop().await;
}

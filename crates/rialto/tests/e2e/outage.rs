//! A platform loses webhooks, then all of them, while Rialto is down for part of the time.

use std::time::Duration;

use reqwest::Method;
use rialto_testkit::{Channels, Message, Side, World};
use serde_json::{Value, json};

use crate::all_connected_with;

/// Instead of every quarter of an hour.
const SWEEPS_EVERY: &str = "1s";
/// So long is a minute then.
const MINUTE: Duration = Duration::from_millis(70);

async fn say(world: &World, channels: &Channels, side: Side, texts: impl Iterator<Item = String>) {
    for text in texts {
        world.say(side, channels, &text).await.unwrap();
    }
}

/// What arrived of the texts that begin so, as numbers, in the order in which it stands there.
fn arrived(messages: &[Message], mark: &str) -> Vec<usize> {
    let number = |message: &Message| {
        let rest = &message.text[message.text.find(mark)? + mark.len()..];
        rest.split(';').next()?.parse().ok()
    };
    messages.iter().filter_map(number).collect()
}

async fn all_arrive(
    world: &World,
    channels: &Channels,
    to: Side,
    mark: &str,
    count: usize,
) -> Vec<usize> {
    let what = format!("{count} messages {mark}");
    world
        .wait(to, channels, &what, |messages| {
            let arrived = arrived(messages, mark);
            (arrived.len() >= count).then_some(arrived)
        })
        .await
        .unwrap()
}

async fn drop_webhooks(world: &World, of: Side, probability: f64) {
    world.control.call(Method::DELETE, "/faults", None).await.unwrap();
    let fault = json!({"platform": of.word(), "target": "webhook", "kind": "drop",
                       "probability": probability, "seed": 7});
    world.control.post("/faults", fault).await.unwrap();
}

async fn minutes_pass(minutes: u32) {
    tokio::time::sleep(minutes * MINUTE).await;
}

/// What is said in `lossy` crosses to `other`, whose webhooks come, and the other way round.
async fn crosses_once_and_in_order([lossy, other]: [Side; 2], channels: [&str; 2]) {
    let settings = [("RIALTO_SWEEPS_EVERY", SWEEPS_EVERY), ("RIALTO_SWEEPS_GRACE", "1s")];
    let world = all_connected_with(&[lossy, other], &settings).await;
    let channels = world.connect_channels(&channels).await.unwrap();
    let texts = |mark: &'static str, numbers: std::ops::Range<usize>| {
        numbers.map(move |number| format!("{mark}{number:03};"))
    };

    // One webhook in twenty never comes.
    drop_webhooks(&world, lossy, 0.05).await;
    say(&world, &channels, lossy, texts("lossy-", 0..120)).await;
    let mut one_in_twenty_lost = all_arrive(&world, &channels, other, "lossy-", 120).await;
    one_in_twenty_lost.sort_unstable();
    assert_eq!(one_in_twenty_lost, (0..120).collect::<Vec<_>>(), "lost or doubled");

    // None comes for ten minutes, and in the midst of it Rialto is down for five.
    drop_webhooks(&world, lossy, 1.0).await;
    say(&world, &channels, lossy, texts("outage-", 0..20)).await;
    minutes_pass(3).await;
    world.rialto.lock().await.kill().await.unwrap();
    say(&world, &channels, lossy, texts("outage-", 20..50)).await;
    say(&world, &channels, other, texts("down-", 0..20)).await;
    minutes_pass(5).await;
    world.rialto.lock().await.run().await.unwrap();
    world.control.call(Method::DELETE, "/faults", None).await.unwrap();
    say(&world, &channels, lossy, texts("outage-", 50..60)).await;
    minutes_pass(2).await;
    let outage = all_arrive(&world, &channels, other, "outage-", 60).await;
    assert_eq!(outage, (0..60).collect::<Vec<_>>(), "lost, doubled, or out of order");
    let down = all_arrive(&world, &channels, lossy, "down-", 20).await;
    assert_eq!(down, (0..20).collect::<Vec<_>>(), "lost, doubled, or out of order");

    // The figure says so.
    world
        .until("the channel sync is checked", async || {
            let status = world.api.get("/api/v1/status").await?;
            let traffic = &status["channel_syncs"][0]["traffic"];
            Ok(traffic["missing"] == 0
                && traffic["checked_until"] != Value::Null
                && traffic["recovered"].as_u64() > Some(30))
        })
        .await
        .unwrap();
    // Later sweeps look at the same past again.
    let swept = || async {
        world.api.get("/api/v1/status").await.unwrap()["channel_syncs"][0]["traffic"]["checked_until"].clone()
    };
    let before = swept().await;
    world.until("another sweep", async || Ok(swept().await != before)).await.unwrap();
    let again = arrived(&world.read(other, &channels).await.unwrap(), "outage-");
    assert_eq!(again.len(), 60, "they deliver nothing twice");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lost_webhooks_told_of_crosses_once_and_after_an_outage_in_order() {
    crosses_once_and_in_order([Side::Slack, Side::Teams], ["slack:launch", "teams:Launch"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_webex_told_nobody_crosses_once_and_after_an_outage_in_order() {
    crosses_once_and_in_order([Side::Webex, Side::Zoom], ["webex:Launch", "zoom:launch"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_zoom_told_nobody_crosses_once_and_after_an_outage_in_order() {
    crosses_once_and_in_order([Side::Zoom, Side::Slack], ["zoom:launch", "slack:launch"]).await;
}

//! What Zoom Team Chat alone does: addresses that are validated, channels that are blocked.

use rialto_testkit::{Channels, Message, Side, World};
use serde_json::{Value, json};

use crate::{all_connected_with, both_ways, vendor::Vendor};

/// Slack and Zoom connected, a channel of each in step.
async fn in_step(settings: &[(&str, &str)]) -> (World, Channels) {
    let world = all_connected_with(&[Side::Slack, Side::Zoom], settings).await;
    let channels = world.connect_channels(&["slack:launch", "zoom:launch"]).await.unwrap();
    (world, channels)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_is_validated_again_and_again_and_by_zoom_alone() {
    let (world, channels) = in_step(&[]).await;
    let zoom = Vendor::zoom(&world).await;
    let challenge = json!({
        "event": "endpoint.url_validation", "event_ts": 1_654_503_849_680_u64,
        "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"},
    });
    let challenge = serde_json::to_vec(&challenge).unwrap();
    let (status, answer) = zoom.posts("", &challenge).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((status, &answer["plainToken"]), (200, &json!("qgg8vlvZRS6UYooatFL8Aw")));
    assert_eq!(answer["encryptedToken"].as_str().unwrap().len(), 64);
    assert_eq!(zoom.of_a_stranger().posts("", &challenge).await.0, 401);

    // Zoom asks again every 72 hours; whoever fails it six times is told nothing more.
    let apps = world.control.get("/zoom/apps").await.unwrap();
    let path = format!("/zoom/apps/{}/revalidate", apps[0]["id"].as_str().unwrap());
    for _ in 0..3 {
        let app = world.control.post(&path, json!({})).await.unwrap();
        assert_eq!(app["events"]["state"], "validated", "{app}");
    }
    both_ways(&world, &channels, "afterwards").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_channel_waits_and_gets_all_in_order_while_others_go_on() {
    let (world, launch) = in_step(&[]).await;
    let general = world.connect_channels(&["slack:general", "zoom:general"]).await.unwrap();
    // The post in Rialto's own channel comes by itself, and would take the block.
    let canary_is_made = async || {
        let calls = world.control.get("/calls?platform=zoom").await?;
        Ok(calls.to_string().contains("This channel is Rialto's own"))
    };
    world.until("the canary's post", canary_is_made).await.unwrap();
    world.control.post("/limits", json!({"platform": "zoom", "off": false})).await.unwrap();
    let block = json!({"platform": "zoom", "target": "api", "kind": "special",
                       "name": "block_channel", "times": 1});
    world.control.post("/faults", block).await.unwrap();
    for number in 0..8 {
        world.say(Side::Slack, &launch, &format!("blocked-{number};")).await.unwrap();
    }
    // Once it has struck, others are not held up by it.
    let refused = async || {
        let calls = world.control.get("/calls?platform=zoom").await?;
        let post_was_refused = |call: &Value| {
            let operation = call["operation"].as_str().unwrap_or_default();
            call["status"] == 429
                && operation.starts_with("POST")
                && operation.ends_with("messages")
        };
        Ok(calls["calls"].as_array().is_some_and(|all| all.iter().any(post_was_refused)))
    };
    world.until("the channel is blocked", refused).await.unwrap();
    both_ways(&world, &general, "elsewhere").await;
    let there = world.read(Side::Zoom, &launch).await.unwrap();
    let passed = there.iter().filter(|it| it.text.contains("blocked-")).count();
    assert_eq!(passed, 0, "it is not blocked");

    // Zoom's five minutes pass.
    world.control.post("/clock", json!({"advance_ms": 300_000})).await.unwrap();
    let numbers = |all: &[Message]| -> Vec<usize> {
        let number =
            |it: &Message| it.text.split_once("blocked-")?.1.split(';').next()?.parse().ok();
        all.iter().filter_map(number).collect()
    };
    let all = (0..8).collect::<Vec<_>>();
    let in_order = |shown: &[Message]| (numbers(shown) == all).then_some(());
    world.wait(Side::Zoom, &launch, "all in order", in_order).await.unwrap();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_message_is_split_and_edited_and_nothing_of_it_comes_back() {
    let (world, channels) = in_step(&[]).await;
    let line = |n: usize| format!("line {n:03} of a long story");
    let lines: Vec<_> = (0..150).map(line).collect();
    let id = world.say(Side::Slack, &channels, &lines.join("\n")).await.unwrap();
    let all_once = async |wanted: &[String]| {
        let look = |all: &[Message]| {
            let text: Vec<_> =
                all.iter().filter(|it| !it.deleted).map(|it| it.text.as_str()).collect();
            let text = text.join("\n");
            let once = wanted.iter().all(|line| text.matches(line.as_str()).count() == 1);
            (once && text.matches("of a long story").count() == wanted.len()).then_some(())
        };
        world.wait(Side::Zoom, &channels, "all lines once", look).await.unwrap();
    };
    all_once(&lines).await;
    let shorter = &lines[..30];
    let typed = Side::Slack.to(&id, &shorter.join("\n"));
    world.act(Side::Slack, &channels, "Ana Silva", "edit", typed).await.unwrap();
    all_once(shorter).await;
    // The service user's own posts are told too: nothing of them comes back.
    world.say(Side::Zoom, &channels, "the last word").await.unwrap();
    world.arrives(Side::Slack, &channels, "the last word").await.unwrap();
    let here = world.read(Side::Slack, &channels).await.unwrap();
    // And that Rialto has joined.
    assert_eq!(here.len(), 3, "{:?}", here.iter().map(Message::line).collect::<Vec<_>>());
    world.stop().await;
}

//! What Webex alone does: webhooks that fall silent, spaces that move, spaces where few may speak.

use reqwest::Method;
use rialto_testkit::{Channels, Message, Side, World};
use serde_json::json;

use crate::{all_connected_with, both_ways};

/// Slack and Webex connected, a channel of each in step.
async fn in_step(settings: &[(&str, &str)]) -> (World, Channels) {
    let world = all_connected_with(&[Side::Slack, Side::Webex], settings).await;
    let channels = world.connect_channels(&["slack:launch", "webex:Launch"]).await.unwrap();
    (world, channels)
}

/// Rialto's webhooks that are in this state.
async fn webhooks(world: &World, status: &str) -> Vec<String> {
    let all = world.control.get("/webex/webhooks").await.unwrap();
    let all = all.as_array().unwrap().iter().filter(|it| it["status"] == status);
    all.map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

/// The numbers of what has this mark, in the order in which they are shown.
fn numbers(all: &[Message], mark: &str) -> Vec<usize> {
    let number = |it: &Message| it.text.split_once(mark)?.1.split(';').next()?.parse().ok();
    all.iter().filter_map(number).collect()
}

async fn all_arrive(world: &World, channels: &Channels, mark: &str, count: usize) {
    let arrived = world
        .wait(Side::Slack, channels, &format!("{count} {mark}"), |all| {
            let arrived = numbers(all, mark);
            (arrived.len() >= count).then_some(arrived)
        })
        .await
        .unwrap();
    assert_eq!(arrived, (0..count).collect::<Vec<_>>(), "lost, doubled, or out of order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_that_failed_too_often_are_revived_and_what_they_told_nobody_is_read() {
    let (world, channels) = in_step(&[("RIALTO_CANARY_EVERY", "0s")]).await;
    both_ways(&world, &channels, "before").await;
    world.rialto.lock().await.kill().await.unwrap();
    let count = 110;
    for number in 0..count {
        world.say(Side::Webex, &channels, &format!("unheard-{number:03};")).await.unwrap();
    }
    // A hundred failures within five minutes: Webex never tries this one again.
    let silent = async || Ok(webhooks(&world, "inactive").await.len() == 1);
    world.until("the webhook of messages is silent", silent).await.unwrap();

    world.rialto.lock().await.run().await.unwrap();
    all_arrive(&world, &channels, "unheard-", count).await;
    let revived = async || Ok(webhooks(&world, "active").await.len() == 3);
    world.until("the webhook is revived", revived).await.unwrap();
    both_ways(&world, &channels, "after").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_fell_silent_is_noticed_by_the_canary_and_revived() {
    let (world, channels) = in_step(&[
        ("RIALTO_CANARY_EVERY", "300ms"),
        ("RIALTO_CANARY_PATIENCE", "1s"),
        ("RIALTO_SWEEPS_EVERY", "1h"),
        ("RIALTO_SWEEPS_GRACE", "0s"),
    ])
    .await;
    both_ways(&world, &channels, "before").await;
    for id in webhooks(&world, "active").await {
        let path = format!("/webex/webhooks/{id}/deactivate");
        world.control.post(&path, json!({})).await.unwrap();
    }
    for number in 0..5 {
        world.say(Side::Webex, &channels, &format!("unheard-{number};")).await.unwrap();
    }
    all_arrive(&world, &channels, "unheard-", 5).await;
    let revived = async || Ok(webhooks(&world, "active").await.len() == 3);
    world.until("all webhooks are revived", revived).await.unwrap();
    both_ways(&world, &channels, "after").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_space_that_moves_keeps_its_channel_sync_its_threads_and_its_messages() {
    let (world, channels) = in_step(&[]).await;
    for away in [false, true] {
        let mark = if away { "moved while Rialto was away" } else { "moved" };
        let old = world.say(Side::Webex, &channels, &format!("{mark}: the root;")).await.unwrap();
        let root = world.arrives(Side::Slack, &channels, &format!("{mark}: the root;")).await;
        let root = root.unwrap();
        let before = world.conversation(Side::Webex, "Launch").await.unwrap();

        if away {
            world.rialto.lock().await.kill().await.unwrap();
        }
        world.act(Side::Webex, &channels, "Wanda Novak", "migrate", json!({})).await.unwrap();
        if away {
            world.rialto.lock().await.run().await.unwrap();
        }
        let sync = format!("/api/v1/channel-syncs/{}", channels.sync);
        let follows = async || {
            let sync = world.api.get(&sync).await?;
            let webex = sync["endpoints"].as_array().into_iter().flatten();
            let mut webex = webex.filter(|it| it["platform"] == "webex");
            Ok(webex.all(|it| it["conversation"] != before.as_str()))
        };
        world.until("the channel sync follows", follows).await.unwrap();
        both_ways(&world, &channels, mark).await;

        // What was said before is known by the same names.
        let answer = format!("{mark}: an answer;");
        let typed = Side::Slack.to(&root.id, &answer);
        world.act(Side::Slack, &channels, "Ben Okafor", "reply", typed).await.unwrap();
        let below = world.arrives(Side::Webex, &channels, &answer).await.unwrap();
        assert_eq!(below.thread, Some(old.clone()), "{away}");
        let now = format!("{mark}: as it reads now;");
        let typed = Side::Webex.to(&old, &now);
        world.act(Side::Webex, &channels, "Wanda Novak", "edit", typed).await.unwrap();
        let changed = world.arrives(Side::Slack, &channels, &now).await.unwrap();
        assert_eq!(changed.id, root.id, "{away}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_space_where_rialto_may_not_speak_is_refused_with_the_mend() {
    let (world, launch) = in_step(&[]).await;
    let connect = async || {
        let endpoints =
            [world.endpoint("slack:general").await?, world.endpoint("webex:Board").await?];
        let body = json!({"endpoints": endpoints, "allow_wider_audience": true});
        anyhow::Ok(world.api.post("/api/v1/channel-syncs/connect", body).await?)
    };
    let refused = connect().await.unwrap_err().to_string();
    for words in ["only moderators may post", "announcement", "Rialto Service", "moderator must"] {
        assert!(refused.contains(words), "{words:?} is missing in {refused}");
    }
    let board = world.place(Side::Webex, "Board");
    let service = |moderator: bool| json!({"person": "Rialto Service", "moderator": moderator});
    world.act_in(&board, "Wanda Novak", "moderate", service(true)).await.unwrap();
    let made = connect().await.unwrap();
    let sync = made["id"].as_str().unwrap().to_owned();
    let places = vec![world.place(Side::Slack, "general"), board.clone()];
    let channels = Channels { sync, places };
    both_ways(&world, &channels, "as a moderator").await;

    // It may not any more: what is said to it is parked with the reason; others go on.
    world.act_in(&board, "Wanda Novak", "moderate", service(false)).await.unwrap();
    world.say(Side::Slack, &channels, "to the board;").await.unwrap();
    let parked = "/api/v1/deliveries?state=parked";
    let is_parked = async || Ok(world.api.get(parked).await?[0].is_object());
    world.until("the delivery is parked", is_parked).await.unwrap();
    let delivery = world.api.get(parked).await.unwrap()[0].clone();
    let reason = delivery["reason"].as_str().unwrap();
    assert!(reason.contains("moderator"), "{reason}");
    both_ways(&world, &launch, "elsewhere").await;

    world.act_in(&board, "Wanda Novak", "moderate", service(true)).await.unwrap();
    let retry = format!("/api/v1/channel-syncs/{}/retry", channels.sync);
    world.api.call(Method::POST, &retry, None).await.unwrap();
    world.arrives(Side::Webex, &channels, "to the board;").await.unwrap();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_scan_of_a_file_finds_is_said_in_its_place_and_its_text_goes() {
    let (world, channels) = in_step(&[]).await;
    for (number, (scan, words)) in [
        (json!({"scan_seconds": 2}), None),
        (json!({"infected": true}), Some("malware")),
        (json!({"unscannable": true}), Some("could not scan")),
    ]
    .into_iter()
    .enumerate()
    {
        let (mark, name) = (format!("scanned-{number};"), format!("scanned-{number}.bin"));
        let mut typed = Side::Webex.plain(&mark);
        for (key, value) in scan.as_object().unwrap() {
            typed[key] = value.clone();
        }
        typed["files"] = json!([{"name": name, "mime": "application/octet-stream",
                                 "random_bytes": 2_000, "seed": 3}]);
        world.act(Side::Webex, &channels, "Wanda Novak", "post", typed).await.unwrap();
        world.arrives(Side::Slack, &channels, &mark).await.unwrap();
        let told = |all: &[Message]| match words {
            None => all.iter().any(|it| it.files.iter().any(|file| file.name == name)),
            Some(words) => all.iter().any(|it| it.text.contains(words)),
        };
        let what = format!("what became of {name}");
        world.wait(Side::Slack, &channels, &what, |all| told(all).then_some(())).await.unwrap();
    }
    world.stop().await;
}

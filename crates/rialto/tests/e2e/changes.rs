//! What people change around Rialto: channels are renamed and archived, its app is uninstalled.

use reqwest::Method;
use rialto_testkit::{Channels, Side, World};
use serde_json::{Value, json};

use crate::{both_ways, connected, says};

/// Lee says something in Teams.
async fn lee_says(world: &World, channels: &Channels, text: &str) {
    world.act(Side::Teams, channels, "Lee Gu", "post", json!({"text": text})).await.unwrap();
}

/// Waits until it is read in Slack.
async fn is_read(world: &World, channels: &Channels, text: &str) {
    let look = |all: &[rialto_testkit::Message]| {
        all.iter().any(|message| message.text.contains(text)).then_some(())
    };
    world.wait(Side::Slack, channels, text, look).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_app_is_uninstalled_and_what_is_said_waits_until_it_is_connected_again() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let app = world.app(Side::Slack).await.unwrap();
    let vendors = world.control.get("/slack/apps").await.unwrap();
    let uninstall = format!("/slack/apps/{}/uninstall", vendors[0]["id"].as_str().unwrap());
    // Slack tells it by two events, and promises neither their order nor that both come.
    for only in ["tokens_revoked", "app_uninstalled"] {
        let other = if only == "tokens_revoked" { "app_uninstalled" } else { "tokens_revoked" };
        let lost = json!({"platform": "slack", "target": "webhook", "method": other,
                          "kind": "drop", "times": 1});
        world.control.post("/faults", lost).await.unwrap();
        let place = json!({"workspace": world.workspace(Side::Slack)});
        world.control.post(&uninstall, place).await.unwrap();
        let noticed = async || {
            let status = says(&world, &["status"]).await;
            Ok(status.lines().any(|it| it.contains("Acme Engineering") && !it.contains("works")))
        };
        world.until(only, noticed).await.unwrap();
        let status = says(&world, &["status"]).await;
        assert!(status.contains("the app was uninstalled"), "{status}");
        assert!(status.contains("rialto connect slack"), "{status}");

        let text = format!("said after {only}");
        lee_says(&world, &channels, &text).await;
        let waits =
            async || Ok(says(&world, &["status"]).await.contains("deliveries to 1 channel"));
        world.until("it waits", waits).await.unwrap();

        world.authorize(Side::Slack, &app).await.unwrap();
        // A new installation is in no channel: Rialto joins where it must hear.
        is_read(&world, &channels, &text).await;
        let status = says(&world, &["status"]).await;
        assert!(status.contains("Waiting: nothing"), "{status}");
        both_ways(&world, &channels, &format!("after {only}")).await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_word_of_an_uninstallation_leaves_a_newer_authorization_alone() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let vendors = world.control.get("/slack/apps").await.unwrap();
    for event in ["tokens_revoked", "app_uninstalled"] {
        let late = json!({"platform": "slack", "target": "webhook", "method": event,
                          "kind": "delay", "ms": 2_000, "times": 1});
        world.control.post("/faults", late).await.unwrap();
    }
    let uninstall = format!("/slack/apps/{}/uninstall", vendors[0]["id"].as_str().unwrap());
    let place = json!({"workspace": world.workspace(Side::Slack)});
    world.control.post(&uninstall, place).await.unwrap();
    world.authorize(Side::Slack, &world.app(Side::Slack).await.unwrap()).await.unwrap();
    world.control.get("/idle?timeout_ms=20000").await.unwrap();
    both_ways(&world, &channels, "all the same").await;
    let status = says(&world, &["status"]).await;
    assert!(!status.contains("rialto connect slack"), "{status}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_channel_syncs_follows_channels_new_names() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let lists = async |name: &'static str| {
        let listed = async || Ok(says(&world, &["channel-sync", "list"]).await.contains(name));
        world.until(name, listed).await.unwrap();
    };
    lists("slack:launch ↔ teams:Projects / Launch").await;
    // Slack tells.
    let name = json!({"name": "liftoff"});
    world.act(Side::Slack, &channels, "Ana Silva", "rename", name).await.unwrap();
    lists("slack:liftoff ↔ teams:Projects / Launch").await;
    // Graph does not: it is seen when Rialto next looks after the tenant.
    let name = json!({"name": "Lift Off"});
    world.act(Side::Teams, &channels, "Ida Holm", "rename", name).await.unwrap();
    world.control.post("/teams/lifecycle", json!({"event": "missed"})).await.unwrap();
    lists("slack:liftoff ↔ teams:Projects / Lift Off").await;

    let renamed = channels.with(Side::Slack, "liftoff").with(Side::Teams, "Projects/Lift Off");
    both_ways(&world, &renamed, "under the new names").await;
    world.rialto.lock().await.kill().await.unwrap();
    world.rialto.lock().await.run().await.unwrap();
    lists("slack:liftoff ↔ teams:Projects / Lift Off").await;
    world.stop().await;
}

/// What the parked delivery of a channel sync says.
async fn parked(world: &World) -> Option<Value> {
    let all = world.api.get("/api/v1/deliveries?state=parked").await.unwrap();
    let all = all["deliveries"].as_array().or(all.as_array()).unwrap().clone();
    all.into_iter().next()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_was_archived_is_said_and_what_could_not_go_there_goes_when_it_is_back() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    for (side, admin, says_so) in [
        (Side::Slack, "Ana Silva", "#launch is archived"),
        (Side::Teams, "Ida Holm", "Projects / Launch is archived"),
    ] {
        let look = async || {
            // Slack tells that a channel was archived; Graph does not.
            if side == Side::Teams {
                world.control.post("/teams/lifecycle", json!({"event": "missed"})).await.unwrap();
            }
        };
        world.act(side, &channels, admin, "archive", json!({})).await.unwrap();
        look().await;
        let told = async || Ok(says(&world, &["status"]).await.contains(says_so));
        world.until(says_so, told).await.unwrap();

        let text = format!("said while {} was closed", side.name());
        let speaker = if side == Side::Slack { "Lee Gu" } else { "Ana Silva" };
        let body = json!({"text": text});
        world.act(channels.other(side), &channels, speaker, "post", body).await.unwrap();
        world.until("it is parked", async || Ok(parked(&world).await.is_some())).await.unwrap();
        let delivery = parked(&world).await.unwrap();
        assert!(delivery["reason"].as_str().unwrap().contains("archived"), "{delivery}");

        world.act(side, &channels, admin, "unarchive", json!({})).await.unwrap();
        look().await;
        let mended = async || Ok(!says(&world, &["status"]).await.contains(says_so));
        world.until("it is open again", mended).await.unwrap();
        let retry = format!("/api/v1/deliveries/{}/retry", delivery["id"].as_str().unwrap());
        world.api.call(Method::POST, &retry, None).await.unwrap();
        let shown = |all: &[rialto_testkit::Message]| {
            all.iter().any(|message| message.text.contains(&text)).then_some(())
        };
        world.wait(side, &channels, &text, shown).await.unwrap();
        both_ways(&world, &channels, &format!("after {}", side.name())).await;
    }
    world.stop().await;
}

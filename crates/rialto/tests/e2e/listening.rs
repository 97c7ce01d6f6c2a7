//! How Teams is heard: per channel and tenant-wide, and what happens when subscriptions end.

use reqwest::Method;
use rialto_testkit::{Channels, Side, World};
use serde_json::{Value, json};

/// Through whom Rialto listens in Teams.
const SERVICE_USER: &str = "Rialto Service";

use crate::{both_ways, says, without_canary};

/// The subscriptions that Graph has.
async fn subscriptions(world: &World) -> Vec<Value> {
    world.control.get("/teams/subscriptions").await.unwrap().as_array().unwrap().clone()
}

/// The one subscription that Graph has.
async fn subscription(world: &World) -> Value {
    let [only] = subscriptions(world).await.try_into().unwrap();
    only
}

async fn webhooks(world: &World, event: &str) -> Vec<Value> {
    let sent = world.control.get(&format!("/webhooks?platform=teams&event={event}")).await.unwrap();
    sent["webhooks"].as_array().unwrap().clone()
}

async fn calls(world: &World, operation: &str) -> u64 {
    let mut url = url::Url::parse("http://sandbox/calls?platform=teams").unwrap();
    url.query_pairs_mut().append_pair("operation", operation);
    let path = format!("/calls?{}", url.query().unwrap());
    world.control.get(&path).await.unwrap()["total"].as_u64().unwrap()
}

async fn minutes_later(world: &World, minutes: u64) {
    world.control.post("/clock", json!({"advance_ms": minutes * 60_000})).await.unwrap();
}

/// Lee says something in Teams, which is read in Slack once.
async fn is_heard(world: &World, channels: &Channels, text: &str) {
    world.act(Side::Teams, channels, "Lee Gu", "post", json!({"text": text})).await.unwrap();
    arrives_once(world, channels, text).await;
}

async fn arrives_once(world: &World, channels: &Channels, text: &str) {
    let copies = world
        .wait(Side::Slack, channels, text, |all| {
            let copies = all.iter().filter(|it| it.text.contains(text)).count();
            (copies > 0).then_some(copies)
        })
        .await
        .unwrap();
    assert_eq!(copies, 1, "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_channel_is_heard_as_the_service_user_by_what_is_sealed_for_rialto() {
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let heard = subscription(&world).await;
    let service = world.account(Side::Teams, SERVICE_USER).await.unwrap();
    assert_eq!(heard["creatorId"], json!(service));
    assert_eq!(heard["includeResourceData"], json!(true));
    assert!(heard["resource"].as_str().unwrap().ends_with("/messages"), "{heard}");

    // Graph asked at both addresses whether they are Rialto's.
    let asked = webhooks(&world, "validation").await;
    let addresses: Vec<_> =
        asked.iter().map(|it| it["url"].as_str().unwrap().split('?').next().unwrap()).collect();
    assert_eq!(addresses, [&heard["notificationUrl"], &heard["lifecycleNotificationUrl"]]);
    assert!(asked.iter().all(|it| it["state"] == "delivered"), "{asked:?}");

    is_heard(&world, &channels, "between us").await;
    // The text came along, and nobody on the way could read it.
    let told = webhooks(&world, "chatMessage.created").await;
    let sealed = &told[0]["body"]["value"][0]["encryptedContent"];
    assert_eq!(sealed["encryptionCertificateId"], heard["encryptionCertificateId"]);
    assert!(!told[0]["body"].to_string().contains("between us"));
    let asked = calls(&world, "GET /teams/{id}/channels/{id}/messages/{id}").await;
    assert_eq!(asked, 0, "what came along need not be asked for");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_tenant_is_heard_by_one_subscription_of_the_application() {
    let world = without_canary().await;
    let launch = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let by_channel = subscription(&world).await;
    let app = world.app(Side::Teams).await.unwrap();
    world.change_app(&app, json!({"listening": "tenant"})).await.unwrap();

    let heard = subscription(&world).await;
    assert_eq!(heard["resource"], "/teams/getAllMessages");
    assert_eq!(heard["creatorId"], heard["applicationId"], "as the application");
    both_ways(&world, &launch, "tenant-wide").await;
    assert_eq!(webhooks(&world, "chatMessage.created").await.last().unwrap()["about"], heard["id"]);

    // A channel more needs no subscription more; one that is in no channel sync stays unheard.
    let general = launch.clone().with(Side::Teams, "Projects/General");
    world.act(Side::Teams, &general, "Lee Gu", "post", json!({"text": "early"})).await.unwrap();
    both_ways(&world, &launch, "meanwhile").await;
    let general = world.connect_channels(&["slack:general", "teams:General"]).await.unwrap();
    both_ways(&world, &general, "general").await;
    assert_eq!(subscription(&world).await["id"], heard["id"]);
    let read = world.read(Side::Slack, &general).await.unwrap();
    assert!(!read.iter().any(|it| it.text.contains("early")), "{read:?}");
    let metrics = world.api.get("/metrics").await.unwrap();
    assert!(metrics.as_str().unwrap().contains("rialto_inbound_total{outcome=\"not_synced\"}"));

    // And back.
    world.change_app(&app, json!({"listening": "channels"})).await.unwrap();
    let heard = subscriptions(&world).await;
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard.iter().any(|it| it["resource"] == by_channel["resource"]), "{heard:?}");
    both_ways(&world, &launch, "by channel").await;
    both_ways(&world, &general, "by channel").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_is_renewed_before_it_ends() {
    let world = without_canary().await;
    let short = json!({"platform": "teams", "target": "api", "method": "POST /subscriptions",
                       "kind": "special", "name": "short_life"});
    world.control.post("/faults", short).await.unwrap();
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let before = subscription(&world).await;
    let renewed = async || Ok(calls(&world, "PATCH /subscriptions/{id}").await > 0);
    world.until("the renewal", renewed).await.unwrap();
    // What it lived for at first is over, and it is there and told.
    minutes_later(&world, 1).await;
    is_heard(&world, &channels, "still here").await;
    let after = subscription(&world).await;
    assert_eq!(after["id"], before["id"], "renewed, not made again");
    assert!(after["expirationDateTime"].as_str() > before["expirationDateTime"].as_str());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn graph_is_shown_a_new_token_when_it_asks_for_one_and_asks_once() {
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let before = subscription(&world).await;
    // Tokens live for an hour, more or less; a quarter before its end Graph asks.
    let asks = async || webhooks(&world, "lifecycle.reauthorizationRequired").await.len();
    let fast = async |speed: u32| {
        world.control.post("/clock", json!({"speed": speed})).await.unwrap();
    };
    fast(1_500).await;
    world.until("Graph asks", async || Ok(asks().await > 0)).await.unwrap();
    fast(1).await;
    let shown = async || Ok(calls(&world, "POST /subscriptions/{id}/reauthorize").await > 0);
    world.until("the answer", shown).await.unwrap();
    minutes_later(&world, 20).await;
    is_heard(&world, &channels, "after the token's end").await;
    assert_eq!(asks().await, 1);
    assert_eq!(subscription(&world).await["id"], before["id"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_graph_removed_is_made_again() {
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let before = subscription(&world).await;
    let removed = json!({"event": "subscriptionRemoved", "subscription": before["id"]});
    world.control.post("/teams/lifecycle", removed).await.unwrap();
    let again = async || Ok(subscriptions(&world).await.len() == 1);
    world.until("another subscription", again).await.unwrap();
    let after = subscription(&world).await;
    assert_ne!(after["id"], before["id"]);
    assert_eq!(after["resource"], before["resource"]);
    is_heard(&world, &channels, "heard again").await;
    assert!(!says(&world, &["status"]).await.contains("cannot be heard"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_user_joins_the_teams_it_must_hear_and_again_when_it_was_taken_out() {
    let world = without_canary().await;
    let ida = |what: &str, more: Value| {
        let mut act =
            json!({"workspace": world.workspace(Side::Teams), "as": "Ida Holm", "do": what});
        act.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let control = world.control.clone();
        async move { control.post("/teams/act", act).await.unwrap() }
    };
    ida("create_team", json!({"name": "Support", "people": ["Lee Gu"]})).await;
    ida("create_channel", json!({"team": "Support", "name": "Desk"})).await;
    let service = world.account(Side::Teams, SERVICE_USER).await.unwrap();
    let is_in = async |team: &str| {
        let tenants = world.control.get("/teams/workspaces").await.unwrap();
        let teams = tenants[0]["teams"].as_array().unwrap().clone();
        let team = teams.into_iter().find(|it| it["name"] == team).unwrap();
        team["members"].as_array().unwrap().contains(&json!(service))
    };
    assert!(!is_in("Support").await && !is_in("Projects").await);
    let launch = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let desk = world.connect_channels(&["slack:general", "teams:Desk"]).await.unwrap();
    let desk = desk.with(Side::Teams, "Support/Desk");
    assert!(is_in("Support").await && is_in("Projects").await);
    is_heard(&world, &launch, "in Projects").await;
    is_heard(&world, &desk, "in Support").await;

    ida("remove", json!({"team": "Support", "people": [SERVICE_USER]})).await;
    let back = async || Ok(is_in("Support").await && subscriptions(&world).await.len() == 2);
    world.until("the service user is back", back).await.unwrap();
    is_heard(&world, &desk, "in Support again").await;
    assert!(!says(&world, &["status"]).await.contains("cannot be heard"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_while_rialto_was_out_of_breath_is_sent_again_and_read_once() {
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let say = async |text: &str| {
        let body = json!({"text": text});
        world.act(Side::Teams, &channels, "Lee Gu", "post", body).await.unwrap();
    };
    world.rialto.lock().await.freeze(true).await.unwrap();
    say("hello out there").await;
    let timed_out = async || {
        let told = webhooks(&world, "chatMessage.created").await;
        Ok(told.first().is_some_and(|it| it["attempts"][0]["error"] == "timeout"))
    };
    world.until("Graph waits no longer", timed_out).await.unwrap();
    world.rialto.lock().await.freeze(false).await.unwrap();
    minutes_later(&world, 1).await;
    arrives_once(&world, &channels, "hello out there").await;
    let settled = async || {
        let told = webhooks(&world, "chatMessage.created").await;
        Ok(told.first().is_some_and(|it| it["state"] == "delivered"))
    };
    world.until("the second attempt", settled).await.unwrap();
    is_heard(&world, &channels, "still listening").await;
    arrives_once(&world, &channels, "hello out there").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn graph_drops_what_a_slow_address_would_be_told_and_tells_of_it_and_rialto_looks_after_itself()
 {
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    // As many answers as make a judgement; a sixth of them too slow.
    for number in 0..18 {
        is_heard(&world, &channels, &format!("word-{number:02};")).await;
    }
    world.rialto.lock().await.freeze(true).await.unwrap();
    for number in 0..5 {
        let body = json!({"text": format!("slow-{number}")});
        world.act(Side::Teams, &channels, "Lee Gu", "post", body).await.unwrap();
        // Each in a call of its own.
        let sent = async || Ok(webhooks(&world, "chatMessage.created").await.len() == 19 + number);
        world.until("Graph's call", sent).await.unwrap();
    }
    let judged = async || {
        let told = webhooks(&world, "chatMessage.created").await;
        Ok(told.iter().filter(|it| it["attempts"][0]["error"] == "timeout").count() >= 5)
    };
    world.until("Graph's judgement", judged).await.unwrap();
    world.rialto.lock().await.freeze(false).await.unwrap();
    // A change that nothing tells Rialto of, so that it is seen that it looked.
    world
        .act(Side::Teams, &channels, "Ida Holm", "rename", json!({"name": "Start"}))
        .await
        .unwrap();
    let channels = channels.with(Side::Teams, "Projects/Start");
    let body = json!({"text": "into the void"});
    world.act(Side::Teams, &channels, "Lee Gu", "post", body).await.unwrap();
    let told = async || Ok(!webhooks(&world, "lifecycle.missed").await.is_empty());
    world.until("Graph tells what it dropped", told).await.unwrap();
    let looked = async || Ok(says(&world, &["channel-sync", "list"]).await.contains("Start"));
    world.until("upkeep", looked).await.unwrap();
    // Ten minutes later Graph tries again.
    minutes_later(&world, 11).await;
    is_heard(&world, &channels, "after the pause").await;
    for number in 0..5 {
        arrives_once(&world, &channels, &format!("slow-{number}")).await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_removes_a_channel_sync_is_told_no_more() {
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    assert_eq!(subscriptions(&world).await.len(), 1);
    let path = format!("/api/v1/channel-syncs/{}", channels.sync);
    world.api.call(Method::DELETE, &path, None).await.unwrap();
    assert!(subscriptions(&world).await.is_empty());
    world.stop().await;
}

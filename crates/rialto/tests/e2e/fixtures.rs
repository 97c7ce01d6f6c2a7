//! The vendors' own payloads through the real webhook endpoint.

use std::{collections::BTreeMap, fs, path::Path};

use rialto_platform::{Clock, SystemClock};
use rialto_testkit::{Channels, Side, World};
use serde_json::{Value, json};

use crate::{both_ways, vendor::Vendor, without_canary};

/// The vendors' payloads whose names begin so; says so and gives `None` where they are not.
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn payloads(vendor: &str, prefix: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let root = std::env::var_os("RIALTO_CONTRACTS").unwrap_or("../shared/contracts".into());
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = project.join(root).join(vendor).join("fixtures");
    let Ok(files) = fs::read_dir(&folder) else {
        eprintln!("SKIPPED: no fixtures at {} (set RIALTO_CONTRACTS)", folder.display());
        return None;
    };
    let mut payloads = BTreeMap::new();
    for path in files.map(|file| file.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(prefix) {
            payloads.insert(name, fs::read(&path).unwrap());
        }
    }
    Some(payloads)
}

/// Changes the values of a payload, wherever they are, by their names.
fn rewritten(payload: &[u8], change: &dyn Fn(&str, &mut Value)) -> Vec<u8> {
    fn walk(value: &mut Value, change: &dyn Fn(&str, &mut Value)) {
        match value {
            Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| {
                change(name, value);
                walk(value, change);
            }),
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
            _ => {}
        }
    }
    let mut value = serde_json::from_slice(payload).unwrap();
    walk(&mut value, change);
    serde_json::to_vec(&value).unwrap()
}

/// A payload of Slack as if it had just happened in a channel of the connected workspace.
async fn at_home_in_slack(world: &World, payload: &[u8], number: usize) -> Vec<u8> {
    let channel = world.conversation(Side::Slack, "launch").await.unwrap();
    let now = SystemClock.now().as_second();
    let ts = format!("{now}.{number:06}");
    rewritten(payload, &|name, value| match (name, &*value) {
        ("team_id" | "team", Value::String(_)) => *value = json!(world.workspace(Side::Slack)),
        ("channel", Value::String(_)) => *value = json!(channel),
        ("ts" | "event_ts" | "deleted_ts", Value::String(_)) => *value = json!(ts),
        ("event_time", _) => *value = json!(now),
        ("is_enterprise_install", _) => *value = json!(false),
        ("url_private" | "url_private_download", Value::String(_)) => {
            *value = json!(format!("{}/files-pri/T1-F1/gone.png", world.urls().slack));
        }
        _ => {}
    })
}

/// A notification of Graph as if it were about the connected tenant's synced channel.
async fn at_home_in_teams(world: &World, payload: &[u8]) -> Vec<u8> {
    let all = world.control.get("/teams/subscriptions").await.unwrap();
    let subscription = all.as_array().or(all["subscriptions"].as_array()).unwrap()[0].clone();
    let channel = subscription["resource"].as_str().unwrap().trim_matches('/').to_owned();
    rewritten(payload, &|name, value| match name {
        "clientState" => *value = subscription["clientState"].clone(),
        "subscriptionId" => *value = subscription["id"].clone(),
        "tenantId" => *value = json!(world.workspace(Side::Teams)),
        "resource" | "@odata.id" => {
            let message = value.as_str().unwrap().rsplit_once("/messages").unwrap().1.to_owned();
            *value = json!(format!("{channel}{message}"));
        }
        _ => {}
    })
}

/// Everything that people can read, in both channels.
async fn screens(world: &World, channels: &Channels) -> Vec<String> {
    let mut texts = Vec::new();
    for side in [Side::Slack, Side::Teams] {
        let messages = world.read(side, channels).await.unwrap();
        texts.extend(messages.into_iter().map(|it| format!("{}: {}", it.author.name, it.text)));
    }
    texts
}

/// Whether people would read something that was never meant for them: an id, a link's or a
/// mention's source, JSON.
fn is_raw(text: &str) -> bool {
    let is_id = |word: &str| {
        word.len() >= 4
            && word.starts_with(|first| "ABCDEFGTUW".contains(first))
            && word.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
            && word.bytes().any(|it| it.is_ascii_digit())
    };
    ["{\"", "<@", "<#", "<!", "@thread", "null"].iter().any(|mark| text.contains(mark))
        || text.split(|c: char| !c.is_alphanumeric()).any(is_id)
}

/// What was not relayed, and how often: the same in `rialto status` and in the metrics.
async fn drops(world: &World) -> BTreeMap<String, u64> {
    let status = world.api.get("/api/v1/status").await.unwrap();
    let told = world.rialto.lock().await.says(&["status"]).await.unwrap();
    let metrics = world.api.get("/metrics").await.unwrap();
    let metrics = metrics.as_str().unwrap();
    let mut drops = BTreeMap::new();
    for drop in status["drops"].as_array().unwrap() {
        let (reason, count) = (drop["reason"].as_str().unwrap(), drop["count"].as_u64().unwrap());
        let line = format!("rialto_not_relayed_total{{reason=\"{reason}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} is missing in\n{metrics}");
        assert!(told.contains(reason), "{reason} is missing in\n{told}");
        drops.insert(reason.to_owned(), count);
    }
    drops
}

/// A figure of the metrics.
async fn webhooks(world: &World, platform: &str, outcome: &str) -> u64 {
    let metrics = world.api.get("/metrics").await.unwrap();
    let name = format!("rialto_webhooks_total{{platform=\"{platform}\",outcome=\"{outcome}\"}} ");
    let mut lines = metrics.as_str().unwrap().lines();
    lines.find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_of_slack_is_taken_or_refused_as_slacks_rules_say() {
    let Some(mut payloads) = payloads("slack", "event.") else { return };
    assert!(payloads.len() > 30, "{} events", payloads.len());
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let slack = Vendor::slack(&world).await;
    let stranger = Vendor { signing_secret: Some("fake".into()), ..Vendor::slack(&world).await };
    let nobody = Vendor { signing_secret: None, ..Vendor::slack(&world).await };

    let handshake = payloads.remove("event.url_verification.json").unwrap();
    let challenge = serde_json::from_slice::<Value>(&handshake).unwrap()["challenge"].clone();
    let echo = (200, challenge.as_str().unwrap().to_owned());
    assert_eq!(slack.posts("", &handshake).await, echo);
    assert_eq!(stranger.posts("", &handshake).await.0, 401);
    // They say that this workspace is lost, which is another test's matter.
    payloads.retain(|name, _| !name.contains("revoked") && !name.contains("uninstalled"));

    let mut said = 0;
    for (number, (name, payload)) in payloads.iter().enumerate() {
        assert_eq!(stranger.posts("", payload).await.0, 401, "{name}, signed by a stranger");
        assert_eq!(nobody.posts("", payload).await.0, 401, "{name}, not signed");
        assert_eq!(slack.posts("", payload).await.0, 404, "{name}, of a workspace unknown here");
        let here = at_home_in_slack(&world, payload, number).await;
        assert_eq!(slack.posts("", &here).await, (200, String::new()), "{name}");
        said += usize::from(name.starts_with("event.message") && !name.contains("deleted"));
    }
    both_ways(&world, &channels, "afterwards").await;

    // What people said arrived, each once, and reads as people write.
    let arrived = world.read(Side::Teams, &channels).await.unwrap();
    assert_eq!(arrived.len(), said + 2, "{:#?}", screens(&world, &channels).await);
    let raw: Vec<_> =
        screens(&world, &channels).await.into_iter().filter(|it| is_raw(it)).collect();
    assert!(raw.is_empty(), "{raw:#?}");

    // The rest is counted.
    let drops = drops(&world).await;
    for reason in [
        "event app_mention",
        "joins and leaves are not relayed",
        "reaction on a message that was not relayed",
        "deletion of a message that was not relayed",
    ] {
        assert!(drops.contains_key(reason), "{reason} is missing in {drops:?}");
    }
    let foreign = payloads.len() as u64;
    assert_eq!(webhooks(&world, "slack", "unknown_workspace").await, foreign);
    assert_eq!(webhooks(&world, "slack", "refused").await, 2 * foreign + 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slacks_word_that_a_workspace_is_lost_is_believed_from_slack_alone() {
    let Some(mut payloads) = payloads("slack", "event.") else { return };
    payloads.retain(|name, _| name.contains("revoked") || name.contains("uninstalled"));
    assert_eq!(payloads.len(), 4, "{:?}", payloads.keys());
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let slack = Vendor::slack(&world).await;
    let stranger = Vendor { signing_secret: Some("fake".into()), ..Vendor::slack(&world).await };
    let app = world.app(Side::Slack).await.unwrap();
    let health = async || {
        let status = world.api.get("/api/v1/status").await.unwrap();
        let all = status["connections"].as_array().unwrap().clone();
        all.into_iter().find(|it| it["platform"] == "slack").unwrap()["healthy"] == json!(true)
    };
    for (number, (name, payload)) in payloads.iter().enumerate() {
        let here = at_home_in_slack(&world, payload, number).await;
        assert_eq!(stranger.posts("", &here).await.0, 401, "{name}");
        assert_eq!(slack.posts("", payload).await.0, 404, "{name}, of a workspace unknown here");
        both_ways(&world, &channels, name).await;
        assert!(health().await, "{name}");

        assert_eq!(slack.posts("", &here).await.0, 200, "{name}");
        world.until(name, async || Ok(!health().await)).await.unwrap();
        assert!(world.api.get("/readyz").await.is_ok(), "{name}");
        world.authorize(Side::Slack, &app).await.unwrap();
        both_ways(&world, &channels, &format!("{name} again")).await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_notification_of_graph_is_taken_or_refused_as_graphs_rules_say() {
    let Some(mut payloads) = payloads("graph", "notification.") else { return };
    assert!(payloads.len() > 5, "{:?}", payloads.keys());
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let graph = Vendor::graph(&world).await;

    let validation = payloads.remove("notification.validation.http").unwrap();
    let validation = String::from_utf8(validation).unwrap();
    let query = validation.split(['?', ' ']).nth(2).unwrap().replace("<guid>", "7");
    let token =
        "Validation: Testing client application reachability for subscription Request-Id: 7";
    for tail in ["", "/lifecycle"] {
        let answer = graph.posts(&format!("{tail}?{query}"), b"").await;
        assert_eq!(answer, (200, token.to_owned()), "{tail}");
    }
    // What is in a token is no notification.
    let claims = payloads.remove("notification.validationToken.claims.json").unwrap();
    assert_eq!(graph.posts("", &claims).await.0, 400);

    for (name, payload) in &payloads {
        let tail = if name.contains("lifecycle") { "/lifecycle" } else { "" };
        let stranger = graph.posts(tail, payload).await;
        assert_eq!(stranger.0, 401, "{name}, without our client state: {stranger:?}");
        let here = at_home_in_teams(&world, payload).await;
        assert_eq!(graph.posts(tail, &here).await, (202, String::new()), "{name}");
    }
    both_ways(&world, &channels, "afterwards").await;
    let shown = screens(&world, &channels).await;
    assert_eq!(world.read(Side::Teams, &channels).await.unwrap().len(), 2, "{shown:#?}");
    assert!(!shown.iter().any(|text| is_raw(text)), "{shown:#?}");
    let drops = drops(&world).await;
    let begins = |words: &str| drops.keys().any(|reason| reason.starts_with(words));
    assert!(begins("deletion of a message that was not relayed"), "{drops:?}");
    assert!(begins("the notification is not Graph's"), "{drops:?}");
    assert_eq!(webhooks(&world, "teams", "refused").await, payloads.len() as u64 + 1);
    world.stop().await;
}

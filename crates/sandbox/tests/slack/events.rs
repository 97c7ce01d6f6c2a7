use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::world::World;

async fn post(world: &World, text: &str) -> Value {
    world.act(json!({"as": "ann", "do": "post", "channel": "general", "text": text})).await
}

#[tokio::test]
async fn events_come_signed_and_in_slacks_envelope() {
    let world = World::start().await;
    let ts = post(&world, "*hi* <@U1>").await["ts"].clone();
    let event = world.receiver.event(|event| event["ts"] == ts).await;
    assert_eq!(event["text"], "*hi* <@U1>");
    assert_eq!(event["blocks"][0]["type"], "rich_text");
    assert_eq!(event["channel_type"], "channel");
    assert!(event["client_msg_id"].is_string());

    let (headers, body) = world.receiver.requests().pop().unwrap();
    let stamp = headers["x-slack-request-timestamp"].to_str().unwrap();
    let mut signed = format!("v0:{stamp}:").into_bytes();
    signed.extend_from_slice(&body);
    let secret = world.app["signing_secret"].as_str().unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let expected = format!("v0={}", hex::encode(hmac::sign(&key, &signed)));
    assert_eq!(headers["x-slack-signature"].to_str().unwrap(), expected);

    let envelope: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(envelope["team_id"], world.team.as_str());
    assert_eq!(envelope["api_app_id"], world.app["id"]);
    assert_eq!(envelope["authorizations"][0]["user_id"], world.bot_user.as_str());
    assert!(envelope["event_id"].as_str().unwrap().starts_with("Ev"));
    let channel = world.channel("general").await;
    assert_eq!(envelope["event_context"], format!("1-message-{}-{channel}", world.team));
}

#[tokio::test]
async fn only_conversations_the_app_is_in_are_told() {
    let world = World::start().await;
    world.act(json!({"as": "cy", "do": "post", "channel": "elsewhere", "text": "unheard"})).await;
    world.act(json!({"as": "ann", "do": "post", "channel": "secret", "text": "heard"})).await;
    world
        .receiver
        .event(|event| event["text"] == "heard" && event["channel_type"] == "group")
        .await;
    world.idle().await;
    assert!(world.receiver.events().iter().all(|event| event["text"] != "unheard"));
}

#[tokio::test]
async fn the_subtypes_of_messages_are_told() {
    let world = World::start().await;
    let act = |deed: Value| world.act(deed);
    act(json!({"as": "ann", "do": "invite", "channel": "general", "person": "cy"})).await;
    act(json!({"as": "ann", "do": "topic", "channel": "general", "text": "T"})).await;
    act(json!({"as": "ann", "do": "me", "channel": "general", "text": "waves"})).await;
    act(json!({"as": "cy", "do": "leave", "channel": "general"})).await;
    let ts = post(&world, "see https://x.example").await["ts"].clone();
    act(json!({"as": "ann", "do": "unfurl", "channel": "general", "ts": ts, "attachments": [{"title": "X"}]})).await;
    act(json!({"as": "ann", "do": "rename", "channel": "general", "name": "renamed"})).await;
    act(json!({"as": "app:GitHub", "do": "post", "channel": "renamed", "text": "pushed"})).await;
    // General cannot be archived; another channel can.
    let bot = &world.bot_user;
    act(json!({"as": "cy", "do": "invite", "channel": "elsewhere", "person": bot})).await;
    act(json!({"as": "cy", "do": "archive", "channel": "elsewhere"})).await;
    world.idle().await;
    let events = world.receiver.events();
    let told = |subtype: &str| events.iter().find(|event| event["subtype"] == subtype).cloned();
    assert_eq!(told("channel_join").unwrap()["inviter"], world.person("ann").await.as_str());
    assert_eq!(told("channel_topic").unwrap()["topic"], "T");
    assert_eq!(told("me_message").unwrap()["text"], "waves");
    assert!(told("channel_leave").is_some() && told("channel_archive").is_some());
    assert_eq!(told("channel_name").unwrap()["old_name"], "general");
    let unfurled = told("message_changed").unwrap();
    assert!(
        unfurled["message"].get("edited").is_none()
            && unfurled["message"]["attachments"].is_array()
    );
    let bot = events.iter().find(|event| event["text"] == "pushed").unwrap();
    assert!(bot["bot_id"].is_string() && bot["bot_profile"]["name"] == "GitHub");
    for kind in
        ["member_joined_channel", "member_left_channel", "channel_rename", "channel_archive"]
    {
        assert!(events.iter().any(|event| event["type"] == kind), "{kind}");
    }
}

#[tokio::test]
async fn what_is_not_acknowledged_is_sent_again_on_slacks_schedule() {
    let world = World::start().await;
    world.receiver.answer_next(&[500, 500, 503, 200]);
    post(&world, "again").await;
    let retry = |number: &'static str| {
        world.receiver.count(1, move |headers, _| {
            headers.get("x-slack-retry-num").is_some_and(|value| value == number)
        })
    };
    retry("1").await;
    world.idle().await;
    assert_eq!(world.receiver.requests().len(), 2, "the second retry waits a minute");
    world.control("POST", "/clock", json!({"advance_ms": 60_000})).await;
    retry("2").await;
    world.idle().await;
    assert_eq!(world.receiver.requests().len(), 3, "the third retry waits five minutes");
    world.control("POST", "/clock", json!({"advance_ms": 300_000})).await;
    retry("3").await;
    let (headers, _) = world.receiver.requests().pop().unwrap();
    assert_eq!(headers["x-slack-retry-reason"], "http_error");
    let bodies: Vec<_> = world.receiver.requests().into_iter().map(|(_, body)| body).collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "the same event each time");
    let journal = world.control("GET", "/webhooks?event=message&limit=1", Value::Null).await;
    assert_eq!(journal["webhooks"][0]["attempts"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_request_url_is_used_only_after_it_echoed_the_challenge() {
    let world = World::start().await;
    assert_eq!(world.app["events"]["state"], "verified");
    world.receiver.answer_always(Some(401));
    let app = world
        .control("POST", "/slack/apps", json!({"name": "B", "request_url": world.receiver.url,
            "bot_scopes": ["channels:history"], "bot_events": ["message.channels"], "install": ["Acme"]}))
        .await;
    assert_eq!(
        (&app["events"]["state"], &app["events"]["error"]),
        (&json!("failed"), &json!("answered 401"))
    );
    world.receiver.answer_always(None);
    let bot = &app["installs"][0]["bot_user_id"];
    world.act(json!({"as": "ann", "do": "invite", "channel": "general", "person": bot})).await;
    post(&world, "one").await;
    world.idle().await;
    let heard = |text: &str| {
        let requests = world.receiver.requests();
        requests
            .iter()
            .filter_map(|(_, body)| serde_json::from_slice::<Value>(body).ok())
            .filter(|body| body["api_app_id"] == app["id"] && body["event"]["text"] == text)
            .count()
    };
    assert_eq!(heard("one"), 0);
    let path = format!("/slack/apps/{}/verify", app["id"].as_str().unwrap());
    assert_eq!(world.control("POST", &path, json!({})).await["events"]["state"], "verified");
    post(&world, "two").await;
    world.idle().await;
    assert_eq!(heard("two"), 1);
}

#[tokio::test]
async fn an_app_that_fails_nearly_always_is_switched_off() {
    let world = World::with(json!({"disable_floor": 20})).await;
    // The few that went well while the world was made are out of the window by then.
    world.sandbox.core().clock.advance(Duration::from_secs(3700));
    world.receiver.answer_always(Some(500));
    for n in 0..12 {
        post(&world, &n.to_string()).await;
    }
    world.idle().await;
    let apps = world.control("GET", "/slack/apps", Value::Null).await;
    assert_eq!(apps[0]["events"]["state"], "disabled");
    world.receiver.clear();
    post(&world, "unheard").await;
    world.idle().await;
    assert!(world.receiver.events().is_empty());
}

#[tokio::test]
async fn many_events_of_one_conversation_arrive_in_order() {
    let world = World::start().await;
    for n in 0..200 {
        post(&world, &n.to_string()).await;
    }
    world.idle().await;
    let texts: Vec<String> = world
        .receiver
        .events()
        .iter()
        .map(|event| event["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts, (0..200).map(|n| n.to_string()).collect::<Vec<_>>());
}

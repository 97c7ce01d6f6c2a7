use serde_json::{Value, json};

use super::world::World;

async fn fault(world: &World, mut rule: Value) -> String {
    rule["platform"] = "slack".into();
    world.control("POST", "/faults", rule).await["id"].as_str().unwrap().to_owned()
}

async fn post(world: &World, text: &str) -> reqwest::Result<reqwest::Response> {
    let request = world.client.post(world.method("chat.postMessage")).bearer_auth(&world.bot);
    request.json(&json!({"channel": "general", "text": text})).send().await
}

async fn posted(world: &World) -> usize {
    world
        .view("general")
        .await
        .iter()
        .filter(|message| message["author"]["badge"] == "APP" && message["text"] == "x")
        .count()
}

#[tokio::test]
async fn calls_fail_as_asked() {
    let world = World::start().await;
    let api = |extra: Value| {
        let mut rule = json!({"target": "api", "method": "chat.*", "times": 1});
        for (key, value) in extra.as_object().unwrap() {
            rule[key] = value.clone();
        }
        fault(&world, rule)
    };
    api(json!({"kind": "status", "code": 503})).await;
    assert_eq!(post(&world, "x").await.unwrap().status(), 503);
    api(json!({"kind": "status", "code": 429, "retry_after": 7})).await;
    let limited = post(&world, "x").await.unwrap();
    assert_eq!(
        (limited.status().as_u16(), &limited.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    api(json!({"kind": "status", "code": 400, "quotes": true})).await;
    let quoted: Value = post(&world, "x").await.unwrap().json().await.unwrap();
    assert_eq!(quoted["error"], "invalid_arguments");
    let words = quoted["response_metadata"]["messages"][0].as_str().unwrap();
    assert!(words.contains(r#""text":"x""#), "{words}");
    api(json!({"kind": "reset"})).await;
    post(&world, "x").await.unwrap_err();
    assert_eq!(posted(&world).await, 0, "nothing was done so far");

    api(json!({"kind": "lose_answer"})).await;
    post(&world, "x").await.unwrap_err();
    assert_eq!(posted(&world).await, 1, "done, but the answer was lost");

    let begun = tokio::time::Instant::now();
    api(json!({"kind": "latency", "ms": 120})).await;
    assert_eq!(post(&world, "x").await.unwrap().status(), 200);
    assert!(begun.elapsed().as_millis() >= 120);

    api(json!({"kind": "expire_tokens"})).await;
    let expired: Value = post(&world, "x").await.unwrap().json().await.unwrap();
    assert_eq!(expired["error"], "token_expired");

    let calls =
        world.control("GET", "/calls?platform=slack&operation=chat.postMessage", Value::Null).await;
    assert_eq!(calls["total"], 7);
    let told: Vec<_> = calls["calls"].as_array().unwrap().iter().collect();
    let struck: Vec<_> = told.iter().map(|call| call["faults"][0].as_str().unwrap()).collect();
    let expected = [
        "status 503",
        "status 429",
        "status 400",
        "reset",
        "lose_answer",
        "latency 120 ms",
        "expire_tokens",
    ];
    assert_eq!(struck, expected, "the journal tells which fault struck which call");
    for call in &told {
        let about = call["about"].as_str().unwrap();
        assert!(about.contains("channel=general") && about.contains("text=x"), "{about}");
    }
    let done = told.iter().filter(|call| call["about"].as_str().unwrap().contains(" → "));
    assert_eq!(done.count(), 2, "and what was made by it, also when the answer was lost");
    assert!(
        world
            .control("GET", "/faults", Value::Null)
            .await
            .as_array()
            .unwrap()
            .iter()
            .all(|rule| rule["struck"] == 1)
    );
}

#[tokio::test]
async fn webhooks_are_dropped_doubled_and_delayed_as_asked() {
    let world = World::start().await;
    let say = |text: &'static str| {
        world.act(json!({"as": "ann", "do": "post", "channel": "general", "text": text}))
    };
    let id = fault(&world, json!({"target": "webhook", "method": "message", "kind": "drop"})).await;
    say("dropped").await;
    world.send("DELETE", &format!("/faults/{id}"), Value::Null).await;
    fault(&world, json!({"target": "webhook", "method": "message*", "kind": "double", "copies": 2, "times": 1})).await;
    say("tripled").await;
    fault(
        &world,
        json!({"target": "webhook", "method": "message", "kind": "delay", "ms": 200, "times": 1}),
    )
    .await;
    say("late").await;
    say("early").await;
    world.idle().await;
    let texts: Vec<String> = world
        .receiver
        .events()
        .iter()
        .map(|event| event["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts.iter().filter(|text| *text == "dropped").count(), 0);
    assert_eq!(texts.iter().filter(|text| *text == "tripled").count(), 3);
    assert_eq!(texts.last().map(String::as_str), Some("late"), "{texts:?}");
    let mut ids: Vec<Value> = world
        .receiver
        .requests()
        .iter()
        .map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap()["event_id"].clone())
        .collect();
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!(ids.len(), texts.len(), "copies have event ids of their own");
    let journal = world.control("GET", "/webhooks?event=message", Value::Null).await;
    let told: Vec<_> = journal["webhooks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["body"]["event"]["text"].clone(), it["faults"].clone()))
        .collect();
    let with = |text: &str, fault: &str| {
        told.iter().filter(|it| **it == (json!(text), json!([fault]))).count()
    };
    assert_eq!((with("dropped", "drop"), with("tripled", "double 2")), (1, 3));
    assert_eq!(with("late", "delay 200 ms"), 1, "{told:?}");
}

#[tokio::test]
async fn webhooks_overtake_each_other_within_the_window() {
    let world = World::start().await;
    fault(
        &world,
        json!({"target": "webhook", "method": "message", "kind": "reorder", "window_ms": 150}),
    )
    .await;
    for n in 0..20 {
        world
            .act(json!({"as": "ann", "do": "post", "channel": "general", "text": n.to_string()}))
            .await;
    }
    world.idle().await;
    let got: Vec<u32> = world
        .receiver
        .events()
        .iter()
        .map(|event| event["text"].as_str().unwrap().parse().unwrap())
        .collect();
    let mut sorted = got.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..20).collect::<Vec<_>>(), "none is lost");
    assert_ne!(got, sorted, "and they are out of order");
}

#[tokio::test]
async fn reset_forgets_everything() {
    let world = World::start().await;
    fault(&world, json!({"target": "api", "kind": "reset"})).await;
    world.control("POST", "/reset", json!({})).await;
    assert_eq!(world.control("GET", "/slack/workspaces", Value::Null).await, json!([]));
    assert_eq!(world.control("GET", "/faults", Value::Null).await, json!([]));
    assert_eq!(world.api("auth.test", json!({})).await["error"], "invalid_auth");
    let help =
        world.client.get(&world.sandbox.urls().control).send().await.unwrap().text().await.unwrap();
    assert!(help.contains("/slack/act") && help.contains("/faults"));
    let (status, answer) = world.send("POST", "/slack/act", json!({"workspace": "none"})).await;
    assert_eq!((status, &answer["error"]), (404, &json!("no workspace none")));
}

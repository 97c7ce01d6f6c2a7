use serde_json::{Value, json};

use super::world::World;

const SEND: &str = "POST /chat/users/{userId}/messages";

async fn fault(world: &World, mut rule: Value) -> String {
    rule["platform"] = "zoom".into();
    world.control("POST", "/faults", rule).await["id"].as_str().unwrap().to_owned()
}

async fn post(world: &World) -> reqwest::Result<reqwest::Response> {
    let body = json!({"message": "x", "to_channel": world.channel("general").await});
    world.request("POST", "/chat/users/me/messages").json(&body).send().await
}

#[tokio::test]
async fn calls_fail_as_asked() {
    let world = World::start().await;
    let api = |extra: Value| {
        let mut rule = json!({"target": "api", "method": SEND, "times": 1});
        for (key, value) in extra.as_object().unwrap() {
            rule[key] = value.clone();
        }
        fault(&world, rule)
    };
    api(json!({"kind": "status", "code": 503})).await;
    assert_eq!(post(&world).await.unwrap().status(), 503);
    api(json!({"kind": "status", "code": 429, "retry_after": 7})).await;
    let limited = post(&world).await.unwrap();
    assert_eq!(
        (limited.status().as_u16(), &limited.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    api(json!({"kind": "status", "code": 400, "quotes": true})).await;
    let quoted: Value = post(&world).await.unwrap().json().await.unwrap();
    assert!(quoted["message"].as_str().unwrap().contains(r#""message":"x""#), "{quoted}");
    api(json!({"kind": "reset"})).await;
    post(&world).await.unwrap_err();
    assert!(world.view("general").await.is_empty(), "nothing was done so far");
    api(json!({"kind": "lose_answer"})).await;
    post(&world).await.unwrap_err();
    assert_eq!(world.view("general").await.len(), 1, "done, but the answer was lost");
    let begun = tokio::time::Instant::now();
    api(json!({"kind": "latency", "ms": 120})).await;
    assert_eq!(post(&world).await.unwrap().status(), 201);
    assert!(begun.elapsed().as_millis() >= 120);
    api(json!({"kind": "special", "name": "block_channel"})).await;
    assert_eq!(post(&world).await.unwrap().status(), 429);
    world.advance(299).await;
    assert_eq!(post(&world).await.unwrap().status(), 429);
    world.advance(1).await;
    assert_eq!(post(&world).await.unwrap().status(), 201);
    api(json!({"kind": "expire_tokens"})).await;
    let expired: Value = post(&world).await.unwrap().json().await.unwrap();
    assert_eq!(expired, json!({"code": 124, "message": "Access token is expired."}));
    let path = "/calls?platform=zoom&operation=POST /chat/users/{userId}/messages";
    let calls = world.control("GET", path, Value::Null).await;
    let calls = calls["calls"].as_array().unwrap().clone();
    let told: Vec<_> = calls.iter().map(|call| (&call["status"], &call["faults"][0])).collect();
    assert_eq!(
        json!(told),
        json!([
            [503, "status 503"],
            [429, "status 429"],
            [400, "status 400"],
            [0, "reset"],
            [0, "lose_answer"],
            [201, "latency 120 ms"],
            [429, null],
            [429, null],
            [201, null],
            [401, "expire_tokens"]
        ])
    );
    assert!(calls[5]["about"].as_str().unwrap().contains("message=x"), "{}", calls[5]);
    assert!(calls[5]["about"].as_str().unwrap().contains(" → "), "and what was made");
}

#[tokio::test]
async fn webhooks_are_dropped_doubled_and_delayed_as_asked() {
    let world = World::with(json!({}), json!({"events": ["chat_message.sent"]})).await;
    let id =
        fault(&world, json!({"target": "webhook", "method": "chat_message.*", "kind": "drop"}))
            .await;
    world.post("dropped").await;
    world.send("DELETE", &format!("/faults/{id}"), Value::Null).await;
    fault(&world, json!({"target": "webhook", "kind": "double", "copies": 2, "times": 1})).await;
    world.post("tripled").await;
    fault(&world, json!({"target": "webhook", "kind": "delay", "ms": 200, "times": 1})).await;
    world.post("late").await;
    world.post("early").await;
    world.idle().await;
    let texts: Vec<String> = world
        .receiver
        .events()
        .iter()
        .map(|event| event["payload"]["object"]["message"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts, ["tripled", "tripled", "tripled", "early", "late"]);
}

#[tokio::test]
async fn signing_in_and_downloading_fail_as_asked() {
    let world = World::start().await;
    fault(&world, json!({"target": "api", "method": "oauth.token", "kind": "status", "code": 500, "times": 1})).await;
    let token = world.client.post(world.url("/oauth/token")).send().await.unwrap();
    assert_eq!(token.status(), 500);
    fault(&world, json!({"target": "api", "method": "download", "kind": "reset", "times": 1}))
        .await;
    world.client.get(world.url("/file/download/x")).send().await.unwrap_err();
    assert_eq!(world.client.get(world.url("/file/download/x")).send().await.unwrap().status(), 403);
}

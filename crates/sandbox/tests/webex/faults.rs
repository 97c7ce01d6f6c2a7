use serde_json::{Value, json};

use super::world::World;

async fn fault(world: &World, mut rule: Value) {
    rule["platform"] = "webex".into();
    world.control("POST", "/faults", rule).await;
}

async fn post(world: &World, room: &str) -> reqwest::Result<reqwest::Response> {
    let body = json!({"roomId": room, "text": "x"});
    world.request(&world.ann, "POST", "/messages").json(&body).send().await
}

#[tokio::test]
async fn calls_fail_as_asked() {
    let world = World::start().await;
    let room = world.room("general").await;
    let api = async |extra: Value| {
        let mut rule = json!({"target": "api", "method": "POST /messages", "times": 1});
        for (key, value) in extra.as_object().unwrap() {
            rule[key] = value.clone();
        }
        fault(&world, rule).await;
    };
    for (code, retry_after) in [(502, None), (429, Some(7))] {
        api(json!({"kind": "status", "code": code, "retry_after": retry_after})).await;
        let answer = post(&world, &room).await.unwrap();
        assert_eq!(answer.status(), code);
        let header = answer.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(header, retry_after.map(|_| "7"));
        let body: Value = answer.json().await.unwrap();
        assert!(body["trackingId"].is_string(), "{body}");
    }
    api(json!({"kind": "status", "code": 400, "quotes": true})).await;
    let quoted: Value = post(&world, &room).await.unwrap().json().await.unwrap();
    assert!(quoted["message"].as_str().unwrap().contains(r#""text":"x""#), "{quoted}");
    api(json!({"kind": "reset"})).await;
    post(&world, &room).await.unwrap_err();
    assert_eq!(world.view("general").await.len(), 0, "nothing was done so far");
    api(json!({"kind": "lose_answer"})).await;
    post(&world, &room).await.unwrap_err();
    assert_eq!(world.view("general").await.len(), 1, "done, but the answer was lost");
    let begun = tokio::time::Instant::now();
    api(json!({"kind": "latency", "ms": 120})).await;
    assert_eq!(post(&world, &room).await.unwrap().status(), 200);
    assert!(begun.elapsed().as_millis() >= 120);
    api(json!({"kind": "expire_tokens"})).await;
    assert_eq!(post(&world, &room).await.unwrap().status(), 401);
    assert_eq!(post(&world, &room).await.unwrap().status(), 401, "it stays expired");
    let path = "/calls?platform=webex&operation=POST%20/messages";
    let calls = world.control("GET", path, Value::Null).await;
    let statuses: Vec<u64> =
        calls["calls"].as_array().unwrap().iter().map(|c| c["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [502, 429, 400, 0, 0, 200, 401, 401]);
}

#[tokio::test]
async fn webhooks_are_doubled_dropped_and_reordered() {
    let world = World::start().await;
    world.hook(&world.bob, "messages", "created", "").await;
    let told = async || {
        world.idle().await;
        let events = world.receiver.events();
        world.receiver.clear();
        events
            .iter()
            .map(|event| event["data"]["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let rule = json!({"target": "webhook", "method": "messages.*", "kind": "double", "copies": 1, "times": 1});
    fault(&world, rule).await;
    let id = world.post("x").await;
    assert_eq!(told().await, [id.clone(), id]);
    let rule =
        json!({"target": "webhook", "method": "messages.created", "kind": "drop", "times": 1});
    fault(&world, rule).await;
    world.post("x").await;
    assert_eq!(told().await, [""; 0]);
    let rule = json!({"target": "webhook", "method": "*", "kind": "delay", "ms": 150, "times": 1});
    fault(&world, rule).await;
    let (late, early) = (world.post("late").await, world.post("early").await);
    assert_eq!(told().await, [early, late]);
}

#[tokio::test]
async fn the_token_endpoint_fails_too() {
    let world = World::start().await;
    fault(&world, json!({"target": "api", "method": "POST /access_token", "kind": "status", "code": 503, "times": 1}))
        .await;
    let refresh = world.app["installs"][0]["refresh_token"].as_str().unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("client_id", world.app["client_id"].as_str().unwrap()),
        ("client_secret", world.app["client_secret"].as_str().unwrap()),
    ];
    for status in [503, 200] {
        let answer =
            world.client.post(world.url("/access_token")).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
}

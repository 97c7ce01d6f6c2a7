use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn an_account_has_so_many_calls_a_second() {
    let world = World::start().await;
    let mut answers = Vec::new();
    for _ in 0..31 {
        answers.push(world.call("GET", "/users/me", Value::Null).await);
    }
    let refused = answers.pop().unwrap();
    assert!(answers.iter().all(|answer| answer.status == 200), "30 light ones on a Pro plan");
    assert_eq!(answers[0].headers["x-ratelimit-category"], "Light");
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!(429)));
    let header = |name: &str| refused.headers[name].to_str().unwrap().to_owned();
    assert_eq!(
        [header("x-ratelimit-type"), header("x-ratelimit-limit"), header("x-ratelimit-remaining")],
        ["QPS", "30", "0"]
    );
    assert!(!refused.headers.contains_key("retry-after"), "which says nothing about when");
    assert_eq!(
        world.call("GET", "/users", Value::Null).await.status,
        200,
        "a medium one still goes"
    );
    world.advance(1).await;
    assert_eq!(world.call("GET", "/users/me", Value::Null).await.status, 200);
}

#[tokio::test]
async fn a_free_account_has_so_many_calls_a_day() {
    let world = World::with(json!({"plan": "free"}), json!({})).await;
    let path = "/users";
    for number in 0..1000 {
        for _ in 0..2 {
            assert_eq!(world.call("GET", path, Value::Null).await.status, 200, "{number}");
        }
        world.advance(1).await;
    }
    let refused = world.call("GET", path, Value::Null).await;
    assert_eq!(
        (refused.status, &refused.headers["x-ratelimit-type"]),
        (429, &"Daily-limit".parse().unwrap())
    );
    let again = refused.headers["retry-after"].to_str().unwrap();
    assert!(again.ends_with("T00:00:00Z"), "a time: {again}");
    world.advance(86_400).await;
    world.renew().await;
    let answer = world.call("GET", path, Value::Null).await;
    assert_eq!(
        (answer.status, &answer.headers["x-ratelimit-remaining"]),
        (200, &"1999".parse().unwrap())
    );
}

#[tokio::test]
async fn a_channel_that_is_posted_to_too_fast_is_blocked() {
    let world = World::start().await;
    let (general, board) = (world.channel("general").await, world.channel("board").await);
    let send = async |channel: &str| {
        let body = json!({"message": "x", "to_channel": channel});
        world.call("POST", "/chat/users/me/messages", body).await
    };
    for _ in 0..10 {
        assert_eq!(send(&general).await.status, 201);
    }
    let refused = send(&general).await;
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!(429)));
    assert!(!refused.headers.contains_key("x-ratelimit-type"), "it is not the account's limit");
    assert_eq!(send(&board).await.status, 201, "another channel is open");
    world.post("people may go on").await;
    world.advance(9).await;
    assert_eq!(send(&general).await.status, 429, "blocked for ten seconds");
    world.advance(1).await;
    assert_eq!(send(&general).await.status, 201);
    assert_eq!(world.view("general").await.len(), 12);
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    let world = World::start().await;
    world.control("POST", "/limits", json!({"platform": "zoom", "off": true})).await;
    let general = world.channel("general").await;
    for _ in 0..40 {
        let body = json!({"message": "x", "to_channel": general});
        world.ok("POST", "/chat/users/me/messages", body).await;
    }
}

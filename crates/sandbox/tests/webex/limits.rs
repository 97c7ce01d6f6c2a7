use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn too_many_calls_are_refused_for_a_while() {
    let world = World::start().await;
    let mut refused = None;
    for _ in 0..601 {
        let answer = world.call("GET", "/people/me", Value::Null).await;
        if answer.status != 200 {
            refused = Some(answer);
        }
    }
    let refused = refused.unwrap();
    assert_eq!(refused.status, 429);
    assert!(refused.body["trackingId"].is_string());
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    world.ok_as(&world.bob, "GET", "/people/me", Value::Null).await;
    world.advance(wait).await;
    world.ok("GET", "/people/me", Value::Null).await;
    world.control("POST", "/limits", json!({"platform": "webex", "off": true})).await;
    for _ in 0..601 {
        world.ok("GET", "/people/me", Value::Null).await;
    }
}

#[tokio::test]
async fn what_does_not_exist_is_said_so() {
    let world = World::start().await;
    assert_eq!(world.error("GET", "/weather", Value::Null).await, 404);
    assert_eq!(world.error("PATCH", "/people/me", Value::Null).await, 405);
    let room = world.room("general").await;
    let request = world.request(&world.ann, "POST", "/messages").body(format!("roomId={room}"));
    assert_eq!(super::world::answered(request).await.status, 415);
    let request = world.request(&world.ann, "POST", "/messages");
    let request = request.header("content-type", "application/json").body("[]");
    assert_eq!(super::world::answered(request).await.status, 400);
}

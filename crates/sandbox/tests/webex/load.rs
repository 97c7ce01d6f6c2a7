use serde_json::json;

use super::world::World;

/// With the limits off the emulator must not be what a load test measures.
#[tokio::test]
async fn thousands_of_messages_are_told_in_order() {
    let world = World::start().await;
    world.control("POST", "/limits", json!({"platform": "webex", "off": true})).await;
    let room = world.room("general").await;
    world.hook(&world.bob, "messages", "created", "").await;
    let mut sent = Vec::new();
    for number in 0..1500 {
        let body = json!({"roomId": room, "text": number.to_string()});
        sent.push(world.ok("POST", "/messages", body).await["id"].clone());
    }
    world.idle().await;
    let told: Vec<_> = world.receiver.events().iter().map(|e| e["data"]["id"].clone()).collect();
    assert_eq!(told, sent);
    assert_eq!(world.view("general").await.len(), 1500);
}

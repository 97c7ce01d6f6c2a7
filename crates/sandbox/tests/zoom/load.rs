use serde_json::json;

use super::world::World;

/// With the limits off the emulator must not be what a load test measures.
#[tokio::test]
async fn thousands_of_messages_arrive_in_order() {
    let world = World::with(json!({}), json!({"events": ["chat_message.sent"]})).await;
    world.control("POST", "/limits", json!({"platform": "zoom", "off": true})).await;
    let general = world.channel("general").await;
    for number in 0..1500 {
        let body = json!({"message": number.to_string(), "to_channel": general});
        world.ok("POST", "/chat/users/me/messages", body).await;
    }
    world.idle().await;
    let told: Vec<String> = world
        .receiver
        .events()
        .iter()
        .map(|event| event["payload"]["object"]["message"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, (0..1500).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(world.view("general").await.len(), 1500);
}

use serde_json::{Value, json};

use super::world::{EVENTS, SCOPES, World};

#[tokio::test]
async fn what_is_said_in_a_channel_is_told_by_both_families_of_events() {
    let world = World::start().await;
    let (general, ann, member) = (
        world.channel("general").await,
        world.person("Ann Lee").await,
        world.member("Ann Lee").await,
    );
    let root = world.post("*hi* @Bob Ray").await;
    world.idle().await;
    let posted = world.receiver.only("team_chat.channel_message_posted");
    let payload = &posted["payload"];
    assert_eq!(
        json!([
            payload["account_id"],
            payload["operator"],
            payload["operator_id"],
            payload["operator_member_id"],
            payload["by_external_user"]
        ]),
        json!([world.account, "ann@acme.example", ann, member, false])
    );
    let object = &payload["object"];
    assert_eq!(
        (&object["message"], &object["channel_id"]),
        (&json!("hi @Bob Ray"), &json!(general))
    );
    assert_eq!(
        object["rich_text"],
        json!([{"start_position": 0, "end_position": 2, "format_type": "Bold"}])
    );
    let sent = world.receiver.only("chat_message.sent");
    assert_eq!(sent["payload"]["object"]["id"], root);
    assert_eq!(sent["payload"]["operator_member_id"], Value::Null);
    world.receiver.clear();

    let reply = json!({"message": "r", "to_channel": general, "reply_main_message_id": root});
    let reply = world.ok("POST", "/chat/users/me/messages", reply).await["id"].clone();
    let sent_at = world
        .ok(
            "GET",
            &format!("/chat/users/me/messages/{}?to_channel={general}", reply.as_str().unwrap()),
            Value::Null,
        )
        .await["timestamp"]
        .clone();
    world.advance(60).await;
    let path = format!("/chat/users/me/messages/{}", reply.as_str().unwrap());
    world.ok("PUT", &path, json!({"message": "r2", "to_channel": general})).await;
    world.act(json!({"as": "Bob Ray", "do": "react", "channel": "general", "id": reply, "emoji": "👌"})).await;
    world.ok("DELETE", &format!("{path}?to_channel={general}"), Value::Null).await;
    world.idle().await;
    assert_eq!(
        world.receiver.names(),
        [
            "team_chat.channel_message_posted",
            "chat_message.replied",
            "team_chat.channel_message_updated",
            "chat_message.updated",
            "team_chat.channel_reaction_added",
            "team_chat.channel_message_deleted",
            "chat_message.deleted"
        ]
    );
    let told = |name: &str| world.receiver.only(name)["payload"]["object"].clone();
    assert_eq!(told("team_chat.channel_message_posted")["reply_main_message_id"], root);
    assert_eq!(told("chat_message.replied")["parent_msg_id"], root);
    let updated = world.receiver.only("team_chat.channel_message_updated");
    assert_eq!(updated["payload"]["object"]["timestamp"], sent_at, "the time of the message");
    assert!(
        updated["event_ts"].as_u64() > sent_at.as_u64().map(|at| at + 59_000),
        "when it was edited"
    );
    assert_eq!(told("team_chat.channel_reaction_added")["emoji"], "U+1f44c");
    assert_eq!(told("team_chat.channel_message_deleted")["message"], Value::Null);
    assert_eq!(told("chat_message.deleted")["message"], "r2");
}

#[tokio::test]
async fn direct_messages_are_told_with_the_contact() {
    let world = World::start().await;
    let bob = world.person("Bob Ray").await;
    let id = world
        .act(json!({"as": "Ann Lee", "do": "post", "to": "Bob Ray", "text": "psst @Bob Ray"}))
        .await["id"]
        .clone();
    world
        .act(json!({"as": "Bob Ray", "do": "react", "to": "Ann Lee", "id": id, "emoji": "👍"}))
        .await;
    world
        .act(json!({"as": "Ann Lee", "do": "edit", "to": "Bob Ray", "id": id, "text": "hey"}))
        .await;
    world.act(json!({"as": "Ann Lee", "do": "delete", "to": "Bob Ray", "id": id})).await;
    world.idle().await;
    let told = |name: &str| world.receiver.only(name)["payload"]["object"].clone();
    let posted = told("team_chat.dm_message_posted");
    assert_eq!(
        (&posted["contact_id"], &posted["contact_email"]),
        (&json!(bob), &json!("bob@acme.example"))
    );
    assert_eq!(posted["at_items"], Value::Null, "only channels have mentions");
    let reaction = told("team_chat.dm_reaction_added");
    assert_eq!(reaction["contact_email"], "ann@acme.example", "the one who did not react");
    assert!(reaction["emoji_time"].is_u64());
    told("team_chat.dm_message_updated");
    told("team_chat.dm_message_deleted");
    assert_eq!(told("chat_message.sent")["type"], "to_contact");
}

#[tokio::test]
async fn files_channels_and_people_are_told_of() {
    let world = World::start().await;
    world.act(json!({"as": "Ann Lee", "do": "upload", "channel": "general", "files": [{"name": "a.png", "text": "x"}]})).await;
    world.act(json!({"as": "Cy Doe", "do": "join", "channel": "general"})).await;
    world.act(json!({"as": "Cy Doe", "do": "leave", "channel": "general"})).await;
    world
        .act(json!({"as": "Ann Lee", "do": "invite", "channel": "general", "person": "Cy Doe"}))
        .await;
    world
        .act(json!({"as": "Ann Lee", "do": "remove", "channel": "general", "person": "Cy Doe"}))
        .await;
    world
        .act(json!({"as": "Ann Lee", "do": "rename", "channel": "general", "name": "all-hands"}))
        .await;
    world.act(json!({"as": "Ann Lee", "do": "archive", "channel": "all-hands"})).await;
    world.act(json!({"as": "Ann Lee", "do": "delete_channel", "channel": "all-hands"})).await;
    world.act(json!({"as": "Ann Lee", "do": "create_channel", "name": "next"})).await;
    let person = json!({"name": "Dee Fox", "email": "dee@acme.example"});
    world.act(json!({"as": "Ann Lee", "do": "add_person", "person": person})).await;
    world.act(json!({"as": "Ann Lee", "do": "update_profile", "person": "Dee Fox", "display_name": "Dee"})).await;
    world.act(json!({"as": "Ann Lee", "do": "deactivate", "person": "Dee"})).await;
    world.idle().await;
    let told = |name: &str| world.receiver.only(name)["payload"]["object"].clone();
    let posted = told("team_chat.channel_message_posted");
    assert_eq!(posted["message"], Value::Null, "a file alone has no text");
    assert_eq!(posted["files"][0]["file_message_type"], "image");
    assert_eq!(told("team_chat.file_shared")["files"][0]["OS_file_type"], "PNG");
    told("team_chat.file_uploaded");
    told("chat_channel.member_joined");
    told("chat_channel.member_left");
    assert_eq!(told("chat_channel.member_invited")["members"][0]["display_name"], "Cy Doe");
    assert_eq!(told("chat_channel.member_removed")["members"][0]["display_name"], "Cy Doe");
    assert_eq!(told("chat_channel.updated")["name"], "all-hands");
    told("team_chat.channel_archived");
    told("chat_channel.deleted");
    assert_eq!(told("chat_channel.created")["name"], "next");
    assert_eq!(told("user.created")["email"], "dee@acme.example");
    assert_eq!(told("user.updated")["display_name"], "Dee");
    told("user.deactivated");
}

#[tokio::test]
async fn an_app_of_one_person_hears_what_they_are_in() {
    let scopes: Vec<&str> = SCOPES.to_vec();
    let install = json!([{"workspace": "Acme", "as": "Bob Ray"}]);
    let app = json!({"kind": "user", "scopes": scopes, "install": install});
    let world = World::with(json!({}), app).await;
    world.post("Bob is here").await;
    world
        .act(json!({"as": "Ann Lee", "do": "post", "channel": "board", "text": "Bob is not here"}))
        .await;
    world.act(json!({"as": "Ann Lee", "do": "post", "to": "Bob Ray", "text": "for Bob"})).await;
    world.act(json!({"as": "Ann Lee", "do": "post", "to": "Cy Doe", "text": "not for Bob"})).await;
    world.idle().await;
    let texts: Vec<Value> = world
        .receiver
        .events()
        .iter()
        .filter(|event| event["event"].as_str().unwrap().ends_with("message_posted"))
        .map(|event| event["payload"]["object"]["message"].clone())
        .collect();
    assert_eq!(texts, ["Bob is here", "for Bob"]);
}

#[tokio::test]
async fn nobody_is_told_without_subscription_or_scope() {
    let app = json!({"events": ["team_chat.channel_message_posted", "chat_channel.updated"],
        "scopes": ["team_chat:read:user_message", "team_chat:read:channel:admin"]});
    let world = World::with(json!({}), app).await;
    world.post("x").await;
    world
        .act(json!({"as": "Ann Lee", "do": "rename", "channel": "general", "name": "renamed"}))
        .await;
    world.idle().await;
    // For what others say, an app for the whole account needs the scope that says so.
    assert_eq!(world.receiver.names(), ["chat_channel.updated"]);
    assert!(EVENTS.contains(&"chat_message.sent"), "which this app did not subscribe to");
}

use serde_json::{Value, json};

use super::receiver::signature;
use super::world::{World, id};

#[tokio::test]
async fn a_webhook_is_signed_and_says_nothing() {
    let world = World::start().await;
    let (room, ann) = (world.room("general").await, world.person("Ann Lee").await);
    let hook = world.hook(&world.ann, "messages", "created", "").await;
    let message = world.post("**secret** words").await;
    world.idle().await;
    let (headers, body) = &world.receiver.requests()[0];
    assert_eq!(headers["x-spark-signature"], signature(body));
    let event: Value = serde_json::from_slice(body).unwrap();
    let read = world.ok("GET", &format!("/messages/{message}"), Value::Null).await;
    assert_eq!(
        event["data"],
        json!({"id": message, "roomId": room, "roomType": "group", "personId": ann,
            "personEmail": "ann@acme.example", "created": read["created"]})
    );
    assert_eq!(
        (&event["id"], &event["actorId"], &event["createdBy"]),
        (&hook["id"], &json!(ann), &json!(ann))
    );
    assert_eq!((&event["status"], &event["ownedBy"]), (&json!("active"), &json!("creator")));
    assert!(event.get("secret").is_none());

    let update =
        json!({"name": "Hook", "targetUrl": world.receiver.url, "secret": "other-fake-secret"});
    world.ok("PUT", &format!("/webhooks/{}", id(&hook)), update).await;
    world.post("x").await;
    world.idle().await;
    let (headers, body) = &world.receiver.requests()[1];
    assert_ne!(headers["x-spark-signature"], signature(body));
}

#[tokio::test]
async fn without_a_secret_nothing_is_signed() {
    let world = World::start().await;
    let body = json!({"name": "n", "targetUrl": world.receiver.url, "resource": "messages", "event": "created"});
    world.ok("POST", "/webhooks", body).await;
    world.post("x").await;
    world.idle().await;
    assert!(!world.receiver.requests()[0].0.contains_key("x-spark-signature"));
}

#[tokio::test]
async fn all_means_every_event_and_edits_come_with_it_alone() {
    let world = World::start().await;
    let deeds = async |world: &World| {
        world.receiver.clear();
        let id = world.post("x").await;
        world.act(json!({"as": "Ann Lee", "do": "edit", "id": id, "text": "y"})).await;
        world.act(json!({"as": "Ann Lee", "do": "delete", "id": id})).await;
        world
            .act(json!({"as": "Ann Lee", "do": "invite", "channel": "general", "person": "Cy Doe"}))
            .await;
        world
            .act(json!({"as": "Ann Lee", "do": "rename", "channel": "general", "name": "all"}))
            .await;
        world
            .act(json!({"as": "Ann Lee", "do": "rename", "channel": "all", "name": "general"}))
            .await;
        world.act(json!({"as": "Cy Doe", "do": "leave", "channel": "general"})).await;
        world.idle().await;
        let mut names = world.receiver.names();
        names.sort();
        names
    };
    let hook = world.hook(&world.bob, "all", "all", "").await;
    assert_eq!(
        deeds(&world).await,
        [
            "memberships.created",
            "memberships.deleted",
            "messages.created",
            "messages.deleted",
            "messages.updated",
            "rooms.updated",
            "rooms.updated"
        ]
    );
    world.ok_as(&world.bob, "DELETE", &format!("/webhooks/{}", id(&hook)), Value::Null).await;
    assert_eq!(deeds(&world).await.len(), 0);
    let hook = world.hook(&world.bob, "messages", "all", "").await;
    assert_eq!(deeds(&world).await, ["messages.created", "messages.deleted", "messages.updated"]);
    world.ok_as(&world.bob, "DELETE", &format!("/webhooks/{}", id(&hook)), Value::Null).await;
    world.hook(&world.bob, "messages", "created", "").await;
    world.hook(&world.bob, "messages", "deleted", "").await;
    assert_eq!(deeds(&world).await, ["messages.created", "messages.deleted"]);
}

#[tokio::test]
async fn who_is_not_in_a_space_is_not_told() {
    let world = World::start().await;
    world.hook(&world.bob, "all", "all", "").await;
    world.act(json!({"as": "Ann Lee", "do": "create_channel", "name": "secret", "members": ["Cy Doe"]})).await;
    world.act(json!({"as": "Ann Lee", "do": "post", "channel": "secret", "text": "x"})).await;
    world.idle().await;
    assert_eq!(world.receiver.names().len(), 0);
    world
        .act(json!({"as": "Ann Lee", "do": "invite", "channel": "secret", "person": "Bob Ray"}))
        .await;
    world.idle().await;
    assert_eq!(world.receiver.names(), ["memberships.created"]);
}

#[tokio::test]
async fn a_bot_is_told_of_mentions_and_of_its_own_messages() {
    let world = World::start().await;
    let room = world.room("general").await;
    world.with_bot().await;
    world.hook(&world.bot, "messages", "created", "").await;
    world.post("nothing <@all>").await;
    let mentioned = world.post("<@personEmail:helper@webex.bot>").await;
    let own = world.say(&world.bot, &room, "me").await;
    let direct = json!({"as": "Bob Ray", "do": "post", "to": "Helper", "text": "hi"});
    let direct = world.act(direct).await;
    world.idle().await;
    let mut told: Vec<String> =
        world.receiver.events().iter().map(|event| id(&event["data"]).to_owned()).collect();
    let mut expected = [mentioned, id(&own).to_owned(), id(&direct).to_owned()];
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn filters_narrow_what_is_told() {
    let world = World::start().await;
    let room = world.room("general").await;
    let file = json!([{"name": "a.txt", "text": "x"}]);
    for (filter, expected) in [
        (format!("roomId={room}"), 4),
        ("personEmail=bob@acme.example".to_owned(), 1),
        (format!("roomId={room}&personEmail=ann@acme.example"), 3),
        ("mentionedPeople=me".to_owned(), 1),
        ("hasFiles=true".to_owned(), 1),
        ("roomType=direct".to_owned(), 1),
    ] {
        let hook = world.hook(&world.bob, "messages", "created", &filter).await;
        world.receiver.clear();
        world.post("x").await;
        world.post("<@personEmail:bob@acme.example>").await;
        world
            .act(json!({"as": "Ann Lee", "do": "post", "channel": "general", "files": file}))
            .await;
        world.act(json!({"as": "Bob Ray", "do": "post", "channel": "general", "text": "x"})).await;
        world.act(json!({"as": "Cy Doe", "do": "post", "to": "Bob Ray", "text": "x"})).await;
        world.idle().await;
        assert_eq!(world.receiver.names().len(), expected, "{filter}");
        world.ok_as(&world.bob, "DELETE", &format!("/webhooks/{}", id(&hook)), Value::Null).await;
    }
    for filter in ["colour=red", "roomId=nowhere", "roomId", "mentionedPeople=somebody"] {
        let body = json!({"name": "n", "targetUrl": world.receiver.url, "resource": "messages",
            "event": "created", "filter": filter});
        assert_eq!(world.error("POST", "/webhooks", body).await, 400, "{filter}");
    }
}

#[tokio::test]
async fn nothing_is_sent_twice_and_a_hundred_failures_end_it() {
    let world = World::start().await;
    let hook = world.hook(&world.bob, "messages", "created", "").await;
    let path = format!("/webhooks/{}", id(&hook));
    let status =
        async || world.ok_as(&world.bob, "GET", &path, Value::Null).await["status"].clone();
    world.receiver.answer_always(Some(503));
    for _ in 0..99 {
        world.post("x").await;
    }
    world.idle().await;
    // They are forgotten after five minutes.
    world.advance(301).await;
    world.post("x").await;
    world.idle().await;
    assert_eq!((status().await, world.receiver.requests().len()), (json!("active"), 100));
    for _ in 0..99 {
        world.post("x").await;
    }
    world.idle().await;
    assert_eq!((status().await, world.receiver.requests().len()), (json!("inactive"), 199));

    world.receiver.answer_always(None);
    world.post("missed").await;
    world.idle().await;
    assert_eq!(world.receiver.requests().len(), 199, "an inactive webhook stays so");
    let mut update = json!({"name": "Hook", "targetUrl": world.receiver.url});
    world.ok_as(&world.bob, "PUT", &path, update.clone()).await;
    assert_eq!(status().await, "inactive");
    update["status"] = "inactive".into();
    assert_eq!(world.error_as(&world.bob, "PUT", &path, update.clone()).await, 400);
    update["status"] = "active".into();
    world.ok_as(&world.bob, "PUT", &path, update).await;
    world.post("heard").await;
    world.idle().await;
    assert_eq!((status().await, world.receiver.requests().len()), (json!("active"), 200));

    world.control("POST", &format!("/webex{path}/deactivate"), Value::Null).await;
    assert_eq!(status().await, "inactive");
}

#[tokio::test]
async fn webhooks_are_their_makers_own() {
    let world = World::start().await;
    let hook = world.hook(&world.ann, "rooms", "all", "").await;
    assert_eq!(hook["secret"], super::receiver::SECRET);
    let path = format!("/webhooks/{}", id(&hook));
    assert_eq!(world.error_as(&world.bob, "GET", &path, Value::Null).await, 404);
    assert_eq!(world.ok_as(&world.bob, "GET", "/webhooks", Value::Null).await["items"], json!([]));
    assert_eq!(world.ok("GET", "/webhooks", Value::Null).await["items"], json!([hook]));
    let base = json!({"name": "n", "targetUrl": "https://x.example", "resource": "messages", "event": "created"});
    for (field, value) in [
        ("name", Value::Null),
        ("targetUrl", json!("nowhere")),
        ("resource", json!("weather")),
        ("event", json!("updated")),
        ("event", json!("exploded")),
        ("resource", json!("all")),
    ] {
        let mut body = base.clone();
        body[field] = value.clone();
        assert_eq!(world.error("POST", "/webhooks", body).await, 400, "{field} {value}");
    }
}

#[tokio::test]
async fn a_webhook_needs_the_scope_that_reads_its_resource() {
    let world = World::start().await;
    let app = json!({"name": "Small", "scopes": ["spark:rooms_read"], "install": ["Acme"]});
    let app = world.control("POST", "/webex/apps", app).await;
    let token = app["installs"][0]["access_token"].as_str().unwrap();
    world.hook(token, "rooms", "all", "").await;
    assert_eq!(
        world.ok("GET", "/webhooks", Value::Null).await["items"],
        json!([]),
        "of another app"
    );
    let body = json!({"name": "n", "targetUrl": "https://x.example", "resource": "messages", "event": "all"});
    assert_eq!(world.error_as(token, "POST", "/webhooks", body).await, 403);
    assert_eq!(world.error_as(token, "GET", "/messages?roomId=x", Value::Null).await, 403);
}

#[tokio::test]
async fn a_pressed_button_is_told_to_the_cards_sender() {
    let world = World::start().await;
    let room = world.room("general").await;
    world.hook(&world.ann, "attachmentActions", "created", "").await;
    world.hook(&world.bob, "attachmentActions", "created", "").await;
    let card = json!({"contentType": "application/vnd.microsoft.card.adaptive",
        "content": {"type": "AdaptiveCard", "version": "1.3", "body": []}});
    let body = json!({"roomId": room, "text": "fallback", "attachments": [card]});
    let sent = world.ok("POST", "/messages", body).await;
    assert_eq!(sent["attachments"], json!([card]));
    let press =
        json!({"as": "Bob Ray", "do": "press", "id": id(&sent), "inputs": {"answer": "yes"}});
    let action = world.act(press).await["action"].as_str().unwrap().to_owned();
    world.idle().await;
    assert_eq!(world.receiver.names(), ["attachmentActions.created"], "to Ann alone");
    let event = &world.receiver.events()[0];
    assert_eq!((&event["data"]["id"], &event["data"]["type"]), (&json!(action), &json!("submit")));
    assert!(event["data"].get("inputs").is_none());
    let read = world.ok("GET", &format!("/attachment/actions/{action}"), Value::Null).await;
    assert_eq!((&read["inputs"], &read["messageId"]), (&json!({"answer": "yes"}), &sent["id"]));
    let edit = json!({"roomId": room, "text": "x"});
    assert_eq!(world.error("PUT", &format!("/messages/{}", id(&sent)), edit).await, 400);
    let plain = world.post("no card").await;
    let press = json!({"as": "Bob Ray", "do": "press", "id": plain});
    assert!(world.refused(press).await.starts_with("400"));
}

use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn a_message_is_sent_seen_edited_and_deleted() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let sent = world
        .ok("POST", "/chat/users/me/messages", json!({"message": "hello", "to_channel": general}))
        .await;
    let id = sent["id"].as_str().unwrap();
    let seen = world.view("general").await;
    assert_eq!(id, id.to_lowercase(), "apps' messages have ids in small letters");
    assert_eq!((&seen[0]["id"], &seen[0]["text"]), (&json!(id.to_uppercase()), &json!("hello")));
    assert_eq!(
        seen[0]["author"],
        json!({"account": world.person("Ann Lee").await,
        "name": "Ann Lee", "avatar": "https://img.example/ann.png", "badge": null})
    );
    let edit = json!({"message": "bye", "to_channel": general});
    for other in [id.to_uppercase(), format!("%7B{id}%7D")] {
        let path = format!("/chat/users/me/messages/{other}");
        assert_eq!(world.error("PUT", &path, edit.clone()).await, (400, 300), "{other} is no id");
    }
    let edited = world.call("PUT", &format!("/chat/users/me/messages/{id}"), edit).await;
    assert_eq!((edited.status, &edited.body), (204, &Value::Null));
    let seen = world.view("general").await;
    assert_eq!((&seen[0]["text"], &seen[0]["edited"]), (&json!("bye"), &json!(true)));
    let path = format!("/chat/users/me/messages/{id}?to_channel={general}");
    assert_eq!(world.call("DELETE", &path, Value::Null).await.status, 204);
    assert!(world.view("general").await.is_empty());
    assert_eq!(world.error("DELETE", &path, Value::Null).await, (400, 300), "once only");
    assert_eq!(world.error("GET", &path, Value::Null).await, (400, 300));
}

#[tokio::test]
async fn a_reply_names_its_main_message_letter_for_letter_in_braces_or_not() {
    let world = World::start().await;
    let (general, root) = (world.channel("general").await, world.post("root").await);
    assert_eq!(root, root.to_uppercase(), "people's messages have ids in capitals");
    let reply = |main: String| json!({"message": "r", "to_channel": general, "reply_main_message_id": main});
    for main in [root.clone(), format!("{{{root}}}")] {
        world.ok("POST", "/chat/users/me/messages", reply(main)).await;
    }
    let other = reply(root.to_lowercase());
    assert_eq!(world.error("POST", "/chat/users/me/messages", other).await, (400, 5301));
}

#[tokio::test]
async fn events_write_ids_as_the_api_does_or_all_in_capitals() {
    for (setting, small) in [("as_made", true), ("capitals_in_events", false)] {
        let world = World::with(json!({"message_ids": setting}), json!({})).await;
        let general = world.channel("general").await;
        let body = json!({"message": "hello", "to_channel": general});
        let sent = world.ok("POST", "/chat/users/me/messages", body).await;
        let id = sent["id"].as_str().unwrap();
        assert_eq!(id, id.to_lowercase());
        world.idle().await;
        let told: Vec<Value> = world
            .receiver
            .events()
            .iter()
            .map(|event| &event["payload"]["object"])
            .filter_map(|object| object.get("message_id").or(object.get("id")).cloned())
            .collect();
        let expected = if small { id.to_owned() } else { id.to_uppercase() };
        assert_eq!(told, [json!(expected), json!(expected)], "{setting}");
    }
}

#[tokio::test]
async fn a_message_goes_to_a_contact_by_any_of_their_names() {
    let world = World::start().await;
    let (bob, member) = (world.person("Bob Ray").await, world.member("Bob Ray").await);
    for who in ["bob@acme.example", &bob, &member] {
        let body = json!({"message": format!("to {}", who.len()), "to_contact": who});
        world.ok("POST", "/chat/users/me/messages", body).await;
    }
    let path =
        format!("/zoom/view?workspace={}&channel=@Ann Lee&as=bob@acme.example", world.account);
    let seen = world.control("GET", &path, Value::Null).await;
    assert_eq!(seen["messages"].as_array().unwrap().len(), 3);
    let nobody = json!({"message": "x", "to_contact": "nobody@acme.example"});
    assert_eq!(world.error("POST", "/chat/users/me/messages", nobody).await, (404, 1001));
}

#[tokio::test]
async fn what_makes_no_sense_or_is_not_allowed_is_refused() {
    let world = World::start().await;
    let (general, board, old) =
        (world.channel("general").await, world.channel("board").await, world.channel("old").await);
    let root = world.post("root").await;
    let reply =
        json!({"as": "Bob Ray", "do": "reply", "channel": "general", "id": root, "text": "r"});
    let reply = world.act(reply).await["id"].clone();
    let bob = format!("/chat/users/{}/messages", world.person("Bob Ray").await);
    let long = "👍".repeat(512) + "x";
    for (path, body, refusal) in [
        ("me", json!({"message": "x"}), (400, 300)),
        (
            "me",
            json!({"message": "x", "to_channel": general, "to_contact": "bob@acme.example"}),
            (400, 300),
        ),
        ("me", json!({"to_channel": general}), (400, 300)),
        ("me", json!({"message": "", "to_channel": general}), (400, 300)),
        ("me", json!({"message": long, "to_channel": general}), (400, 300)),
        (
            "me",
            json!({"message": "x", "to_channel": "00000000000000000000000000000000"}),
            (404, 4130),
        ),
        ("me", json!({"message": "x", "to_channel": old}), (400, 5420)),
        ("bob", json!({"message": "x", "to_channel": board}), (400, 200)),
        (
            "me",
            json!({"message": "x", "to_channel": general, "reply_main_message_id": reply}),
            (400, 5402),
        ),
        (
            "me",
            json!({"message": "x", "to_channel": general, "reply_main_message_id": "nothing"}),
            (400, 5301),
        ),
        (
            "me",
            json!({"message": "x", "to_channel": general, "file_ids": ["nothing"]}),
            (400, 5404),
        ),
        (
            "me",
            json!({"message": "x", "to_channel": general, "scheduled_time": "2030-01-01T00:00:00Z"}),
            (400, 300),
        ),
    ] {
        let path = if path == "bob" { bob.as_str() } else { "/chat/users/me/messages" };
        assert_eq!(world.error("POST", path, body.clone()).await, refusal, "{body}");
    }
    let fits = json!({"message": "👍".repeat(512), "to_channel": general});
    world.ok("POST", "/chat/users/me/messages", fits).await;
    let theirs = format!("/chat/users/me/messages/{}", reply.as_str().unwrap());
    let edit = json!({"message": "mine now", "to_channel": general});
    assert_eq!(world.error("PUT", &theirs, edit).await, (400, 200), "only the sender edits");
    let url = world.url("/v2/chat/users/me/messages");
    let broken = world.client.post(url).bearer_auth(world.token()).body("{not json");
    assert_eq!(broken.send().await.unwrap().status(), 400);
    assert_eq!(world.error("GET", "/no/such/thing", Value::Null).await, (404, 2300));
}

#[tokio::test]
async fn an_edit_keeps_no_formatting_and_files_only_where_files_were() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let body = json!({"message": "bold", "to_channel": general,
        "rich_text": [{"start_position": 0, "end_position": 4, "format_type": "Bold"}]});
    let sent = world.ok("POST", "/chat/users/me/messages", body).await;
    assert_eq!(world.view("general").await[0]["html"], "<p><strong>bold</strong></p>");
    let path = format!("/chat/users/me/messages/{}", sent["id"].as_str().unwrap());
    let edit = json!({"message": "plain", "to_channel": general,
        "rich_text": [{"start_position": 0, "end_position": 5, "format_type": "Bold"}]});
    world.ok("PUT", &path, edit).await;
    assert_eq!(world.view("general").await[0]["html"], "<p>plain</p>");
    let deed = json!({"as": "Ann Lee", "do": "upload", "channel": "general", "files": [{"name": "a.txt", "text": "x"}]});
    let with_file = world.act(deed).await;
    let file = with_file["files"][0].clone();
    let edit = json!({"message": "with file", "to_channel": general, "file_ids": [file]});
    assert_eq!(world.error("PUT", &path, edit.clone()).await, (400, 300));
    let path = format!("/chat/users/me/messages/{}", with_file["id"].as_str().unwrap());
    world.ok("PUT", &path, edit).await;
    let edit = json!({"message": "without", "to_channel": general, "file_ids": []});
    world.ok("PUT", &path, edit).await;
    assert_eq!(world.view("general").await[1]["files"], json!([]));
}

#[tokio::test]
async fn reactions_come_and_go() {
    let world = World::start().await;
    let (general, id) = (world.channel("general").await, world.post("look").await);
    let path = format!("/chat/users/me/messages/{id}/emoji_reactions");
    let react = |action: &str, emoji: &str| json!({"action": action, "emoji": emoji, "to_channel": general});
    world.ok("PATCH", &path, react("add", "U+1F389")).await;
    world.ok("PATCH", &path, react("add", "U+1F389")).await;
    world
        .act(json!({"as": "Bob Ray", "do": "react", "channel": "general", "id": id, "emoji": "🎉"}))
        .await;
    world.act(json!({"as": "Bob Ray", "do": "react", "channel": "general", "id": id, "emoji": ":shipit:"})).await;
    let (ann, bob) = (world.person("Ann Lee").await, world.person("Bob Ray").await);
    let seen = world.view("general").await;
    assert_eq!(
        seen[0]["reactions"],
        json!([{"emoji": "🎉", "by": [ann, bob]}, {"emoji": ":shipit:", "by": [bob]}])
    );
    world.ok("PATCH", &path, react("remove", "U+1F389")).await;
    let seen = world.view("general").await;
    assert_eq!(seen[0]["reactions"][0], json!({"emoji": "🎉", "by": [bob]}));
    for (action, emoji) in [("add", "tada"), ("add", "🎉"), ("toggle", "U+1F389")] {
        assert_eq!(world.error("PATCH", &path, react(action, emoji)).await, (400, 300));
    }
    let emoji = world.ok("GET", "/chat/emoji", Value::Null).await["emojis"][0].clone();
    let custom = json!({"action": "add", "custom_emoji": true, "custom_emoji_id": emoji["file_id"], "to_channel": general});
    world.ok("PATCH", &path, custom).await;
    let seen = world.view("general").await;
    assert_eq!(seen[0]["reactions"][1]["by"], json!([bob, ann]));
}

#[tokio::test]
async fn a_message_is_marked() {
    let world = World::start().await;
    let (general, id) = (world.channel("general").await, world.post("later").await);
    let path = format!("/chat/users/me/messages/{id}/status");
    world
        .ok("PATCH", &path, json!({"action": "unread", "timestamp": 1, "to_channel": general}))
        .await;
    let ann = world.person("Ann Lee").await;
    assert_eq!(world.view("general").await[0]["markup"]["unread_by"], json!([ann]));
    world.ok("PATCH", &path, json!({"action": "read", "to_channel": general})).await;
    assert_eq!(world.view("general").await[0]["markup"]["unread_by"], json!([]));
    assert_eq!(
        world.error("PATCH", &path, json!({"action": "x", "to_channel": general})).await,
        (400, 300)
    );
}

use serde_json::json;

use super::world::World;

#[tokio::test]
async fn an_app_makes_and_runs_channels() {
    let world = World::start().await;
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let made =
        world.ok("conversations.create", json!({"name": "project-x", "is_private": true})).await;
    let id = made["channel"]["id"].as_str().unwrap();
    assert_eq!(made["channel"]["is_private"], true);
    assert_eq!(
        world.error("conversations.create", json!({"name": "project-x"})).await,
        "name_taken"
    );
    assert_eq!(
        world.error("conversations.create", json!({"name": "Bad Name"})).await,
        "invalid_name_specials"
    );
    world.ok("conversations.invite", json!({"channel": id, "users": format!("{ann},{bob}")})).await;
    assert_eq!(
        world.error("conversations.invite", json!({"channel": id, "users": ann})).await,
        "already_in_channel"
    );
    assert_eq!(
        world.error("conversations.invite", json!({"channel": id, "users": "U0"})).await,
        "user_not_found"
    );
    let members = world.ok("conversations.members", json!({"channel": id, "limit": 2})).await;
    assert_eq!(members["members"].as_array().unwrap().len(), 2);
    let next = &members["response_metadata"]["next_cursor"];
    let rest = world.ok("conversations.members", json!({"channel": id, "cursor": next})).await;
    assert_eq!(rest["members"].as_array().unwrap().len(), 1);
    world.ok("conversations.setTopic", json!({"channel": id, "topic": "T"})).await;
    world.receiver.event(|event| event["subtype"] == "group_topic" && event["topic"] == "T").await;
    world.ok("conversations.rename", json!({"channel": id, "name": "project-y"})).await;
    let info =
        world.ok("conversations.info", json!({"channel": id, "include_num_members": true})).await;
    assert_eq!(info["channel"]["name"], "project-y");
    assert_eq!(info["channel"]["num_members"], 3);
    world.ok("conversations.kick", json!({"channel": id, "user": bob})).await;
    world
        .receiver
        .event(|event| event["type"] == "member_left_channel" && event["user"] == bob.as_str())
        .await;
    world.ok("conversations.archive", json!({"channel": id})).await;
    assert_eq!(
        world.error("conversations.archive", json!({"channel": id})).await,
        "already_archived"
    );
    assert_eq!(
        world.error("chat.postMessage", json!({"channel": id, "text": "x"})).await,
        "is_archived"
    );
}

#[tokio::test]
async fn lists_show_what_the_app_may_know_page_by_page() {
    let world = World::start().await;
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let args = json!({"types": "public_channel,private_channel", "limit": 1, "exclude_archived": true, "cursor": cursor});
        let page = world.ok("conversations.list", args).await;
        for channel in page["channels"].as_array().unwrap() {
            names.push(channel["name"].as_str().unwrap().to_owned());
        }
        cursor = page["response_metadata"]["next_cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    names.sort();
    assert_eq!(names, ["elsewhere", "general", "secret"]);
    world
        .act(json!({"as": "ann", "do": "create_channel", "name": "hidden", "private": true}))
        .await;
    let hidden = world.channel("hidden").await;
    assert_eq!(
        world.error("conversations.info", json!({"channel": hidden})).await,
        "channel_not_found"
    );
    let elsewhere = world.channel("elsewhere").await;
    world.ok("conversations.join", json!({"channel": elsewhere})).await;
    let again = world.ok("conversations.join", json!({"channel": elsewhere})).await;
    assert!(again["warning"].as_str().unwrap().contains("already_in_channel"));
    assert_eq!(world.error("conversations.list", json!({"limit": 5000})).await, "invalid_limit");
}

#[tokio::test]
async fn people_are_found_and_written_to_directly() {
    let world = World::start().await;
    let bob = world.person("bob").await;
    let found = world.ok("users.lookupByEmail", json!({"email": "Bob@acme.example"})).await;
    assert_eq!(found["user"]["id"], bob.as_str());
    assert_eq!(found["user"]["profile"]["email"], "bob@acme.example");
    assert_eq!(
        world.error("users.lookupByEmail", json!({"email": "no@acme.example"})).await,
        "users_not_found"
    );
    assert_eq!(world.error("users.info", json!({"user": "U0"})).await, "user_not_found");
    let dm = world.ok("conversations.open", json!({"users": bob})).await["channel"]["id"].clone();
    assert!(dm.as_str().unwrap().starts_with('D'));
    let post = world.ok("chat.postMessage", json!({"channel": bob, "text": "psst"})).await;
    assert_eq!(post["channel"], dm, "posting to a person opens the same conversation");
    world.act(json!({"as": "bob", "do": "post", "to": world.bot_user, "text": "yes?"})).await;
    let event = world.receiver.event(|event| event["text"] == "yes?").await;
    assert_eq!((&event["channel_type"], &event["channel"]), (&json!("im"), &dm));
    let first = world.ok("users.list", json!({"limit": 2})).await;
    assert_eq!(first["members"].as_array().unwrap().len(), 2);
    assert_ne!(first["response_metadata"]["next_cursor"], "");
    let groups = world.ok("usergroups.list", json!({"include_users": true})).await;
    assert_eq!(groups["usergroups"][0]["users"], json!([bob]));
    assert_eq!(
        world.ok("emoji.list", json!({})).await["emoji"]["shipit"],
        "https://emoji.example/shipit.png"
    );
    world.act(json!({"as": "ann", "do": "deactivate", "person": "bob"})).await;
    let event = world.receiver.event(|event| event["type"] == "user_change").await;
    assert_eq!(event["user"]["deleted"], true);
    world.act(json!({"as": "ann", "do": "add_person", "person": {"name": "Eve New"}})).await;
    world.receiver.event(|event| event["type"] == "team_join").await;
}

#[tokio::test]
async fn a_persons_deeds_obey_the_same_rules() {
    let world = World::start().await;
    for (deed, error) in [
        (json!({"as": "cy", "do": "post", "channel": "general", "text": "x"}), "not_in_channel"),
        (json!({"as": "cy", "do": "post", "channel": "secret", "text": "x"}), "channel_not_found"),
        (json!({"as": "ann", "do": "post", "channel": "old", "text": "x"}), "is_archived"),
        (
            json!({"as": "ann", "do": "reply", "channel": "general", "ts": "1.000001", "text": "x"}),
            "thread_not_found",
        ),
        (
            json!({"as": "nobody", "do": "post", "channel": "general", "text": "x"}),
            "no person nobody",
        ),
    ] {
        assert_eq!(world.refused(deed.clone()).await, error, "{deed}");
    }
    let post =
        world.act(json!({"as": "ann", "do": "post", "channel": "general", "text": "x"})).await;
    let edit =
        json!({"as": "bob", "do": "edit", "channel": "general", "ts": post["ts"], "text": "y"});
    assert_eq!(world.refused(edit).await, "cant_update_message");
}

#[tokio::test]
async fn a_pressed_button_reaches_the_app_and_can_be_answered() {
    let world = World::start().await;
    let path = format!("/slack/apps/{}", world.app["id"].as_str().unwrap());
    world.control("PATCH", &path, json!({"interactivity_url": world.receiver.url})).await;
    let blocks = json!([{"type": "actions", "elements": [
        {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, "value": "v"}]}]);
    let post = world
        .ok("chat.postMessage", json!({"channel": "general", "text": "q", "blocks": blocks}))
        .await;
    world.receiver.clear();
    let press = json!({"as": "bob", "do": "press", "channel": "general", "ts": post["ts"], "action_id": "go"});
    assert_eq!(world.act(press).await["status"], 200);
    let (headers, body) = world.receiver.requests().pop().unwrap();
    assert!(headers.contains_key("x-slack-signature"));
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let payload: serde_json::Value = serde_json::from_str(&form[0].1).unwrap();
    assert_eq!(
        (&payload["type"], &payload["actions"][0]["value"]),
        (&json!("block_actions"), &json!("v"))
    );
    let url = payload["response_url"].as_str().unwrap();
    let answer = json!({"replace_original": true, "text": "done"});
    for n in 0..6 {
        let response = world.client.post(url).json(&answer).send().await.unwrap();
        assert_eq!(response.status(), if n < 5 { 200 } else { 404 }, "five uses");
    }
    assert_eq!(world.view("general").await.last().unwrap()["text"], "done");
}

use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn an_app_posts_edits_and_deletes_its_own_messages() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let post = world
        .ok("chat.postMessage", json!({"channel": general, "text": "a < b https://x.example"}))
        .await;
    assert_eq!(post["message"]["text"], "a &lt; b <https://x.example>");
    assert_eq!(post["message"]["user"], world.bot_user.as_str());
    assert!(
        post["message"]["bot_id"].is_string()
            && post["message"]["bot_profile"]["app_id"].is_string()
    );
    let ts = post["ts"].as_str().unwrap();
    let own = world.receiver.event(|event| event["ts"] == ts).await;
    assert_eq!(own["app_id"], world.app["id"], "an app hears its own posts");

    let update =
        world.ok("chat.update", json!({"channel": general, "ts": ts, "text": "new"})).await;
    assert_eq!(update["text"], "new");
    let changed = world.receiver.event(|event| event["subtype"] == "message_changed").await;
    assert_eq!(changed["message"]["text"], "new");
    assert_eq!(changed["message"]["edited"]["user"], world.bot_user.as_str());
    assert_eq!(changed["previous_message"]["ts"], ts);

    world.ok("chat.delete", json!({"channel": general, "ts": ts})).await;
    let deleted = world.receiver.event(|event| event["subtype"] == "message_deleted").await;
    assert_eq!(deleted["deleted_ts"], ts);
    let again = json!({"channel": general, "ts": ts});
    assert_eq!(world.error("chat.delete", again).await, "message_not_found");

    let bobs =
        world.act(json!({"as": "bob", "do": "post", "channel": "general", "text": "mine"})).await;
    let foreign = json!({"channel": general, "ts": bobs["ts"], "text": "x"});
    assert_eq!(world.error("chat.update", foreign.clone()).await, "cant_update_message");
    assert_eq!(world.error("chat.delete", foreign).await, "cant_delete_message");
}

#[tokio::test]
async fn posting_is_refused_in_slacks_words() {
    let world = World::start().await;
    world.control("POST", "/limits", json!({"platform": "slack", "off": true})).await;
    let blocks: Vec<Value> = (0..51).map(|_| json!({"type": "divider"})).collect();
    let attachments: Vec<Value> = (0..101).map(|_| json!({"text": "x"})).collect();
    for (args, error) in [
        (json!({"text": "x"}), "invalid_arguments"),
        (json!({"channel": "C0NOWHERE", "text": "x"}), "channel_not_found"),
        (json!({"channel": "elsewhere", "text": "x"}), "not_in_channel"),
        (json!({"channel": "old", "text": "x"}), "is_archived"),
        (json!({"channel": "general"}), "no_text"),
        (json!({"channel": "general", "text": "x", "thread_ts": "1.000001"}), "thread_not_found"),
        (json!({"channel": "general", "blocks": blocks}), "invalid_blocks"),
        (json!({"channel": "general", "blocks": [{"type": "nonsense"}]}), "invalid_blocks"),
        (json!({"channel": "general", "blocks": "{"}), "invalid_blocks_format"),
        (json!({"channel": "general", "attachments": attachments}), "too_many_attachments"),
        (
            json!({"channel": "general", "text": "x", "metadata": {"event_type": "e"}}),
            "invalid_metadata_schema",
        ),
        (
            json!({"channel": "general", "text": "x", "markdown_text": "y"}),
            "markdown_text_conflict",
        ),
    ] {
        assert_eq!(world.error("chat.postMessage", args.clone()).await, error, "{args}");
    }
    let long = "x".repeat(40_001);
    let cut = world.ok("chat.postMessage", json!({"channel": "general", "text": long})).await;
    assert_eq!(cut["message"]["text"].as_str().unwrap().len(), 40_000);
    assert!(cut["warning"].as_str().unwrap().contains("message_truncated"));
}

#[tokio::test]
async fn forms_and_queries_are_read_like_json() {
    let world = World::start().await;
    let form = [
        ("token", world.bot.as_str()),
        ("channel", "general"),
        ("blocks", r#"[{"type":"section","text":{"type":"mrkdwn","text":"*x*"}}]"#),
    ];
    let request = world.client.post(world.method("chat.postMessage")).form(&form);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(answer["message"]["blocks"][0]["type"], "section");
    let bad = world
        .client
        .post(world.method("chat.postMessage"))
        .bearer_auth(&world.bot)
        .header("content-type", "application/json")
        .body("{nonsense");
    let answer: Value = bad.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["error"], "invalid_json");
}

#[tokio::test]
async fn a_post_can_carry_another_name_and_picture_and_metadata() {
    let world = World::start().await;
    let metadata = json!({"event_type": "relayed", "event_payload": {"id": "m1"}});
    let post = world
        .ok(
            "chat.postMessage",
            json!({"channel": "general", "text": "hi", "username": "Dee (Teams)",
            "icon_url": "https://img.example/dee.png", "metadata": metadata}),
        )
        .await;
    let ts = post["ts"].as_str().unwrap();
    let event = world.receiver.event(|event| event["ts"] == ts).await;
    assert_eq!(event["subtype"], "bot_message");
    assert_eq!(event["username"], "Dee (Teams)");
    assert_eq!(event["metadata"], metadata);
    assert!(event.get("user").is_none());
    let general = world.channel("general").await;
    let plain = world.ok("conversations.history", json!({"channel": general})).await;
    assert!(plain["messages"][0].get("metadata").is_none());
    let all = json!({"channel": general, "include_all_metadata": true});
    assert_eq!(world.ok("conversations.history", all).await["messages"][0]["metadata"], metadata);
    let seen = world.view("general").await;
    let author = &seen.last().unwrap()["author"];
    assert_eq!((&author["name"], &author["badge"]), (&json!("Dee (Teams)"), &json!("APP")));
    assert_eq!(author["avatar"], "https://img.example/dee.png");
}

#[tokio::test]
async fn history_and_threads_are_paged() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let mut all = Vec::new();
    for n in 0..25 {
        let deed =
            json!({"as": "ann", "do": "post", "channel": "general", "text": format!("m{n}")});
        all.push(world.act(deed).await["ts"].clone());
    }
    let root = all[3].clone();
    let mut replies = Vec::new();
    for n in 0..5 {
        let deed = json!({"as": "bob", "do": "reply", "channel": "general", "ts": root, "text": format!("r{n}")});
        replies.push(world.act(deed).await["ts"].clone());
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let args = json!({"channel": general, "limit": 10, "oldest": all[0], "inclusive": true, "cursor": cursor});
        let page = world.ok("conversations.history", args).await;
        let messages = page["messages"].as_array().unwrap();
        assert!(messages.len() <= 10);
        seen.extend(messages.iter().map(|message| message["ts"].clone()));
        if page["has_more"] == false {
            break;
        }
        cursor = page["response_metadata"]["next_cursor"].as_str().unwrap().to_owned();
    }
    seen.reverse();
    assert_eq!(seen, all, "newest first, without replies, each once");

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let args = json!({"channel": general, "ts": root, "limit": 2, "cursor": cursor});
        let page = world.ok("conversations.replies", args).await;
        let messages = page["messages"].as_array().unwrap();
        assert_eq!(messages[0]["ts"], root, "the root is on every page");
        assert_eq!(messages[0]["reply_count"], 5);
        seen.extend(messages[1..].iter().map(|message| message["ts"].clone()));
        if page["has_more"] == false {
            break;
        }
        cursor = page["response_metadata"]["next_cursor"].as_str().unwrap().to_owned();
    }
    assert_eq!(seen, replies);
    let missing = json!({"channel": general, "ts": "1.000001"});
    assert_eq!(world.error("conversations.replies", missing).await, "thread_not_found");
    let crossed = json!({"channel": general, "oldest": all[9], "latest": all[2]});
    assert_eq!(world.ok("conversations.history", crossed).await["messages"], json!([]));
    let cursor = json!({"channel": general, "cursor": "nonsense"});
    assert_eq!(world.error("conversations.history", cursor).await, "invalid_cursor");
    let elsewhere = json!({"channel": world.channel("elsewhere").await});
    assert_eq!(world.error("conversations.history", elsewhere).await, "not_in_channel");
}

#[tokio::test]
async fn a_deleted_root_with_replies_leaves_a_tombstone() {
    let world = World::start().await;
    let root = world
        .act(json!({"as": "ann", "do": "post", "channel": "general", "text": "root"}))
        .await["ts"]
        .clone();
    let reply = json!({"as": "bob", "do": "reply", "channel": "general", "ts": root, "text": "r", "broadcast": true});
    let reply = world.act(reply).await["ts"].clone();
    let event = world.receiver.event(|event| event["subtype"] == "thread_broadcast").await;
    assert_eq!(event["root"]["ts"], root);
    world.act(json!({"as": "ann", "do": "delete", "channel": "general", "ts": root})).await;
    let changed = world.receiver.event(|event| event["message"]["subtype"] == "tombstone").await;
    assert_eq!(changed["subtype"], "message_changed");
    assert_eq!(changed["previous_message"]["text"], "root");
    let seen = world.view("general").await;
    assert_eq!(seen.iter().find(|m| m["id"] == root).unwrap()["deleted"], true);
    world.act(json!({"as": "bob", "do": "delete", "channel": "general", "ts": reply})).await;
    assert!(world.view("general").await.iter().all(|m| m["id"] != root));
}

#[tokio::test]
async fn reactions_are_one_per_person_and_emoji() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let ts = world.act(json!({"as": "ann", "do": "post", "channel": "general", "text": "x"})).await
        ["ts"]
        .clone();
    let args = |name: &str| json!({"channel": general, "timestamp": ts, "name": name});
    world.ok("reactions.add", args("tada")).await;
    assert_eq!(world.error("reactions.add", args("tada")).await, "already_reacted");
    assert_eq!(world.error("reactions.add", args("nonsense")).await, "invalid_name");
    assert_eq!(world.error("reactions.remove", args("heart")).await, "no_reaction");
    world.ok("reactions.add", args("shipit")).await;
    world
        .act(json!({"as": "bob", "do": "react", "channel": "general", "ts": ts, "emoji": "tada"}))
        .await;
    let event = world
        .receiver
        .event(|event| {
            event["type"] == "reaction_added" && event["user"] != world.bot_user.as_str()
        })
        .await;
    assert_eq!((&event["reaction"], &event["item"]["ts"]), (&json!("tada"), &ts));
    let seen = world.view("general").await;
    let reactions = &seen.last().unwrap()["reactions"];
    assert_eq!(reactions[0]["emoji"], "🎉");
    assert_eq!(reactions[0]["by"].as_array().unwrap().len(), 2);
    assert_eq!(reactions[1]["emoji"], ":shipit:");
    world.ok("reactions.remove", args("tada")).await;
    world.receiver.event(|event| event["type"] == "reaction_removed").await;
    let got = world.ok("reactions.get", args("")).await;
    assert_eq!(got["message"]["reactions"][0]["count"], 1);
}

#[tokio::test]
async fn posting_has_a_limit_per_conversation_on_the_emulated_clock() {
    let world = World::start().await;
    let post = |text: String| {
        let request = world.client.post(world.method("chat.postMessage")).bearer_auth(&world.bot);
        request.json(&json!({"channel": "general", "text": text})).send()
    };
    let mut refused = None;
    for n in 0..10 {
        let response = post(format!("{n}")).await.unwrap();
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("ten at once are too many");
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(refused.json::<Value>().await.unwrap()["error"], "ratelimited");
    world.control("POST", "/clock", json!({"advance_ms": 1000})).await;
    assert_eq!(post("again".into()).await.unwrap().status(), 200);

    let mut tiers = 0;
    while world.api("team.info", json!({})).await["ok"] == true {
        tiers += 1;
    }
    assert_eq!(tiers, 50, "tier 3");
    world.control("POST", "/limits", json!({"platform": "slack", "off": true})).await;
    for n in 0..20 {
        assert_eq!(post(format!("{n}")).await.unwrap().status(), 200);
    }
}

use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn a_channel_is_created_changed_archived_and_deleted() {
    let world = World::start().await;
    let body = json!({"name": "launch", "type": 2, "members": [{"email": "bob@acme.example"}]});
    let made = world.ok("POST", "/chat/users/me/channels", body.clone()).await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["jid"], format!("{id}@conference.xmpp.zoom.us"));
    assert_eq!(
        world.error("POST", "/chat/users/me/channels", body).await,
        (400, 300),
        "the name is taken"
    );
    let path = format!("/chat/channels/{id}");
    let settings = json!({"posting_permissions": 2});
    world
        .ok("PATCH", &path, json!({"name": "lift-off", "type": 3, "channel_settings": settings}))
        .await;
    let read = world.ok("GET", &path, Value::Null).await;
    assert_eq!((&read["name"], &read["type"]), (&json!("lift-off"), &json!(3)));
    assert_eq!(read["channel_settings"]["posting_permissions"], 2);
    let bob = format!("/chat/users/{}", world.person("Bob Ray").await);
    let post = json!({"message": "x", "to_channel": id});
    assert_eq!(world.error("POST", &format!("{bob}/messages"), post.clone()).await, (400, 5301));
    let rename =
        world.error("PATCH", &format!("{bob}/channels/{id}"), json!({"name": "mine"})).await;
    assert_eq!(rename, (403, 200), "only those who run it");
    let archive = json!({"method": "archive", "channel_ids": [id, "0"]});
    let answer = world.ok("PATCH", "/chat/channels/events", archive).await;
    let failed = answer["failed_channels"].as_array().unwrap();
    assert_eq!((failed.len(), &failed[0]["error_code"]), (1, &json!("4130")));
    assert_eq!(world.error("POST", "/chat/users/me/messages", post).await, (400, 5420));
    assert_eq!(
        world.error("DELETE", &format!("{bob}/channels/{id}"), Value::Null).await,
        (400, 200)
    );
    world.ok("DELETE", &path, Value::Null).await;
    assert_eq!(world.error("GET", &path, Value::Null).await, (404, 4130));
    for body in [
        json!({"name": "x", "type": 9}),
        json!({"type": 1}),
        json!({"name": "x".repeat(257), "type": 1}),
    ] {
        assert_eq!(world.error("POST", "/chat/users/me/channels", body).await, (400, 300));
    }
}

#[tokio::test]
async fn a_group_chat_needs_no_name_of_its_own() {
    let world = World::start().await;
    let body = json!({"type": 4, "members": [{"email": "bob@acme.example"}]});
    for _ in 0..2 {
        let made = world.ok("POST", "/chat/users/me/channels", body.clone()).await;
        assert_eq!((&made["name"], &made["type"]), (&json!("Ann Lee, Bob Ray"), &json!(4)));
    }
}

#[tokio::test]
async fn members_are_invited_removed_and_walk_in_and_out() {
    let world = World::start().await;
    let (general, board) = (world.channel("general").await, world.channel("board").await);
    let (bob, cy) = (world.person("Bob Ray").await, world.person("Cy Doe").await);
    let members = format!("/chat/channels/{general}/members");
    let invite = json!({"members": [{"email": "cy@acme.example"}, {"email": "bob@acme.example"}]});
    let added = world.ok("POST", &members, invite).await;
    assert_eq!(
        (&added["ids"], &added["member_ids"]),
        (&json!(cy), &json!(world.member("Cy Doe").await)),
        "who is new"
    );
    let listed = world.ok("GET", &members, Value::Null).await;
    let roles: Vec<_> =
        listed["members"].as_array().unwrap().iter().map(|m| (&m["name"], &m["role"])).collect();
    assert!(roles.contains(&(&json!("Ann Lee"), &json!("owner"))) && roles.len() == 3, "{roles:?}");
    world.ok("DELETE", &format!("{members}/cy@acme.example"), Value::Null).await;
    assert_eq!(
        world.error("DELETE", &format!("{members}/{cy}"), Value::Null).await,
        (400, 5301),
        "not there"
    );
    let many = format!("{members}?user_ids={bob}&member_ids=");
    world.ok("DELETE", &many, Value::Null).await;
    let me = format!("{members}?user_ids={}", world.person("Ann Lee").await);
    assert_eq!(world.error("DELETE", &me, Value::Null).await, (400, 300), "not oneself");
    assert_eq!(
        world.error("DELETE", &format!("{members}/me"), Value::Null).await,
        (400, 5301),
        "the owner stays"
    );
    let six: Vec<Value> = (0..6).map(|n| json!({"email": format!("p{n}@acme.example")})).collect();
    assert_eq!(
        world.error("POST", &members, json!({"members": six})).await,
        (400, 300),
        "five at once"
    );
    let nobody = json!({"members": [{"email": "nobody@acme.example"}]});
    assert_eq!(world.error("POST", &members, nobody).await, (400, 5301));

    let app = json!({"name": "Own", "scopes": super::world::SCOPES,
        "install": [{"workspace": "Acme", "as": "Bob Ray"}]});
    let token =
        world.control("POST", "/zoom/apps", app).await["installs"][0]["access_token"].clone();
    let token = token.as_str().unwrap();
    let joined = world.call_as(token, "POST", &format!("{members}/me"), Value::Null).await;
    assert_eq!((joined.status, &joined.body["id"]), (201, &json!(bob)));
    let left = world.call_as(token, "DELETE", &format!("{members}/me"), Value::Null).await;
    assert_eq!(left.status, 204);
    let private = format!("/chat/channels/{board}/members/me");
    assert_eq!(world.call_as(token, "POST", &private, Value::Null).await.body["code"], 5301);
    let hidden =
        world.call_as(token, "GET", &format!("/chat/channels/{board}/members"), Value::Null).await;
    assert_eq!((hidden.status, &hidden.body["code"]), (400, &json!(200)));
}

#[tokio::test]
async fn channels_are_listed_a_page_at_a_time_and_searched() {
    let world = World::start().await;
    for number in 0..5 {
        let body = json!({"name": format!("team {number}"), "type": 3});
        world.ok("POST", "/chat/users/me/channels", body).await;
    }
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("/chat/users/me/channels?page_size=3&next_page_token={token}");
        let page = world.ok("GET", &path, Value::Null).await;
        assert_eq!((&page["page_size"], &page["total_records"]), (&json!(3), &json!(8)));
        let channels = page["channels"].as_array().unwrap();
        names.extend(channels.iter().map(|c| c["name"].as_str().unwrap().to_owned()));
        token = page["next_page_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }
    names.sort();
    assert_eq!(
        names,
        ["board", "general", "old", "team 0", "team 1", "team 2", "team 3", "team 4"]
    );
    let public = world.ok("GET", "/chat/channels?page_size=20", Value::Null).await;
    assert_eq!(public["total_records"], 7, "not the private one");
    let first = world.ok("GET", "/chat/users/me/channels?page_size=3", Value::Null).await;
    let token = first["next_page_token"].as_str().unwrap();
    let other = format!("/chat/channels?next_page_token={token}");
    assert_eq!(
        world.error("GET", &other, Value::Null).await,
        (400, 300),
        "a token of another list"
    );
    world.advance(15 * 60).await;
    let late = format!("/chat/users/me/channels?page_size=3&next_page_token={token}");
    assert_eq!(
        world.error("GET", &late, Value::Null).await,
        (400, 300),
        "a quarter of an hour later"
    );

    let search = |needle: Value, haystack: &str| json!({"needle": needle, "haystack": haystack});
    let words = json!({"search_type": "by_channel_name", "keywords": ["TEAM", "3"]});
    let found = world.ok("POST", "/chat/channels/search", search(words, "all")).await;
    assert_eq!(found["channels"][0]["name"], "team 3");
    assert_eq!(found["channels"][0]["member_count"], 1);
    let exact = json!({"search_type": "by_channel_name_exact_match", "channel_name": "board"});
    let found = world.ok("POST", "/chat/channels/search", search(exact.clone(), "public")).await;
    assert_eq!(found["channels"], json!([]));
    assert_eq!(world.error("POST", "/chat/channels/search", search(exact, "")).await, (400, 300));
}

#[tokio::test]
async fn people_do_the_same_in_their_client() {
    let world = World::start().await;
    world.act(json!({"as": "Bob Ray", "do": "create_channel", "name": "lunch", "members": ["Cy Doe"]})).await;
    world.act(json!({"as": "Ann Lee", "do": "join", "channel": "lunch"})).await;
    world.act(json!({"as": "Bob Ray", "do": "rename", "channel": "lunch", "name": "dinner"})).await;
    world
        .act(json!({"as": "Bob Ray", "do": "remove", "channel": "dinner", "person": "Cy Doe"}))
        .await;
    world.act(json!({"as": "Bob Ray", "do": "invite", "channel": "dinner", "person": "cy@acme.example"})).await;
    let left = world.act(json!({"as": "Ann Lee", "do": "leave", "channel": "dinner"})).await;
    assert_eq!(left["members"].as_array().unwrap().len(), 2);
    let rename = json!({"as": "Cy Doe", "do": "rename", "channel": "dinner", "name": "mine"});
    assert!(world.refused(rename).await.starts_with("200 "), "as the API would say it");
    let outside = json!({"as": "Cy Doe", "do": "post", "channel": "board", "text": "x"});
    assert!(world.refused(outside).await.contains("board"));
    world.act(json!({"as": "Bob Ray", "do": "archive", "channel": "dinner"})).await;
    let post = json!({"as": "Cy Doe", "do": "post", "channel": "dinner", "text": "x"});
    assert!(world.refused(post).await.starts_with("5420 "));
    world.act(json!({"as": "Bob Ray", "do": "unarchive", "channel": "dinner"})).await;
    world.act(json!({"as": "Bob Ray", "do": "delete_channel", "channel": "dinner"})).await;
    assert_eq!(
        world.refused(json!({"as": "Bob Ray", "do": "join", "channel": "dinner"})).await,
        "no channel dinner"
    );
}

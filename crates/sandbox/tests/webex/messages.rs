use serde_json::{Value, json};

use super::world::{World, id};

#[tokio::test]
async fn markdown_is_rendered_with_mentions() {
    let world = World::start().await;
    let (room, bob) = (world.room("general").await, world.person("Bob Ray").await);
    let sent =
        world.say(&world.ann, &room, "**hi** <@personEmail:bob@acme.example|Bob> <@all>").await;
    assert_eq!(sent["text"], "hi Bob All");
    assert_eq!(
        sent["html"],
        format!(
            "<p><strong>hi</strong> <spark-mention data-object-type=\"person\" data-object-id=\"{bob}\">Bob\
             </spark-mention> <spark-mention data-object-type=\"groupMention\" data-group-type=\"all\">All\
             </spark-mention></p>"
        )
    );
    assert_eq!(
        (&sent["mentionedPeople"], &sent["mentionedGroups"]),
        (&json!([bob]), &json!(["all"]))
    );
    assert_eq!(
        (&sent["roomType"], &sent["personEmail"]),
        (&json!("group"), &json!("ann@acme.example"))
    );
    assert!(sent.get("updated").is_none());
    let read = world.ok("GET", &format!("/messages/{}", id(&sent)), Value::Null).await;
    assert_eq!(read, sent);
}

#[tokio::test]
async fn plain_text_is_plain_and_people_send_html() {
    let world = World::start().await;
    let room = world.room("general").await;
    let body = json!({"roomId": room, "text": "**as is** <b>"});
    let sent = world.ok("POST", "/messages", body).await;
    assert_eq!(sent["text"], "**as is** <b>");
    assert!(sent.get("html").is_none() && sent.get("markdown").is_none());

    let typed = world.post("**bold**").await;
    let read = world.ok("GET", &format!("/messages/{typed}"), Value::Null).await;
    assert_eq!(
        (&read["text"], &read["html"]),
        (&json!("bold"), &json!("<p><strong>bold</strong></p>"))
    );
    assert!(read.get("markdown").is_none(), "a client sends no Markdown");
    let plain = world.post("just text\n& more").await;
    let read = world.ok("GET", &format!("/messages/{plain}"), Value::Null).await;
    assert_eq!((read.get("html"), &read["text"]), (None, &json!("just text\n& more")));
    assert_eq!(world.view("general").await[2]["html"], "<p>just text<br>&amp; more</p>");
}

#[tokio::test]
async fn a_message_is_at_most_7439_bytes() {
    let world = World::start().await;
    let room = world.room("general").await;
    for (field, text, allowed) in [
        ("text", "x".repeat(7439), true),
        ("text", "x".repeat(7440), false),
        ("markdown", "é".repeat(3719), true),
        ("markdown", "é".repeat(3720), false),
    ] {
        let body = json!({"roomId": room, field: text});
        let answer = world.call("POST", "/messages", body).await;
        assert_eq!(
            answer.status,
            if allowed { 200 } else { 400 },
            "{} bytes of {field}",
            text.len()
        );
    }
}

#[tokio::test]
async fn own_messages_are_edited_ten_times() {
    let world = World::start().await;
    let room = world.room("general").await;
    let sent = world.say(&world.ann, &room, "v0").await;
    let path = format!("/messages/{}", id(&sent));
    for number in 1..=10 {
        world.advance(1).await;
        let edit = json!({"roomId": room, "markdown": format!("*v{number}*")});
        let edited = world.ok("PUT", &path, edit).await;
        assert_eq!(edited["html"], format!("<p><em>v{number}</em></p>"));
        assert_eq!(edited["created"], sent["created"]);
        assert!(edited["updated"].as_str() > sent["created"].as_str());
    }
    let edit = json!({"roomId": room, "markdown": "v11"});
    assert_eq!(world.error("PUT", &path, edit.clone()).await, 400);
    assert_eq!(world.view("general").await[0]["text"], "v10");

    let other = world.say(&world.bob, &room, "mine").await;
    let other = format!("/messages/{}", id(&other));
    assert_eq!(world.error("PUT", &other, edit).await, 403);
    let with_html = json!({"roomId": room, "markdown": "x", "html": "<p>x</p>"});
    assert_eq!(world.error_as(&world.bob, "PUT", &other, with_html).await, 400);
    let elsewhere = json!({"roomId": world.room("board").await, "text": "x"});
    assert_eq!(world.error_as(&world.bob, "PUT", &other, elsewhere).await, 400);
}

#[tokio::test]
async fn a_thread_has_one_level() {
    let world = World::start().await;
    let room = world.room("general").await;
    let root = world.post("root").await;
    let reply = json!({"roomId": room, "parentId": root, "text": "reply"});
    let reply = world.ok("POST", "/messages", reply).await;
    assert_eq!(reply["parentId"], root);
    let deeper = json!({"roomId": room, "parentId": id(&reply), "text": "deeper"});
    assert_eq!(world.error("POST", "/messages", deeper).await, 400);
    let elsewhere = json!({"roomId": world.room("board").await, "parentId": root, "text": "x"});
    assert_eq!(world.error("POST", "/messages", elsewhere).await, 400);
    let path = format!("/messages?roomId={room}&parentId={root}");
    let listed = world.ok("GET", &path, Value::Null).await;
    assert_eq!(listed["items"], json!([reply]));
}

#[tokio::test]
async fn messages_are_deleted_by_their_author() {
    let world = World::start().await;
    let room = world.room("general").await;
    let sent = world.say(&world.ann, &room, "x").await;
    let path = format!("/messages/{}", id(&sent));
    assert_eq!(world.error_as(&world.bob, "DELETE", &path, Value::Null).await, 403);
    world.ok("DELETE", &path, Value::Null).await;
    assert_eq!(world.error("GET", &path, Value::Null).await, 404);
    assert_eq!(world.error("DELETE", &path, Value::Null).await, 404);
    let listed = world.ok("GET", &format!("/messages?roomId={room}"), Value::Null).await;
    assert_eq!(listed["items"], json!([]));
    assert_eq!(world.view("general").await.len(), 0);
}

#[tokio::test]
async fn history_is_read_backwards_page_by_page() {
    let world = World::start().await;
    let room = world.room("general").await;
    for number in 0..7 {
        world.post(&format!("m{number}")).await;
    }
    let (mut texts, mut next) =
        (Vec::new(), Some(world.url(&format!("/messages?roomId={room}&max=3"))));
    while let Some(url) = next {
        let response = world.client.get(url).bearer_auth(&world.bob).send().await.unwrap();
        let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        next = link.map(|link| {
            let (url, rel) = link.split_once(">; ").unwrap();
            assert_eq!(rel, "rel=\"next\"");
            url[1..].to_owned()
        });
        // What comes in between does not move the pages.
        world.post("late").await;
        let page: Value = response.json().await.unwrap();
        texts.extend(page["items"].as_array().unwrap().iter().map(|m| m["text"].clone()));
    }
    assert_eq!(texts, ["m6", "m5", "m4", "m3", "m2", "m1", "m0"]);

    let all = world.ok("GET", &format!("/messages?roomId={room}"), Value::Null).await;
    let m3 = &all["items"].as_array().unwrap().iter().find(|m| m["text"] == "m3").unwrap().clone();
    let before = m3["created"].as_str().unwrap();
    let path = format!("/messages?roomId={room}&before={before}&max=1");
    assert_eq!(world.ok("GET", &path, Value::Null).await["items"][0]["text"], "m2");
    for bad in
        ["", "?roomId=x", &format!("?roomId={room}&max=0"), &format!("?roomId={room}&before=x")]
    {
        assert!(world.error("GET", &format!("/messages{bad}"), Value::Null).await >= 400);
    }
}

#[tokio::test]
async fn a_bot_sees_what_mentions_it_and_what_it_wrote() {
    let world = World::start().await;
    let (room, bot) = (world.room("general").await, world.with_bot().await);
    let quiet = world.post("not for bots <@all>").await;
    let loud = world.post("<@personEmail:helper@webex.bot> hi").await;
    let own = world.say(&world.bot, &room, "mine").await;
    let get = |id: &str| format!("/messages/{id}");
    assert_eq!(world.error_as(&world.bot, "GET", &get(&quiet), Value::Null).await, 404);
    let read = world.ok_as(&world.bot, "GET", &get(&loud), Value::Null).await;
    assert_eq!(read["mentionedPeople"], json!([bot]));
    world.ok_as(&world.bot, "GET", &get(id(&own)), Value::Null).await;
    let list = format!("/messages?roomId={room}");
    assert_eq!(world.error_as(&world.bot, "GET", &list, Value::Null).await, 403);
    let list = format!("{list}&mentionedPeople=me");
    let listed = world.ok_as(&world.bot, "GET", &list, Value::Null).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    world.act(json!({"as": "Ann Lee", "do": "post", "to": "Helper", "text": "just us"})).await;
    let path = "/messages/direct?personEmail=ann@acme.example";
    let listed = world.ok_as(&world.bot, "GET", path, Value::Null).await;
    assert_eq!(listed["items"][0]["text"], "just us");
}

#[tokio::test]
async fn a_direct_message_makes_its_space() {
    let world = World::start().await;
    let body = json!({"toPersonEmail": "dan@beta.example", "text": "psst"});
    let sent = world.ok("POST", "/messages", body).await;
    assert_eq!(
        (&sent["roomType"], &sent["toPersonEmail"]),
        (&json!("direct"), &json!("dan@beta.example"))
    );
    let again = json!({"toPersonId": world.person("Dan Fox").await, "text": "there?"});
    assert_eq!(world.ok("POST", "/messages", again).await["roomId"], sent["roomId"]);
    let room = sent["roomId"].as_str().unwrap();
    let shown = world.ok("GET", &format!("/rooms/{room}"), Value::Null).await;
    assert_eq!((&shown["title"], &shown["type"]), (&json!("Dan Fox"), &json!("direct")));
    assert_eq!(
        world.error_as(&world.bob, "GET", &format!("/rooms/{room}"), Value::Null).await,
        404
    );
    let third = json!({"roomId": room, "personEmail": "cy@acme.example"});
    assert_eq!(world.error("POST", "/memberships", third).await, 403);
    let two = json!({"toPersonEmail": "cy@acme.example", "roomId": room, "text": "x"});
    assert_eq!(world.error("POST", "/messages", two).await, 400);
    let myself = json!({"toPersonEmail": "ann@acme.example", "text": "x"});
    assert_eq!(world.error("POST", "/messages", myself).await, 400);
    assert_eq!(world.error("POST", "/messages", json!({"roomId": room})).await, 400);
}

#[tokio::test]
async fn a_refused_message_leaves_nothing_behind() {
    let world = World::start().await;
    let long = json!({"toPersonEmail": "cy@acme.example", "text": "x".repeat(7440)});
    assert_eq!(world.error("POST", "/messages", long).await, 400);
    let rooms = world.ok("GET", "/rooms?type=direct", Value::Null).await;
    assert_eq!(rooms["items"], json!([]));
}

#[tokio::test]
async fn who_is_not_there_is_not_mentioned() {
    let world = World::start().await;
    let room = world.room("general").await;
    let sent = world.say(&world.ann, &room, "<@personEmail:cy@acme.example>").await;
    assert_eq!(sent["text"], "<@personEmail:cy@acme.example>");
    assert!(sent.get("mentionedPeople").is_none());
    let direct = json!({"toPersonEmail": "cy@acme.example", "markdown": "<@all>"});
    let direct = world.ok("POST", "/messages", direct).await;
    assert_eq!(direct["text"], "<@all>");
    assert!(direct.get("mentionedGroups").is_none());
}

#[tokio::test]
async fn a_hidden_direct_space_comes_back_with_a_message() {
    let world = World::start().await;
    let say = json!({"toPersonEmail": "bob@acme.example", "text": "x"});
    let room = world.ok("POST", "/messages", say.clone()).await["roomId"].clone();
    let path =
        format!("/memberships?roomId={}&personEmail=ann@acme.example", room.as_str().unwrap());
    let mine = async || world.ok("GET", &path, Value::Null).await["items"][0].clone();
    let membership = format!("/memberships/{}", id(&mine().await));
    let hide = json!({"isModerator": false, "isRoomHidden": true});
    assert_eq!(world.error_as(&world.bob, "PUT", &membership, hide.clone()).await, 403);
    world.ok("PUT", &membership, hide).await;
    assert_eq!(mine().await["isRoomHidden"], true);
    world.ok("POST", "/messages", say).await;
    assert_eq!(mine().await["isRoomHidden"], false);
}

//! Posting, replying, editing, deleting, reacting; pages and delta.

use serde_json::{Value, json};

use crate::tenant::World;

#[tokio::test]
async fn a_message_lives_its_life() {
    let world = World::unlimited().await;
    let ann = world.token("Ann Lee").await;
    let bob = world.token("Bob Roy").await;
    let root = world.post(&ann, "<p onclick=\"x\">Hello <b>all</b></p>").await;
    assert_eq!(root["body"]["content"], "<p>Hello <b>all</b></p>");
    assert_eq!(root["from"]["user"]["id"], json!(world.id("Ann Lee")));
    assert_eq!(root["id"], root["etag"]);
    let path = format!("{}/{}", world.messages(), root["id"].as_str().unwrap());

    let reply = world
        .call("POST", &format!("{path}/replies"), &bob, Some(json!({"body": {"content": "hi"}})))
        .await;
    assert_eq!((reply.status, &reply.body["replyToId"]), (201, &root["id"]));
    let reply_path = format!("{path}/replies/{}", reply.body["id"].as_str().unwrap());
    assert_eq!(world.get(&reply_path, &ann).await["body"]["contentType"], "text");

    let edit = json!({"body": {"contentType": "html", "content": "<p>Changed</p>"}});
    let foreign = world.call("PATCH", &path, &bob, Some(edit.clone())).await;
    assert_eq!(foreign.status, 403);
    assert_eq!(world.call("PATCH", &path, &ann, Some(edit)).await.status, 204);
    let edited = world.get(&path, &ann).await;
    assert_eq!(edited["body"]["content"], "<p>Changed</p>");
    let last_edit = edited["lastEditedDateTime"].clone();
    assert!(last_edit.is_string());

    let react = |emoji: &str| Some(json!({"reactionType": emoji}));
    let refused = world.call("POST", &format!("{path}/setReaction"), &bob, react(":party:")).await;
    assert_eq!((refused.status, refused.code()), (400, "BadRequest"));
    for emoji in ["👍", "🎉"] {
        let answer = world.call("POST", &format!("{path}/setReaction"), &bob, react(emoji)).await;
        assert_eq!(answer.status, 204);
    }
    let reacted = world.get(&path, &ann).await;
    assert_eq!(reacted["reactions"][0]["reactionType"], "like");
    assert_eq!(reacted["reactions"][1]["reactionType"], "🎉");
    assert_eq!(reacted["lastEditedDateTime"], last_edit, "a reaction is no edit");
    assert_ne!(reacted["lastModifiedDateTime"], edited["lastModifiedDateTime"]);
    world.call("POST", &format!("{path}/unsetReaction"), &bob, react("👍")).await;
    assert_eq!(world.get(&path, &ann).await["reactions"].as_array().unwrap().len(), 1);

    assert_eq!(world.call("POST", &format!("{path}/softDelete"), &ann, None).await.status, 204);
    let deleted = world.get(&path, &ann).await;
    assert!(deleted["deletedDateTime"].is_string());
    assert_eq!(deleted["body"]["content"], "");
    world.call("POST", &format!("{path}/undoSoftDelete"), &ann, None).await;
    assert_eq!(world.get(&path, &ann).await["body"]["content"], "<p>Changed</p>");
}

#[tokio::test]
async fn what_is_wrong_with_a_post_is_said_as_graph_says_it() {
    let world = World::unlimited().await;
    let ann = world.token("Ann Lee").await;
    let html = |content: &str| json!({"body": {"contentType": "html", "content": content}});
    let with = |mut body: Value, name: &str, value: Value| {
        body[name] = value;
        body
    };
    let reference =
        json!([{"id": "1", "contentType": "reference", "contentUrl": "https://no.example/x"}]);
    for (body, status) in [
        (json!({}), 400),
        (html(""), 400),
        (html("<at id=\"0\">Ann</at>"), 400),
        (with(html("x"), "mentions", json!([{"id": 0, "mentionText": "A", "mentioned": {}}])), 400),
        (with(html("x"), "from", json!({"user": {"id": "1"}})), 400),
        (with(html("x"), "createdDateTime", json!("2020-01-01T00:00:00Z")), 400),
        (with(html("x<attachment id=\"1\"></attachment>"), "attachments", reference.clone()), 400),
        (with(html("x"), "attachments", reference), 400),
        (with(html("x"), "importance", json!("huge")), 400),
        (html(&"x".repeat(29 * 1024)), 413),
    ] {
        let answer = world.call("POST", &world.messages(), &ann, Some(body.clone())).await;
        assert_eq!(answer.status, status, "{body} -> {}", answer.body);
        assert!(answer.body["error"]["innerError"]["request-id"].is_string());
    }
    let mention =
        json!({"id": 0, "mentionText": "Bob", "mentioned": {"user": {"id": world.id("Bob Roy")}}});
    let body = with(html("<at id=\"0\">Bob</at> hi"), "mentions", json!([mention]));
    let sent = world.call("POST", &world.messages(), &ann, Some(body)).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    assert_eq!(sent.body["mentions"][0]["mentioned"]["user"]["displayName"], "Bob Roy");
}

#[tokio::test]
async fn pages_are_newest_first_and_delta_tells_what_changed() {
    let world = World::unlimited().await;
    let ann = world.token("Ann Lee").await;
    let mut ids = Vec::new();
    for n in 0..7 {
        ids.push(world.post(&ann, &format!("m{n}")).await["id"].clone());
    }
    let mut seen = Vec::new();
    let mut path = format!("{}?$top=3", world.messages());
    loop {
        let page = world.get(&path, &ann).await;
        seen.extend(page["value"].as_array().unwrap().iter().map(|m| m["id"].clone()));
        match page["@odata.nextLink"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    seen.reverse();
    assert_eq!(seen, ids);

    let mut path = format!("{}/delta?$top=4", world.messages());
    let mut all = 0;
    let link = loop {
        let page = world.get(&path, &ann).await;
        all += page["value"].as_array().unwrap().len();
        match page["@odata.nextLink"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break page["@odata.deltaLink"].as_str().unwrap().to_owned(),
        }
    };
    assert_eq!(all, 7);
    assert_eq!(world.get(&link, &ann).await["value"], json!([]));
    let one = format!("{}/{}", world.messages(), ids[2].as_str().unwrap());
    world.call("POST", &format!("{one}/softDelete"), &ann, None).await;
    let changed = world.get(&link, &ann).await;
    assert_eq!(changed["value"].as_array().unwrap().len(), 1);
    assert_eq!(changed["value"][0]["id"], ids[2]);
    assert!(changed["value"][0]["deletedDateTime"].is_string());
    let anew = world.get(&format!("{}/delta?$top=50", world.messages()), &ann).await;
    assert_eq!(
        anew["value"].as_array().unwrap().len(),
        7,
        "each message once, however often it changed"
    );
}

#[tokio::test]
async fn chats_work_the_same_way() {
    let world = World::unlimited().await;
    let bob = world.token("Bob Roy").await;
    let bind = |id: String| json!({"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": ["owner"], "user@odata.bind": format!("https://graph.microsoft.com/v1.0/users('{id}')")});
    let body = json!({"chatType": "oneOnOne", "members": [bind(world.id("Bob Roy")), bind(world.id("Cid Orr"))]});
    let chat = world.call("POST", "/chats", &bob, Some(body.clone())).await;
    assert_eq!(chat.status, 201, "{}", chat.body);
    let again = world.call("POST", "/chats", &bob, Some(body)).await;
    assert_eq!(again.body["id"], chat.body["id"], "two people have one chat");
    let path = format!("/chats/{}/messages", chat.body["id"].as_str().unwrap());
    let sent = world.call("POST", &path, &bob, Some(json!({"body": {"content": "psst"}}))).await;
    assert_eq!((sent.status, &sent.body["chatId"]), (201, &chat.body["id"]));
    let ann = world.token("Ann Lee").await;
    assert_eq!(world.call("GET", &path, &ann, None).await.status, 403);
    let since = "$filter=lastModifiedDateTime%20gt%202020-01-01T00:00:00Z&$orderby=lastModifiedDateTime%20desc";
    let cid = world.token("Cid Orr").await;
    let found = world.get(&format!("{path}?{since}"), &cid).await;
    assert_eq!(found["value"][0]["body"]["content"], "psst");
}

#[tokio::test]
async fn joining_is_told_by_a_system_message() {
    let world = World::unlimited().await;
    let ann = world.token("Ann Lee").await;
    let body = json!({"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": [], "user@odata.bind": format!("https://graph.microsoft.com/v1.0/users('{}')", world.id("Cid Orr"))});
    let path = format!("/teams/{}/members", world.team);
    let added = world.call("POST", &path, &ann, Some(body)).await;
    assert_eq!(added.status, 201, "{}", added.body);
    assert_eq!(added.body["userId"], json!(world.id("Cid Orr")));
    let general = world.get(&format!("/teams/{}/primaryChannel", world.team), &ann).await;
    let general =
        format!("/teams/{}/channels/{}/messages", world.team, general["id"].as_str().unwrap());
    let told = world.get(&general, &ann).await;
    assert_eq!(told["value"][0]["messageType"], "unknownFutureValue");
    let url = format!("{}{general}", world.sandbox.urls().graph);
    let request = world.http.get(url).bearer_auth(&ann);
    let told: Value = request
        .header("prefer", "include-unknown-enum-members")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(told["value"][0]["messageType"], "systemEventMessage");
    let detail = &told["value"][0]["eventDetail"];
    assert_eq!(detail["@odata.type"], "#microsoft.graph.membersAddedEventMessageDetail");
    let member = format!("{path}/{}", added.body["id"].as_str().unwrap());
    assert_eq!(world.call("DELETE", &member, &ann, None).await.status, 204);
}

use serde_json::{Value, json};

use super::world::{World, id};

async fn members(world: &World, room: &str) -> Vec<Value> {
    let listed = world.ok("GET", &format!("/memberships?roomId={room}"), Value::Null).await;
    listed["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_space_lives() {
    let world = World::start().await;
    let room = world.ok("POST", "/rooms", json!({"title": "new"})).await;
    assert_eq!((&room["type"], &room["isLocked"]), (&json!("group"), &json!(false)));
    let path = format!("/rooms/{}", id(&room));
    assert_eq!(world.error_as(&world.bob, "GET", &path, Value::Null).await, 404);
    let added = json!({"roomId": room["id"], "personEmail": "bob@acme.example"});
    let added = world.ok("POST", "/memberships", added).await;
    assert_eq!(
        (&added["personDisplayName"], &added["roomType"]),
        (&json!("Bob Ray"), &json!("group"))
    );
    let again = json!({"roomId": room["id"], "personId": added["personId"]});
    assert_eq!(world.error("POST", "/memberships", again).await, 409);
    let renamed = world.ok_as(&world.bob, "PUT", &path, json!({"title": "newer"})).await;
    assert_eq!(renamed["title"], "newer");
    world.ok_as(&world.bob, "DELETE", &format!("/memberships/{}", id(&added)), Value::Null).await;
    assert_eq!(world.error_as(&world.bob, "GET", &path, Value::Null).await, 404);
    world.ok("DELETE", &path, Value::Null).await;
    assert_eq!(world.error("GET", &path, Value::Null).await, 404);
    assert_eq!(world.error("POST", "/rooms", json!({})).await, 400);
}

#[tokio::test]
async fn in_a_moderated_space_moderators_decide() {
    let world = World::start().await;
    let room = world.room("board").await;
    let add = json!({"roomId": room, "personEmail": "cy@acme.example"});
    assert_eq!(world.error_as(&world.bob, "POST", "/memberships", add.clone()).await, 403);
    let cy = world.ok("POST", "/memberships", add).await;
    let rename = json!({"title": "x"});
    let path = format!("/rooms/{room}");
    assert_eq!(world.error_as(&world.bob, "PUT", &path, rename).await, 403);
    let cy = format!("/memberships/{}", id(&cy));
    assert_eq!(world.error_as(&world.bob, "DELETE", &cy, Value::Null).await, 403);

    let say = json!({"roomId": room, "text": "x"});
    assert_eq!(world.error_as(&world.bob, "POST", "/messages", say.clone()).await, 403);
    let refused = json!({"as": "Bob Ray", "do": "post", "channel": "board", "text": "x"});
    assert!(world.refused(refused).await.starts_with("403"));
    let all = members(&world, &room).await;
    let bob = all.iter().find(|member| member["personEmail"] == "bob@acme.example").unwrap();
    assert_eq!(bob["isModerator"], false);
    let path = format!("/memberships/{}", id(bob));
    let moderator = json!({"isModerator": true, "isRoomHidden": false});
    assert_eq!(world.error_as(&world.bob, "PUT", &path, moderator.clone()).await, 403);
    world.ok("PUT", &path, moderator).await;
    let said = world.ok_as(&world.bob, "POST", "/messages", say).await;
    // A moderator may also take away what others wrote.
    world.ok("DELETE", &format!("/messages/{}", id(&said)), Value::Null).await;
}

#[tokio::test]
async fn announcements_need_a_moderated_space() {
    let world = World::start().await;
    let body = json!({"title": "news", "isAnnouncementOnly": true});
    assert_eq!(world.error("POST", "/rooms", body).await, 400);
    let body = json!({"title": "news", "isAnnouncementOnly": true, "isLocked": true});
    let room = world.ok("POST", "/rooms", body).await;
    assert_eq!(members(&world, id(&room)).await[0]["isModerator"], true);
    let open = json!({"title": "news", "isAnnouncementOnly": false, "isLocked": false});
    let room = world.ok("PUT", &format!("/rooms/{}", id(&room)), open).await;
    assert_eq!((&room["isLocked"], &room["isAnnouncementOnly"]), (&json!(false), &json!(false)));
    assert_eq!(world.error("POST", "/rooms", json!({"title": "p", "isPublic": true})).await, 400);
    let public = json!({"title": "p", "isPublic": true, "description": "for all"});
    let public = world.ok("POST", "/rooms", public).await;
    assert!(public["madePublic"].is_string());
    world.act(json!({"as": "Cy Doe", "do": "join", "channel": "p"})).await;
    assert_eq!(members(&world, id(&public)).await.len(), 2);
    let join = json!({"as": "Cy Doe", "do": "join", "channel": world.room("general").await});
    assert!(world.refused(join).await.starts_with("403"));
}

#[tokio::test]
async fn a_space_that_migrates_has_a_new_id() {
    let world = World::start().await;
    let room = world.room("general").await;
    let message = world.post("before").await;
    world.hook(&world.ann, "rooms", "migrated", "").await;
    let moved = world.act(json!({"as": "Ann Lee", "do": "migrate", "channel": "general"})).await;
    let moved = moved["channel"].as_str().unwrap();
    assert_ne!(moved, room);
    world.idle().await;
    assert_eq!(world.receiver.names(), ["rooms.migrated"]);
    assert_eq!(world.receiver.events()[0]["data"]["id"], moved);
    assert_eq!(world.error("GET", &format!("/rooms/{room}"), Value::Null).await, 404);
    let say = json!({"roomId": room, "text": "x"});
    assert_eq!(world.error("POST", "/messages", say).await, 404);
    let read = world.ok("GET", &format!("/messages/{message}"), Value::Null).await;
    assert_eq!(read["roomId"], moved);
    world.say(&world.ann, moved, "after").await;
    assert_eq!(world.view("general").await.len(), 2);
    assert_eq!(members(&world, moved).await.len(), 2);
}

#[tokio::test]
async fn anybody_is_invited_by_email() {
    let world = World::start().await;
    let room = world.room("general").await;
    let invite = json!({"roomId": room, "personEmail": "Eve@Elsewhere.example"});
    let invited = world.ok("POST", "/memberships", invite).await;
    assert_eq!(invited["personEmail"], "eve@elsewhere.example");
    world.act(json!({"as": "Ann Lee", "do": "add_person", "person": {"name": "Eve Orr", "email": "eve@elsewhere.example"}}))
        .await;
    let read = world.ok("GET", &format!("/memberships/{}", id(&invited)), Value::Null).await;
    assert_eq!(
        (&read["personDisplayName"], &read["personId"]),
        (&json!("Eve Orr"), &invited["personId"])
    );
    for bad in ["nobody", "a b@x.example", "ghost@webex.bot"] {
        let invite = json!({"roomId": room, "personEmail": bad});
        assert!(world.error("POST", "/memberships", invite).await >= 400, "{bad}");
    }
}

#[tokio::test]
async fn organizations_say_who_meets_whom() {
    let world = World::with(json!({"policy": {"block_external": true, "bots": []}})).await;
    let room = world.room("general").await;
    for email in ["dan@beta.example", "stranger@x.example", "helper@webex.bot"] {
        let invite = json!({"roomId": room, "personEmail": email});
        assert_eq!(world.error("POST", "/memberships", invite).await, 403, "{email}");
        let direct = json!({"toPersonEmail": email, "text": "x"});
        assert_eq!(world.error("POST", "/messages", direct).await, 403, "{email}");
    }
    let policy = json!({"bots": ["helper@webex.bot"]});
    world.act(json!({"as": "Ann Lee", "do": "set_policy", "policy": policy})).await;
    for email in ["dan@beta.example", "helper@webex.bot"] {
        let invite = json!({"roomId": room, "personEmail": email});
        world.ok("POST", "/memberships", invite).await;
    }
}

#[tokio::test]
async fn listings_are_filtered_and_paged() {
    let world = World::start().await;
    world.advance(1).await;
    world.ok("POST", "/messages", json!({"toPersonEmail": "cy@acme.example", "text": "x"})).await;
    let titles = async |query: &str| {
        let listed = world.ok("GET", &format!("/rooms{query}"), Value::Null).await;
        let mut titles: Vec<String> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|room| room["title"].as_str().unwrap().to_owned())
            .collect();
        titles.sort();
        titles
    };
    assert_eq!(titles("").await, ["Cy Doe", "board", "general"]);
    assert_eq!(titles("?type=direct").await, ["Cy Doe"]);
    assert_eq!(titles("?type=group").await, ["board", "general"]);
    assert_eq!(titles("?sortBy=lastactivity&max=1").await, ["Cy Doe"]);
    assert_eq!(world.error("GET", "/rooms?sortBy=colour", Value::Null).await, 400);
    let (mut seen, mut path) = (0, "/rooms?max=2".to_owned());
    loop {
        let page = world.call("GET", &path, Value::Null).await;
        seen += page.body["items"].as_array().unwrap().len();
        let Some(link) = page.headers.get("link") else { break };
        let link = link.to_str().unwrap();
        let url = link.split_once('>').unwrap().0;
        path = url.split_once("/v1").unwrap().1.to_owned();
    }
    assert_eq!(seen, 3);
    let (mine, bob) = ("/memberships", "/memberships?personEmail=bob@acme.example");
    assert_eq!(world.ok("GET", mine, Value::Null).await["items"].as_array().unwrap().len(), 3);
    assert_eq!(world.error("GET", bob, Value::Null).await, 400);
    let bob = format!("{bob}&roomId={}", world.room("general").await);
    assert_eq!(world.ok("GET", &bob, Value::Null).await["items"].as_array().unwrap().len(), 1);
}

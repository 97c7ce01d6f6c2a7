use serde_json::{Value, json};

use super::world::{World, id};

#[tokio::test]
async fn a_space_is_seen_as_in_the_client() {
    let world = World::start().await;
    let (room, bob) = (world.room("general").await, world.person("Bob Ray").await);
    let root = world.post("**hi** <@personEmail:bob@acme.example>").await;
    world.post("second").await;
    world.act(json!({"as": "Bob Ray", "do": "reply", "channel": "general", "id": root, "text": "yes"})).await;
    world.act(json!({"as": "Ann Lee", "do": "edit", "id": root, "text": "**ho** <@personEmail:bob@acme.example>"}))
        .await;
    world.with_bot().await;
    world.say(&world.bot, &room, "beep").await;
    let seen = world.view("general").await;
    assert_eq!(
        seen.iter().map(|m| m["text"].clone()).collect::<Vec<_>>(),
        ["ho Bob Ray", "yes", "second", "beep"]
    );
    assert_eq!(
        seen[0]["html"],
        format!(
            "<p><strong>ho</strong> <span class=\"mention\" data-account=\"{bob}\">@Bob Ray</span></p>"
        )
    );
    assert_eq!(seen[0]["mentions"], json!([{"account": bob, "name": "Bob Ray"}]));
    assert_eq!((&seen[0]["edited"], &seen[1]["edited"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&seen[0]["author"]["name"], &seen[0]["author"]["avatar"]),
        (&json!("Ann Lee"), &json!("https://img.example/ann.png"))
    );
    assert_eq!((&seen[1]["thread"], &seen[3]["author"]["badge"]), (&json!(root), &json!("APP")));

    world.act(json!({"as": "Ann Lee", "do": "delete", "id": root})).await;
    let seen = world.view("general").await;
    assert_eq!((&seen[0]["deleted"], &seen[0]["text"], seen.len()), (&json!(true), &json!(""), 4));
}

#[tokio::test]
async fn a_view_is_for_those_inside() {
    let world = World::start().await;
    world.post("x").await;
    world
        .act(json!({"as": "Ann Lee", "do": "invite", "channel": "general", "person": "Dan Fox"}))
        .await;
    world
        .act(json!({"as": "Dan Fox", "do": "post", "channel": "general", "text": "from outside"}))
        .await;
    for (who, status) in [("Dan Fox", 200), ("Cy Doe", 404)] {
        let path = format!("/webex/view?workspace=Acme&channel=general&as={who}");
        assert_eq!(world.send("GET", &path, Value::Null).await.0, status, "{who}");
    }
    assert_eq!(world.view("general").await[1]["author"]["badge"], "Guest");
    world.act(json!({"as": "Ann Lee", "do": "post", "to": "Bob Ray", "text": "psst"})).await;
    let view = "/webex/view?workspace=Acme&channel=@Ann%20Lee&as=Bob%20Ray";
    let direct = world.control("GET", view, Value::Null).await;
    assert_eq!(direct["messages"][0]["text"], "psst");
    let alone = "/webex/view?workspace=Acme&channel=@Ann%20Lee";
    assert_eq!(world.send("GET", alone, Value::Null).await.0, 400);
}

#[tokio::test]
async fn a_person_attaches_several_files() {
    let world = World::start().await;
    let files = json!([{"name": "a.txt", "text": "a", "mime": "text/plain"}, {"name": "b.bin", "random_bytes": 9}]);
    let sent = world
        .act(json!({"as": "Ann Lee", "do": "post", "channel": "general", "files": files}))
        .await;
    let read = world.ok("GET", &format!("/messages/{}", id(&sent)), Value::Null).await;
    assert_eq!(read["files"].as_array().unwrap().len(), 2);
    let seen = &world.view("general").await[0]["files"];
    assert_eq!((&seen[0]["name"], &seen[1]["size"]), (&json!("a.txt"), &json!(9)));
}

#[tokio::test]
async fn impossible_deeds_are_refused() {
    let world = World::start().await;
    for (deed, status) in [
        (json!({"as": "Ann Lee", "do": "fly"}), 400),
        (json!({"as": "Nobody", "do": "post", "channel": "general", "text": "x"}), 404),
        (json!({"as": "Cy Doe", "do": "post", "channel": "general", "text": "x"}), 404),
        (json!({"as": "Ann Lee", "do": "post", "channel": "general"}), 400),
        (json!({"as": "Ann Lee", "do": "reply", "channel": "general", "text": "x"}), 400),
        (json!({"as": "Ann Lee", "do": "edit", "id": "x", "text": "x"}), 409),
        (json!({"as": "Bob Ray", "do": "set_policy", "policy": {}}), 409),
        (
            json!({"as": "Bob Ray", "do": "add_person", "person": {"name": "Ann", "email": "ann@acme.example"}}),
            409,
        ),
    ] {
        let mut body = deed.clone();
        body["workspace"] = "Acme".into();
        assert_eq!(world.send("POST", "/webex/act", body).await.0, status, "{deed}");
    }
}

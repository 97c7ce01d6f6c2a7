use serde_json::{Value, json};

use super::world::{World, id};

#[tokio::test]
async fn a_team_has_a_general_space_with_its_members() {
    let world = World::start().await;
    let team = world.ok("POST", "/teams", json!({"name": "Crew", "description": "us"})).await;
    let path = format!("/teams/{}", id(&team));
    assert_eq!(world.error_as(&world.bob, "GET", &path, Value::Null).await, 404);
    let bob = json!({"teamId": team["id"], "personEmail": "bob@acme.example"});
    let bob = world.ok("POST", "/team/memberships", bob.clone()).await;
    assert_eq!((&bob["teamId"], &bob["isModerator"]), (&team["id"], &json!(false)));
    let rooms = format!("/rooms?teamId={}", id(&team));
    let rooms = world.ok_as(&world.bob, "GET", &rooms, Value::Null).await;
    assert_eq!(
        (&rooms["items"][0]["title"], &rooms["items"][0]["teamId"]),
        (&json!("Crew"), &team["id"])
    );

    let again = json!({"teamId": team["id"], "personId": bob["personId"]});
    assert_eq!(world.error("POST", "/team/memberships", again).await, 409);
    let cy = json!({"teamId": team["id"], "personEmail": "cy@acme.example"});
    assert_eq!(world.error_as(&world.bob, "POST", "/team/memberships", cy).await, 403);
    assert_eq!(world.error_as(&world.bob, "PUT", &path, json!({"name": "x"})).await, 403);
    let member = format!("/team/memberships/{}", id(&bob));
    world.ok("PUT", &member, json!({"isModerator": true})).await;
    let renamed = world.ok_as(&world.bob, "PUT", &path, json!({"name": "Gang"})).await;
    assert_eq!((&renamed["name"], &renamed["description"]), (&json!("Gang"), &json!("us")));
    let listed = format!("/team/memberships?teamId={}", id(&team));
    assert_eq!(world.ok("GET", &listed, Value::Null).await["items"].as_array().unwrap().len(), 2);
    assert_eq!(world.error("GET", "/team/memberships", Value::Null).await, 400);

    let space = world.ok("POST", "/rooms", json!({"title": "plans", "teamId": team["id"]})).await;
    world.ok_as(&world.bob, "DELETE", &member, Value::Null).await;
    assert_eq!(world.ok_as(&world.bob, "GET", "/teams", Value::Null).await["items"], json!([]));
    assert_eq!(world.ok("GET", "/teams", Value::Null).await["items"], json!([renamed]));
    let mine = world.ok("GET", &listed, Value::Null).await["items"][0].clone();
    let mine = format!("/team/memberships/{}", id(&mine));
    assert_eq!(world.error("DELETE", &mine, Value::Null).await, 403, "the last moderator");
    world.ok("DELETE", &path, Value::Null).await;
    assert_eq!(world.error("GET", &format!("/rooms/{}", id(&space)), Value::Null).await, 404);
}

#[tokio::test]
async fn people_make_teams_too() {
    let world = World::start().await;
    world
        .act(json!({"as": "Ann Lee", "do": "create_team", "name": "Crew", "members": ["Bob Ray"]}))
        .await;
    world
        .act(json!({"as": "Bob Ray", "do": "create_channel", "name": "plans", "team": "Crew"}))
        .await;
    let teams = world.ok_as(&world.bob, "GET", "/teams", Value::Null).await;
    let rooms = format!("/rooms?teamId={}", id(&teams["items"][0]));
    let rooms = world.ok_as(&world.bob, "GET", &rooms, Value::Null).await;
    assert_eq!(rooms["items"].as_array().unwrap().len(), 2);
}

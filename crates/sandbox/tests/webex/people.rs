use serde_json::{Value, json};

use super::world::World;

async fn found(world: &World, token: &str, query: &str) -> Vec<String> {
    let listed = world.ok_as(token, "GET", &format!("/people{query}"), Value::Null).await;
    let people = listed["items"].as_array().unwrap().iter();
    let mut names: Vec<String> =
        people.map(|person| person["displayName"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn people_are_found() {
    let world = World::start().await;
    let me = world.ok("GET", "/people/me", Value::Null).await;
    assert_eq!(
        (&me["firstName"], &me["lastName"], &me["type"], &me["status"]),
        (&json!("Ann"), &json!("Lee"), &json!("person"), &json!("active"))
    );
    assert_eq!(me["avatar"], "https://img.example/ann.png");
    let path = format!("/people/{}", world.person("Dan Fox").await);
    let dan = world.ok("GET", &path, Value::Null).await;
    assert_eq!(dan["emails"], json!(["dan@beta.example"]));
    assert_ne!(dan["orgId"], me["orgId"]);
    assert_eq!(found(&world, &world.bob, "?email=DAN@beta.example").await, ["Dan Fox"]);
    assert_eq!(found(&world, &world.bob, "?email=nobody@x.example").await, [""; 0]);
    assert_eq!(found(&world, &world.bob, "?displayName=bob").await, ["Bob Ray"]);
    assert_eq!(
        found(&world, &world.bob, "?displayName=dan").await,
        [""; 0],
        "of another organization"
    );
    let ids = format!("?id={},{}", world.person("Cy Doe").await, dan["id"].as_str().unwrap());
    assert_eq!(found(&world, &world.bob, &ids).await, ["Cy Doe", "Dan Fox"]);
    assert_eq!(found(&world, &world.ann, "").await, ["Ann Lee", "Bob Ray", "Cy Doe", "Helper"]);
    for query in ["", "?displayName=bo"] {
        let path = format!("/people{query}");
        assert_eq!(world.error_as(&world.bob, "GET", &path, Value::Null).await, 400);
    }
    assert_eq!(world.error("GET", "/people/nobody", Value::Null).await, 404);
    assert_eq!(world.error_as("no token", "GET", "/people/me", Value::Null).await, 401);
}

#[tokio::test]
async fn a_bot_is_a_person_of_another_type() {
    let world = World::start().await;
    let me = world.ok_as(&world.bot, "GET", "/people/me", Value::Null).await;
    assert_eq!((&me["type"], &me["emails"]), (&json!("bot"), &json!(["helper@webex.bot"])));
}

#[tokio::test]
async fn organizations_are_their_admins_business() {
    let world = World::start().await;
    let listed = world.ok("GET", "/organizations", Value::Null).await;
    assert_eq!(listed["items"][0]["displayName"], "Acme");
    let path = format!("/organizations/{}", listed["items"][0]["id"].as_str().unwrap());
    assert_eq!(world.ok("GET", &path, Value::Null).await["displayName"], "Acme");
    assert_eq!(world.error_as(&world.bob, "GET", "/organizations", Value::Null).await, 403);
    assert_eq!(world.error("GET", "/organizations/other", Value::Null).await, 404);
}

#[tokio::test]
async fn a_changed_profile_is_seen_everywhere() {
    let world = World::start().await;
    world.act(json!({"as": "Bob Ray", "do": "update_profile", "display_name": "Robert Ray", "title": "Boss"}))
        .await;
    let bob = world.ok_as(&world.bob, "GET", "/people/me", Value::Null).await;
    assert_eq!((&bob["displayName"], &bob["title"]), (&json!("Robert Ray"), &json!("Boss")));
    let room = world.room("general").await;
    let path = format!("/memberships?roomId={room}&personEmail=bob@acme.example");
    let listed = world.ok("GET", &path, Value::Null).await;
    assert_eq!(listed["items"][0]["personDisplayName"], "Robert Ray");
}

#[tokio::test]
async fn bots_are_made_by_an_api_for_governments_alone() {
    let bot = json!({"type": "bot", "name": "Ann (Slack)", "botEmail": "ann.slack@webex.bot",
        "logo": "https://img.example/ann.png", "description": "Ann Lee, who is on Slack"});
    let world = World::start().await;
    assert_eq!(world.error("POST", "/applications", bot.clone()).await, 404);
    let world = World::with(json!({"government": true})).await;
    assert_eq!(world.error_as(&world.bob, "POST", "/applications", bot.clone()).await, 403);
    let made = world.ok("POST", "/applications", bot.clone()).await;
    let token = made["botToken"].as_str().unwrap();
    let me = world.ok_as(token, "GET", "/people/me", Value::Null).await;
    assert_eq!(
        (&me["type"], &me["displayName"], &me["avatar"]),
        (&json!("bot"), &bot["name"], &bot["logo"])
    );
    assert_eq!(
        world.error("POST", "/applications", bot.clone()).await,
        409,
        "the address is taken"
    );
    for field in ["type", "name", "botEmail", "logo", "description"] {
        let mut lacking = bot.clone();
        lacking[field] = Value::Null;
        assert_eq!(world.error("POST", "/applications", lacking).await, 400, "{field}");
    }
    let path = format!("/applications/{}", made["id"].as_str().unwrap());
    assert_eq!(world.error_as(&world.bob, "DELETE", &path, Value::Null).await, 403);
    world.hook(token, "messages", "all", "").await;
    world.ok("DELETE", &path, Value::Null).await;
    assert_eq!(world.control("GET", "/webex/webhooks", Value::Null).await, json!([]));
    let all = world.control("GET", "/webex/workspaces", Value::Null).await;
    let people = all.as_array().unwrap().iter().flat_map(|org| org["people"].as_array().unwrap());
    let gone: Vec<&Value> = people.filter(|person| person["deactivated"] == true).collect();
    assert_eq!((gone.len(), &gone[0]["email"]), (1, &bot["botEmail"]));
    assert_eq!(world.error_as(token, "GET", "/people/me", Value::Null).await, 401);
    assert_eq!(world.error("DELETE", &path, Value::Null).await, 404);
}

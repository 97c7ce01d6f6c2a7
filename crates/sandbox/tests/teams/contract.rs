//! The official example requests are accepted, and every answer fits the official schema.

use serde_json::{Value, json};

use crate::tenant::World;

fn contracts() -> Option<std::path::PathBuf> {
    let root = std::env::var_os("RIALTO_CONTRACTS").unwrap_or("../shared/contracts".into());
    let path = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(root);
    if path.join("graph").is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED: no contracts at {}; set RIALTO_CONTRACTS", path.display());
    None
}

fn schema(spec: &Value, name: &str) -> jsonschema::Validator {
    let mut document = json!({"$ref": format!("#/components/schemas/{name}")});
    document["components"] = spec["components"].clone();
    jsonschema::validator_for(&document).unwrap()
}

#[tokio::test]
async fn answers_fit_the_published_schemas() {
    let Some(contracts) = contracts() else { return };
    let text =
        std::fs::read(contracts.join("graph/graph_teams.slice.openapi31.strict.json")).unwrap();
    let spec: Value = serde_json::from_slice(&text).unwrap();
    let world = World::unlimited().await;
    let ann = world.token("Ann Lee").await;
    let bob = world.id("Bob Roy");
    let posted = world.post(&ann, "<p>Hi</p>").await;
    let message = format!("{}/{}", world.messages(), posted["id"].as_str().unwrap());
    world
        .call("POST", &format!("{message}/setReaction"), &ann, Some(json!({"reactionType": "👍"})))
        .await;
    let team = format!("/teams/{}", world.team);
    let channel = format!("{team}/channels/{}", world.channel);
    for (path, name) in [
        (message.clone(), "chatMessage"),
        (world.messages(), "chatMessageCollectionResponse"),
        (format!("{}?$expand=replies", world.messages()), "chatMessageCollectionResponse"),
        (team.clone(), "team"),
        ("/me/joinedTeams".to_owned(), "teamCollectionResponse"),
        (format!("{team}/channels"), "channelCollectionResponse"),
        (channel.clone(), "channel"),
        (format!("{channel}/filesFolder"), "driveItem"),
        (format!("{team}/members"), "conversationMemberCollectionResponse"),
        ("/users".to_owned(), "userCollectionResponse"),
        (
            format!("/users/{bob}?$select=id,displayName,userType,accountEnabled,createdDateTime"),
            "user",
        ),
        ("/organization".to_owned(), "organizationCollectionResponse"),
        ("/subscriptions".to_owned(), "subscriptionCollectionResponse"),
    ] {
        let value = world.get(&path, &ann).await;
        let wrong: Vec<String> = schema(&spec, &format!("microsoft.graph.{name}"))
            .iter_errors(&value)
            .map(|e| format!("{} at {}", e, e.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{path}: {wrong:?}");
    }
    let refused = world.call("GET", "/nonsense", &ann, None).await;
    let error = schema(&spec, "microsoft.graph.ODataErrors.ODataError");
    assert!(error.is_valid(&refused.body), "{}", refused.body);
}

#[tokio::test]
async fn published_example_posts_are_understood() {
    let Some(contracts) = contracts() else { return };
    let world = World::unlimited().await;
    let ann = world.token("Ann Lee").await;
    for (file, status) in [
        ("docs.chatmessage-post.1.req.POST.json", 201),
        // Mentions a person that this tenant does not have.
        ("docs.chatmessage-post.3.req.POST.json", 400),
        ("docs.chatmessage-post.5.req.POST.json", 201),
        // Attaches a file that this tenant does not have.
        ("docs.chatmessage-post.7.req.POST.json", 400),
        ("docs.chatmessage-post.9.req.POST.json", 201),
        ("docs.chatmessage-post.11.req.POST.json", 201),
    ] {
        let text = std::fs::read(contracts.join("graph/fixtures").join(file)).unwrap();
        let Ok(body) = serde_json::from_slice::<Value>(&text) else {
            eprintln!("SKIPPED: {file} is no JSON");
            continue;
        };
        let answer = world.call("POST", &world.messages(), &ann, Some(body)).await;
        assert_eq!(answer.status, status, "{file}: {}", answer.body);
    }
}

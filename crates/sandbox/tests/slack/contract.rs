//! Answers and events against the vendor's own descriptions, where these are at hand.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::world::World;

/// The folder with the descriptions; says plainly when it is not there.
fn contracts() -> Option<PathBuf> {
    let root = std::env::var_os("RIALTO_CONTRACTS").unwrap_or("../shared/contracts".into());
    let project = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let root = project.join(root).join("slack");
    if root.is_dir() {
        return Some(root);
    }
    #[expect(clippy::print_stderr, reason = "a skipped test must say so")]
    {
        eprintln!("SKIPPED: no Slack contracts at {} (set RIALTO_CONTRACTS)", root.display());
    }
    None
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The schema of a method's answer, with the components that its references name.
fn answer_schema(spec: &Value, method: &str) -> Option<Value> {
    let operation = spec["paths"][format!("/{method}")].as_object()?.values().next()?.clone();
    let schema = operation["responses"]["200"]["content"]["application/json"]["schema"].clone();
    (!schema.is_null()).then(|| json!({"allOf": [schema], "components": spec["components"]}))
}

#[tokio::test]
async fn answers_fit_the_vendors_description() {
    let Some(root) = contracts() else { return };
    let spec = read(&root.join("slack_web_api.lax.openapi31.json"));
    let newer = read(&root.join("slack_people.supplement.openapi31.json"));
    let world = World::start().await;
    let (general, bob) = (world.channel("general").await, world.person("bob").await);
    let post = world
        .act(json!({"as": "ann", "do": "post", "channel": "general", "text": "*x* :tada:"}))
        .await;
    world.act(json!({"as": "ann", "do": "reply", "channel": "general", "ts": post["ts"], "text": "r"})).await;
    let item = json!({"channel": general, "timestamp": post["ts"], "name": "tada"});
    let upload = json!({"as": "ann", "do": "upload", "channel": "general", "files": [{"name": "a.txt", "text": "x"}]});
    let file = world.act(upload).await["files"][0].clone();
    let (mut checked, mut broken) = (0, Vec::new());
    for (method, args) in [
        ("api.test", json!({})),
        ("auth.test", json!({})),
        ("chat.postMessage", json!({"channel": general, "text": "hi"})),
        ("chat.getPermalink", json!({"channel": general, "message_ts": post["ts"]})),
        ("conversations.info", json!({"channel": general})),
        ("conversations.list", json!({"types": "public_channel,private_channel"})),
        ("conversations.members", json!({"channel": general})),
        ("conversations.history", json!({"channel": general})),
        ("conversations.replies", json!({"channel": general, "ts": post["ts"]})),
        ("conversations.open", json!({"users": bob})),
        ("users.info", json!({"user": bob})),
        ("users.list", json!({})),
        ("users.lookupByEmail", json!({"email": "bob@acme.example"})),
        ("users.profile.get", json!({"user": bob})),
        ("users.conversations", json!({})),
        ("reactions.add", item.clone()),
        ("reactions.get", item.clone()),
        ("pins.add", item),
        ("pins.list", json!({"channel": general})),
        ("files.info", json!({"file": file})),
        ("files.list", json!({})),
        ("team.info", json!({})),
        ("bots.info", json!({"bot": world.api("auth.test", json!({})).await["bot_id"]})),
        ("usergroups.list", json!({})),
        ("emoji.list", json!({})),
    ] {
        let answer = world.ok(method, args).await;
        for spec in [&newer, &spec] {
            let Some(schema) = answer_schema(spec, method) else { continue };
            let validator = jsonschema::validator_for(&schema).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&answer)
                .map(|error| format!("{} at {}", error, error.instance_path()))
                .collect();
            if !errors.is_empty() {
                broken.push(format!(
                    "{method}: {errors:#?}
{answer:#}"
                ));
            }
            checked += 1;
            break;
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(checked >= 20, "only {checked} methods were checked");
}

#[tokio::test]
async fn events_have_the_members_of_the_recorded_ones() {
    let Some(root) = contracts() else { return };
    let wrapper = read(&root.join("slack_common_event_wrapper_schema.json"));
    let validator = jsonschema::validator_for(&wrapper).unwrap();
    let world = World::start().await;
    let post =
        world.act(json!({"as": "ann", "do": "post", "channel": "general", "text": "x"})).await;
    world
        .act(
            json!({"as": "ann", "do": "edit", "channel": "general", "ts": post["ts"], "text": "y"}),
        )
        .await;
    world.act(json!({"as": "bob", "do": "react", "channel": "general", "ts": post["ts"], "emoji": "tada"})).await;
    world.act(json!({"as": "bob", "do": "reply", "channel": "general", "ts": post["ts"], "text": "r", "broadcast": true})).await;
    world.act(json!({"as": "ann", "do": "upload", "channel": "general", "text": "f", "files": [{"name": "a.png", "text": "x"}]})).await;
    let last =
        world.act(json!({"as": "ann", "do": "post", "channel": "general", "text": "z"})).await;
    world.act(json!({"as": "ann", "do": "delete", "channel": "general", "ts": last["ts"]})).await;
    world.act(json!({"as": "ann", "do": "invite", "channel": "general", "person": "cy"})).await;
    world.idle().await;
    let all: Vec<Value> = world
        .receiver
        .requests()
        .iter()
        .map(|(_, body)| serde_json::from_slice(body).unwrap())
        .collect();
    for event in &all {
        let errors: Vec<String> =
            validator.iter_errors(event).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?} {event:#}");
    }
    // Members that only some workspaces or files have.
    let optional = ["enterprise_id", "root", "previous_message", "is_locked", "upload", "username"];
    for (fixture, kind, subtype) in [
        ("event.message.json", "message", None),
        ("event.message.message_changed.json", "message", Some("message_changed")),
        ("event.message.message_deleted.json", "message", Some("message_deleted")),
        ("event.message.thread_broadcast.json", "message", Some("thread_broadcast")),
        ("event.message.file_share.json", "message", Some("file_share")),
        ("event.reaction_added.json", "reaction_added", None),
        ("event.member_joined_channel.json", "member_joined_channel", None),
    ] {
        let recorded = read(&root.join("fixtures").join(fixture));
        let ours = all.iter().find(|body| {
            body["event"]["type"] == kind && body["event"]["subtype"].as_str() == subtype
        });
        let ours = ours.unwrap_or_else(|| panic!("no event like {fixture}"));
        for part in ["", "event"] {
            let (want, have) =
                if part.is_empty() { (&recorded, ours) } else { (&recorded[part], &ours[part]) };
            for (key, value) in want.as_object().unwrap() {
                if optional.contains(&key.as_str()) {
                    continue;
                }
                let same = std::mem::discriminant(&have[key]) == std::mem::discriminant(value);
                assert!(
                    same,
                    "{fixture}: {part}/{key} is {} but should be like {value}",
                    have[key]
                );
            }
        }
    }
}

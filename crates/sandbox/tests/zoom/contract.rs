//! Answers and events against the vendor's own descriptions, where these are at hand.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::world::{EVENTS, World};

/// Where an event is as the description's own example has it, and not as its schema says: the event, the place, the
/// message's beginning.
const LIKE_THE_EXAMPLE: &[(&str, &str, &str)] = &[
    // `contact_account_id ` with a blank at its end.
    (
        "team_chat.dm_message_posted",
        "/payload/object",
        "\"contact_account_id\" is a required property",
    ),
    (
        "team_chat.dm_message_posted",
        "/payload/object",
        "Additional properties are not allowed ('contact_account_id '",
    ),
    (
        "team_chat.dm_message_updated",
        "/payload/object",
        "\"contact_account_id\" is a required property",
    ),
    (
        "team_chat.dm_message_updated",
        "/payload/object",
        "Additional properties are not allowed ('contact_account_id '",
    ),
    (
        "team_chat.dm_message_deleted",
        "/payload/object",
        "\"contact_account_id\" is a required property",
    ),
    (
        "team_chat.dm_message_deleted",
        "/payload/object",
        "Additional properties are not allowed ('contact_account_id '",
    ),
    // A number, and text in reactions in channels.
    ("team_chat.dm_reaction_added", "/payload/object/emoji_time", ""),
    ("team_chat.dm_reaction_removed", "/payload/object/emoji_time", ""),
    // A number, as in every other event.
    ("chat_channel.member_removed", "/event_ts", ""),
];

/// Where a description refuses what it describes: operation, and the message's part.
const FAULTS_OF_THE_DESCRIPTION: &[(&str, &str)] = &[
    // The second of the two alternatives allows all that the first requires.
    ("GET /chat/users/{userId}/sessions", "valid under more than one of the schemas"),
];

/// The folder with the descriptions; says plainly when it is not there.
fn contracts() -> Option<PathBuf> {
    let root = std::env::var_os("RIALTO_CONTRACTS").unwrap_or("../shared/contracts".into());
    let project = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let root = project.join(root);
    if root.join("zoom").is_dir() {
        return Some(root);
    }
    #[expect(clippy::print_stderr, reason = "a skipped test must say so")]
    {
        eprintln!("SKIPPED: no Zoom contracts at {} (set RIALTO_CONTRACTS)", root.display());
    }
    None
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn errors(schema: &Value, value: &Value) -> Vec<(String, String)> {
    let validator = jsonschema::options().should_validate_formats(true).build(schema).unwrap();
    let errors = validator.iter_errors(value);
    errors.map(|error| (error.instance_path().to_string(), error.to_string())).collect()
}

/// The description of an operation's answer with this status. Answers to what is not described are not allowed either.
fn described(specs: &[Value], verb: &str, path: &str, status: u16) -> Option<Value> {
    let operation =
        specs.iter().map(|spec| &spec["paths"][path][verb.to_lowercase()]).find(|o| o.is_object());
    let answer =
        &operation.unwrap_or_else(|| panic!("no {verb} {path}"))["responses"][status.to_string()];
    assert!(answer.is_object(), "{verb} {path} may not answer {status}");
    let schema = &answer["content"]["application/json"]["schema"];
    schema.is_object().then(|| schema.clone())
}

#[tokio::test]
async fn answers_fit_the_vendors_description() {
    let Some(root) = contracts() else { return };
    let specs = [
        read(&root.join("zoom/zoom_team_chat.slice.openapi30.json")),
        read(&root.join("zoom/zoom_people.slice.openapi30.json")),
    ];
    let world = World::start().await;
    // Contacts are for apps that people add for themselves.
    let personal = World::with(json!({}), json!({"kind": "user"})).await;
    let general = world.channel("general").await;
    let id = world.post("*x* @Bob Ray [l](https://x.example)").await;
    world.act(json!({"as": "Bob Ray", "do": "reply", "channel": "general", "id": id, "text": "@all", "files": [{"name": "a.png", "text": "x"}]})).await;
    world
        .act(json!({"as": "Bob Ray", "do": "react", "channel": "general", "id": id, "emoji": "👍"}))
        .await;
    let upload = json!({"as": "Ann Lee", "do": "upload", "channel": "general", "files": [{"name": "a.txt", "text": "x"}]});
    let file = world.act(upload).await["files"][0].as_str().unwrap().to_owned();
    let search = json!({"needle": {"search_type": "by_channel_name", "keywords": ["gen"]}, "haystack": "all"});
    let to = format!("to_channel={general}");
    let mut broken = Vec::new();
    let mut checked = 0;
    for (verb, path, query, body) in [
        ("GET", "/users", "", Value::Null),
        ("GET", "/users/{userId}", "", Value::Null),
        ("GET", "/users/email", "email=bob@acme.example", Value::Null),
        ("GET", "/contacts", "search_key=a&page_size=25", Value::Null),
        ("GET", "/chat/users/me/contacts", "", Value::Null),
        ("GET", "/chat/users/me/contacts/{identifier}", "query_presence_status=true", Value::Null),
        ("GET", "/chat/emoji", "", Value::Null),
        ("GET", "/chat/channels", "", Value::Null),
        ("POST", "/chat/channels/search", "", search),
        ("GET", "/chat/channels/{channelId}", "", Value::Null),
        ("PATCH", "/chat/channels/{channelId}", "", json!({"name": "renamed"})),
        ("GET", "/chat/channels/{channelId}/members", "", Value::Null),
        (
            "POST",
            "/chat/channels/{channelId}/members",
            "",
            json!({"members": [{"email": "cy@acme.example"}]}),
        ),
        ("DELETE", "/chat/channels/{channelId}/members/{identifier}", "", Value::Null),
        ("GET", "/chat/users/{userId}/channels", "", Value::Null),
        ("POST", "/chat/users/{userId}/channels", "", json!({"name": "new", "type": 3})),
        ("GET", "/chat/users/{userId}/channels/{channelId}", "", Value::Null),
        ("GET", "/chat/users/{userId}/channels/{channelId}/members", "", Value::Null),
        ("GET", "/chat/users/{userId}/sessions", "", Value::Null),
        ("GET", "/chat/users/{userId}/messages", &to, Value::Null),
        (
            "GET",
            "/chat/users/{userId}/messages",
            &format!("{to}&include_deleted_and_edited_message=true"),
            Value::Null,
        ),
        (
            "POST",
            "/chat/users/{userId}/messages",
            "",
            json!({"message": "m", "to_channel": general}),
        ),
        ("GET", "/chat/users/{userId}/messages/{messageId}", &to, Value::Null),
        (
            "GET",
            "/chat/users/{userId}/messages/{messageId}/thread",
            &format!(
                "{to}&from=2020-05-01T19:13:02Z&need_emoji=true&need_attachment=true&need_rich_text=true&need_at_items=true"
            ),
            Value::Null,
        ),
        (
            "PATCH",
            "/chat/users/{userId}/messages/{messageId}/emoji_reactions",
            "",
            json!({"action": "add", "emoji": "U+1F600", "to_channel": general}),
        ),
        (
            "PATCH",
            "/chat/users/{userId}/messages/{messageId}/status",
            "",
            json!({"action": "unread", "to_channel": general}),
        ),
        (
            "PUT",
            "/chat/users/{userId}/messages/{messageId}",
            "",
            json!({"message": "n", "to_channel": general}),
        ),
        ("DELETE", "/chat/users/{userId}/messages/{messageId}", &to, Value::Null),
        ("GET", "/chat/files/{fileId}", "", Value::Null),
        ("DELETE", "/chat/files/{fileId}", "", Value::Null),
        (
            "PATCH",
            "/chat/channels/events",
            "",
            json!({"method": "archive", "channel_ids": [general, "0"]}),
        ),
        ("DELETE", "/chat/channels/{channelId}", "", Value::Null),
        // Refusals.
        ("GET", "/chat/channels/{channelId}", "", Value::Null),
        (
            "POST",
            "/chat/users/{userId}/messages",
            "",
            json!({"message": "m", "to_channel": general}),
        ),
        ("POST", "/chat/users/{userId}/channels", "", json!({})),
    ] {
        let filled = path
            .replace("{userId}", "me")
            .replace("{channelId}", &general)
            .replace("{messageId}", &id)
            .replace("{fileId}", &file)
            .replace("{identifier}", "bob@acme.example");
        let of_contacts = path.starts_with("/chat/users/me/contacts");
        let asked = if of_contacts { &personal } else { &world };
        let answer = asked.call(verb, &format!("{filled}?{query}"), body).await;
        checked += 1;
        match described(&specs, verb, path, answer.status) {
            Some(schema) => {
                let mut found = errors(&schema, &answer.body);
                found.retain(|(_, message)| {
                    let name = format!("{verb} {path}");
                    let known = FAULTS_OF_THE_DESCRIPTION.iter();
                    !known.clone().any(|(of, says)| *of == name && message.contains(says))
                });
                if !found.is_empty() {
                    broken.push(format!("{verb} {path}: {found:#?}\n{:#}", answer.body));
                }
            }
            None if answer.status >= 400 => {
                assert!(answer.body["code"].is_u64() && answer.body["message"].is_string());
            }
            None => assert_eq!(answer.body, Value::Null, "{verb} {path}"),
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert_eq!(checked, 35);
}

#[tokio::test]
async fn tokens_fit_the_vendors_description() {
    let Some(root) = contracts() else { return };
    let spec = read(&root.join("oauth_token_endpoints.openapi31.json"));
    let world = World::start().await;
    let (id, secret) =
        (world.app["client_id"].as_str().unwrap(), world.app["client_secret"].as_str());
    let refresh = world.app["installs"][0]["refresh_token"].as_str().unwrap();
    for status in [200, 401] {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let request =
            world.client.post(world.url("/oauth/token")).basic_auth(id, secret).form(&form);
        let answer = super::world::answered(request).await;
        assert_eq!(answer.status, status);
        let answers = &spec["paths"]["/oauth/token"]["post"]["responses"][status.to_string()];
        assert_eq!(errors(&answers["content"]["application/json"]["schema"], &answer.body), []);
    }
}

/// Does everything that is told of, so that every event in [`EVENTS`] happens.
async fn everything(world: &World) {
    let act = |mut deed: Value| {
        if deed["as"].is_null() {
            deed["as"] = "Ann Lee".into();
        }
        world.act(deed)
    };
    let file = json!([{"name": "a.png", "text": "x"}]);
    for place in [json!({"channel": "general"}), json!({"to": "Bob Ray"})] {
        let here = |mut deed: Value| {
            for (key, value) in place.as_object().unwrap() {
                deed[key] = value.clone();
            }
            deed
        };
        let text = "*x* @Bob Ray [l](https://x.example)";
        let root =
            act(here(json!({"do": "post", "text": text, "files": file}))).await["id"].clone();
        let reply = json!({"do": "reply", "id": root, "text": text, "files": file});
        let reply = act(here(reply)).await["id"].clone();
        act(here(json!({"do": "react", "id": root, "emoji": "👍"}))).await;
        act(here(json!({"do": "unreact", "id": root, "emoji": "👍"}))).await;
        act(here(json!({"do": "edit", "id": reply, "text": text}))).await;
        act(here(json!({"do": "delete", "id": reply}))).await;
    }
    let upload =
        act(json!({"do": "upload", "channel": "general", "files": file})).await["files"][0].clone();
    world.ok("DELETE", &format!("/chat/files/{}", upload.as_str().unwrap()), Value::Null).await;
    act(json!({"do": "join", "as": "Cy Doe", "channel": "general"})).await;
    act(json!({"do": "leave", "as": "Cy Doe", "channel": "general"})).await;
    act(json!({"do": "invite", "channel": "general", "person": "Cy Doe"})).await;
    act(json!({"do": "remove", "channel": "general", "person": "Cy Doe"})).await;
    act(json!({"do": "rename", "channel": "general", "name": "renamed"})).await;
    act(json!({"do": "archive", "channel": "renamed"})).await;
    act(json!({"do": "unarchive", "channel": "renamed"})).await;
    act(json!({"do": "delete_channel", "channel": "renamed"})).await;
    act(json!({"do": "create_channel", "name": "new"})).await;
    act(json!({"do": "add_person", "person": {"name": "Dee Fox", "email": "dee@acme.example"}}))
        .await;
    act(json!({"do": "update_profile", "person": "Dee Fox", "title": "CEO", "picture": "https://img.example/d.png"})).await;
    act(json!({"do": "deactivate", "person": "Dee Fox"})).await;
    act(json!({"do": "reactivate", "person": "Dee Fox"})).await;
    world.idle().await;
}

#[tokio::test]
async fn events_fit_the_vendors_description_or_its_examples() {
    let Some(root) = contracts() else { return };
    let specs = [
        read(&root.join("zoom/zoom_team_chat_events.openapi31.json")),
        read(&root.join("zoom/zoom_user_events.openapi31.json")),
    ];
    let world = World::start().await;
    everything(&world).await;
    let events = world.receiver.events();
    let happened: BTreeSet<&str> = events.iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert_eq!(happened, EVENTS.iter().copied().collect(), "every event has happened");
    let mut broken = Vec::new();
    let mut excused = BTreeSet::new();
    for event in &events {
        let name = event["event"].as_str().unwrap();
        let described =
            specs.iter().map(|spec| &spec["webhooks"][name]).find(|d| d.is_object()).unwrap();
        let schema = &described["post"]["requestBody"]["content"]["application/json"]["schema"];
        for (place, message) in errors(schema, event) {
            let known = LIKE_THE_EXAMPLE.iter().find(|(event, at, says)| {
                *event == name && *at == place && message.starts_with(says)
            });
            match known {
                Some(known) => drop(excused.insert(known)),
                None => broken.push(format!("{name} {place}: {message}\n{event:#}")),
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert_eq!(excused.len(), LIKE_THE_EXAMPLE.len(), "an excuse that is not needed: {excused:?}");
}

/// Every member of the vendor's example is in ours, and of the same type.
#[tokio::test]
async fn events_have_the_members_of_the_examples() {
    let Some(root) = contracts() else { return };
    let world = World::start().await;
    everything(&world).await;
    let events = world.receiver.events();
    // Of an older account, or of what only some messages have.
    let optional = ["time_stamp", "old_object"];
    let mut compared = 0;
    for name in EVENTS {
        let path = root.join("zoom/fixtures").join(format!("{name}.json"));
        if !path.is_file() {
            continue;
        }
        let example = read(&path);
        let ours: Vec<&Value> = events.iter().filter(|event| event["event"] == *name).collect();
        for part in ["", "/payload", "/payload/object"] {
            for (key, value) in example.pointer(part).unwrap().as_object().unwrap() {
                let like = |event: &&&Value| {
                    let have = &event.pointer(part).unwrap()[key];
                    std::mem::discriminant(have) == std::mem::discriminant(value)
                };
                let missing =
                    ours.iter().filter(like).count() == 0 && !optional.contains(&key.as_str());
                assert!(!missing, "{name} {part}/{key} should be like {value}: {:#}", ours[0]);
            }
        }
        compared += 1;
    }
    assert!(compared >= 28, "only {compared} examples were compared");
}

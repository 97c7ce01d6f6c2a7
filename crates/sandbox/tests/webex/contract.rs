//! Answers and webhooks against the vendor's own description and examples, where these are at hand.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::world::{World, id};

/// The folder with the descriptions; says plainly when it is not there.
fn contracts() -> Option<PathBuf> {
    let root = std::env::var_os("RIALTO_CONTRACTS").unwrap_or("../shared/contracts".into());
    let project = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let folder = project.join(root).join("webex");
    if folder.is_dir() {
        return Some(folder);
    }
    #[expect(clippy::print_stderr, reason = "a skipped test must say so")]
    {
        eprintln!("SKIPPED: no Webex contracts at {} (set RIALTO_CONTRACTS)", folder.display());
    }
    None
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A description with all that it refers to put in its place, and nothing allowed that it does not name.
fn strict(schema: &Value, whole: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let target = whole.pointer(reference.trim_start_matches('#')).unwrap();
                return strict(target, whole);
            }
            let mut out: serde_json::Map<String, Value> =
                fields.iter().map(|(key, value)| (key.clone(), strict(value, whole))).collect();
            if out.get("properties").is_some_and(Value::is_object)
                && out.get("type") == Some(&json!("object"))
            {
                out.insert("additionalProperties".to_owned(), false.into());
            }
            out.into()
        }
        Value::Array(all) => all.iter().map(|one| strict(one, whole)).collect(),
        other => other.clone(),
    }
}

/// Checks an answer; says what does not fit.
fn misfits(spec: &Value, verb: &str, path: &str, status: u16, body: &Value) -> Vec<String> {
    let operation = &spec["paths"][path][verb.to_lowercase()];
    assert!(operation.is_object(), "no {verb} {path}");
    let answer = &operation["responses"][status.to_string()];
    assert!(answer.is_object(), "{verb} {path} may not answer {status}: {body}");
    let schema = &answer["content"]["application/json"]["schema"];
    if !schema.is_object() {
        assert!(status >= 300 || body.is_null(), "{verb} {path} {status}: {body}");
        return Vec::new();
    }
    let schema = strict(schema, spec);
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let errors = validator.iter_errors(body);
    errors
        .map(|error| format!("{verb} {path} {status} {}: {error}", error.instance_path()))
        .collect()
}

/// Where the vendor's description and what it describes part: the message's beginning.
const FAULTS_OF_THE_DESCRIPTION: &[&str] = &[
    // The webhook's enums lack `all`, which the guide describes.
    "\"all\" is not one of",
    // Its webhooks lack what the guide's example of a delivered one has.
    "Additional properties are not allowed ('appId', 'createdBy', 'orgId'",
    // Of a card's fields it allows those of its example.
    "/inputs: Additional properties are not allowed",
    // The description of a created message lacks what its own example has.
    "POST /messages 200 : Additional properties are not allowed ('html'",
    "POST /messages 200 : Additional properties are not allowed ('parentId'",
];

#[tokio::test]
async fn answers_fit_the_vendors_description() {
    let Some(folder) = contracts() else { return };
    let spec = read(&folder.join("webex_messaging.slice.openapi30.json"));
    let world = World::start().await;
    let room = world.room("general").await;
    let message = world.post("**x** <@all> <@personEmail:bob@acme.example>").await;
    let team = world.ok("POST", "/teams", json!({"name": "Crew"})).await;
    let hook = world.hook(&world.ann, "messages", "created", &format!("roomId={room}")).await;
    let own = world.ok("POST", "/messages", json!({"roomId": room, "text": "own"})).await;
    world.ok("POST", "/messages", json!({"toPersonEmail": "bob@acme.example", "text": "x"})).await;
    let memberships = world.ok("GET", &format!("/memberships?roomId={room}"), Value::Null).await;
    let of_bob = memberships["items"].as_array().unwrap().iter();
    let of_bob = of_bob.clone().find(|m| m["personEmail"] == "bob@acme.example").unwrap().clone();
    let in_team = json!({"teamId": team["id"], "personEmail": "cy@acme.example"});
    let in_team = world.ok("POST", "/team/memberships", in_team).await;
    let card = json!({"contentType": "application/vnd.microsoft.card.adaptive",
        "content": {"type": "AdaptiveCard", "fileId": "f", "contentUrl": "https://x.example"}});
    let card = json!({"roomId": room, "text": "card", "attachments": [card]});
    let card = world.ok("POST", "/messages", card).await;
    let press = json!({"type": "submit", "messageId": card["id"], "inputs": {"a": "b"}});
    let pressed = world.ok("POST", "/attachment/actions", press.clone()).await;
    world.ok("DELETE", &format!("/messages/{}", id(&card)), Value::Null).await;
    let ann = world.person("Ann Lee").await;
    let org = world.ok("GET", "/people/me", Value::Null).await["orgId"].clone();
    let fresh =
        json!({"name": "n", "targetUrl": "https://x.example", "resource": "all", "event": "all"});
    let moderated = json!({"isModerator": false, "isRoomHidden": false});
    let mut broken = Vec::new();
    for (verb, path, with, query, body) in [
        ("GET", "/people/me", "", "", Value::Null),
        ("GET", "/people/{personId}", ann.as_str(), "", Value::Null),
        ("GET", "/people", "", "?email=bob@acme.example", Value::Null),
        ("GET", "/people", "", "?displayName=x", Value::Null),
        ("GET", "/organizations", "", "", Value::Null),
        ("GET", "/organizations/{orgId}", org.as_str().unwrap(), "", Value::Null),
        ("GET", "/rooms", "", "", Value::Null),
        ("POST", "/rooms", "", "", json!({"title": "t", "teamId": team["id"]})),
        ("GET", "/rooms/{roomId}", &room, "", Value::Null),
        (
            "PUT",
            "/rooms/{roomId}",
            &room,
            "",
            json!({"title": "t", "description": "d", "isPublic": true}),
        ),
        ("PUT", "/rooms/{roomId}", &room, "", json!({"isAnnouncementOnly": true})),
        ("GET", "/memberships", "", "", Value::Null),
        ("POST", "/memberships", "", "", json!({"roomId": room, "personEmail": "cy@acme.example"})),
        ("POST", "/memberships", "", "", json!({"roomId": room, "personEmail": "cy@acme.example"})),
        ("GET", "/memberships/{membershipId}", id(&of_bob), "", Value::Null),
        ("PUT", "/memberships/{membershipId}", id(&of_bob), "", moderated),
        ("DELETE", "/memberships/{membershipId}", id(&of_bob), "", Value::Null),
        ("GET", "/messages", "", &format!("?roomId={room}"), Value::Null),
        ("GET", "/messages", "", "", Value::Null),
        (
            "POST",
            "/messages",
            "",
            "",
            json!({"roomId": room, "markdown": "*m*", "parentId": message}),
        ),
        ("GET", "/messages/direct", "", "?personEmail=bob@acme.example", Value::Null),
        ("GET", "/messages/{messageId}", &message, "", Value::Null),
        ("PUT", "/messages/{messageId}", id(&own), "", json!({"roomId": room, "markdown": "*m*"})),
        ("DELETE", "/messages/{messageId}", id(&own), "", Value::Null),
        ("POST", "/attachment/actions", "", "", json!({"type": "submit", "messageId": message})),
        ("GET", "/attachment/actions/{id}", id(&pressed), "", Value::Null),
        ("GET", "/teams", "", "", Value::Null),
        ("GET", "/teams/{teamId}", id(&team), "", Value::Null),
        ("PUT", "/teams/{teamId}", id(&team), "", json!({"name": "n", "description": "d"})),
        ("POST", "/teams", "", "", json!({"name": "other"})),
        ("GET", "/team/memberships", "", &format!("?teamId={}", id(&team)), Value::Null),
        ("GET", "/team/memberships/{membershipId}", id(&in_team), "", Value::Null),
        ("PUT", "/team/memberships/{membershipId}", id(&in_team), "", json!({"isModerator": true})),
        ("DELETE", "/team/memberships/{membershipId}", id(&in_team), "", Value::Null),
        ("DELETE", "/teams/{teamId}", id(&team), "", Value::Null),
        ("GET", "/webhooks", "", "", Value::Null),
        ("POST", "/webhooks", "", "", fresh),
        ("GET", "/webhooks/{webhookId}", id(&hook), "", Value::Null),
        (
            "PUT",
            "/webhooks/{webhookId}",
            id(&hook),
            "",
            json!({"name": "n", "targetUrl": "https://x.example"}),
        ),
        ("DELETE", "/webhooks/{webhookId}", id(&hook), "", Value::Null),
        ("DELETE", "/rooms/{roomId}", &room, "", Value::Null),
        ("GET", "/rooms/{roomId}", &room, "", Value::Null),
    ] {
        let filled = match path.split_once('{') {
            Some((before, _)) => format!("{before}{with}"),
            None => path.to_owned(),
        };
        let answer = world.call(verb, &format!("{filled}{query}"), body).await;
        broken.extend(misfits(&spec, verb, path, answer.status, &answer.body));
    }
    broken.extend(misfits(&spec, "POST", "/attachment/actions", 202, &pressed));
    broken.retain(|error| FAULTS_OF_THE_DESCRIPTION.iter().all(|known| !error.contains(known)));
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Every field with its type, arrays by their first member.
fn shape(value: &Value, path: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                shape(value, &format!("{path}/{key}"), out);
            }
        }
        Value::Array(all) => {
            out.insert(format!("{path}[]"));
            if let Some(first) = all.first() {
                shape(first, &format!("{path}[]"), out);
            }
        }
        other => {
            let kind = match other {
                Value::String(_) => "text",
                Value::Bool(_) => "truth",
                Value::Number(_) => "number",
                _ => "nothing",
            };
            out.insert(format!("{path} {kind}"));
        }
    }
}

/// What the emulator does not know, of an example's fields.
const LEFT_OUT: &[&str] = &[
    "phoneNumbers",
    "extension",
    "locationId",
    "roles",
    "licenses",
    "manager",
    "addresses",
    "lastActivity",
    "siteUrls",
    "sipAddresses",
    "xmppFederationJid",
    "classificationId",
    "isVoiceClip",
    "timezone",
];

#[tokio::test]
async fn every_example_is_reproduced() {
    let Some(folder) = contracts() else { return };
    let world = World::with(json!({"people": [
        {"name": "Ann Lee", "email": "ann@acme.example", "admin": true, "avatar": "https://img.example/ann.png",
            "title": "Boss", "department": "Sales", "timezone": "Europe/Berlin"},
        {"name": "Bob Ray", "email": "bob@acme.example"}]}))
    .await;
    let team = world.ok("POST", "/teams", json!({"name": "Crew", "description": "us"})).await;
    let room = json!({"title": "r", "teamId": team["id"], "isPublic": true, "description": "d", "isLocked": true});
    let room = world.ok("POST", "/rooms", room).await;
    let path = |of: &str, one: &Value| format!("/{of}/{}", id(one));
    let root = world.say(&world.ann, id(&room), "root").await;
    let bob = json!({"roomId": room["id"], "personEmail": "bob@acme.example", "isModerator": true});
    let member = world.ok("POST", "/memberships", bob).await;
    let in_team =
        json!({"teamId": team["id"], "personEmail": "bob@acme.example", "isModerator": true});
    let in_team = world.ok("POST", "/team/memberships", in_team).await;
    let say = json!({"roomId": room["id"], "markdown": "<@all> <@personEmail:bob@acme.example>", "parentId": root["id"]});
    let said = world.ok("POST", "/messages", say.clone()).await;
    let edited = world.ok("PUT", &path("messages", &said), say).await;
    let card = json!({"contentType": "application/vnd.microsoft.card.adaptive",
        "content": {"type": "AdaptiveCard", "version": "1.0", "body": [{"type": "TextBlock", "text": "t", "size": "large"}],
            "actions": [{"type": "Action.OpenUrl", "url": "https://x.example", "title": "t"}]}});
    let with_card = json!({"roomId": room["id"], "text": "c", "attachments": [card]});
    let with_card = world.ok("POST", "/messages", with_card).await;
    let filter = format!("roomId={}", id(&room));
    world.hook(&world.ann, "attachmentActions", "created", &filter).await;
    let hook = world.hook(&world.ann, "messages", "all", &filter).await;
    let press = json!({"type": "submit", "messageId": with_card["id"],
        "inputs": {"Name": "n", "Url": "u", "Email": "e", "Tel": "t"}});
    let pressed = world.ok_as(&world.bob, "POST", "/attachment/actions", press).await;
    let last = world.say(&world.ann, id(&room), "last").await;
    let edit = json!({"roomId": room["id"], "text": "later"});
    world.ok("PUT", &path("messages", &last), edit).await;
    world.ok("DELETE", &path("messages", &last), Value::Null).await;
    world.idle().await;
    let event = |name: &str| {
        let at = world.receiver.names().iter().position(|known| known == name).unwrap();
        world.receiver.events()[at].clone()
    };
    let me = world.ok("GET", "/people/me", Value::Null).await;
    let of_org = |mut hook: Value| {
        hook["ownedBy"] = "org".into();
        hook
    };
    // One message cannot have all that the examples have at once: a card, a file, an edit.
    let mut everything = edited.clone();
    everything["attachments"] = with_card["attachments"].clone();
    everything["files"] = json!(["https://x.example"]);
    let list = |one: &Value| json!({"items": [one]});
    let mut missing = Vec::new();
    for (fixture, ours) in [
        ("rest.get_people_me.200", me.clone()),
        ("rest.get_people_personId.200", me.clone()),
        ("rest.get_people.200", json!({"notFoundIds": ["x"], "items": [me]})),
        ("rest.get_rooms.200", list(&room)),
        ("rest.get_rooms_roomId.200", room.clone()),
        ("rest.post_rooms.200", room.clone()),
        ("rest.put_rooms_roomId.200", room.clone()),
        ("rest.get_memberships.200", list(&member)),
        ("rest.get_memberships_membershipId.200", member.clone()),
        ("rest.post_memberships.200", member.clone()),
        ("rest.put_memberships_membershipId.200", member),
        ("rest.get_messages.200", list(&everything)),
        ("rest.get_messages_messageId.200", everything.clone()),
        ("rest.get_messages_direct.200", list(&everything)),
        ("rest.put_messages_messageId.200", everything.clone()),
        ("rest.post_messages.200", everything),
        ("rest.get_attachment_actions_id.200", pressed.clone()),
        ("rest.post_attachment_actions.202", pressed),
        ("rest.get_teams.200", list(&team)),
        ("rest.get_teams_teamId.200", team.clone()),
        ("rest.post_teams.200", team.clone()),
        ("rest.put_teams_teamId.200", team),
        ("rest.get_team_memberships.200", list(&in_team)),
        ("rest.get_team_memberships_membershipId.200", in_team.clone()),
        ("rest.post_team_memberships.200", in_team.clone()),
        ("rest.put_team_memberships_membershipId.200", in_team),
        ("rest.get_webhooks.200", list(&of_org(hook.clone()))),
        ("rest.get_webhooks_webhookId.200", hook.clone()),
        ("rest.post_webhooks.200", hook.clone()),
        ("rest.put_webhooks_webhookId.200", hook),
        ("webhook.messages.created", event("messages.created")),
        ("derived.webhook.messages.updated", event("messages.updated")),
        ("derived.webhook.messages.deleted", event("messages.deleted")),
        ("webhook.attachmentActions.created", event("attachmentActions.created")),
        ("message.get_after_webhook", last),
    ] {
        let (mut wanted, mut have) = (BTreeSet::new(), BTreeSet::new());
        shape(&read(&folder.join(format!("fixtures/{fixture}.json"))), "", &mut wanted);
        shape(&ours, "", &mut have);
        // `toPersonId` and `toPersonEmail` come with direct messages only.
        let left_out = |field: &&String| {
            LEFT_OUT.iter().any(|name| field.contains(&format!("/{name}")))
                || field.contains("/toPerson")
        };
        let lacking: Vec<&String> = wanted.difference(&have).filter(|f| !left_out(f)).collect();
        if !lacking.is_empty() {
            missing.push(format!("{fixture}: {lacking:?}"));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    let captured = read(&folder.join("fixtures/emulator_capture.webhook.messages.created.json"));
    let (mut wanted, mut have) = (BTreeSet::new(), BTreeSet::new());
    shape(&captured["body"], "", &mut wanted);
    shape(&event("messages.created"), "", &mut have);
    assert_eq!(wanted.difference(&have).count(), 0);
}

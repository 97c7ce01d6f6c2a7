//! Every payload that Zoom published.

use std::fs;

use http::StatusCode;
use jiff::Timestamp;
use rialto_model::{Block, EventKind, Inline, MentionTarget, RemoteId, Revision, Signal};
use rialto_platform::{AppConfig, Received, WebhookRequest};
use serde_json::Value;

use super::support::{NOW, SECRET, app, facts, own, received, signed};
use crate::normalize::normalize;

fn fixture(name: &str) -> Option<Vec<u8>> {
    Some(fs::read(rialto_platform::testing::fixtures("zoom")?.join(name)).unwrap())
}

fn kinds(body: &[u8]) -> Vec<EventKind> {
    let facts = facts(body);
    let told = facts.iter().map(|fact| normalize(&fact.payload, &own()).unwrap());
    told.flat_map(|told| told.events).map(|event| event.kind).collect()
}

#[test]
fn every_event_that_zoom_published_is_understood_or_has_a_reason() {
    let Some(folder) = rialto_platform::testing::fixtures("zoom") else { return };
    let mut outcomes = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let body = fs::read(&path).unwrap();
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        if !name.ends_with(".json")
            || value["event"].is_null()
            || value["event"] == "endpoint.url_validation"
        {
            continue;
        }
        let name = name.trim_end_matches(".json");
        let account = value["payload"]["account_id"].as_str();
        let [fact] = &facts(&body)[..] else {
            // Chatbots are told of otherwise.
            assert_eq!(account, None, "{name}");
            outcomes.push(format!("{name}: of no account"));
            continue;
        };
        assert_eq!(Some(fact.workspace.as_str()), account, "{name}");
        let events = normalize(&fact.payload, &own()).unwrap().events;
        let words: Vec<_> = events
            .iter()
            .map(|event| match &event.kind {
                EventKind::Ignored { reason } => format!("ignored: {reason}"),
                EventKind::Message(state) => format!("message at {}", state.revision.0),
                EventKind::Deleted { .. } => "deleted".into(),
                EventKind::Reaction { present, .. } => format!("reaction {present}"),
                EventKind::Membership { joined, .. } => format!("membership {joined}"),
                EventKind::Signal(Signal::AccountChanged { .. }) => "account changed".into(),
                EventKind::Signal(signal) => format!("{signal:?}"),
                EventKind::Reactions { .. } => "reactions".into(),
            })
            .collect();
        let place = match fact.conversation.as_str() {
            "" => "of the account",
            id if id.starts_with('@') => "between two",
            _ => "in a channel",
        };
        outcomes.push(format!("{name}, {place}: {}", words.join(", ")));
    }
    outcomes.sort();
    insta::assert_snapshot!(outcomes.join("\n"));
}

#[test]
fn the_example_of_a_message_reads_as_it_is_meant() {
    let Some(body) = fixture("team_chat.channel_message_posted.json") else { return };
    let [EventKind::Message(state)] = &kinds(&body)[..] else { panic!("no message") };
    let said: Value = serde_json::from_slice(&body).unwrap();
    let object = &said["payload"]["object"];
    let is = |id: Option<&RemoteId>, field: &Value| assert_eq!(id.unwrap().as_str(), field);
    is(Some(&state.id), &object["message_id"]);
    is(state.thread.as_ref(), &object["reply_main_message_id"]);
    is(state.author.account.as_ref(), &said["payload"]["operator_id"]);
    assert_eq!(state.revision, Revision(0));
    assert_eq!(Some(state.posted_at.as_millisecond()), object["timestamp"].as_i64());
    assert_eq!(state.content.text.plain_text(), object["message"].as_str().unwrap());
    let [Block::Paragraph(line)] = &state.content.text.blocks[..] else { panic!("{state:?}") };
    let [Inline::Mention(mention), _, Inline::Text { text, style }, _] = &line[..] else {
        panic!("{line:?}")
    };
    let mentioned = &object["at_items"][0]["at_contact_user_id"];
    assert_eq!(mention.target, MentionTarget::Account(mentioned.as_str().unwrap().into()));
    // Names of two words, and the bold word: neither a letter too many nor too few.
    assert_eq!(mention.name.split(' ').count(), 2);
    assert!(mention.name.chars().all(|c| c.is_alphabetic() || c == ' '), "{mention:?}");
    assert_eq!((text.as_str(), style.bold), ("this", true));
    let [file] = &state.content.attachments[..] else { panic!("{state:?}") };
    is(Some(&file.remote), &object["files"][0]["file_id"]);
    assert_eq!(
        (file.mime.as_str(), file.size),
        ("image/png", object["files"][0]["file_size"].as_u64())
    );
}

#[test]
fn the_example_of_the_challenge_is_answered_as_the_example_answers() {
    // The secret of the example is not published: the answer's shape is, and its rule.
    let Some(body) = fixture("endpoint.url_validation.json") else { return };
    let expected: Value =
        serde_json::from_slice(&fixture("endpoint.url_validation.response.json").unwrap()).unwrap();
    let Received::Handshake(answer) = received(&signed(SECRET, NOW, &body), &body) else {
        panic!("no handshake")
    };
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer["plainToken"], expected["plainToken"]);
    let length = |answer: &Value| answer["encryptedToken"].as_str().unwrap().len();
    assert_eq!(length(&answer), length(&expected));
}

#[test]
fn nobody_but_zoom_is_heard() {
    let Some(body) = fixture("team_chat.channel_message_posted.json") else { return };
    let challenge = fixture("endpoint.url_validation.json").unwrap();
    for (headers, body) in [
        (signed("another-secret", NOW, &body), &body),
        (signed(SECRET, NOW, b"another body"), &body),
        (signed(SECRET, NOW - 301, &body), &body),
        (signed(SECRET, NOW + 301, &body), &body),
        // Whoever could have texts signed could sign events.
        (signed("another-secret", NOW, &challenge), &challenge),
        (Default::default(), &body),
    ] {
        let Received::Refused(refusal) = received(&headers, body) else { panic!("taken") };
        assert_eq!(refusal.status, StatusCode::UNAUTHORIZED);
    }
    let oracle = br#"{"event":"endpoint.url_validation","payload":{"plainToken":"v0:1:{}"}}"#;
    assert!(matches!(received(&signed(SECRET, NOW, oracle), oracle), Received::Refused(_)));
}

#[test]
fn an_app_without_its_secret_token_is_told_of_everything_later() {
    let headers = signed(SECRET, NOW, b"{}");
    let request = WebhookRequest {
        method: &http::Method::POST,
        tail: "",
        query: "",
        headers: &headers,
        body: b"{}",
    };
    let app = AppConfig { secrets: Default::default(), ..app("https://a.example") };
    let received = crate::webhook::receive(&app, &request, Timestamp::from_second(NOW).unwrap());
    let Received::Refused(refusal) = received else { panic!("{received:?}") };
    // Zoom tries again after 5xx alone.
    assert!(refusal.status.is_server_error());
}

#[test]
fn a_channel_that_is_closed_is_told() {
    for name in ["chat_channel.deleted.json", "team_chat.channel_archived.json"] {
        let Some(body) = fixture(name) else { return };
        assert!(matches!(&kinds(&body)[..], [EventKind::Signal(Signal::Closed { .. })]), "{name}");
    }
}

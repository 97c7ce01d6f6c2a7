//! Every payload that Webex published.

use std::fs;

use http::{HeaderMap, StatusCode};
use rialto_model::EventKind;
use rialto_platform::{Received, WebhookRequest};
use serde_json::Value;

use super::support::{SECRET, app, facts, received, signed};
use crate::{api::Identity, edits::Edits, manifest::WEBHOOK_SECRET, normalize, wire::Message};

fn own() -> Identity {
    Identity { person_id: "own".into(), org: "org".into(), ..Identity::default() }
}

#[test]
fn every_webhook_that_is_published_is_a_fact_of_a_space() {
    let Some(folder) = rialto_platform::testing::fixtures("webex") else { return };
    let mut told = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap_or_default();
        let value = if value["body"].is_object() { value["body"].clone() } else { value };
        if value["resource"].is_null() || value["data"].is_null() {
            continue;
        }
        let body = value.to_string();
        let [fact] = &facts(&signed(SECRET, body.as_bytes()), body.as_bytes())[..] else {
            panic!("{name}")
        };
        assert_eq!(fact.conversation.as_str(), value["data"]["roomId"], "{name}");
        let id = value["data"]["id"].as_str().unwrap();
        let key = fact.key.replace(id, "ID");
        told.push(format!("{name}: {key}"));
    }
    told.sort();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn the_signature_that_an_emulator_of_ciscos_makes_is_accepted() {
    let Some(folder) = rialto_platform::testing::fixtures("webex") else { return };
    let path = folder.join("emulator_capture.webhook.messages.created.json");
    let text = fs::read_to_string(path).unwrap();
    let captured: Value = serde_json::from_str(&text).unwrap();
    // It was made over the body as it was sent: in this order, without white space.
    let (_, body) = text.split_once("\"body\":").unwrap();
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let body = body.strip_suffix('}').unwrap();
    let signature = captured["headers"]["x-spark-signature"].as_str().unwrap();
    let headers =
        HeaderMap::from_iter([("x-spark-signature".parse().unwrap(), signature.parse().unwrap())]);
    let mut app = app("https://a.example", "https://b.example");
    let mut received = |secret: &str| {
        app.secrets.insert(WEBHOOK_SECRET.to_owned(), secret.into());
        let request = WebhookRequest {
            method: &http::Method::POST,
            tail: "",
            query: "",
            headers: &headers,
            body: body.as_bytes(),
        };
        crate::webhook::receive(&app, &request, jiff::Timestamp::UNIX_EPOCH)
    };
    assert!(matches!(received("s3cret"), Received::Inbound { inbound, .. } if inbound.len() == 1));
    assert!(matches!(received("another"), Received::Refused(_)));
}

#[test]
fn two_calls_that_do_not_say_which_edit_they_tell_of_are_two_facts() {
    let at =
        |nanos: i128| jiff::Timestamp::from_nanosecond(1_445_178_376_000_000_000 + nanos).unwrap();
    let key = |updated: &str, now| {
        let body = format!(
            r#"{{"resource":"messages","event":"updated","orgId":"o","data":{{"id":"m"{updated}}}}}"#
        );
        let headers = signed(SECRET, body.as_bytes());
        let app = app("https://a.example", "https://b.example");
        let (method, body) = (&http::Method::POST, body.as_bytes());
        let request = WebhookRequest { method, tail: "", query: "", headers: &headers, body };
        let Received::Inbound { inbound, .. } = crate::webhook::receive(&app, &request, now) else {
            panic!("refused")
        };
        let [fact] = inbound.try_into().unwrap();
        rialto_platform::Verified::into_inner(fact).key
    };
    for (updated, one) in [
        ("", false),
        (r#","updated":"2015-10-18T14:27:16+00:00""#, false),
        (r#","updated":"2015-10-18T14:27:16.028Z""#, true),
    ] {
        assert_eq!(key(updated, at(1)) == key(updated, at(2)), one, "{updated}");
    }
}

#[test]
fn nobody_but_webex_is_heard() {
    let body = br#"{"resource":"messages","event":"created","orgId":"o","data":{"id":"m"}}"#;
    for (headers, body) in [
        (signed("another-secret", body), &body[..]),
        (signed(SECRET, b"another body"), &body[..]),
        (HeaderMap::new(), &body[..]),
        (signed("another-secret", b"nonsense"), b"nonsense"),
    ] {
        let Received::Refused(refusal) = received(&headers, body) else { panic!("taken") };
        assert_eq!(refusal.status, StatusCode::UNAUTHORIZED);
    }
    for body in [&b"[]"[..], b"nonsense", b""] {
        let Received::Refused(refusal) = received(&signed(SECRET, body), body) else { panic!() };
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(facts(&signed(SECRET, b"{}"), b"{}"), [], "of no organization");
}

#[test]
fn every_message_that_is_published_is_read() {
    let Some(folder) = rialto_platform::testing::fixtures("webex") else { return };
    for name in ["rest.get_messages_messageId.200.json", "message.get_after_webhook.json"] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let message: Message = serde_json::from_str(&text).unwrap();
        let now = jiff::Timestamp::UNIX_EPOCH;
        let edits = Edits::default();
        let kind = normalize::kind(&message, Vec::new(), &own(), &edits, now);
        let EventKind::Message(state) = kind else { panic!("{name}") };
        assert_eq!(state.id.as_str(), value["id"], "{name}");
        assert_eq!(state.author.account.unwrap().as_str(), value["personId"], "{name}");
        let edited = value["updated"].as_str();
        assert_eq!(state.revision.0 > 0, edited.is_some(), "{name}");
        let said = state.content.text.plain_text();
        let first = value["text"].as_str().unwrap().split(' ').next().unwrap();
        assert!(said.starts_with(first), "{name}: {said}");
        // Its own thread, in the example.
        assert_eq!(state.thread, None, "{name}");
    }
}

//! What Graph posts to us, and what we answer.

use http::{HeaderMap, Method, StatusCode};
use rialto_platform::{Inbound, Received, WebhookRequest};
use serde_json::{Value, json};

use super::support::{CLIENT_STATE, TENANT, app, now};
use crate::webhook::receive;

fn call(method: &Method, tail: &str, query: &str, body: &[u8]) -> Received {
    let headers = HeaderMap::new();
    let request = WebhookRequest { method, tail, query, headers: &headers, body };
    receive(&app("https://graph.example"), &request, now())
}

fn kept(batch: &Value) -> Vec<Inbound> {
    match call(&Method::POST, "", "", batch.to_string().as_bytes()) {
        Received::Inbound { inbound, answer } => {
            assert_eq!(answer.status, StatusCode::ACCEPTED);
            inbound.into_iter().map(rialto_platform::Verified::into_inner).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn status(received: &Received) -> u16 {
    match received {
        Received::Inbound { answer, .. } | Received::Handshake(answer) => answer.status.as_u16(),
        Received::Refused(refusal) => refusal.status.as_u16(),
    }
}

fn notification(change: &str, message: &str) -> Value {
    let resource = format!("teams('t')/channels('19:c@thread.tacv2')/messages('{message}')");
    json!({
        "subscriptionId": "s", "clientState": CLIENT_STATE, "changeType": change,
        "tenantId": TENANT, "resource": resource,
        "resourceData": { "id": message, "@odata.id": resource },
    })
}

#[test]
fn addresses_are_validated() {
    for (method, tail) in [(Method::POST, ""), (Method::GET, ""), (Method::POST, "lifecycle")] {
        let query = "validationToken=Validation%3a+Testing+%3Cb%3E+Request-Id%3a+1";
        match call(&method, tail, query, b"") {
            Received::Handshake(answer) => {
                assert_eq!(answer.status, StatusCode::OK);
                assert_eq!(answer.content_type, Some("text/plain"));
                assert_eq!(answer.body, "Validation: Testing <b> Request-Id: 1");
            }
            other => panic!("{other:?}"),
        }
    }
    let long = format!("validationToken={}", "x".repeat(5000));
    for (tail, query) in [("", "validationToken=a%0Ab"), ("", long.as_str()), ("other", "")] {
        assert_eq!(status(&call(&Method::POST, tail, query, b"")), 400, "{tail} {query:.40}");
    }
}

#[test]
fn only_what_proves_itself_is_kept() {
    let proven = notification("created", "1");
    let mut foreign = notification("created", "2");
    foreign["clientState"] = "somebody-else".into();
    let mut silent = notification("created", "3");
    silent.as_object_mut().unwrap().remove("clientState");
    for (batch, expected) in [
        (json!({ "value": [proven] }), 202),
        (json!({ "value": [foreign, proven, silent] }), 202),
        (json!({ "value": [foreign, silent] }), 401),
        (json!({ "value": [] }), 401),
        (json!({ "value": [7, null, "x"] }), 401),
        (json!({ "value": "x" }), 400),
        (json!([]), 400),
        (json!(null), 400),
    ] {
        let received = call(&Method::POST, "", "", batch.to_string().as_bytes());
        assert_eq!(status(&received), expected, "{batch}");
    }
    assert_eq!(kept(&json!({ "value": [foreign, proven, silent] })).len(), 1);
    assert_eq!(status(&call(&Method::POST, "", "", b"{")), 400);
    assert_eq!(status(&call(&Method::GET, "", "", b"{}")), 400);
}

#[test]
fn an_app_without_its_client_state_answers_handshakes_only() {
    let mut app = app("https://graph.example");
    app.secrets.remove("client_state");
    let headers = HeaderMap::new();
    let mut item = notification("created", "1");
    item["clientState"] = "".into();
    let body = json!({ "value": [item] }).to_string();
    let mut request = WebhookRequest {
        method: &Method::POST,
        tail: "",
        query: "",
        headers: &headers,
        body: body.as_bytes(),
    };
    assert_eq!(status(&receive(&app, &request, now())), 401);
    request.query = "validationToken=x";
    assert_eq!(status(&receive(&app, &request, now())), 200);
}

#[test]
fn facts_are_named_by_workspace_conversation_and_change() {
    let facts =
        kept(&json!({ "value": [notification("created", "1")], "validationTokens": ["v"] }));
    assert_eq!(facts[0].workspace.as_str(), TENANT);
    assert_eq!(facts[0].conversation.as_str(), "t/19:c@thread.tacv2");
    let payload: Value = serde_json::from_slice(&facts[0].payload).unwrap();
    assert_eq!(payload["validation_tokens"], json!(["v"]));
    assert_eq!(payload["item"]["resourceData"]["id"], "1");

    let lifecycle = json!({ "value": [{
        "subscriptionId": "s", "clientState": CLIENT_STATE, "tenantId": TENANT,
        "lifecycleEvent": "missed",
    }] });
    assert_eq!(kept(&lifecycle)[0].conversation.as_str(), "");
}

#[test]
fn a_notification_sent_again_has_the_same_key_and_a_later_change_another() {
    let key = |item: &Value| kept(&json!({ "value": [item] }))[0].key.clone();
    let with = |item: &Value, field: &str, value: Value| {
        let mut item = item.clone();
        item[field] = value;
        item
    };
    let created = notification("created", "1");
    let updated = notification("updated", "1");
    let etag = |etag: &str| with(&updated, "resourceData", json!({ "id": "1", "etag": etag }));
    let sealed = |data: &str| {
        with(
            &updated,
            "encryptedContent",
            json!({ "data": data,
        "dataSignature": "", "dataKey": "", "encryptionCertificateId": "",
        "encryptionCertificateThumbprint": "" }),
        )
    };
    for (first, second, same) in [
        (&created, &created, true),
        (&created, &with(&created, "subscriptionId", "other".into()), true),
        (&created, &notification("created", "2"), false),
        (&created, &updated, false),
        (&etag("1"), &etag("1"), true),
        (&etag("1"), &etag("2"), false),
        (&sealed("AAAA"), &sealed("AAAA"), true),
        (&sealed("AAAA"), &sealed("BBBB"), false),
        (&with(&updated, "id", "n1".into()), &with(&updated, "id", "n1".into()), true),
        (&with(&updated, "id", "n1".into()), &with(&updated, "id", "n2".into()), false),
    ] {
        assert_eq!(key(first) == key(second), same, "{first} {second}");
    }
}

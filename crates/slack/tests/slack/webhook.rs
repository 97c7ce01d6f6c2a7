//! What the event address takes, and what it refuses.

use aws_lc_rs::hmac;
use http::{HeaderMap, Method, StatusCode};
use rialto_platform::{AppConfig, Inbound, Platform, Received, WebhookRequest};
use serde_json::{Value, json};

use crate::workspace::{SIGNING_SECRET, app, now, slack};

pub fn signed(body: &[u8], at: i64) -> HeaderMap {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SIGNING_SECRET.as_bytes());
    let base = [format!("v0:{at}:").as_bytes(), body].concat();
    let mut headers = HeaderMap::new();
    let signature = format!("v0={}", hex::encode(hmac::sign(&key, &base)));
    headers.insert("x-slack-signature", signature.parse().unwrap());
    headers.insert("x-slack-request-timestamp", at.to_string().parse().unwrap());
    headers
}

pub fn receive(app: &AppConfig, headers: &HeaderMap, body: &[u8]) -> Received {
    let request = WebhookRequest { method: &Method::POST, tail: "", query: "", headers, body };
    slack().receive(app, &request, now())
}

/// The facts in a properly signed call.
pub fn facts(body: &Value) -> Vec<Inbound> {
    let body = serde_json::to_vec(body).unwrap();
    match receive(&app("https://slack.example"), &signed(&body, now().as_second()), &body) {
        Received::Inbound { inbound, answer } => {
            assert_eq!(answer.status, StatusCode::OK);
            inbound.into_iter().map(rialto_platform::Verified::into_inner).collect()
        }
        other => panic!("{other:?}"),
    }
}

pub fn callback(event: Value) -> Value {
    json!({
        "type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event_time": 1_700_000_000,
        "authorizations": [{ "team_id": "T1", "user_id": "UOWN", "is_bot": true }], "event": event,
    })
}

fn status(received: &Received) -> u16 {
    match received {
        Received::Inbound { answer, .. } | Received::Handshake(answer) => answer.status.as_u16(),
        Received::Refused(refusal) => refusal.status.as_u16(),
    }
}

#[test]
fn only_what_slack_signed_a_moment_ago_is_taken() {
    let app = app("https://slack.example");
    let body = callback(json!({ "type": "message", "channel": "C1", "ts": "1.2" })).to_string();
    let body = body.as_bytes();
    let at = now().as_second();
    assert_eq!(status(&receive(&app, &signed(body, at), body)), 200);
    assert_eq!(status(&receive(&app, &signed(body, at - 300), body)), 200);
    assert_eq!(status(&receive(&app, &signed(body, at - 301), body)), 401);
    assert_eq!(status(&receive(&app, &signed(body, at + 301), body)), 401);
    assert_eq!(status(&receive(&app, &signed(b"other", at), body)), 401);
    assert_eq!(status(&receive(&app, &HeaderMap::new(), body)), 401);
    let mut moved = signed(body, at);
    moved.insert("x-slack-request-timestamp", (at + 1).to_string().parse().unwrap());
    assert_eq!(status(&receive(&app, &moved, body)), 401);
    for broken in [&b"{"[..], b"", b"[]", b"7", b"\xff"] {
        assert_eq!(status(&receive(&app, &signed(broken, at), broken)), 400, "{broken:?}");
    }
}

#[test]
fn the_handshake_is_answered_with_its_challenge() {
    let body = json!({ "type": "url_verification", "challenge": "fake-challenge" }).to_string();
    let body = body.as_bytes();
    let app = app("https://slack.example");
    for (app, headers, expected) in [
        (app.clone(), signed(body, now().as_second()), 200),
        (app.clone(), HeaderMap::new(), 401),
        (AppConfig { secrets: Default::default(), ..app }, HeaderMap::new(), 200),
    ] {
        let received = receive(&app, &headers, body);
        assert_eq!(status(&received), expected);
        if let Received::Handshake(answer) = received {
            assert_eq!(answer.body, "fake-challenge");
        }
    }
}

#[test]
fn without_a_signing_secret_nothing_else_is_taken() {
    let app = AppConfig { secrets: Default::default(), ..app("https://slack.example") };
    let body = callback(json!({ "type": "message" })).to_string();
    let headers = signed(body.as_bytes(), now().as_second());
    assert_eq!(status(&receive(&app, &headers, body.as_bytes())), 401);
}

#[test]
fn what_is_not_known_is_taken_and_dropped() {
    assert_eq!(facts(&json!({ "type": "novelty" })), []);
    assert_eq!(facts(&json!({})), []);
    assert_eq!(facts(&callback(json!({ "no": "type" }))), []);
    let app = app("https://slack.example");
    let body = b"payload=%7B%7D";
    let mut headers = signed(body, now().as_second());
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    assert_eq!(status(&receive(&app, &headers, body)), 200);
}

#[test]
fn one_fact_has_one_key_whatever_the_event_is_called() {
    let changed = |message: Value| {
        json!({ "type": "message", "subtype": "message_changed",
        "channel": "C1", "ts": "9.9", "event_ts": "9.9", "message": message })
    };
    for (event, conversation, key) in [
        (
            json!({ "type": "message", "channel": "C1", "ts": "1.2", "event_ts": "1.2" }),
            "C1",
            "m:1.2",
        ),
        (
            json!({ "type": "message", "subtype": "channel_topic", "channel": "C1", "ts": "1.2" }),
            "C1",
            "x:message:channel_topic:1.2",
        ),
        (changed(json!({ "ts": "1.2", "edited": { "ts": "3.4" } })), "C1", "e:1.2:9.9"),
        (changed(json!({ "ts": "1.2" })), "C1", "e:1.2:9.9"),
        (changed(json!({ "ts": "1.2", "subtype": "tombstone" })), "C1", "d:1.2"),
        (
            json!({ "type": "message", "subtype": "message_deleted", "channel": "C1",
                "deleted_ts": "1.2", "ts": "5.6" }),
            "C1",
            "d:1.2",
        ),
        (
            json!({ "type": "reaction_added", "user": "U1", "reaction": "wave", "event_ts": "7.8",
                "item": { "type": "message", "channel": "C1", "ts": "1.2" } }),
            "C1",
            "r:1.2:U1:wave:+:7.8",
        ),
        (
            json!({ "type": "member_left_channel", "user": "U1", "channel": "C1", "event_ts": "7.8" }),
            "C1",
            "j:U1:-:7.8",
        ),
        (
            json!({ "type": "channel_id_changed", "old_channel_id": "G1", "new_channel_id": "C2" }),
            "G1",
            "c:moved:C2",
        ),
        (
            json!({ "type": "user_change", "user": { "id": "U1" }, "event_ts": "7.8" }),
            "",
            "u:U1:7.8",
        ),
        (json!({ "type": "app_uninstalled" }), "", "s:app_uninstalled:1700000000"),
    ] {
        let mut again = callback(event.clone());
        again["event_id"] = json!("Ev2");
        for body in [callback(event), again] {
            let [fact] = facts(&body).try_into().unwrap();
            assert_eq!((fact.workspace.as_str(), fact.conversation.as_str()), ("T1", conversation));
            assert_eq!(fact.key, key);
        }
    }
}

#[test]
fn the_workspace_is_the_one_where_the_app_is_installed() {
    let installed = |authorization: Value| {
        let mut body = callback(json!({ "type": "app_uninstalled" }));
        body["team_id"] = json!("TOTHER");
        body["authorizations"] = authorization;
        facts(&body)[0].workspace.to_string()
    };
    assert_eq!(installed(json!([{ "team_id": "T1", "enterprise_id": "E1" }])), "T1");
    assert_eq!(
        installed(
            json!([{ "team_id": "T1", "enterprise_id": "E1", "is_enterprise_install": true }])
        ),
        "E1"
    );
    assert_eq!(installed(json!([])), "TOTHER");
    assert_eq!(installed(Value::Null), "TOTHER");
}

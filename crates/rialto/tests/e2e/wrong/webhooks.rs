//! Calls to the webhook addresses that are not what they should be.

use aws_lc_rs::hmac;
use jiff::SignedDuration;
use rialto_platform::{Clock as _, SystemClock, http::client};
use rialto_testkit::Side;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{app, vendors_app};
use crate::connected;

/// A call as Slack signs it, with what is wrong about it.
struct Call {
    body: String,
    secret: Option<String>,
    age: SignedDuration,
}

impl Call {
    async fn make(self, url: &str) -> (u16, Value) {
        let time = (SystemClock.now() - self.age).as_second().to_string();
        let mut request = client().unwrap().post(url);
        if let Some(secret) = &self.secret {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            let signature = hmac::sign(&key, format!("v0:{time}:{}", self.body).as_bytes());
            request = request
                .header("x-slack-request-timestamp", time)
                .header("x-slack-signature", format!("v0={}", hex::encode(signature)));
        }
        answer(request.body(self.body)).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.header("content-type", "application/json").send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// Ten megabytes are refused for their announced length, before any of them is sent.
async fn assert_too_large(url: &str) {
    let url = url::Url::parse(url).unwrap();
    let address = url.socket_addrs(|| None).unwrap()[0];
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let call = format!(
        "POST {} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
        url.path(),
        10 << 20
    );
    stream.write_all(call.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("larger than anything Rialto takes"), "{answer}");
}

fn event(team: &str) -> String {
    let event = json!({"type": "message", "channel": "C0", "user": "U0", "ts": "1.000100"});
    json!({"type": "event_callback", "team_id": team, "event_id": "Ev1", "event": event})
        .to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_not_the_vendors_or_makes_no_sense_is_refused_with_the_reason() {
    let world = connected().await;
    let base = world.api.base();
    let secret = vendors_app(&world).await["signing_secret"].as_str().unwrap().to_owned();
    let slack = format!("{base}/webhooks/slack/{}", app(&world, Side::Slack).await);
    let right =
        || Call { body: event("T0"), secret: Some(secret.clone()), age: SignedDuration::ZERO };
    let minutes = SignedDuration::from_mins;
    let another = format!("{slack}0");
    for (url, call, status, words) in [
        (&slack, Call { secret: None, ..right() }, 401, "no request timestamp"),
        (&slack, Call { secret: Some("guess".into()), ..right() }, 401, "signature does not match"),
        (&slack, Call { age: minutes(6), ..right() }, 401, "timestamp is too far off"),
        (&slack, right(), 404, "the workspace is not connected here: connect it"),
        (&slack, Call { body: "{\"type\":".into(), ..right() }, 400, "not a JSON object"),
        (&slack, Call { body: "[]".into(), ..right() }, 400, "not a JSON object"),
        (&another, right(), 404, "no application has this webhook address"),
    ] {
        let (answered, problem) = call.make(url).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(answered == status && detail.contains(words), "{words}: {answered} {problem}");
    }
    assert_too_large(&slack).await;
    // Four minutes are within what Slack allows.
    let (status, _) = Call { age: minutes(4), ..right() }.make(&slack).await;
    assert_eq!(status, 404);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_without_our_secret_is_refused_with_the_reason() {
    let world = connected().await;
    let teams = format!("{}/webhooks/teams/{}", world.api.base(), app(&world, Side::Teams).await);
    let forged = json!({"value": [{
        "subscriptionId": "s", "clientState": "guess", "changeType": "created",
        "resource": "teams('t')/channels('c')/messages('1')", "resourceData": {"id": "1"},
    }]});
    for (body, status, words) in [
        (forged.to_string(), 401, "client state"),
        ("{\"value\":".into(), 400, "no batch of notifications"),
    ] {
        let (answered, problem) = answer(client().unwrap().post(&teams).body(body)).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(answered == status && detail.contains(words), "{words}: {answered} {problem}");
    }
    assert_too_large(&teams).await;
    world.stop().await;
}

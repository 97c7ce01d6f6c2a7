//! What stands between Rialto and the sandbox's Slack: calls and their answers, events and files go
//! through it, and none of them is quite the same afterwards.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_lc_rs::hmac;
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use rialto_platform::http::{Http, client};
use rialto_testkit::{Api, World};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::form_urlencoded;

use super::{ids, odd};

/// Bytes of a call or an event at most.
const LARGEST: usize = 8 << 20;
/// Lists that come in pages, and what is in them.
const LISTS: [(&str, &str); 4] = [
    ("conversations.list", "channels"),
    ("users.conversations", "channels"),
    ("conversations.history", "messages"),
    ("conversations.replies", "messages"),
];
/// The cursor after a first page with nothing on it.
const AFTER_NOTHING: &str = "YWZ0ZXI6bm90aGluZw==";

/// What went through.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) calls: u64,
    pub(super) slow: u64,
    pub(super) pages: u64,
    pub(super) events: u64,
    pub(super) unknown_events: u64,
    /// Events that Rialto answered with anything but success.
    pub(super) refused: Vec<String>,
}

/// The front. It stands as long as the test runs.
pub(super) struct Front {
    pub(super) url: String,
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    /// Slack, Rialto, and the sandbox's control.
    behind: OnceLock<(String, String, Api)>,
    secret: OnceCell<String>,
    seen: std::sync::Mutex<Seen>,
}

impl Front {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            http: client().unwrap(),
            behind: OnceLock::new(),
            secret: OnceCell::new(),
            seen: std::sync::Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// Tells it what is behind it.
    pub(super) async fn stand_before(&self, world: &World) {
        let rialto = world.rialto.lock().await.url();
        let behind = (world.urls().slack.clone(), rialto, world.control.clone());
        self.inner.behind.set(behind).expect("it stands before one world");
    }

    pub(super) fn seen(&self) -> Seen {
        self.inner.seen.lock().unwrap().clone()
    }
}

async fn pass(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let Some((slack, rialto, _)) = inner.behind.get() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    if path.starts_with("/webhooks/slack/") {
        return inner.event(parts, to_bytes(body, LARGEST).await.unwrap()).await;
    }
    if let Some(method) = path.strip_prefix("/api/") {
        return inner.call(method, parts, to_bytes(body, LARGEST).await.unwrap()).await;
    }
    // Files and pages; and what others than Slack send to Rialto.
    let is_for_rialto = ["/webhooks/", "/oauth/callback", "/avatars/"];
    let is_for_rialto = is_for_rialto.iter().any(|prefix| path.starts_with(prefix));
    let target = parts.uri.path_and_query().map_or("/", |it| it.as_str());
    let url = match is_for_rialto {
        true => format!("{rialto}{target}"),
        false => format!("{slack}{}", ids::home_text(target)),
    };
    let body = reqwest::Body::wrap_stream(body.into_data_stream());
    let answer = inner.http.request(parts.method, url).headers(kept(&parts.headers)).body(body);
    match answer.send().await {
        Ok(answer) => {
            let (status, headers) = (answer.status(), kept(answer.headers()));
            (status, headers, Body::from_stream(answer.bytes_stream())).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// Headers without those that are of one connection only.
fn kept(headers: &HeaderMap) -> HeaderMap {
    let of_a_connection = [header::HOST, header::CONNECTION, header::TRANSFER_ENCODING];
    let kept = headers.iter().filter(|(name, _)| !of_a_connection.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Headers of a body that is another one than before.
fn rewritten(headers: &HeaderMap) -> HeaderMap {
    let mut headers = kept(headers);
    headers.remove(header::CONTENT_LENGTH);
    headers
}

impl Inner {
    /// How long the answer to a call takes: every fifth is slow, up to a second.
    fn delay(&self) -> Duration {
        let mut seen = self.seen.lock().unwrap();
        seen.calls += 1;
        let number = seen.calls;
        if !number.is_multiple_of(5) {
            return Duration::from_millis(number % 7);
        }
        seen.slow += 1;
        Duration::from_millis(200 + number * 131 % 800)
    }

    /// Rialto calls Slack.
    async fn call(&self, method: &str, parts: Parts, body: Bytes) -> Response {
        let (slack, _, _) = self.behind.get().unwrap();
        let list = LISTS.iter().find(|(list, _)| *list == method).map(|(_, items)| *items);
        let mut query: Vec<(String, String)> =
            form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .map(|(name, value)| (name.into_owned(), ids::home_text(&value)))
                .collect();
        let mut first = false;
        if list.is_some() {
            let cursor = query.iter().find(|(name, _)| name == "cursor").map(|it| it.1.clone());
            first = cursor.is_none();
            let ours = cursor.as_deref() == Some(AFTER_NOTHING);
            query.retain(|(name, _)| name != "limit" && (name != "cursor" || !ours));
            query.push(("limit".into(), "1".into()));
        }
        tokio::time::sleep(self.delay()).await;
        let answer = self
            .http
            .request(parts.method, format!("{slack}/api/{method}"))
            .query(&query)
            .headers(rewritten(&parts.headers))
            .body(at_home(&parts.headers, &body))
            .send()
            .await;
        let Ok(answer) = answer else { return StatusCode::BAD_GATEWAY.into_response() };
        let (status, headers) = (answer.status(), rewritten(answer.headers()));
        let body = answer.bytes().await.unwrap();
        let Ok(mut value) = serde_json::from_slice::<Value>(&body) else {
            return (status, headers, body).into_response();
        };
        if let Some(items) = list.filter(|_| value["ok"] == true) {
            self.seen.lock().unwrap().pages += 1;
            if first {
                value[items] = json!([]);
                value["response_metadata"] = json!({"next_cursor": AFTER_NOTHING});
            }
        }
        odd::answer(&mut value);
        (status, headers, ids::abroad(value).to_string()).into_response()
    }

    /// Slack tells Rialto.
    async fn event(&self, parts: Parts, body: Bytes) -> Response {
        let Ok(mut value) = serde_json::from_slice::<Value>(&body) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        if value["type"] == "event_callback" {
            let number = {
                let mut seen = self.seen.lock().unwrap();
                seen.events += 1;
                seen.events
            };
            if number.is_multiple_of(3) {
                self.seen.lock().unwrap().unknown_events += 1;
                self.tell(&parts, odd::unknown_event(&value, number / 3)).await;
            }
        }
        odd::event(&mut value);
        self.tell(&parts, value).await
    }

    async fn tell(&self, parts: &Parts, value: Value) -> Response {
        let (_, rialto, _) = self.behind.get().unwrap();
        let kind = value["event"]["type"].as_str().or(value["type"].as_str()).unwrap_or_default();
        let kind = kind.to_owned();
        let body = ids::abroad(value).to_string();
        let mut headers = rewritten(&parts.headers);
        if let Some(secret) = self.secret().await {
            let time = headers["x-slack-request-timestamp"].to_str().unwrap();
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            let signature = hmac::sign(&key, format!("v0:{time}:{body}").as_bytes());
            let signature = format!("v0={}", hex::encode(signature)).parse().unwrap();
            headers.insert(HeaderName::from_static("x-slack-signature"), signature);
        }
        let url = format!("{rialto}{}", parts.uri.path());
        let answer = self.http.post(url).headers(headers).body(body).send().await;
        let Ok(answer) = answer else { return StatusCode::BAD_GATEWAY.into_response() };
        let (status, headers) = (answer.status(), rewritten(answer.headers()));
        if !status.is_success() {
            self.seen.lock().unwrap().refused.push(format!("{kind}: {status}"));
        }
        (status, headers, answer.bytes().await.unwrap()).into_response()
    }

    /// The app's signing secret; not yet known while the address is being checked.
    async fn secret(&self) -> Option<String> {
        let (_, _, control) = self.behind.get()?;
        let secret = self.secret.get_or_try_init(|| async {
            let apps = control.get("/slack/apps").await.map_err(drop)?;
            apps[0]["signing_secret"].as_str().map(str::to_owned).ok_or(())
        });
        secret.await.ok().cloned()
    }
}

/// A call's body with ids as they are at home.
fn at_home(headers: &HeaderMap, body: &Bytes) -> Vec<u8> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or("");
    if kind.starts_with("application/json") {
        let value = serde_json::from_slice(body).unwrap();
        return ids::home(value).to_string().into_bytes();
    }
    if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs =
            form_urlencoded::parse(body).map(|(name, value)| (name, ids::home_text(&value)));
        return form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into();
    }
    body.to_vec()
}

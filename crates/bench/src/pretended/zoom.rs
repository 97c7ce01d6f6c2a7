//! A pretended Zoom Team Chat with its sign-in service, and the events it sends.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use anyhow::Result;
use aws_lc_rs::hmac;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{Method, StatusCode, Uri},
    response::Response,
};
use parking_lot::RwLock;
use serde_json::{Value, json};

use super::{
    Platform, Pretended, Side,
    listen::{field, json_answer, listen, parameter, serve, text_answer},
};
use crate::{
    clock,
    event::{Events, PEOPLE, Spoken, request},
    ledger::{self, Ledger},
};

/// The secret token of the bench's application.
const SECRET_TOKEN: &str = "fedcba9876543210fedcba9876543210";
/// The account.
const ACCOUNT: &str = "benchaccount";
/// The service user.
const SERVICE_USER: &str = "uservice";

/// The pretended Zoom.
#[derive(Clone)]
pub(super) struct ZoomApi {
    inner: Arc<Inner>,
    /// Where it is, the sign-in service too; without a slash at the end.
    url: String,
}

#[derive(Default)]
struct Inner {
    ledger: RwLock<Option<Arc<Ledger>>>,
    channels: AtomicUsize,
    posts: AtomicU64,
}

fn channel_id(number: usize) -> String {
    format!("c{number:031}")
}

impl ZoomApi {
    /// Starts it in this process.
    ///
    /// # Errors
    /// When no port is free.
    pub(super) async fn start() -> Result<Self> {
        let (listener, url) = listen().await?;
        let api = Self { inner: Arc::default(), url };
        serve(listener, Router::new().fallback(answer).with_state(api.clone()));
        Ok(api)
    }
}

impl Pretended for ZoomApi {
    fn starts_anew(&self, channels: usize) {
        self.inner.channels.store(channels, Relaxed);
    }

    fn tells(&self, ledger: &Arc<Ledger>) {
        *self.inner.ledger.write() = Some(ledger.clone());
    }

    fn app(&self) -> Value {
        json!({
            "client_id": "bench", "client_secret": "bench", "secret_token": SECRET_TOKEN,
            "api_url": format!("{}/v2/", self.url), "file_url": format!("{}/v2/", self.url),
            "login_url": format!("{}/", self.url),
        })
    }

    fn token(&self, _side: Side) -> Option<String> {
        None
    }

    fn channel(&self, _side: Side, number: usize) -> String {
        channel_id(number)
    }

    fn events(&self, path: &str) -> Arc<dyn Events> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET_TOKEN.as_bytes());
        Arc::new(ZoomEvents { key, path: path.into() })
    }
}

async fn answer(State(api): State<ZoomApi>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let value = match (method, path.as_slice()) {
        (Method::POST, ["v2", "chat", "users", "me", "messages"]) => return api.post(&body),
        (Method::POST, ["oauth", "token"]) => Some(token()),
        // A channel for the canary cannot be made: nobody would tell of its reactions.
        (Method::GET, ["v2", rest @ ..]) => api.read(rest, uri.query()),
        _ => None,
    };
    match value {
        Some(value) => json_answer(StatusCode::OK, &value),
        None => json_answer(StatusCode::NOT_FOUND, &json!({"code": 404, "message": uri.path()})),
    }
}

fn token() -> Value {
    json!({
        "access_token": "bench", "token_type": "bearer", "refresh_token": "bench",
        "expires_in": 3_599,
    })
}

impl ZoomApi {
    fn post(&self, body: &[u8]) -> Response {
        let channel = field(body, br#""to_channel":""#).unwrap_or_default();
        let ledger = self.inner.ledger.read().clone();
        if let Some(ledger) = ledger {
            ledger.arrived(Platform::Zoom, channel, body);
        }
        let number = self.inner.posts.fetch_add(1, Relaxed);
        text_answer(
            StatusCode::CREATED,
            format!(r#"{{"id":"AAAAAAAA-AAAA-4AAA-8AAA-{number:012}"}}"#),
        )
    }

    fn read(&self, path: &[&str], query: Option<&str>) -> Option<Value> {
        match path {
            ["users", "me"] => Some(of_person(SERVICE_USER, "Rialto")),
            ["users", person] => Some(of_person(person, &format!("Person {person}"))),
            ["chat", "users", "me", "contacts", person] => {
                Some(of_person(person.split('@').next().unwrap_or_default(), person))
            }
            ["chat", "users", "me", "channels"] => {
                let size = parameter(query, "page_size").parse().unwrap_or(10);
                Some(self.page(size, parameter(query, "next_page_token")))
            }
            ["chat", "users", "me", "messages"] => Some(json!({"messages": []})),
            ["chat", "channels"] => Some(json!({"channels": []})),
            ["chat", "channels", channel] => Some(of_channel(channel)),
            _ => None,
        }
    }

    fn page(&self, size: usize, token: &str) -> Value {
        let all = self.inner.channels.load(Relaxed);
        let from: usize = token.parse().unwrap_or_default();
        let until = (from + size).min(all);
        let channels: Vec<_> = (from..until).map(|it| of_channel(&channel_id(it))).collect();
        let next = if until < all { until.to_string() } else { String::new() };
        json!({"channels": channels, "page_size": size, "next_page_token": next})
    }
}

fn of_person(id: &str, name: &str) -> Value {
    json!({
        "id": id, "member_id": format!("m{id}"), "email": format!("{id}@bench.example"),
        "display_name": name, "pic_url": format!("https://pictures.example/{id}.png"),
        "verified": 1, "status": "active", "account_id": ACCOUNT, "company": "Bench",
    })
}

/// A public one.
fn of_channel(id: &str) -> Value {
    json!({"id": id, "name": id, "type": 3})
}

/// Zoom's events about new messages.
struct ZoomEvents {
    key: hmac::Key,
    path: String,
}

impl Events for ZoomEvents {
    fn message(&self, number: u64, channel: usize) -> Vec<u8> {
        let spoken = Spoken::now(number, channel);
        let (id, millis, created) = (spoken.uuid().to_uppercase(), spoken.millis, spoken.at());
        let (text, person, channel) = (ledger::text(number), number % PEOPLE, channel_id(channel));
        let body = format!(
            r#"{{"event":"team_chat.channel_message_posted","event_ts":{millis},"payload":{{"account_id":"{ACCOUNT}","operator":"u{person:06}@bench.example","operator_id":"u{person:06}","operator_member_id":"mu{person:06}","by_external_user":false,"object":{{"message_id":"{id}","date_time":"{created}","timestamp":{millis},"channel_id":"{channel}","channel_owner_account_id":"{ACCOUNT}","session_id":"{channel}","channel_name":"{channel}","message":"{text}"}}}}}}"#
        );
        let seconds = clock::unix_micros() / 1_000_000;
        let mut context = hmac::Context::with_key(&self.key);
        context.update(format!("v0:{seconds}:").as_bytes());
        context.update(body.as_bytes());
        let signature = hex::encode(context.sign());
        let headers = [
            ("user-agent", "Zoom Marketplace/1.0a"),
            ("x-zm-request-timestamp", &seconds.to_string()),
            ("x-zm-signature", &format!("v0={signature}")),
        ];
        request(&self.path, &headers, &body)
    }
}

//! An app's event URL: answers challenges, checks signatures, remembers events, answers as told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

pub const SECRET: &str = "fake-secret-token";

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    state: Arc<State>,
    server: Arc<tokio::task::JoinHandle<std::io::Result<()>>>,
}

#[derive(Default)]
struct State {
    got: Mutex<Vec<(HeaderMap, Bytes)>>,
    /// Answers to give to events before all others are 200.
    script: Mutex<VecDeque<u16>>,
    /// What every request is answered with, challenges too.
    always: Mutex<Option<u16>>,
    /// Whether challenges are answered with a hash that anybody could send.
    wrong_secret: AtomicBool,
    more: Notify,
}

pub fn hmac_hex(text: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hex::encode(hmac::sign(&key, text))
}

impl Receiver {
    pub async fn start() -> Self {
        let state = Arc::new(State::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let shared = state.clone();
        let router = axum::Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let state = shared.clone();
            async move { state.take(headers, body) }
        });
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state, server: Arc::new(server) }
    }

    /// From now on challenges are answered without the secret.
    pub fn forget_the_secret(&self) {
        self.state.wrong_secret.store(true, Ordering::Relaxed);
    }

    /// Nobody listens any more.
    pub fn stop(&self) {
        self.server.abort();
    }

    pub fn answer_next(&self, statuses: &[u16]) {
        self.state.script.lock().extend(statuses);
    }

    pub fn answer_always(&self, status: Option<u16>) {
        *self.state.always.lock() = status;
    }

    pub fn requests(&self) -> Vec<(HeaderMap, Value)> {
        let got = self.state.got.lock();
        got.iter()
            .map(|(headers, body)| (headers.clone(), serde_json::from_slice(body).unwrap()))
            .collect()
    }

    /// All events so far, without challenges.
    pub fn events(&self) -> Vec<Value> {
        let all = self.requests().into_iter().map(|(_, body)| body);
        all.filter(|body| body["event"] != "endpoint.url_validation").collect()
    }

    pub fn names(&self) -> Vec<String> {
        self.events().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    }

    /// The only event of that name.
    pub fn only(&self, name: &str) -> Value {
        let all: Vec<Value> = self.events().into_iter().filter(|e| e["event"] == name).collect();
        assert_eq!(all.len(), 1, "{name} among {:?}", self.names());
        all[0].clone()
    }

    /// Waits until `count` requests have come.
    pub async fn count(&self, count: usize) {
        let wait = async {
            loop {
                let more = self.state.more.notified();
                if self.state.got.lock().len() >= count {
                    return;
                }
                more.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), wait).await;
        waited.unwrap_or_else(|_| panic!("only {} requests", self.state.got.lock().len()));
    }

    pub fn clear(&self) {
        self.state.got.lock().clear();
    }
}

impl State {
    fn take(&self, headers: HeaderMap, body: Bytes) -> Response {
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let seconds = headers["x-zm-request-timestamp"].to_str().unwrap();
        let signed = [format!("v0:{seconds}:").as_bytes(), &body].concat();
        assert_eq!(headers["x-zm-signature"], format!("v0={}", hmac_hex(&signed)));
        self.got.lock().push((headers, body));
        self.more.notify_waiters();
        let challenge = json["payload"]["plainToken"].as_str();
        let scripted = challenge.is_none().then(|| self.script.lock().pop_front()).flatten();
        let status = scripted.or(*self.always.lock()).unwrap_or(200);
        let status = StatusCode::from_u16(status).unwrap();
        match challenge {
            Some(plain) if status.is_success() => {
                let wrong = self.wrong_secret.load(Ordering::Relaxed);
                let hash = if wrong { "0".repeat(64) } else { hmac_hex(plain.as_bytes()) };
                let answer = json!({"plainToken": plain, "encryptedToken": hash});
                (status, axum::Json(answer)).into_response()
            }
            _ => status.into_response(),
        }
    }
}

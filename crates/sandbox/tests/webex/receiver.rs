//! A webhook's target: checks signatures, remembers what came, answers as told.

use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use serde_json::Value;

pub const SECRET: &str = "fake-webhook-secret";

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    got: Mutex<Vec<(HeaderMap, Bytes)>>,
    /// What every request is answered with instead of 200.
    always: Mutex<Option<u16>>,
}

/// Hexadecimal HMAC-SHA-1, computed here for itself.
pub fn signature(body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
    hex::encode(hmac::sign(&key, body))
}

impl Receiver {
    pub async fn start() -> Self {
        let state = Arc::new(State::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webex", listener.local_addr().unwrap());
        let shared = state.clone();
        let router = axum::Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let state = shared.clone();
            async move {
                state.got.lock().push((headers, body));
                StatusCode::from_u16(state.always.lock().unwrap_or(200)).unwrap()
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    pub fn answer_always(&self, status: Option<u16>) {
        *self.state.always.lock() = status;
    }

    pub fn requests(&self) -> Vec<(HeaderMap, Bytes)> {
        self.state.got.lock().clone()
    }

    pub fn events(&self) -> Vec<Value> {
        let requests = self.requests();
        requests.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }

    /// `messages.created` and the like, in the order of arrival.
    pub fn names(&self) -> Vec<String> {
        let name = |event: &Value| {
            let text = |key: &str| event[key].as_str().unwrap().to_owned();
            format!("{}.{}", text("resource"), text("event"))
        };
        self.events().iter().map(name).collect()
    }

    pub fn clear(&self) {
        self.state.got.lock().clear();
    }
}

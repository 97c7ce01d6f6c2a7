//! Who listens at the app's address for webhooks: a connector's `receive`, as behind Rialto's own.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode};
use parking_lot::Mutex;

use crate::{AppConfig, Clock, Inbound, Platform, Received, Verified, WebhookRequest};

/// The path of the app's address.
pub(super) const PATH: &str = "/webhooks/app";

/// A webhook as it came.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    tail: String,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Call {
    fn request(&self) -> WebhookRequest<'_> {
        let Self { method, tail, query, headers, body } = self;
        WebhookRequest { method, tail, query, headers, body }
    }

    /// What a connector makes of it.
    pub fn received(
        &self,
        platform: &dyn Platform,
        app: &AppConfig,
        now: jiff::Timestamp,
    ) -> Received {
        platform.receive(app, &self.request(), now)
    }
}

/// Facts of what was received.
pub(super) fn facts(received: Received) -> Vec<Inbound> {
    match received {
        Received::Inbound { inbound, .. } => {
            inbound.into_iter().map(Verified::into_inner).collect()
        }
        Received::Handshake(_) => Vec::new(),
        Received::Refused(refusal) => panic!("a webhook was refused: {refusal}"),
    }
}

pub(super) struct Ear {
    pub platform: Arc<dyn Platform>,
    pub clock: Arc<dyn Clock>,
    pub app: Mutex<AppConfig>,
    pub calls: Mutex<Vec<Call>>,
}

impl Ear {
    pub fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(hear).with_state(self)
    }
}

async fn hear(State(ear): State<Arc<Ear>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 16 << 20).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let tail = parts.uri.path().strip_prefix(PATH).unwrap_or_default().trim_matches('/');
    let call = Call {
        method: parts.method,
        tail: tail.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_vec(),
    };
    let app = ear.app.lock().clone();
    match call.received(ear.platform.as_ref(), &app, ear.clock.now()) {
        Received::Handshake(answer) => answered(answer),
        Received::Inbound { answer, .. } => {
            ear.calls.lock().push(call);
            answered(answer)
        }
        Received::Refused(refusal) => refusal.status.into_response(),
    }
}

fn answered(answer: crate::WebhookAnswer) -> Response {
    let kind = answer.content_type.unwrap_or("text/plain");
    (answer.status, [(http::header::CONTENT_TYPE, kind)], answer.body).into_response()
}

//! An app, its webhooks, an account.

use std::sync::Arc;

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use rialto_model::{AppId, ConnectionId};
use rialto_platform::{
    AppConfig, ConnectContext, Connection, Inbound, Platform, Received, SystemRandom, Toolkit,
    Verified, WebhookRequest,
    testing::{Drawer, StoppedClock},
};
use uuid::Uuid;
use wiremock::MockServer;

use crate::{Zoom, api::Identity, connect::IDENTITY};

pub(super) const SECRET: &str = "fake-secret-token";
/// When events are signed, and when it is.
pub(super) const NOW: i64 = 1_739_923_528;

pub(super) fn toolkit() -> Toolkit {
    let http = rialto_platform::http::client().unwrap();
    Toolkit {
        http,
        clock: Arc::new(StoppedClock::at(Timestamp::from_second(NOW).unwrap())),
        random: Arc::new(SystemRandom),
    }
}

pub(crate) fn app(base: &str) -> AppConfig {
    let setting = |name: &str, value: String| (name.to_owned(), value);
    AppConfig {
        id: AppId::new(Uuid::from_u128(1)),
        settings: [
            setting("client_id", "fake-client".into()),
            setting("api_url", format!("{base}/v2/")),
            setting("file_url", format!("{base}/v2/")),
            setting("login_url", format!("{base}/")),
        ]
        .into(),
        secrets: [
            ("secret_token".to_owned(), SECRET.into()),
            ("client_secret".to_owned(), "fake-client-secret".into()),
        ]
        .into(),
        webhook_url: "https://rialto.example/webhooks/zoom/app".parse().unwrap(),
        redirect_url: "https://rialto.example/oauth/callback".parse().unwrap(),
    }
}

/// Who signs their calls so.
pub(super) fn signed(secret: &str, at: i64, body: &[u8]) -> HeaderMap {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hmac::sign(&key, &[format!("v0:{at}:").as_bytes(), body].concat());
    let value = |text: String| HeaderValue::from_str(&text).unwrap();
    HeaderMap::from_iter([
        (
            HeaderName::from_static("x-zm-signature"),
            value(format!("v0={}", hex::encode(signature))),
        ),
        (HeaderName::from_static("x-zm-request-timestamp"), value(at.to_string())),
    ])
}

pub(super) fn received(headers: &HeaderMap, body: &[u8]) -> Received {
    let request = WebhookRequest { method: &Method::POST, tail: "", query: "", headers, body };
    Zoom::new(toolkit()).receive(
        &app("https://a.example"),
        &request,
        Timestamp::from_second(NOW).unwrap(),
    )
}

/// The facts of a call that Zoom signed.
pub(super) fn facts(body: &[u8]) -> Vec<Inbound> {
    match received(&signed(SECRET, NOW, body), body) {
        Received::Inbound { inbound, .. } => {
            inbound.into_iter().map(Verified::into_inner).collect()
        }
        other => panic!("{other:?}"),
    }
}

pub(super) fn own() -> Identity {
    Identity {
        user_id: "own-user".into(),
        member_id: Some("own-member".into()),
        email: "rialto@acme.example".into(),
        name: "Rialto".into(),
        ..Identity::default()
    }
}

/// A connection to a pretended Zoom, and what it remembers: a token that lives for so many seconds.
pub(super) fn connected(zoom: &MockServer, life: i64) -> (Arc<dyn Connection>, Arc<Drawer>) {
    let at = |seconds: i64| Timestamp::from_second(NOW + seconds).unwrap();
    let tokens = serde_json::json!({
        "access": "fake-access-1", "refresh": "fake-refresh-1", "account": null,
        "issued": at(life - 3_600), "expires": at(life), "scope": "",
    });
    let cabinet = Arc::new(Drawer::default());
    let identity = serde_json::to_string(&own()).unwrap();
    cabinet
        .entries
        .lock()
        .extend([("tokens".to_owned(), tokens.to_string()), (IDENTITY.to_owned(), identity)]);
    let context = ConnectContext {
        connection: ConnectionId::new(Uuid::from_u128(2)),
        app: app(&zoom.uri()),
        workspace: "account-1".into(),
        cabinet: cabinet.clone(),
    };
    (Zoom::new(toolkit()).connect(context).unwrap(), cabinet)
}

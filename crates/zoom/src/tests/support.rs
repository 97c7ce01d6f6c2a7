//! An app, its webhooks, an account.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_model::{AppId, ConnectionId};
use rialto_platform::{
    AppConfig, Cabinet, CabinetError, Clock, ConnectContext, Connection, Inbound, Platform,
    Received, SystemRandom, Toolkit, Verified, WebhookRequest,
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use wiremock::MockServer;

use crate::{Zoom, api::Identity, connect::IDENTITY};

pub(super) const SECRET: &str = "fake-secret-token";
/// When events are signed, and when it is.
pub(super) const NOW: i64 = 1_739_923_528;

/// A clock that stands still.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(NOW).unwrap()
    }
}

/// A cabinet in memory.
#[derive(Debug, Default)]
pub(super) struct Drawer(pub Mutex<BTreeMap<String, String>>);

#[async_trait]
impl Cabinet for Drawer {
    async fn get(&self, key: &str) -> Result<Option<SecretString>, CabinetError> {
        Ok(self.0.lock().get(key).cloned().map(Into::into))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<(String, SecretString)>, CabinetError> {
        let all = self.0.lock();
        let found = all.iter().filter(|(key, _)| key.starts_with(prefix));
        Ok(found.map(|(key, value)| (key.clone(), value.clone().into())).collect())
    }

    async fn put(&self, key: &str, value: SecretString) -> Result<(), CabinetError> {
        self.0.lock().insert(key.to_owned(), value.expose_secret().to_owned());
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), CabinetError> {
        self.0.lock().remove(key);
        Ok(())
    }
}

pub(super) fn toolkit() -> Toolkit {
    let http = rialto_platform::http::client().unwrap();
    Toolkit { http, clock: Arc::new(Still), random: Arc::new(SystemRandom) }
}

pub(super) fn app(base: &str) -> AppConfig {
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
        acted_for: false,
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
        .0
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

/// The published payloads; says so where they are not.
pub(super) fn fixtures() -> Option<PathBuf> {
    let root = std::env::var_os("RIALTO_CONTRACTS").unwrap_or("../shared/contracts".into());
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(root);
    let fixtures = root.join("zoom/fixtures");
    if fixtures.is_dir() {
        return Some(fixtures);
    }
    eprintln!("SKIPPED: no Zoom fixtures at {} (set RIALTO_CONTRACTS)", fixtures.display());
    None
}

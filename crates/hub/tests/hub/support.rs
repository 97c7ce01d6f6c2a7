//! A hub to call.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use rialto_hub::{Hub, HubOptions, Problem, router};
use rialto_model::OrganizationId;
use rialto_platform::{Clock as _, Platform, SystemClock, SystemRandom, Toolkit};
use rialto_relay::{
    AvatarLinks, Platforms, Relay, RelaySettings,
    admin::{AppView, NewApp, Who},
};
use rialto_store::{Key, MemoryStore, Now, SqlOptions, SqlStore, Store, Vault};
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::Url;

use crate::pretended::{Channels, Pretended};

pub const TOKEN: &str = "fake-admin-token";
pub const SECRET: &str = "fake-webhook-secret";

fn now() -> Now {
    Arc::new(|| SystemClock.now())
}

pub struct TestHub {
    pub hub: Hub,
    pub router: Router,
    pub relay: Relay,
    pub app: AppView,
    pub avatars: AvatarLinks,
    pub channels: Arc<Channels>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl TestHub {
    pub async fn new() -> Self {
        let organization = OrganizationId::new(uuid::Uuid::from_u128(1));
        Self::over(Arc::new(MemoryStore::new(organization, now()))).await
    }

    /// Over a database that is full.
    pub async fn with_full_disk(folder: &tempfile::TempDir) -> Self {
        let open = async |full: bool| {
            let options = SqlOptions::new(folder.path().join("rialto.db"));
            let options = if full { options.max_page_count(1) } else { options };
            let key = Key::from_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
            Arc::new(SqlStore::open(options, Vault::new(&key), now()).await.unwrap())
        };
        let store = open(false).await;
        let before = Self::over(store.clone()).await;
        assert_eq!(before.connect().await.status, StatusCode::CREATED);
        let app = before.app.clone();
        before.relay.stop().await;
        store.close().await;
        Self { app, ..Self::without_app(open(true).await).await }
    }

    async fn over(store: Arc<dyn Store>) -> Self {
        let hub = Self::without_app(store).await;
        let values = [("client_id", "1.2"), ("webhook_secret", SECRET)];
        let new = NewApp {
            platform: "pretended".into(),
            name: None,
            values: BTreeMap::from(values.map(|(name, value)| (name.into(), value.into()))),
        };
        let app = hub.relay.add_app(&Who::new("the test"), new).await.unwrap();
        Self { app, ..hub }
    }

    async fn without_app(store: Arc<dyn Store>) -> Self {
        let toolkit = Toolkit {
            http: rialto_platform::http::client().unwrap(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        };
        let url = Url::parse("https://rialto.test").unwrap();
        let channels = Arc::new(Channels::default());
        let platforms: Platforms =
            [Arc::new(Pretended::new(channels.clone())) as Arc<dyn Platform>].into_iter().collect();
        let avatars = AvatarLinks::new(url.clone(), &SecretString::from("fake-key"));
        let settings = RelaySettings { avatars: Some(avatars.clone()), ..RelaySettings::new(url) };
        let relay = Relay::start(store, platforms, toolkit, settings).await.unwrap();
        let hub = Hub::new(HubOptions {
            relay: relay.clone(),
            admin_token: TOKEN.into(),
            metrics: Arc::new(|| "rialto_webhooks_total 1\n".into()),
        });
        let app = serde_json::from_value(json!({
            "id": "app_00000000000000000000000000000000", "platform": "", "name": "",
            "settings": {}, "secrets": [], "missing": [], "webhook_url": "", "redirect_url": "",
            "connections": 0,
        }));
        Self { router: router(hub.clone()), hub, relay, app: app.unwrap(), avatars, channels }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// A call of the admin API with the token.
    pub async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    /// A webhook with the app's secret.
    pub async fn webhook(&self, text: impl Into<Body>) -> Answer {
        let path = format!("/webhooks/pretended/{}", self.app.id);
        let request = Request::post(path).header("x-secret", SECRET);
        self.send(request.body(text.into()).unwrap()).await
    }

    /// Connects the workspace `acme` by a token.
    pub async fn connect(&self) -> Answer {
        let path = format!("apps/{}/tokens", self.app.id);
        self.admin(Method::POST, &path, Some(json!({ "token": "fake-token" }))).await
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The problem that this is; fails when it is none, or not as it should be.
    #[track_caller]
    pub fn problem(&self, status: StatusCode) -> Problem {
        assert_eq!(self.status, status, "{}", self.body);
        let kind = self.headers.get(header::CONTENT_TYPE).unwrap().to_str().unwrap();
        assert!(kind.starts_with("application/problem+json"), "{kind}");
        let problem: Problem = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem.status, status.as_u16());
        assert!(!problem.detail.is_empty() && !problem.title.is_empty());
        problem
    }
}

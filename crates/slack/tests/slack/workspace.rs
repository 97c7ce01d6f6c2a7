//! A workspace to test against: a server in Slack's place, a clock and a cabinet.

use std::sync::Arc;

use jiff::Timestamp;
use rialto_model::{AppId, Begun, ConnectionId, DeliveryId, PartKey, RemoteId};
use rialto_platform::{
    AppConfig, ConnectContext, Connection, Part, Platform, Post, SystemRandom, Toolkit,
    UploadedFile,
    testing::{Drawer, StoppedClock},
};
use rialto_slack::Slack;
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::{
    Match, Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

pub const NOW: &str = "2026-11-22T10:00:00Z";
pub const SIGNING_SECRET: &str = "fake-signing-secret";

pub fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// The connector, with an app whose addresses are a server's.
pub fn slack() -> Slack {
    slack_by(Arc::new(StoppedClock::at(now())))
}

fn slack_by(clock: Arc<StoppedClock>) -> Slack {
    let (http, random) = (rialto_platform::http::client().unwrap(), Arc::new(SystemRandom));
    Slack::new(Toolkit { http, clock, random })
}

pub fn app(base: &str) -> AppConfig {
    let texts = [
        ("client_id", "111.222".to_owned()),
        ("api_url", format!("{base}/api/")),
        ("authorize_url", format!("{base}/oauth/v2/authorize")),
    ];
    let secrets = [("client_secret", "fake-client-secret"), ("signing_secret", SIGNING_SECRET)];
    AppConfig {
        id: AppId::new(Uuid::from_u128(1)),
        settings: texts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        secrets: secrets.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect(),
        webhook_url: "https://rialto.example/webhooks/slack/app".parse().unwrap(),
        redirect_url: "https://rialto.example/oauth/callback".parse().unwrap(),
    }
}

pub struct Workspace {
    pub server: MockServer,
    pub clock: Arc<StoppedClock>,
    pub cabinet: Arc<Drawer>,
    pub connection: Arc<dyn Connection>,
}

/// An authorized workspace whose token lives for ever.
pub async fn workspace() -> Workspace {
    workspace_with(json!({ "access": "xoxb-fake", "issued": NOW })).await
}

pub async fn workspace_with(tokens: Value) -> Workspace {
    let server = MockServer::start().await;
    let cabinet = Arc::new(Drawer::default());
    let own = json!({ "user_id": "UOWN", "bot_id": "BOWN", "app_id": "AOWN" });
    cabinet.entries.lock().insert("tokens".into(), tokens.to_string());
    cabinet.entries.lock().insert("identity".into(), own.to_string());
    let context = ConnectContext {
        connection: ConnectionId::new(Uuid::from_u128(2)),
        app: app(&server.uri()),
        workspace: "T1".into(),
        cabinet: cabinet.clone(),
    };
    let clock = Arc::new(StoppedClock::at(now()));
    let connection = slack_by(clock.clone()).connect(context).unwrap();
    Workspace { server, clock, cabinet, connection }
}

impl Workspace {
    /// Answers a method.
    pub async fn answers(&self, name: &str, answer: Value) {
        self.responds(name, ResponseTemplate::new(200).set_body_json(answer)).await;
    }

    pub async fn responds(&self, name: &str, response: ResponseTemplate) {
        Mock::given(path(format!("/api/{name}"))).respond_with(response).mount(&self.server).await;
    }

    /// Answers the first call of a method.
    pub async fn answers_once(&self, name: &str, answer: Value) {
        Mock::given(path(format!("/api/{name}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .up_to_n_times(1)
            .with_priority(1)
            .mount(&self.server)
            .await;
    }

    /// Answers a method when the call is like this.
    pub async fn answers_if(&self, name: &str, like: impl Match + 'static, answer: Value) {
        Mock::given(path(format!("/api/{name}")))
            .and(like)
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .with_priority(1)
            .mount(&self.server)
            .await;
    }

    /// Takes an upload.
    pub async fn takes(&self, at: &str) {
        Mock::given(method("POST"))
            .and(path(at))
            .respond_with(ResponseTemplate::new(200))
            .mount(&self.server)
            .await;
    }

    /// The calls of a method, in their order.
    pub async fn calls(&self, name: &str) -> Vec<Request> {
        let all = self.server.received_requests().await.unwrap();
        all.into_iter().filter(|request| request.url.path() == format!("/api/{name}")).collect()
    }

    /// The JSON of the only call of a method.
    pub async fn sent(&self, name: &str) -> Value {
        let calls = self.calls(name).await;
        assert_eq!(calls.len(), 1, "calls of {name}");
        calls[0].body_json().unwrap()
    }
}

pub fn begun() -> Begun {
    Begun::committed(DeliveryId::new(Uuid::from_u128(7)), PartKey::Text(0), now())
}

pub fn post<'a>(
    to: &'a RemoteId,
    thread: Option<&'a RemoteId>,
    part: &'a Part,
    files: &'a [UploadedFile<'a>],
) -> Post<'a> {
    Post { to, thread, part, files }
}

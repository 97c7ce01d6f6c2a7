//! An organization on the emulator, an app, its webhooks, the service user's connection.

use std::sync::Arc;

use aws_lc_rs::hmac;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use rialto_model::{
    AppId, Attachment, Begun, ConnectionId, DeliveryId, Event, EventKind, MessageState, PartKey,
    RemoteId,
};
use rialto_platform::{
    AppConfig, AuthorizationAnswer, Authorized, Cabinet, Clock, ConnectContext, Connection,
    Inbound, Outgoing, Part, Platform, Received, SetupError, SystemRandom, Toolkit, Verified,
    WebhookRequest,
    testing::{Drawer, said_elsewhere},
};
use rialto_sandbox::{Sandbox, SandboxOptions, core::Core};
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::{Webex, manifest};

pub(super) const SECRET: &str = "fake-webhook-secret";

/// The emulator's time.
pub(super) struct Emulated(Arc<Core>);

impl std::fmt::Debug for Emulated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Emulated")
    }
}

impl Clock for Emulated {
    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

pub(super) fn app(api: &str, webhooks: &str) -> AppConfig {
    AppConfig {
        id: AppId::new(Uuid::from_u128(1)),
        settings: [("api_url".to_owned(), format!("{api}/v1/"))].into(),
        secrets: [(manifest::WEBHOOK_SECRET.to_owned(), SECRET.into())].into(),
        webhook_url: format!("{webhooks}/webhooks/webex/app").parse().unwrap(),
        redirect_url: "https://rialto.example/oauth/callback".parse().unwrap(),
    }
}

/// Who signs their calls so.
pub(super) fn signed(secret: &str, body: &[u8]) -> HeaderMap {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let signature = hex::encode(hmac::sign(&key, body));
    HeaderMap::from_iter([("x-spark-signature".parse().unwrap(), signature.parse().unwrap())])
}

pub(super) fn received(headers: &HeaderMap, body: &[u8]) -> Received {
    let request = WebhookRequest { method: &Method::POST, tail: "", query: "", headers, body };
    let app = app("https://a.example", "https://b.example");
    crate::webhook::receive(&app, &request, Timestamp::UNIX_EPOCH)
}

/// The facts of a call that Webex signed.
pub(super) fn facts(headers: &HeaderMap, body: &[u8]) -> Vec<Inbound> {
    match received(headers, body) {
        Received::Inbound { inbound, .. } => {
            inbound.into_iter().map(Verified::into_inner).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Acme: Ann, its admin; Bob; the service user Rialto. All are in *general*; in *board*, an announcement
/// space of Ann's, Bob is; in *locked*, a moderated one, Ann alone.
pub(super) struct World {
    pub sandbox: Sandbox,
    pub platform: Webex,
    pub app: AppConfig,
    pub drawer: Arc<Drawer>,
    pub connection: Arc<dyn Connection>,
    /// What Webex calls.
    pub rialto: MockServer,
    http: rialto_platform::http::Http,
}

impl World {
    pub async fn start() -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let rialto = MockServer::start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&rialto).await;
        let http = rialto_platform::http::client().unwrap();
        let clock = Arc::new(Emulated(Arc::clone(sandbox.core())));
        let toolkit = Toolkit { http: http.clone(), clock, random: Arc::new(SystemRandom) };
        let mut app = app(&sandbox.urls().webex, &rialto.uri());
        let control = |path: &str, body: Value| {
            let request = http.post(format!("{}{path}", sandbox.urls().control)).json(&body);
            async move {
                let answer = request.send().await.unwrap();
                assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
                answer.json::<Value>().await.unwrap()
            }
        };
        let acme = json!({ "name": "Acme",
            "people": [
                { "name": "Ann Lee", "email": "ann@acme.example", "admin": true },
                { "name": "Bob Ray", "email": "bob@acme.example" },
                { "name": "Rialto", "email": "rialto@acme.example" },
            ],
            "channels": [
                { "name": "general" },
                { "name": "board", "members": ["Ann Lee", "Bob Ray", "Rialto"], "locked": true,
                  "announcement": true },
                { "name": "locked", "members": ["Ann Lee"], "locked": true },
                { "name": "lobby", "members": ["Ann Lee"], "public": true, "description": "All" },
            ],
            "teams": [{ "name": "Team", "members": ["Rialto"] }] });
        control("/webex/workspaces", acme).await;
        let scopes: Vec<&str> = manifest::SCOPES.iter().map(|(name, _)| *name).collect();
        let registered = json!({ "name": "Bridge", "scopes": scopes,
            "redirect_urls": [app.redirect_url] });
        let registered = control("/webex/apps", registered).await;
        let field = |name: &str| registered[name].as_str().unwrap().to_owned();
        app.settings.insert("client_id".into(), field("client_id"));
        app.secrets.insert("client_secret".into(), field("client_secret").into());
        let platform = Webex::new(toolkit);
        let authorized = sign_in(&platform, &app, &control).await.unwrap();
        let drawer = Arc::new(Drawer::default());
        for (key, value) in &authorized.cabinet {
            drawer.put(key, value.clone()).await.unwrap();
        }
        let connection = connect(&platform, &app, &drawer, &authorized.workspace);
        Self { platform, app, drawer, connection, rialto, http, sandbox }
    }

    /// The same after a restart: nothing is known but what is in the cabinet.
    pub fn restarted(&self) -> Arc<dyn Connection> {
        connect(&self.platform, &self.app, &self.drawer, &"org".into())
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.sandbox.urls().control)).json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    pub async fn look(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.sandbox.urls().control));
        request.send().await.unwrap().json().await.unwrap()
    }

    pub async fn act(&self, mut deed: Value) -> Value {
        deed["workspace"] = "Acme".into();
        self.control("/webex/act", deed).await
    }

    /// The id of what Ann writes in general.
    pub async fn post(&self, text: &str) -> RemoteId {
        let deed = json!({ "as": "Ann Lee", "do": "post", "channel": "general", "text": text });
        self.act(deed).await["id"].as_str().unwrap().into()
    }

    /// What an app of Ann's says in general, in Markdown.
    pub async fn says_by_app(&self, markdown: &str) {
        let app = json!({ "name": "Reporter", "scopes": ["spark:messages_write"],
            "redirect_urls": ["https://reporter.example"],
            "install": [{ "workspace": "Acme", "as": "Ann Lee" }] });
        let app = self.control("/webex/apps", app).await;
        let token = app["installs"][0]["access_token"].as_str().unwrap_or_else(|| panic!("{app}"));
        let said = json!({ "roomId": self.room("general").await, "markdown": markdown });
        let post = self.http.post(format!("{}/v1/messages", self.sandbox.urls().webex));
        let answer = post.bearer_auth(token).json(&said).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    async fn listed(&self, kind: &str, name: &str) -> String {
        let all = self.look("/webex/workspaces").await;
        let mut all = all[0][kind].as_array().unwrap().iter();
        let found = all.find(|it| it["name"] == name).unwrap_or_else(|| panic!("no {name}"));
        found["id"].as_str().unwrap().to_owned()
    }

    pub async fn room(&self, name: &str) -> RemoteId {
        self.listed("channels", name).await.as_str().into()
    }

    pub async fn person(&self, name: &str) -> RemoteId {
        self.listed("people", name).await.as_str().into()
    }

    /// What people see in a space.
    pub async fn view(&self, space: &str) -> Vec<Value> {
        let view = self.look(&format!("/webex/view?workspace=Acme&channel={space}")).await;
        view["messages"].as_array().unwrap_or_else(|| panic!("{view}")).clone()
    }

    pub async fn texts(&self, space: &str) -> Vec<String> {
        let view = self.view(space).await;
        view.iter().map(|it| it["text"].as_str().unwrap().to_owned()).collect()
    }

    pub async fn fault(&self, mut rule: Value) {
        rule["platform"] = "webex".into();
        self.control("/faults", rule).await;
    }

    /// What webhooks told since it was last asked, as events; with what the relay sorts them by.
    pub async fn told(&self) -> Vec<(Inbound, Vec<Event>)> {
        self.look("/idle").await;
        let calls = self.rialto.received_requests().await.unwrap();
        self.rialto.reset().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&self.rialto).await;
        let mut told = Vec::new();
        for call in calls {
            for fact in facts(&call.headers, &call.body) {
                let events = self.connection.normalize(&fact.payload).await.unwrap();
                told.push((fact, events));
            }
        }
        told
    }

    pub async fn events(&self) -> Vec<Event> {
        self.told().await.into_iter().flat_map(|(_, events)| events).collect()
    }

    /// The only message that was told of.
    pub async fn message(&self) -> MessageState {
        let states = self.events().await.into_iter().filter_map(|event| match event.kind {
            EventKind::Message(state) => Some(*state),
            _ => None,
        });
        let [state] = states.collect::<Vec<_>>().try_into().unwrap();
        state
    }

    /// Webhooks as they are.
    pub async fn hooks(&self) -> Vec<Value> {
        self.look("/webex/webhooks").await.as_array().unwrap().clone()
    }

    pub async fn calls(&self, operation: &str) -> usize {
        let path = format!("/calls?platform=webex&operation={}", operation.replace(' ', "%20"));
        self.look(&path).await["calls"].as_array().unwrap().len()
    }

    pub fn toolkit(&self) -> Toolkit {
        let clock = Arc::new(Emulated(Arc::clone(self.sandbox.core())));
        Toolkit { http: self.http.clone(), clock, random: Arc::new(SystemRandom) }
    }

    pub fn now(&self) -> Timestamp {
        self.sandbox.core().clock.now()
    }

    pub fn begun(&self) -> Begun {
        Begun::committed(DeliveryId::new(Uuid::from_u128(3)), PartKey::Text(0), self.now())
    }
}

/// The service user signs in.
pub(super) async fn sign_in<F: Future<Output = Value>>(
    platform: &Webex,
    app: &AppConfig,
    control: &impl Fn(&str, Value) -> F,
) -> Result<Authorized, SetupError> {
    let start = platform.authorization_start(app, "the-state").unwrap();
    let ask = json!({ "authorize_url": start.url, "workspace": "Acme", "as": "Rialto" });
    let back = control("/webex/consent", ask).await;
    let back: url::Url = back["redirect_to"].as_str().unwrap().parse().unwrap();
    let query = back.query_pairs().into_owned().collect();
    platform.authorize(app, AuthorizationAnswer { query, secret: start.secret }).await
}

fn connect(
    platform: &Webex,
    app: &AppConfig,
    drawer: &Arc<Drawer>,
    workspace: &RemoteId,
) -> Arc<dyn Connection> {
    let cabinet: Arc<dyn Cabinet> = drawer.clone();
    let context = ConnectContext {
        connection: ConnectionId::new(Uuid::from_u128(2)),
        app: app.clone(),
        workspace: workspace.clone(),
        cabinet,
    };
    platform.connect(context).unwrap()
}

/// What somebody elsewhere says in a space.
pub(super) fn saying(
    to: &RemoteId,
    text: rialto_model::RichText,
    files: Vec<Attachment>,
) -> Outgoing {
    let mut said = said_elsewhere(text);
    said.to = to.clone();
    said.content.attachments = files;
    said
}

/// The only post that a text takes.
pub(super) fn part(connection: &dyn Connection, to: &RemoteId, text: &str) -> Part {
    let outgoing = saying(to, rialto_model::RichText::plain(text), Vec::new());
    let [part] = connection.render(&outgoing).try_into().unwrap();
    part
}

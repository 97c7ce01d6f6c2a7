//! Four workspaces on the sandbox, each connected as an admin connects it.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_corpus::{CONVERSATION, PEOPLE};
use rialto_model::{AppId, ConnectionId};
use rialto_platform::{
    AppConfig, AuthorizationAnswer, Cabinet, CabinetError, Clock, ConnectContext, Connection,
    Platform, SystemRandom, Toolkit, http,
};
use rialto_sandbox::{Sandbox, SandboxOptions, core::Core};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

/// The service user.
const SERVICE: &str = "Rialto";
const REDIRECT: &str = "https://rialto.example/oauth/callback";

/// The sandbox's time.
struct Emulated(Arc<Core>);

impl fmt::Debug for Emulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Emulated")
    }
}

impl Clock for Emulated {
    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

/// A cabinet in memory.
#[derive(Debug, Default)]
struct Drawer(Mutex<BTreeMap<String, String>>);

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

/// The sandbox and how it is told what to do.
pub struct Scene {
    sandbox: Sandbox,
    pub toolkit: Toolkit,
}

impl Scene {
    /// A sandbox that limits nobody: pacing is tested elsewhere.
    pub async fn start() -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        for platform in ["slack", "teams", "webex", "zoom"] {
            sandbox.core().limits.set_off(platform, true);
        }
        let clock = Arc::new(Emulated(sandbox.core().clone()));
        let http = http::client().unwrap();
        let toolkit = Toolkit { http, clock, random: Arc::new(SystemRandom) };
        Self { sandbox, toolkit }
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let request = self.toolkit.http.post(format!("{}{path}", self.sandbox.urls().control));
        let answer = request.json(&body).send().await.unwrap();
        let good = answer.status().is_success();
        let text = answer.text().await.unwrap();
        assert!(good, "{path} {body}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub async fn look(&self, path: &str) -> Value {
        let request = self.toolkit.http.get(format!("{}{path}", self.sandbox.urls().control));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Signs the service user in.
    async fn connect(
        &self,
        id: &str,
        platform: &dyn Platform,
        app: AppConfig,
    ) -> Arc<dyn Connection> {
        let start = platform.authorization_start(&app, "the-state").unwrap();
        let consent = json!({
            "authorize_url": start.url, "workspace": "Acme", "as": SERVICE, "approve": true,
        });
        let back = self.control(&format!("/{id}/consent"), consent).await;
        let back: url::Url = back["redirect_to"].as_str().unwrap().parse().unwrap();
        let query = back.query_pairs().into_owned().collect();
        let answer = AuthorizationAnswer { query, secret: start.secret };
        let authorized = platform.authorize(&app, answer).await.unwrap();
        let cabinet = Arc::new(Drawer::default());
        for (key, value) in authorized.cabinet {
            cabinet.put(&key, value).await.unwrap();
        }
        let connection = ConnectionId::new(Uuid::from_u128(2));
        let workspace = authorized.workspace;
        platform.connect(ConnectContext { connection, app, workspace, cabinet }).unwrap()
    }

    pub async fn slack(&self) -> Arc<dyn Connection> {
        let slack = rialto_slack::Slack::new(self.toolkit.clone());
        let url = &self.sandbox.urls().slack;
        let mut app = app([
            ("api_url", format!("{url}/api/")),
            ("authorize_url", format!("{url}/oauth/v2/authorize")),
        ]);
        let manifest: Value = serde_json::from_str(&slack.app_manifest(&app).unwrap()).unwrap();
        let workspace = json!({ "name": "Acme", "people": people(), "emoji": { "shipit": "https://a.example/s.png" },
            "channels": [{ "name": CONVERSATION }] });
        self.control("/slack/workspaces", workspace).await;
        let made = self.control("/slack/apps", json!({ "manifest": manifest })).await;
        given(&mut app, &made, &["client_id"], &["client_secret", "signing_secret"]);
        self.connect("slack", &slack, app).await
    }

    pub async fn teams(&self) -> Arc<dyn Connection> {
        let teams = rialto_teams::Teams::new(self.toolkit.clone());
        let urls = self.sandbox.urls();
        let members = PEOPLE.iter().chain([&SERVICE]).collect::<Vec<_>>();
        let person = |(index, name): (usize, &&str)| {
            let roles: &[&str] = if index == 0 { &["Global Administrator"] } else { &[] };
            json!({ "name": name, "mail": email(index), "roles": roles })
        };
        let people: Vec<Value> = PEOPLE.iter().chain([&SERVICE]).enumerate().map(person).collect();
        let tenant = json!({ "name": "Acme", "people": people,
            "teams": [{ "name": "Team", "members": members, "channels": [CONVERSATION] }] });
        let tenant = self.control("/teams/workspaces", tenant).await;
        let tenant = tenant["id"].as_str().unwrap();
        let mut app = app([
            ("tenant", tenant.to_owned()),
            ("graph_url", format!("{}/v1.0/", urls.graph)),
            ("login_url", format!("{}/", urls.login)),
        ]);
        let registration = json!({ "name": "Rialto", "redirect_uris": [REDIRECT],
            "delegated": names(&teams, "delegated"), "application": names(&teams, "application") });
        let made = self.control("/teams/apps", registration).await;
        given(&mut app, &made, &["client_id"], &["client_secret"]);
        let consent = format!(
            "{}/{tenant}/adminconsent?client_id={}&redirect_uri={REDIRECT}",
            urls.login,
            made["client_id"].as_str().unwrap(),
        );
        let consent = json!({ "authorize_url": consent, "as": PEOPLE[0], "approve": true });
        self.control("/teams/consent", consent).await;
        self.connect("teams", &teams, app).await
    }

    pub async fn webex(&self) -> Arc<dyn Connection> {
        let webex = rialto_webex::Webex::new(self.toolkit.clone());
        let mut app = app([("api_url", format!("{}/v1/", self.sandbox.urls().webex))]);
        app.secrets.extend(webex.initial_secrets());
        let org =
            json!({ "name": "Acme", "people": people(), "channels": [{ "name": CONVERSATION }] });
        self.control("/webex/workspaces", org).await;
        let registration = json!({ "name": "Rialto", "scopes": names(&webex, "scope"),
            "redirect_urls": [REDIRECT] });
        let made = self.control("/webex/apps", registration).await;
        given(&mut app, &made, &["client_id"], &["client_secret"]);
        self.connect("webex", &webex, app).await
    }

    pub async fn zoom(&self) -> Arc<dyn Connection> {
        let zoom = rialto_zoom::Zoom::new(self.toolkit.clone());
        let url = &self.sandbox.urls().zoom;
        let mut app = app([
            ("api_url", format!("{url}/v2/")),
            ("file_url", format!("{url}/v2/")),
            ("login_url", format!("{url}/")),
        ]);
        let account = json!({ "name": "Acme", "people": people(), "emoji": ["shipit"],
            "channels": [{ "name": CONVERSATION }] });
        self.control("/zoom/workspaces", account).await;
        let registration = json!({ "name": "Rialto", "scopes": names(&zoom, "scope"),
            "redirect_urls": [REDIRECT] });
        let made = self.control("/zoom/apps", registration).await;
        given(&mut app, &made, &["client_id"], &["client_secret", "secret_token"]);
        self.connect("zoom", &zoom, app).await
    }
}

/// The first one is an admin.
fn people() -> Vec<Value> {
    let person = |(index, name): (usize, &&str)| json!({ "name": name, "email": email(index), "admin": index == 0 });
    PEOPLE.iter().chain([&SERVICE]).enumerate().map(person).collect()
}

/// Somebody's address, by their place in [`PEOPLE`].
pub fn email(person: usize) -> String {
    format!("person{person}@acme.example")
}

fn names(platform: &dyn Platform, kind: &str) -> Vec<&'static str> {
    let all = platform.manifest().permissions.iter();
    all.filter(|it| it.kind == kind).map(|it| it.name).collect()
}

fn app<const N: usize>(settings: [(&str, String); N]) -> AppConfig {
    AppConfig {
        id: AppId::new(Uuid::from_u128(1)),
        settings: settings.map(|(name, value)| (name.to_owned(), value)).into(),
        secrets: BTreeMap::new(),
        webhook_url: "https://rialto.example/webhooks/x/app".parse().unwrap(),
        redirect_url: REDIRECT.parse().unwrap(),
    }
}

/// Takes over what the vendor made.
fn given(app: &mut AppConfig, made: &Value, settings: &[&str], secrets: &[&str]) {
    let field = |name: &&str| ((*name).to_owned(), made[*name].as_str().unwrap().to_owned());
    app.settings.extend(settings.iter().map(field));
    let secret = |(name, value): (String, String)| (name, SecretString::from(value));
    app.secrets.extend(secrets.iter().map(field).map(secret));
}

//! A sandbox with one workspace, one app and a receiver for its events.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use parking_lot::Mutex;
use rialto_sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};
use tokio::sync::Notify;

pub const SCOPES: &[&str] = &[
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "chat:write.customize",
    "emoji:read",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "mpim:write",
    "pins:read",
    "pins:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users.profile:read",
    "users:read",
    "users:read.email",
];

pub const EVENTS: &[&str] = &[
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "reaction_removed",
    "member_joined_channel",
    "member_left_channel",
    "file_shared",
    "channel_created",
    "channel_rename",
    "channel_archive",
    "channel_deleted",
    "user_change",
    "team_join",
    "app_uninstalled",
    "tokens_revoked",
    "app_mention",
];

/// Takes webhooks, remembers them, answers as told.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    state: Arc<ReceiverState>,
}

#[derive(Default)]
struct ReceiverState {
    got: Mutex<Vec<(HeaderMap, Bytes)>>,
    /// Answers to give before all others are 200.
    script: Mutex<std::collections::VecDeque<u16>>,
    always: Mutex<Option<u16>>,
    more: Notify,
}

impl Receiver {
    pub async fn start() -> Self {
        let state = Arc::new(ReceiverState::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let shared = state.clone();
        let router = axum::Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let state = shared.clone();
            async move { state.take(headers, body) }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    pub fn answer_next(&self, statuses: &[u16]) {
        self.state.script.lock().extend(statuses);
    }

    pub fn answer_always(&self, status: Option<u16>) {
        *self.state.always.lock() = status;
    }

    pub fn requests(&self) -> Vec<(HeaderMap, Bytes)> {
        self.state.got.lock().clone()
    }

    /// The inner events received so far.
    pub fn events(&self) -> Vec<Value> {
        self.requests()
            .iter()
            .filter_map(|(_, body)| serde_json::from_slice::<Value>(body).ok())
            .filter(|body| body["type"] == "event_callback")
            .map(|body| body["event"].clone())
            .collect()
    }

    /// Waits for an event that fits.
    pub async fn event(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let wait = async {
            loop {
                let more = self.state.more.notified();
                if let Some(event) = self.events().into_iter().find(&fits) {
                    return event;
                }
                more.await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(10), wait).await;
        found.unwrap_or_else(|_| panic!("no such event among {:#?}", self.events()))
    }

    /// Waits until `count` requests fit.
    pub async fn count(&self, count: usize, fits: impl Fn(&HeaderMap, &Value) -> bool) {
        let wait = async {
            loop {
                let more = self.state.more.notified();
                let got = self.requests();
                let fitting = got.iter().filter(|(headers, body)| {
                    fits(headers, &serde_json::from_slice(body).unwrap_or_default())
                });
                if fitting.count() >= count {
                    return;
                }
                more.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.expect("requests in time");
    }

    pub fn clear(&self) {
        self.state.got.lock().clear();
    }
}

impl ReceiverState {
    fn take(&self, headers: HeaderMap, body: Bytes) -> Response {
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        self.got.lock().push((headers, body));
        self.more.notify_waiters();
        let scripted = self.script.lock().pop_front();
        let status = scripted.or(*self.always.lock()).unwrap_or(200);
        let status = StatusCode::from_u16(status).unwrap();
        match json["challenge"].as_str() {
            Some(challenge) => (status, challenge.to_owned()).into_response(),
            None => status.into_response(),
        }
    }
}

pub struct World {
    pub sandbox: Sandbox,
    pub client: reqwest::Client,
    pub receiver: Receiver,
    pub team: String,
    pub app: Value,
    pub bot: String,
    pub bot_user: String,
}

pub fn client() -> reqwest::Client {
    let no_redirect = reqwest::redirect::Policy::none();
    reqwest::Client::builder().no_proxy().redirect(no_redirect).build().unwrap()
}

impl World {
    pub async fn start() -> Self {
        Self::with(json!({})).await
    }

    /// A workspace with Ann (admin), Bob and Cy; general and the private secret; an app in both, installed by Ann.
    pub async fn with(app: Value) -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let receiver = Receiver::start().await;
        let mut world = Self {
            sandbox,
            client: client(),
            receiver,
            team: String::new(),
            app: Value::Null,
            bot: String::new(),
            bot_user: String::new(),
        };
        let workspace = world
            .control("POST", "/slack/workspaces", json!({
                "name": "Acme", "emoji": {"shipit": "https://emoji.example/shipit.png"},
                "people": [
                    {"name": "Ann Lee", "display_name": "ann", "email": "ann@acme.example", "admin": true,
                     "avatar": "https://img.example/ann.png", "title": "CTO"},
                    {"name": "Bob Ray", "display_name": "bob", "email": "bob@acme.example"},
                    {"name": "Cy Doe", "display_name": "cy", "email": "cy@acme.example"}],
                "channels": [
                    {"name": "general", "members": ["ann", "bob"]},
                    {"name": "secret", "private": true, "members": ["ann", "bob"]},
                    {"name": "elsewhere", "members": ["cy"]},
                    {"name": "old", "archived": true}],
                "usergroups": [{"name": "Ops", "handle": "ops", "members": ["bob"]}],
            }))
            .await;
        world.team = workspace["id"].as_str().unwrap().to_owned();
        let mut given = json!({"name": "Bridge", "bot_scopes": SCOPES, "bot_events": EVENTS,
            "request_url": world.receiver.url, "install": ["Acme"],
            "redirect_urls": ["https://app.example/done"]});
        for (key, value) in app.as_object().unwrap() {
            given[key] = value.clone();
        }
        world.app = world.control("POST", "/slack/apps", given).await;
        let install = &world.app["installs"][0];
        world.bot = install["access_token"].as_str().unwrap_or("").to_owned();
        world.bot_user = install["bot_user_id"].as_str().unwrap_or("").to_owned();
        if !world.bot_user.is_empty() {
            for channel in ["general", "secret"] {
                world.act(json!({"as": "ann", "do": "invite", "channel": channel, "person": world.bot_user})).await;
            }
        }
        world.idle().await;
        world.receiver.clear();
        world
    }

    pub async fn send(&self, verb: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.sandbox.urls().control);
        let verb = reqwest::Method::from_bytes(verb.as_bytes()).unwrap();
        let mut request = self.client.request(verb, url);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }

    pub async fn control(&self, verb: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(verb, path, body).await;
        assert!(status < 300, "{verb} {path}: {status} {answer}");
        answer
    }

    pub async fn act(&self, mut deed: Value) -> Value {
        deed["workspace"] = self.team.clone().into();
        self.control("POST", "/slack/act", deed).await
    }

    pub async fn refused(&self, mut deed: Value) -> String {
        deed["workspace"] = self.team.clone().into();
        let (status, answer) = self.send("POST", "/slack/act", deed).await;
        assert!(status >= 400, "{answer}");
        answer["error"].as_str().unwrap().to_owned()
    }

    pub async fn idle(&self) {
        let answer = self.control("GET", "/idle", Value::Null).await;
        assert_eq!(answer["idle"], true);
    }

    pub async fn channel(&self, name: &str) -> String {
        let all = self.control("GET", "/slack/workspaces", Value::Null).await;
        let channels = all[0]["channels"].as_array().unwrap();
        let channel = channels.iter().find(|channel| channel["name"] == name).unwrap();
        channel["id"].as_str().unwrap().to_owned()
    }

    pub async fn person(&self, name: &str) -> String {
        let all = self.control("GET", "/slack/workspaces", Value::Null).await;
        let people = all[0]["people"].as_array().unwrap();
        let person = people.iter().find(|person| person["display_name"] == name).unwrap();
        person["id"].as_str().unwrap().to_owned()
    }

    pub async fn view(&self, channel: &str) -> Vec<Value> {
        let path = format!("/slack/view?workspace={}&channel={channel}", self.team);
        let view = self.control("GET", &path, Value::Null).await;
        view["messages"].as_array().unwrap().clone()
    }

    pub fn method(&self, name: &str) -> String {
        format!("{}/api/{name}", self.sandbox.urls().slack)
    }

    /// Calls a method as the bot, with a JSON body.
    pub async fn api(&self, name: &str, args: Value) -> Value {
        self.api_as(&self.bot, name, args).await
    }

    pub async fn api_as(&self, token: &str, name: &str, args: Value) -> Value {
        let request = self.client.post(self.method(name)).bearer_auth(token).json(&args);
        let response = request.send().await.unwrap();
        response.json().await.unwrap()
    }

    /// Calls a method that must succeed.
    pub async fn ok(&self, name: &str, args: Value) -> Value {
        let answer = self.api(name, args).await;
        assert_eq!(answer["ok"], true, "{name}: {answer}");
        answer
    }

    /// Calls a method that must be refused; answers with the error's code.
    pub async fn error(&self, name: &str, args: Value) -> String {
        let answer = self.api(name, args).await;
        assert_eq!(answer["ok"], false, "{name}: {answer}");
        answer["error"].as_str().unwrap().to_owned()
    }
}

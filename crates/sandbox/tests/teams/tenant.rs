//! A tenant to test with: three members, a guest, a team with a channel, an app.

use rialto_sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};

pub struct World {
    pub sandbox: Sandbox,
    pub http: reqwest::Client,
    pub tenant: String,
    pub team: String,
    pub channel: String,
    pub app: String,
    pub secret: String,
    people: Value,
}

pub const REDIRECT: &str = "http://127.0.0.1:9/back";

const DELEGATED: &[&str] = &[
    "User.Read",
    "User.ReadBasic.All",
    "Team.ReadBasic.All",
    "Channel.ReadBasic.All",
    "Channel.Create",
    "ChannelSettings.ReadWrite.All",
    "ChannelMessage.Send",
    "ChannelMessage.Read.All",
    "ChannelMessage.ReadWrite",
    "Chat.ReadWrite",
    "Chat.Create",
    "Files.ReadWrite.All",
    "TeamMember.ReadWrite.All",
    "Organization.Read.All",
    "offline_access",
];

impl World {
    pub async fn start() -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let mut world = Self {
            sandbox,
            http,
            tenant: String::new(),
            team: String::new(),
            channel: String::new(),
            app: String::new(),
            secret: String::new(),
            people: Value::Null,
        };
        let made = world
            .control(
                "/teams/workspaces",
                json!({
                    "name": "Contoso",
                    "people": [
                        {"name": "Ann Lee", "roles": ["Global Administrator"]},
                        {"name": "Bob Roy"},
                        {"name": "Cid Orr"},
                        {"name": "Gia Fox", "mail": "gia@other.example", "guest": true},
                    ],
                    "teams": [{"name": "Projects", "members": ["Ann Lee", "Bob Roy"], "channels": ["Plans"]}],
                }),
            )
            .await;
        world.tenant = made["id"].as_str().unwrap().to_owned();
        world.team = made["teams"][0]["id"].as_str().unwrap().to_owned();
        let channels = made["channels"].as_array().unwrap();
        let plans = channels.iter().find(|c| c["name"] == "Plans").unwrap();
        world.channel = plans["id"].as_str().unwrap().to_owned();
        world.people = made["people"].clone();
        let app = world
            .control(
                "/teams/apps",
                json!({
                    "name": "Bridge", "client_secret": "fake-secret", "redirect_uris": [REDIRECT],
                    "delegated": DELEGATED, "application": ["ChannelMessage.Read.All", "Chat.Read.All"],
                }),
            )
            .await;
        world.app = app["client_id"].as_str().unwrap().to_owned();
        world.secret = "fake-secret".to_owned();
        world
    }

    /// The same with all limits off.
    pub async fn unlimited() -> Self {
        let world = Self::start().await;
        world.sandbox.core().limits.set_off("teams", true);
        world
    }

    pub fn id(&self, name: &str) -> String {
        let people = self.people.as_array().unwrap();
        let found = people.iter().find(|p| p["name"] == name).unwrap();
        found["id"].as_str().unwrap().to_owned()
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let (status, value) = self.control_raw(path, body).await;
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    pub async fn control_raw(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.sandbox.urls().control);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub async fn act(&self, by: &str, act: &str, mut more: Value) -> Value {
        more["workspace"] = json!(self.tenant);
        more["as"] = json!(by);
        more["do"] = json!(act);
        if more.get("channel").is_none() {
            more["channel"] = json!(self.channel);
        }
        self.control("/teams/act", more).await
    }

    pub async fn view(&self) -> Vec<Value> {
        let url = format!("{}/teams/view", self.sandbox.urls().control);
        let query = [("workspace", &self.tenant), ("channel", &self.channel)];
        let view: Value =
            self.http.get(url).query(&query).send().await.unwrap().json().await.unwrap();
        view["messages"].as_array().unwrap().clone()
    }

    pub async fn token(&self, by: &str) -> String {
        self.token_with(by, DELEGATED).await
    }

    pub async fn token_with(&self, by: &str, scopes: &[&str]) -> String {
        let ask = json!({"app": self.app, "workspace": self.tenant, "as": by, "scopes": scopes});
        self.control("/teams/tokens", ask).await["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn app_token(&self, roles: &[&str]) -> String {
        let ask = json!({"app": self.app, "workspace": self.tenant, "roles": roles});
        self.control("/teams/tokens", ask).await["access_token"].as_str().unwrap().to_owned()
    }

    pub fn messages(&self) -> String {
        format!("/teams/{}/channels/{}/messages", self.team, self.channel)
    }

    pub async fn call(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Answer {
        let url = match path.strip_prefix("http") {
            Some(_) => path.to_owned(),
            None => format!("{}/v1.0{path}", self.sandbox.urls().graph),
        };
        let mut request = self.http.request(method.parse().unwrap(), url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let retry_after =
            answer.headers().get("retry-after").map(|v| v.to_str().unwrap().to_owned());
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, retry_after, body }
    }

    pub async fn get(&self, path: &str, token: &str) -> Value {
        let answer = self.call("GET", path, token, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    pub async fn post(&self, token: &str, html: &str) -> Value {
        let body = json!({"body": {"contentType": "html", "content": html}});
        let answer = self.call("POST", &self.messages(), token, Some(body)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body
    }

    pub fn advance(&self, seconds: u64) {
        self.sandbox.core().clock.advance(std::time::Duration::from_secs(seconds));
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("")
    }
}

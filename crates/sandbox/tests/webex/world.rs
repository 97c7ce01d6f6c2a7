//! A sandbox with two organizations, an integration, a bot and a receiver for webhooks.

use rialto_sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};

use super::receiver::{Receiver, SECRET};

pub const SCOPES: &[&str] = &[
    "spark:people_read",
    "spark:organizations_read",
    "spark:rooms_read",
    "spark:rooms_write",
    "spark:memberships_read",
    "spark:memberships_write",
    "spark:messages_read",
    "spark:messages_write",
    "spark:teams_read",
    "spark:teams_write",
    "spark:team_memberships_read",
    "spark:team_memberships_write",
];

pub struct World {
    pub sandbox: Sandbox,
    pub client: reqwest::Client,
    pub receiver: Receiver,
    pub app: Value,
    /// Good for 14 days.
    pub ann: String,
    pub bob: String,
    /// A bot's, in no space at first.
    pub bot: String,
}

pub struct Answered {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl World {
    /// Acme with Ann (admin), Bob and Cy, and Beta with Dan. In *general* are Ann and Bob; in *board*, a moderated
    /// announcement space of Ann's, is Bob. Ann and Bob have authorized the integration.
    pub async fn start() -> Self {
        Self::with(json!({})).await
    }

    /// The same with other settings of Acme.
    pub async fn with(acme: Value) -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let no_redirect = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(no_redirect).build().unwrap();
        let receiver = Receiver::start().await;
        let mut world = Self {
            sandbox,
            client,
            receiver,
            app: Value::Null,
            ann: String::new(),
            bob: String::new(),
            bot: String::new(),
        };
        let beta =
            json!({"name": "Beta", "people": [{"name": "Dan Fox", "email": "dan@beta.example"}]});
        world.control("POST", "/webex/workspaces", beta).await;
        let mut given = json!({"name": "Acme",
            "people": [
                {"name": "Ann Lee", "email": "ann@acme.example", "admin": true, "avatar": "https://img.example/ann.png"},
                {"name": "Bob Ray", "email": "bob@acme.example"},
                {"name": "Cy Doe", "email": "cy@acme.example"}],
            "channels": [
                {"name": "general", "members": ["Ann Lee", "Bob Ray"]},
                {"name": "board", "members": ["Ann Lee", "Bob Ray"], "locked": true, "announcement": true}]});
        for (key, value) in acme.as_object().unwrap() {
            given[key] = value.clone();
        }
        world.control("POST", "/webex/workspaces", given).await;
        let app = json!({"name": "Bridge", "scopes": SCOPES,
            "redirect_urls": ["https://app.example/back"],
            "install": ["Acme", {"workspace": "Acme", "as": "Bob Ray"}]});
        world.app = world.control("POST", "/webex/apps", app).await;
        let token =
            |n: usize| world.app["installs"][n]["access_token"].as_str().unwrap().to_owned();
        (world.ann, world.bob) = (token(0), token(1));
        let bot = json!({"name": "Helper", "kind": "bot", "workspace": "Acme"});
        let bot = world.control("POST", "/webex/apps", bot).await;
        bot["access_token"].as_str().unwrap().clone_into(&mut world.bot);
        world
    }

    pub async fn send(&self, verb: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.sandbox.urls().control);
        let verb = reqwest::Method::from_bytes(verb.as_bytes()).unwrap();
        let mut request = self.client.request(verb, url);
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = answered(request).await;
        (answer.status, answer.body)
    }

    pub async fn control(&self, verb: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(verb, path, body).await;
        assert!(status < 300, "{verb} {path}: {status} {answer}");
        answer
    }

    pub async fn act(&self, mut deed: Value) -> Value {
        deed["workspace"] = "Acme".into();
        self.control("POST", "/webex/act", deed).await
    }

    pub async fn refused(&self, mut deed: Value) -> String {
        deed["workspace"] = "Acme".into();
        let (status, answer) = self.send("POST", "/webex/act", deed).await;
        assert_eq!(status, 409, "{answer}");
        answer["error"].as_str().unwrap().to_owned()
    }

    /// The id of what Ann writes in general.
    pub async fn post(&self, text: &str) -> String {
        let deed = json!({"as": "Ann Lee", "do": "post", "channel": "general", "text": text});
        self.act(deed).await["id"].as_str().unwrap().to_owned()
    }

    pub async fn idle(&self) {
        let answer = self.control("GET", "/idle", Value::Null).await;
        assert_eq!(answer["idle"], true);
    }

    pub async fn advance(&self, seconds: u64) {
        self.control("POST", "/clock", json!({"advance_ms": seconds * 1000})).await;
    }

    async fn listed(&self, kind: &str, name: &str) -> String {
        let all = self.control("GET", "/webex/workspaces", Value::Null).await;
        let of_all = all.as_array().unwrap().iter().flat_map(|org| org[kind].as_array().unwrap());
        let mut named = of_all.filter(|one| one["name"] == name);
        named.next().unwrap_or_else(|| panic!("no {name}"))["id"].as_str().unwrap().to_owned()
    }

    pub async fn room(&self, name: &str) -> String {
        self.listed("channels", name).await
    }

    pub async fn person(&self, name: &str) -> String {
        self.listed("people", name).await
    }

    pub async fn view(&self, channel: &str) -> Vec<Value> {
        let path = format!("/webex/view?workspace=Acme&channel={channel}");
        let view = self.control("GET", &path, Value::Null).await;
        view["messages"].as_array().unwrap().clone()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/v1{path}", self.sandbox.urls().webex)
    }

    pub fn request(&self, token: &str, verb: &str, path: &str) -> reqwest::RequestBuilder {
        let verb = reqwest::Method::from_bytes(verb.as_bytes()).unwrap();
        self.client.request(verb, self.url(path)).bearer_auth(token)
    }

    pub async fn call_as(&self, token: &str, verb: &str, path: &str, body: Value) -> Answered {
        let mut request = self.request(token, verb, path);
        if !body.is_null() {
            request = request.json(&body);
        }
        answered(request).await
    }

    /// Calls as Ann.
    pub async fn call(&self, verb: &str, path: &str, body: Value) -> Answered {
        self.call_as(&self.ann, verb, path, body).await
    }

    /// Calls what must succeed, as Ann.
    pub async fn ok(&self, verb: &str, path: &str, body: Value) -> Value {
        self.ok_as(&self.ann, verb, path, body).await
    }

    pub async fn ok_as(&self, token: &str, verb: &str, path: &str, body: Value) -> Value {
        let answer = self.call_as(token, verb, path, body).await;
        assert!(answer.status < 300, "{verb} {path}: {} {}", answer.status, answer.body);
        answer.body
    }

    /// Calls what must be refused, as Ann; answers with the status.
    pub async fn error(&self, verb: &str, path: &str, body: Value) -> u16 {
        self.error_as(&self.ann, verb, path, body).await
    }

    pub async fn error_as(&self, token: &str, verb: &str, path: &str, body: Value) -> u16 {
        let answer = self.call_as(token, verb, path, body).await;
        assert!(answer.status >= 400, "{verb} {path}: {} {}", answer.status, answer.body);
        assert_eq!(answer.body["errors"][0]["description"], answer.body["message"]);
        assert_eq!(answer.body["trackingId"], answer.headers["trackingid"].to_str().unwrap());
        answer.status
    }

    /// A webhook to the receiver, with the secret; answers with it.
    pub async fn hook(&self, token: &str, resource: &str, event: &str, filter: &str) -> Value {
        let mut body = json!({"name": "Hook", "targetUrl": self.receiver.url, "secret": SECRET,
            "resource": resource, "event": event});
        if !filter.is_empty() {
            body["filter"] = filter.into();
        }
        self.ok_as(token, "POST", "/webhooks", body).await
    }

    /// What `token` posts in a room.
    pub async fn say(&self, token: &str, room: &str, markdown: &str) -> Value {
        let body = json!({"roomId": room, "markdown": markdown});
        self.ok_as(token, "POST", "/messages", body).await
    }

    /// Adds the bot to general.
    pub async fn with_bot(&self) -> String {
        self.act(json!({"as": "Ann Lee", "do": "invite", "channel": "general", "person": "helper@webex.bot"}))
            .await;
        self.person("Helper").await
    }
}

pub async fn answered(request: reqwest::RequestBuilder) -> Answered {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default();
    Answered { status, headers, body }
}

pub fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

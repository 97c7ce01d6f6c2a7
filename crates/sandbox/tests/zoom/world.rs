//! A sandbox with one account, one app and a receiver for its events.

use parking_lot::Mutex;
use rialto_sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};

use super::receiver::{Receiver, SECRET};

/// Granular scopes for all that is emulated. For an app that acts for others, each with `:admin`.
pub const SCOPES: &[&str] = &[
    "team_chat:read:user_message",
    "team_chat:read:list_user_messages",
    "team_chat:read:thread_message",
    "team_chat:read:list_user_sessions",
    "team_chat:write:user_message",
    "team_chat:update:user_message",
    "team_chat:delete:user_message",
    "team_chat:update:message_emoji",
    "team_chat:read:message_emoji",
    "team_chat:update:message_status",
    "team_chat:write:message_files",
    "team_chat:write:files",
    "team_chat:read:file",
    "team_chat:delete:file",
    "team_chat:read:channel",
    "team_chat:update:channel",
    "team_chat:delete:channel",
    "team_chat:read:user_channel",
    "team_chat:update:user_channel",
    "team_chat:delete:user_channel",
    "team_chat:read:list_user_channels",
    "team_chat:write:user_channel",
    "team_chat:write:search_channels",
    "team_chat:update:archive_channels",
    "team_chat:read:archive_channels",
    "team_chat:read:list_members",
    "team_chat:write:members",
    "team_chat:write:member",
    "team_chat:delete:member",
    "team_chat:delete:batch_members",
    "team_chat:read:list_contacts",
    "team_chat:read:contact",
    "team_chat:read:list_custom_emojis",
    "contact:read:list_contacts",
    "user:read:user",
    "user:read:email",
];

/// What only admins can grant.
pub const ADMIN_ONLY: &[&str] =
    &["user:read:list_users:admin", "team_chat:read:list_channels:admin"];

pub const EVENTS: &[&str] = &[
    "team_chat.channel_message_posted",
    "team_chat.channel_message_updated",
    "team_chat.channel_message_deleted",
    "team_chat.dm_message_posted",
    "team_chat.dm_message_updated",
    "team_chat.dm_message_deleted",
    "team_chat.channel_reaction_added",
    "team_chat.channel_reaction_removed",
    "team_chat.dm_reaction_added",
    "team_chat.dm_reaction_removed",
    "team_chat.file_shared",
    "team_chat.file_unshared",
    "team_chat.file_uploaded",
    "team_chat.file_deleted",
    "team_chat.channel_archived",
    "team_chat.channel_unarchived",
    "chat_message.sent",
    "chat_message.replied",
    "chat_message.updated",
    "chat_message.deleted",
    "chat_channel.created",
    "chat_channel.updated",
    "chat_channel.deleted",
    "chat_channel.member_invited",
    "chat_channel.member_joined",
    "chat_channel.member_left",
    "chat_channel.member_removed",
    "user.created",
    "user.updated",
    "user.deactivated",
    "user.activated",
];

pub struct World {
    pub sandbox: Sandbox,
    pub client: reqwest::Client,
    pub receiver: Receiver,
    pub account: String,
    pub app: Value,
    /// Ann's; good for an hour.
    token: Mutex<String>,
}

pub struct Answered {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl World {
    pub async fn start() -> Self {
        Self::with(json!({}), json!({})).await
    }

    /// An account with Ann (admin), Bob and Cy, three channels, and an app for the whole account that Ann added.
    pub async fn with(account: Value, app: Value) -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let no_redirect = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(no_redirect).build().unwrap();
        let receiver = Receiver::start().await;
        let mut world = Self {
            sandbox,
            client,
            receiver,
            account: String::new(),
            app: Value::Null,
            token: Mutex::default(),
        };
        let mut given = json!({"name": "Acme", "emoji": ["shipit"],
            "people": [
                {"name": "Ann Lee", "email": "ann@acme.example", "admin": true, "picture": "https://img.example/ann.png"},
                {"name": "Bob Ray", "email": "bob@acme.example"},
                {"name": "Cy Doe", "email": "cy@acme.example"}],
            "channels": [
                {"name": "general", "members": ["Ann Lee", "Bob Ray"]},
                {"name": "board", "private": true, "members": ["Ann Lee"]},
                {"name": "old", "archived": true}]});
        merge(&mut given, &account);
        let made = world.control("POST", "/zoom/workspaces", given).await;
        world.account = made["id"].as_str().unwrap().to_owned();
        let mut scopes: Vec<String> = ADMIN_ONLY.iter().map(|s| (*s).to_owned()).collect();
        for scope in SCOPES {
            scopes.push((*scope).to_owned());
            scopes.push(format!("{scope}:admin"));
        }
        let mut given = json!({"name": "Bridge", "kind": "account", "scopes": scopes,
            "events": EVENTS, "event_url": world.receiver.url, "secret_token": SECRET,
            "redirect_urls": ["https://app.example/back"], "install": ["Acme"]});
        merge(&mut given, &app);
        world.app = world.control("POST", "/zoom/apps", given).await;
        let token = world.app["installs"][0]["access_token"].as_str().unwrap_or("");
        token.clone_into(&mut world.token.lock());
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
        deed["workspace"] = self.account.clone().into();
        self.control("POST", "/zoom/act", deed).await
    }

    pub async fn refused(&self, mut deed: Value) -> String {
        deed["workspace"] = self.account.clone().into();
        let (status, answer) = self.send("POST", "/zoom/act", deed).await;
        assert!(status >= 400, "{answer}");
        answer["error"].as_str().unwrap().to_owned()
    }

    /// The id of what Ann posts in general.
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

    pub fn token(&self) -> String {
        self.token.lock().clone()
    }

    /// Another token for Ann, in place of one that has expired.
    pub async fn renew(&self) {
        let path = format!("/zoom/apps/{}/install", self.app["id"].as_str().unwrap());
        let granted = self.control("POST", &path, json!({"workspace": "Acme"})).await;
        granted["access_token"].as_str().unwrap().clone_into(&mut self.token.lock());
    }

    async fn listed(&self, kind: &str, name: &str) -> Value {
        let all = self.control("GET", "/zoom/workspaces", Value::Null).await;
        let all = all[0][kind].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap().clone()
    }

    pub async fn channel(&self, name: &str) -> String {
        self.listed("channels", name).await["id"].as_str().unwrap().to_owned()
    }

    pub async fn person(&self, name: &str) -> String {
        self.listed("people", name).await["id"].as_str().unwrap().to_owned()
    }

    pub async fn member(&self, name: &str) -> String {
        self.listed("people", name).await["member_id"].as_str().unwrap().to_owned()
    }

    pub async fn view(&self, channel: &str) -> Vec<Value> {
        let path = format!("/zoom/view?workspace={}&channel={channel}", self.account);
        let view = self.control("GET", &path, Value::Null).await;
        view["messages"].as_array().unwrap().clone()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.urls().zoom)
    }

    pub fn request(&self, verb: &str, path: &str) -> reqwest::RequestBuilder {
        let verb = reqwest::Method::from_bytes(verb.as_bytes()).unwrap();
        self.client.request(verb, self.url(&format!("/v2{path}"))).bearer_auth(self.token())
    }

    /// Calls as Ann.
    pub async fn call(&self, verb: &str, path: &str, body: Value) -> Answered {
        self.call_as(&self.token(), verb, path, body).await
    }

    pub async fn call_as(&self, token: &str, verb: &str, path: &str, body: Value) -> Answered {
        let verb = reqwest::Method::from_bytes(verb.as_bytes()).unwrap();
        let mut request =
            self.client.request(verb, self.url(&format!("/v2{path}"))).bearer_auth(token);
        if !body.is_null() {
            request = request.json(&body);
        }
        answered(request).await
    }

    /// Calls what must succeed.
    pub async fn ok(&self, verb: &str, path: &str, body: Value) -> Value {
        let answer = self.call(verb, path, body).await;
        assert!(answer.status < 300, "{verb} {path}: {} {}", answer.status, answer.body);
        answer.body
    }

    /// Calls what must be refused; answers with status and Zoom's code.
    pub async fn error(&self, verb: &str, path: &str, body: Value) -> (u16, u64) {
        let answer = self.call(verb, path, body).await;
        assert!(answer.status >= 400, "{verb} {path}: {} {}", answer.status, answer.body);
        assert!(answer.body["message"].is_string(), "{}", answer.body);
        (answer.status, answer.body["code"].as_u64().unwrap())
    }
}

pub async fn answered(request: reqwest::RequestBuilder) -> Answered {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default();
    Answered { status, headers, body }
}

fn merge(into: &mut Value, more: &Value) {
    for (key, value) in more.as_object().unwrap() {
        into[key] = value.clone();
    }
}

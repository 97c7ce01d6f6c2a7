//! A pretended Zoom Team Chat with its sign-in service, and the events it sends.

use std::sync::Arc;

use anyhow::Result;
use aws_lc_rs::hmac;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{Method, StatusCode, Uri},
    response::Response,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Platform, Pretended, Side,
    desk::Desk,
    listen::{field, json_answer, listen, page_size, parameter, serve, text_answer},
    past::{Past, Said},
};
use crate::{
    clock,
    event::{Events, PEOPLE, Spoken, request},
    ledger,
};

/// The secret token of the bench's application.
const SECRET_TOKEN: &str = "fedcba9876543210fedcba9876543210";
/// The account.
const ACCOUNT: &str = "benchaccount";
/// The service user.
const SERVICE_USER: &str = "uservice";

/// The pretended Zoom.
#[derive(Clone)]
pub(super) struct ZoomApi {
    desk: Arc<Desk>,
    /// Where it is, the sign-in service too; without a slash at the end.
    url: String,
}

fn channel_id(number: usize) -> String {
    format!("c{number:031}")
}

fn channel_number(id: &str) -> Option<usize> {
    id.strip_prefix('c')?.parse().ok()
}

impl ZoomApi {
    /// Starts it in this process.
    ///
    /// # Errors
    /// When no port is free.
    pub(super) async fn start() -> Result<Self> {
        let (listener, url) = listen().await?;
        let api = Self { desk: Arc::default(), url };
        serve(listener, Router::new().fallback(answer).with_state(api.clone()));
        Ok(api)
    }
}

impl Pretended for ZoomApi {
    fn desk(&self) -> &Desk {
        &self.desk
    }

    fn app(&self) -> Value {
        json!({
            "client_id": "bench", "client_secret": "bench", "secret_token": SECRET_TOKEN,
            "api_url": format!("{}/v2/", self.url), "file_url": format!("{}/v2/", self.url),
            "login_url": format!("{}/", self.url),
        })
    }

    fn token(&self, _side: Side) -> Option<String> {
        None
    }

    fn channel(&self, _side: Side, number: usize) -> String {
        channel_id(number)
    }

    fn events(&self, path: &str) -> Arc<dyn Events> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET_TOKEN.as_bytes());
        Arc::new(ZoomEvents { key, path: path.into(), past: self.desk.past.clone() })
    }
}

async fn answer(State(api): State<ZoomApi>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let value = match (method, path.as_slice()) {
        (Method::POST, ["v2", "chat", "users", "me", "messages"]) => return api.post(&body),
        (Method::POST, ["oauth", "token"]) => Some(token()),
        // A channel for the canary cannot be made: nobody would tell of its reactions.
        (Method::GET, ["v2", rest @ ..]) => api.read(rest, &uri),
        _ => None,
    };
    match value {
        Some(value) => json_answer(StatusCode::OK, &value),
        None => json_answer(StatusCode::NOT_FOUND, &json!({"code": 404, "message": uri.path()})),
    }
}

fn token() -> Value {
    json!({
        "access_token": "bench", "token_type": "bearer", "refresh_token": "bench",
        "expires_in": 3_599,
    })
}

impl ZoomApi {
    fn post(&self, body: &[u8]) -> Response {
        let channel = field(body, br#""to_channel":""#).unwrap_or_default();
        let number = self.desk.takes(Platform::Zoom, channel, body);
        text_answer(
            StatusCode::CREATED,
            format!(r#"{{"id":"AAAAAAAA-AAAA-4AAA-8AAA-{number:012}"}}"#),
        )
    }

    fn read(&self, path: &[&str], uri: &Uri) -> Option<Value> {
        match path {
            ["users", "me"] => Some(of_person(SERVICE_USER, "Rialto")),
            ["users", person] => Some(of_person(person, &format!("Person {person}"))),
            ["chat", "users", "me", "contacts", person] => {
                let id = person.split('@').next().unwrap_or_default();
                let id = id.strip_prefix('m').unwrap_or(id);
                Some(of_person(id, &format!("Person {id}")))
            }
            ["chat", "users", "me", "channels"] => {
                let size = page_size(&parameter(uri, "page_size"), 10, 1_000);
                Some(self.page(size, &parameter(uri, "next_page_token")))
            }
            ["chat", "users", "me", "messages"] => Some(self.messages(uri)),
            ["chat", "channels"] => Some(json!({"channels": []})),
            ["chat", "channels", channel] => Some(of_channel(channel)),
            _ => None,
        }
    }

    /// What was said in a channel (*List a user's chat messages*: 10 of a page, or up to 50 as asked
    /// for).
    fn messages(&self, uri: &Uri) -> Value {
        let Some(channel) = channel_number(&parameter(uri, "to_channel")) else {
            return json!({"messages": []});
        };
        let from = parameter(uri, "from").parse().map_or(0, |at: Timestamp| at.as_millisecond());
        let from = u64::try_from(from).unwrap_or_default();
        let size = page_size(&parameter(uri, "page_size"), 10, 50);
        let next = parameter(uri, "next_page_token").parse().ok();
        let page = self.desk.past.page(channel, from..=u64::MAX, next, size);
        let messages: Vec<_> = page.said.iter().map(|said| of_message(*said, channel)).collect();
        let next = page.next.map(|next| next.to_string()).unwrap_or_default();
        json!({"messages": messages, "page_size": size, "next_page_token": next})
    }

    fn page(&self, size: usize, token: &str) -> Value {
        let (channels, next) = self.desk.page(token, size);
        let channels: Vec<_> = channels.map(|it| of_channel(&channel_id(it))).collect();
        json!({"channels": channels, "page_size": size, "next_page_token": next})
    }
}

fn of_person(id: &str, name: &str) -> Value {
    json!({
        "id": id, "member_id": format!("m{id}"), "email": format!("{id}@bench.example"),
        "display_name": name, "pic_url": format!("https://pictures.example/{id}.png"),
        "verified": 1, "status": "active", "account_id": ACCOUNT, "company": "Bench",
    })
}

/// A message of a channel's past.
fn of_message(said: Said, channel: usize) -> Value {
    let spoken = Spoken { number: said.number, channel, millis: said.moment };
    let person = format!("u{:06}", said.number % PEOPLE);
    json!({
        "id": spoken.uuid().to_uppercase(), "message": ledger::text(said.number),
        "date_time": spoken.at(), "timestamp": spoken.millis,
        "sender": format!("{person}@bench.example"), "send_member_id": format!("m{person}"),
        "sender_display_name": format!("Person {person}"), "status": "Normal",
        "message_type": "plain_text_message",
    })
}

/// A public one.
fn of_channel(id: &str) -> Value {
    json!({"id": id, "name": id, "type": 3})
}

/// Zoom's events about new messages.
struct ZoomEvents {
    key: hmac::Key,
    path: String,
    past: Past,
}

impl Events for ZoomEvents {
    fn message(&self, number: u64, channel: usize) -> Vec<u8> {
        let spoken = Spoken::now(number, channel);
        self.past.remember(channel, Said { number, moment: spoken.millis });
        let (id, millis, created) = (spoken.uuid().to_uppercase(), spoken.millis, spoken.at());
        let (text, person, channel) = (ledger::text(number), number % PEOPLE, channel_id(channel));
        let body = format!(
            r#"{{"event":"team_chat.channel_message_posted","event_ts":{millis},"payload":{{"account_id":"{ACCOUNT}","operator":"u{person:06}@bench.example","operator_id":"u{person:06}","operator_member_id":"mu{person:06}","by_external_user":false,"object":{{"message_id":"{id}","date_time":"{created}","timestamp":{millis},"channel_id":"{channel}","channel_owner_account_id":"{ACCOUNT}","session_id":"{channel}","channel_name":"{channel}","message":"{text}"}}}}}}"#
        );
        let seconds = clock::unix_micros() / 1_000_000;
        let mut context = hmac::Context::with_key(&self.key);
        context.update(format!("v0:{seconds}:").as_bytes());
        context.update(body.as_bytes());
        let signature = hex::encode(context.sign());
        let headers = [
            ("user-agent", "Zoom Marketplace/1.0a"),
            ("x-zm-request-timestamp", &seconds.to_string()),
            ("x-zm-signature", &format!("v0={signature}")),
        ];
        request(&self.path, &headers, &body)
    }
}

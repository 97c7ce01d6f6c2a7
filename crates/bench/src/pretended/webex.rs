//! A pretended Webex, and its webhooks: they name messages by ids alone, so that each must be fetched.
//! An id says by itself which message it is.

use std::sync::Arc;

use anyhow::Result;
use aws_lc_rs::hmac;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{Method, StatusCode, Uri, header},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use jiff::Timestamp;
use parking_lot::RwLock;
use serde_json::{Value, json};

use super::{
    Platform, Pretended, Side,
    desk::Desk,
    listen::{field, json_answer, listen, page_size, parameter, serve, text_answer},
    past::Said,
};
use crate::{
    event::{Events, PEOPLE, Spoken, request},
    ledger,
};

/// The organization.
const ORGANIZATION: &str = "66666666-6666-4666-8666-666666666666";
/// The service user.
const SERVICE_USER: &str = "77777777-7777-4777-8777-777777777777";
/// When everything was made.
const MADE: &str = "2026-01-01T00:00:00.000Z";

/// The pretended Webex.
#[derive(Clone)]
pub(super) struct WebexApi {
    inner: Arc<Inner>,
    /// Where it is, without a slash at the end.
    url: String,
}

#[derive(Default)]
struct Inner {
    desk: Desk,
    hooks: RwLock<Vec<Value>>,
    /// What webhooks about messages are signed with.
    key: RwLock<Option<Arc<hmac::Key>>>,
}

/// As Webex writes ids (*Getting started*: base64 of an address).
fn id(kind: &str, name: &str) -> String {
    STANDARD_NO_PAD.encode(format!("ciscospark://us/{kind}/{name}"))
}

fn room_id(number: usize) -> String {
    id("ROOM", &format!("88888888-8888-4888-8888-{number:012}"))
}

fn person_id(number: u64) -> String {
    id("PEOPLE", &format!("99999999-9999-4999-8999-{number:012}"))
}

/// What an id names.
fn name(id: &str) -> Option<String> {
    let address = String::from_utf8(STANDARD_NO_PAD.decode(id).ok()?).ok()?;
    Some(address.rsplit('/').next()?.to_owned())
}

fn room_number(id: &str) -> Option<usize> {
    name(id)?.strip_prefix("88888888-8888-4888-8888-")?.parse().ok()
}

impl WebexApi {
    /// Starts it in this process.
    ///
    /// # Errors
    /// When no port is free.
    pub(super) async fn start() -> Result<Self> {
        let (listener, url) = listen().await?;
        let api = Self { inner: Arc::default(), url };
        serve(listener, Router::new().fallback(answer).with_state(api.clone()));
        Ok(api)
    }
}

impl Pretended for WebexApi {
    fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    fn starts_anew(&self, channels: usize) {
        self.inner.desk.starts_anew(channels);
        self.inner.hooks.write().clear();
        *self.inner.key.write() = None;
    }

    fn app(&self) -> Value {
        json!({
            "client_id": "bench", "client_secret": "bench",
            "api_url": format!("{}/v1/", self.url),
        })
    }

    fn token(&self, _side: Side) -> Option<String> {
        None
    }

    fn channel(&self, _side: Side, number: usize) -> String {
        room_id(number)
    }

    fn events(&self, path: &str) -> Arc<dyn Events> {
        Arc::new(WebexEvents { webex: self.clone(), path: path.into() })
    }
}

async fn answer(State(api): State<WebexApi>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let value = match (method, path.as_slice()) {
        (Method::POST, ["v1", "messages"]) => return api.post(&body),
        (Method::GET, ["v1", "messages", id]) => {
            match name(id).and_then(|name| Spoken::of(&name)) {
                Some(spoken) => return text_answer(StatusCode::OK, message(id, &spoken)),
                None => None,
            }
        }
        (Method::GET, ["v1", "messages"]) => return api.list(&uri),
        (Method::POST, ["v1", "access_token"]) => Some(token()),
        (Method::POST, ["v1", "webhooks"]) => Some(api.hook(&body)),
        // A space for the canary cannot be made: nobody would tell of what it sings.
        (Method::GET, ["v1", rest @ ..]) => api.read(rest, &uri),
        _ => None,
    };
    match value {
        Some(value) => json_answer(StatusCode::OK, &value),
        None => json_answer(StatusCode::NOT_FOUND, &json!({"message": uri.path()})),
    }
}

fn token() -> Value {
    json!({
        "access_token": "bench", "expires_in": 1_209_599, "refresh_token": "bench",
        "refresh_token_expires_in": 7_775_999, "token_type": "Bearer", "scope": "spark:all",
    })
}

/// The message that an id names: a client sends no HTML where nothing is formatted.
fn message(id: &str, spoken: &Spoken) -> String {
    let (room, text, created) = (room_id(spoken.channel), ledger::text(spoken.number), spoken.at());
    let person = spoken.number % PEOPLE;
    format!(
        r#"{{"id":"{id}","roomId":"{room}","roomType":"group","text":"{text}","personId":"{}","personEmail":"person{person}@bench.example","created":"{created}"}}"#,
        person_id(person)
    )
}

/// A message of a room's past.
fn of_message(said: Said, channel: usize) -> String {
    let spoken = Spoken { number: said.number, channel, millis: said.moment };
    message(&id("MESSAGE", &spoken.uuid()), &spoken)
}

impl WebexApi {
    fn post(&self, body: &[u8]) -> Response {
        let room = field(body, br#""roomId":""#).unwrap_or_default();
        let number = self.inner.desk.takes(Platform::Webex, room, body);
        let (id, own) = (id("MESSAGE", &format!("post-{number}")), id("PEOPLE", SERVICE_USER));
        let answer = format!(
            r#"{{"id":"{id}","roomId":"{room}","roomType":"group","personId":"{own}","created":"{MADE}"}}"#
        );
        text_answer(StatusCode::OK, answer)
    }

    /// What was said in a room (*List Messages*: 50 of a page, or up to 1000 as asked for); the next
    /// page is in a header (*Pagination*).
    fn list(&self, uri: &Uri) -> Response {
        let room = parameter(uri, "roomId");
        let Some(channel) = room_number(&room) else {
            return text_answer(StatusCode::OK, r#"{"items":[]}"#.to_owned());
        };
        let before = parameter(uri, "before");
        let before: Option<Timestamp> = before.parse().ok();
        let newest = before.map_or(u64::MAX, |before| {
            // What was said in the very instant was not said before it.
            u64::try_from(before.as_millisecond() - 1).unwrap_or_default()
        });
        let size = page_size(&parameter(uri, "max"), 50, 1_000);
        let next = parameter(uri, "cursor").parse().ok();
        let page = self.inner.desk.past.page(channel, 0..=newest, next, size);
        let messages: Vec<_> = page.said.iter().map(|said| of_message(*said, channel)).collect();
        let body = format!(r#"{{"items":[{}]}}"#, messages.join(","));
        let mut answer = text_answer(StatusCode::OK, body);
        let link = page.next.and_then(|next| {
            let query = format!("roomId={room}&max={size}&cursor={next}");
            format!(r#"<{}/v1/messages?{query}>; rel="next""#, self.url).parse().ok()
        });
        if let Some(link) = link {
            answer.headers_mut().insert(header::LINK, link);
        }
        answer
    }

    fn hook(&self, body: &[u8]) -> Value {
        let mut hook: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut hooks = self.inner.hooks.write();
        hook["id"] = json!(id("WEBHOOK", &hooks.len().to_string()));
        hook["status"] = json!("active");
        hooks.push(hook.clone());
        if let ("messages", Some(secret)) = (text(&hook, "resource"), hook["secret"].as_str()) {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
            *self.inner.key.write() = Some(Arc::new(key));
        }
        hook
    }

    fn read(&self, path: &[&str], uri: &Uri) -> Option<Value> {
        let list = |items: Vec<Value>| Some(json!({"items": items}));
        match path {
            ["people", "me"] => Some(of_person(&id("PEOPLE", SERVICE_USER), "Rialto")),
            ["people", person] => Some(of_person(person, &format!("Person {person}"))),
            // A page has them all: no figure has more than the thousand that are asked for at once.
            ["rooms"] if parameter(uri, "type") == "group" => {
                list((0..self.inner.desk.channels()).map(|it| of_room(&room_id(it))).collect())
            }
            ["rooms", room] => Some(of_room(room)),
            ["memberships"] => list(vec![json!({
                "id": id("MEMBERSHIP", "own"), "roomId": parameter(uri, "roomId"),
                "personId": id("PEOPLE", SERVICE_USER), "isModerator": false,
            })]),
            ["webhooks"] => list(self.inner.hooks.read().clone()),
            ["people" | "rooms" | "teams"] => list(Vec::new()),
            _ => None,
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn of_person(id: &str, name: &str) -> Value {
    json!({
        "id": id, "emails": [format!("{id}@bench.example")], "displayName": name,
        "avatar": format!("https://pictures.example/{id}.png"), "orgId": organization(),
        "created": MADE, "type": "person", "status": "active",
    })
}

fn of_room(id: &str) -> Value {
    json!({
        "id": id, "title": id, "type": "group", "isLocked": false, "isPublic": true,
        "isAnnouncementOnly": false, "isReadOnly": false, "created": MADE,
        "creatorId": person_id(0),
    })
}

fn organization() -> String {
    id("ORGANIZATION", ORGANIZATION)
}

/// Webex's calls about new messages.
struct WebexEvents {
    webex: WebexApi,
    path: String,
}

impl Events for WebexEvents {
    fn is_heard(&self) -> bool {
        self.webex.inner.key.read().is_some()
    }

    fn message(&self, number: u64, channel: usize) -> Vec<u8> {
        let spoken = Spoken::now(number, channel);
        self.webex.inner.desk.past.remember(channel, Said { number, moment: spoken.millis });
        let (message, room) = (id("MESSAGE", &spoken.uuid()), room_id(channel));
        let (person, own, organization) =
            (number % PEOPLE, id("PEOPLE", SERVICE_USER), organization());
        let (writer, created) = (person_id(person), spoken.at());
        let body = format!(
            r#"{{"id":"bench","name":"bench","targetUrl":"http://127.0.0.1{}","resource":"messages","event":"created","orgId":"{organization}","createdBy":"{own}","appId":"bench","ownedBy":"creator","status":"active","created":"{MADE}","actorId":"{writer}","data":{{"id":"{message}","roomId":"{room}","roomType":"group","personId":"{writer}","personEmail":"person{person}@bench.example","created":"{created}"}}}}"#,
            self.path
        );
        let key = self.webex.inner.key.read().clone();
        let signature = key.map(|key| hex::encode(hmac::sign(&key, body.as_bytes())));
        let headers = [("x-spark-signature", signature.as_deref().unwrap_or_default())];
        request(&self.path, &headers, &body)
    }
}

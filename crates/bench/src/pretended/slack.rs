//! A pretended Slack that answers as fast as it can, or as slowly as it is told to, and its webhooks,
//! signed.

use std::{collections::HashMap, sync::Arc};

use anyhow::Result;
use aws_lc_rs::hmac;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use parking_lot::RwLock;
use serde_json::{Value, json};

use super::{
    Behaviour, Platform, Pretended, Side,
    desk::Desk,
    listen::{field, listen, page_size, serve, text_answer},
    past::{Past, Said},
};
use crate::{
    event::{Events, Moments, PEOPLE, request},
    ledger,
};

/// The signing secret of the bench's application.
pub const SIGNING_SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The workspace that people write in, and the one that it is relayed to.
const TEAMS: [&str; 2] = ["TBENCH1", "TBENCH2"];
/// Scopes of the application: all that Rialto asks for.
const SCOPES: &str = "channels:history,channels:join,channels:manage,channels:read,chat:write,\
    chat:write.customize,chat:write.public,emoji:read,files:read,files:write,groups:history,\
    groups:read,groups:write,reactions:read,reactions:write,team:read,users:read,users:read.email";

/// The pretended Slack.
#[derive(Clone)]
pub(super) struct SlackApi {
    inner: Arc<Inner>,
    /// Where it is, without a slash at the end.
    pub(super) url: String,
}

#[derive(Default)]
struct Inner {
    behaviour: RwLock<Behaviour>,
    desk: Desk,
}

impl SlackApi {
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

    /// Posts are answered so from now on.
    pub(super) fn behaves(&self, behaviour: Behaviour) {
        *self.inner.behaviour.write() = behaviour;
    }
}

impl Pretended for SlackApi {
    fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    fn app(&self) -> Value {
        json!({
            "client_id": "bench", "client_secret": "bench", "signing_secret": SIGNING_SECRET,
            "api_url": format!("{}/api/", self.url),
        })
    }

    fn token(&self, side: Side) -> Option<String> {
        Some(format!("xoxb-{}", TEAMS[side as usize]))
    }

    fn channel(&self, side: Side, number: usize) -> String {
        channel(side, number)
    }

    fn events(&self, path: &str) -> Arc<dyn Events> {
        Arc::new(SlackEvents { past: self.inner.desk.past.clone(), ..SlackEvents::new(path) })
    }
}

async fn answer(
    State(api): State<SlackApi>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let method = uri.path().rsplit('/').next().unwrap_or_default();
    if method == "chat.postMessage" {
        return api.post(&body).await;
    }
    let form = String::from_utf8_lossy(&body);
    let given: HashMap<&str, &str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .chain(form.split('&'))
        .filter_map(|pair| pair.split_once('='))
        .collect();
    if method == "conversations.history" {
        return api.history(&given);
    }
    let token = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    let second = token.is_some_and(|it| it.ends_with(TEAMS[Side::To as usize]));
    let side = if second { Side::To } else { Side::From };
    let value = api.other(method, side, &given);
    ([("x-oauth-scopes", SCOPES), ("content-type", "application/json")], value.to_string())
        .into_response()
}

impl SlackApi {
    async fn post(&self, body: &[u8]) -> Response {
        let behaviour = self.inner.behaviour.read().clone();
        let channel = field(body, br#""channel":""#).unwrap_or_default();
        if behaviour.silent {
            return std::future::pending().await;
        }
        if let Some(Err(wait)) = behaviour.held.map(|held| held.take(channel)) {
            let seconds = wait.as_secs_f64().ceil().to_string();
            let refusal = r#"{"ok":false,"error":"ratelimited"}"#;
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds)], refusal)
                .into_response();
        }
        let number = self.inner.desk.takes(Platform::Slack, channel, body);
        if !behaviour.latency.is_zero() {
            tokio::time::sleep(behaviour.latency).await;
        }
        let (seconds, micros) = (1_600_000_000 + number / 1_000_000, number % 1_000_000);
        let answer = format!(
            r#"{{"ok":true,"channel":"{channel}","ts":"{seconds}.{micros:06}","message":{{"type":"message","subtype":"bot_message","ts":"{seconds}.{micros:06}","bot_id":"BBENCH"}}}}"#
        );
        text_answer(StatusCode::OK, answer)
    }

    /// What was said in a channel (*conversations.history*): of one page at most 999 messages.
    fn history(&self, given: &HashMap<&str, &str>) -> Response {
        let get = |name: &str| given.get(name).copied().unwrap_or_default();
        let from = micros(get("oldest")).map_or(0, |oldest| match get("inclusive") {
            "true" => oldest,
            _ => oldest + 1,
        });
        let said = get("channel").strip_prefix(channel_prefix(Side::From));
        let said = said.and_then(|number| number.parse().ok()).map(|channel| {
            let size = page_size(get("limit"), 100, 999);
            self.inner.desk.past.page(channel, from..=u64::MAX, get("cursor").parse().ok(), size)
        });
        let next = said.as_ref().and_then(|page| page.next);
        let said = said.map(|page| page.said).unwrap_or_default();
        let messages: Vec<_> = said.iter().map(|said| format!("{{{}}}", message(*said))).collect();
        let answer = format!(
            r#"{{"ok":true,"messages":[{}],"has_more":{},"response_metadata":{{"next_cursor":"{}"}}}}"#,
            messages.join(","),
            next.is_some(),
            next.map(|next| next.to_string()).unwrap_or_default(),
        );
        text_answer(StatusCode::OK, answer)
    }

    /// Whatever else is no post.
    fn other(&self, method: &str, side: Side, given: &HashMap<&str, &str>) -> Value {
        let team = TEAMS[side as usize];
        let get = |name: &str| given.get(name).copied().unwrap_or_default();
        match method {
            "auth.test" => json!({
                "ok": true, "team": format!("Bench {team}"), "team_id": team,
                "user": "rialto", "user_id": format!("UOWN{team}"), "bot_id": "BBENCH",
                "app_id": "ABENCH", "url": "https://bench.example/", "is_enterprise_install": false,
            }),
            "team.info" => {
                json!({"ok": true, "team": {"id": team, "name": format!("Bench {team}")}})
            }
            "conversations.info" => json!({"ok": true, "channel": of_channel(get("channel"))}),
            "conversations.list" | "users.conversations" => self.page(side, get("cursor")),
            "conversations.replies" => json!({"ok": true, "messages": [], "has_more": false}),
            "users.info" => {
                let user = get("user");
                json!({"ok": true, "user": {
                    "id": user, "name": user, "real_name": format!("Person {user}"),
                    "profile": {
                        "real_name": format!("Person {user}"), "display_name": format!("Person {user}"),
                        "email": format!("{user}@bench.example"),
                        "image_192": format!("https://pictures.example/{user}.png"),
                    },
                }})
            }
            "users.lookupByEmail" => json!({"ok": false, "error": "users_not_found"}),
            _ => json!({"ok": true}),
        }
    }

    fn page(&self, side: Side, cursor: &str) -> Value {
        const PAGE: usize = 200;
        let (channels, next) = self.inner.desk.page(cursor, PAGE);
        let channels: Vec<_> = channels.map(|it| of_channel(&channel(side, it))).collect();
        json!({"ok": true, "channels": channels, "response_metadata": {"next_cursor": next}})
    }
}

fn of_channel(id: &str) -> Value {
    json!({
        "id": id, "name": id.to_lowercase(), "name_normalized": id.to_lowercase(),
        "is_channel": true, "is_private": false, "is_member": true, "is_archived": false,
    })
}

/// Slack's.
pub struct SlackEvents {
    key: hmac::Key,
    path: String,
    moments: Moments,
    past: Past,
}

/// The channel of a number in a workspace.
pub fn channel(side: Side, number: usize) -> String {
    format!("{}{number:06}", channel_prefix(side))
}

fn channel_prefix(side: Side) -> &'static str {
    if side == Side::From { "CA" } else { "CB" }
}

/// A message's time.
fn ts(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// Reads one.
fn micros(ts: &str) -> Option<u64> {
    let (seconds, rest) = ts.split_once('.')?;
    let (seconds, rest): (u64, u64) = (seconds.parse().ok()?, rest.parse().ok()?);
    Some(seconds * 1_000_000 + rest)
}

/// What events and histories say of a message, without the braces around it.
fn message(said: Said) -> String {
    let Said { number, moment } = said;
    let (text, person, team, ts) =
        (ledger::text(number), number % PEOPLE, TEAMS[Side::From as usize], ts(moment));
    format!(
        r#""user":"U{person:06}","type":"message","ts":"{ts}","client_msg_id":"00000000-0000-4000-8000-{number:012}","text":"{text}","team":"{team}","blocks":[{{"type":"rich_text","block_id":"b{number:04}","elements":[{{"type":"rich_text_section","elements":[{{"type":"text","text":"{text}"}}]}}]}}]"#
    )
}

impl SlackEvents {
    /// Webhooks to a path.
    pub fn new(path: &str) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, SIGNING_SECRET.as_bytes()),
            path: path.into(),
            moments: Moments::default(),
            past: Past::default(),
        }
    }
}

impl Events for SlackEvents {
    fn message(&self, number: u64, channel: usize) -> Vec<u8> {
        // No two messages of a workspace may have one time.
        let said = Said { number, moment: self.moments.next(1_000_000) };
        self.past.remember(channel, said);
        let (seconds, ts) = (said.moment / 1_000_000, ts(said.moment));
        let (message, team) = (message(said), TEAMS[Side::From as usize]);
        let channel = self::channel(Side::From, channel);
        let body = format!(
            r#"{{"token":"unused","team_id":"{team}","context_team_id":"{team}","api_app_id":"ABENCH","event":{{{message},"channel":"{channel}","event_ts":"{ts}","channel_type":"channel"}},"type":"event_callback","event_id":"Ev{number:09}","event_time":{seconds},"authorizations":[{{"enterprise_id":null,"team_id":"{team}","user_id":"UOWN{team}","is_bot":true,"is_enterprise_install":false}}],"is_ext_shared_channel":false,"event_context":"4-bench"}}"#
        );
        let mut context = hmac::Context::with_key(&self.key);
        context.update(format!("v0:{seconds}:").as_bytes());
        context.update(body.as_bytes());
        let signature = hex::encode(context.sign());
        let headers = [
            ("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)"),
            ("x-slack-request-timestamp", &seconds.to_string()),
            ("x-slack-signature", &format!("v0={signature}")),
        ];
        request(&self.path, &headers, &body)
    }
}

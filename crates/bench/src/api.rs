//! A pretended Slack that answers as fast as it can, or as slowly as it is told to, and knows when
//! each post arrived.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::Result;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use parking_lot::RwLock;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    event::{self, TEAMS},
    ledger::Ledger,
};

/// Scopes of the application: all that Rialto asks for.
const SCOPES: &str = "channels:history,channels:join,channels:manage,channels:read,chat:write,\
    chat:write.customize,chat:write.public,emoji:read,files:read,files:write,groups:history,\
    groups:read,groups:write,reactions:read,reactions:write,team:read,users:read,users:read.email";

/// The pretended Slack.
#[derive(Clone)]
pub struct SlackApi {
    inner: Arc<Inner>,
    /// Where it is, without a slash at the end.
    pub url: String,
}

struct Inner {
    behaviour: RwLock<Behaviour>,
    ledger: RwLock<Option<Arc<Ledger>>>,
    /// Channels in each workspace.
    channels: AtomicUsize,
    posts: AtomicU64,
}

/// How it answers posts.
#[derive(Clone, Default)]
pub struct Behaviour {
    /// So much later.
    pub latency: Duration,
    /// One channel takes a message only so often, and says so by `Retry-After`.
    pub held: Option<Held>,
    /// Not at all.
    pub silent: bool,
}

/// A channel that is held back.
#[derive(Clone)]
pub struct Held {
    channel: String,
    every: Duration,
    state: Arc<RwLock<HeldState>>,
}

#[derive(Default)]
struct HeldState {
    free_at: Option<Instant>,
    first: Option<Instant>,
    taken: u64,
    refused: u64,
}

impl Held {
    /// This channel of the second workspace takes one message each `every`.
    pub fn new(channel: usize, every: Duration) -> Self {
        Self { channel: event::channel(1, channel), every, state: Arc::default() }
    }

    /// How many messages were taken and how many refused, and what part of the allowed rate the
    /// former are.
    pub fn outcome(&self) -> (u64, u64, f64) {
        let state = self.state.read();
        let (Some(first), Some(free_at)) = (state.first, state.free_at) else {
            return (0, state.refused, 0.0);
        };
        // From the first to the last; and on to now, if the next one is late.
        let until = Instant::now().max(free_at) - self.every;
        let allowed = (until - first).as_secs_f64() / self.every.as_secs_f64();
        (state.taken, state.refused, (state.taken - 1) as f64 / allowed)
    }

    /// `Err` with what is to be waited.
    fn take(&self, channel: &str) -> Result<(), Duration> {
        if channel != self.channel {
            return Ok(());
        }
        let mut state = self.state.write();
        let now = Instant::now();
        if let Some(free_at) = state.free_at.filter(|at| *at > now) {
            state.refused += 1;
            return Err(free_at - now);
        }
        state.free_at = Some(now + self.every);
        state.first.get_or_insert(now);
        state.taken += 1;
        Ok(())
    }
}

impl SlackApi {
    /// Starts it in this process.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        let (listener, url) = listen().await?;
        let api = Self {
            inner: Arc::new(Inner {
                behaviour: RwLock::default(),
                ledger: RwLock::default(),
                channels: AtomicUsize::new(0),
                posts: AtomicU64::new(0),
            }),
            url,
        };
        serve(listener, Router::new().fallback(answer).with_state(api.clone()));
        Ok(api)
    }

    /// There are so many channels in each workspace.
    pub fn has_channels(&self, count: usize) {
        self.inner.channels.store(count, Relaxed);
    }

    /// Posts are told to this ledger from now on.
    pub fn tells(&self, ledger: &Arc<Ledger>) {
        *self.inner.ledger.write() = Some(ledger.clone());
    }

    /// Posts are answered so from now on.
    pub fn behaves(&self, behaviour: Behaviour) {
        *self.inner.behaviour.write() = behaviour;
    }
}

/// A free port, and its address.
///
/// # Errors
/// When none is free.
pub async fn listen() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// Answers in the background, for as long as the process runs.
pub fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(NoDelay(listener), router).await });
}

/// Answers are small: none may wait to be joined by others.
struct NoDelay(TcpListener);

impl axum::serve::Listener for NoDelay {
    type Io = tokio::net::TcpStream;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, address)) = self.0.accept().await
                && stream.set_nodelay(true).is_ok()
            {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
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
    let token = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    let team = TEAMS.iter().position(|team| token.is_some_and(|it| it.ends_with(team)));
    let value = api.other(method, team.unwrap_or_default(), &given);
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
            return (http::StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds)], refusal)
                .into_response();
        }
        let ledger = self.inner.ledger.read().clone();
        if let Some(ledger) = ledger {
            ledger.arrived(channel, body);
        }
        let number = self.inner.posts.fetch_add(1, Relaxed);
        if !behaviour.latency.is_zero() {
            tokio::time::sleep(behaviour.latency).await;
        }
        let (seconds, micros) = (1_600_000_000 + number / 1_000_000, number % 1_000_000);
        let answer = format!(
            r#"{{"ok":true,"channel":"{channel}","ts":"{seconds}.{micros:06}","message":{{"type":"message","subtype":"bot_message","ts":"{seconds}.{micros:06}","bot_id":"BBENCH"}}}}"#
        );
        ([("content-type", "application/json")], answer).into_response()
    }

    /// Whatever is no post.
    fn other(&self, method: &str, side: usize, given: &HashMap<&str, &str>) -> Value {
        let team = TEAMS[side];
        let get = |name: &str| given.get(name).copied().unwrap_or_default();
        match method {
            "auth.test" => json!({
                "ok": true, "team": format!("Bench {side}"), "team_id": team,
                "user": "rialto", "user_id": format!("UOWN{team}"), "bot_id": "BBENCH",
                "app_id": "ABENCH", "url": "https://bench.example/", "is_enterprise_install": false,
            }),
            "team.info" => {
                json!({"ok": true, "team": {"id": team, "name": format!("Bench {side}")}})
            }
            "conversations.info" => json!({"ok": true, "channel": of_channel(get("channel"))}),
            "conversations.list" | "users.conversations" => self.page(side, get("cursor")),
            "conversations.history" | "conversations.replies" => {
                json!({"ok": true, "messages": [], "has_more": false})
            }
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

    fn page(&self, side: usize, cursor: &str) -> Value {
        const PAGE: usize = 200;
        let all = self.inner.channels.load(Relaxed);
        let from: usize = cursor.parse().unwrap_or_default();
        let until = (from + PAGE).min(all);
        let channels: Vec<_> =
            (from..until).map(|it| of_channel(&event::channel(side, it))).collect();
        let next = if until < all { until.to_string() } else { String::new() };
        json!({"ok": true, "channels": channels, "response_metadata": {"next_cursor": next}})
    }
}

fn of_channel(id: &str) -> Value {
    json!({
        "id": id, "name": id.to_lowercase(), "name_normalized": id.to_lowercase(),
        "is_channel": true, "is_private": false, "is_member": true, "is_archived": false,
    })
}

/// The text after a name.
fn field<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let from = memchr::memmem::find(body, name)? + name.len();
    let length = memchr::memchr(b'"', &body[from..])?;
    std::str::from_utf8(&body[from..from + length]).ok()
}

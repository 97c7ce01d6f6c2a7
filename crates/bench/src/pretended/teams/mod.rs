//! A pretended Microsoft Graph with its sign-in service.

mod notifications;

use std::sync::Arc;

use anyhow::Result;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use parking_lot::RwLock;
use rialto_sandbox::teams::{published_keys, sign};
use serde_json::{Value, json};

use self::notifications::{GraphEvents, Subscription};
use super::{
    Platform, Pretended, Side,
    desk::Desk,
    listen::{json_answer, listen, page_size, parameter, serve, text_answer},
    past::Said,
};
use crate::{
    event::{Events, PEOPLE},
    ledger,
};

/// The tenant.
const TENANT: &str = "11111111-1111-4111-8111-111111111111";
/// The application.
const CLIENT: &str = "22222222-2222-4222-8222-222222222222";
/// The service user.
const SERVICE_USER: &str = "33333333-3333-4333-8333-333333333333";
/// What the service user and the application may.
const SCOPES: &str = "User.Read User.ReadBasic.All ChannelMessage.Send ChannelMessage.Read.All \
    ChannelMessage.ReadWrite Channel.ReadBasic.All Channel.Create ChannelMember.Read.All \
    Team.ReadBasic.All TeamMember.ReadWrite.All Files.ReadWrite.All openid profile offline_access";
const ROLES: [&str; 6] = [
    "Team.ReadBasic.All",
    "Channel.ReadBasic.All",
    "TeamMember.ReadWriteNonOwnerRole.All",
    "ChannelMember.ReadWrite.All",
    "User.Read.All",
    "ChannelMessage.Read.All",
];
/// Graph's limit for channels of a team.
const CHANNELS_A_TEAM: usize = 1_000;

/// The pretended Graph.
#[derive(Clone)]
pub(super) struct GraphApi {
    inner: Arc<Inner>,
    /// Where it is, the sign-in service too; without a slash at the end.
    url: String,
}

#[derive(Default)]
struct Inner {
    desk: Desk,
    /// Whom it tells.
    subscription: RwLock<Option<Arc<Subscription>>>,
}

fn team_id(number: usize) -> String {
    format!("44444444-4444-4444-8444-{number:012}")
}

fn channel_id(number: usize) -> String {
    format!("19-c{number:06}")
}

fn channel_number(id: &str) -> Option<usize> {
    id.strip_prefix("19-c")?.parse().ok()
}

impl GraphApi {
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

impl Pretended for GraphApi {
    fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    fn starts_anew(&self, channels: usize) {
        self.inner.desk.starts_anew(channels);
        *self.inner.subscription.write() = None;
    }

    fn app(&self) -> Value {
        json!({
            "tenant": TENANT, "client_id": CLIENT, "client_secret": "bench",
            "graph_url": format!("{}/v1.0/", self.url), "login_url": format!("{}/", self.url),
            // One subscription, however many channels.
            "listening": "tenant",
        })
    }

    fn token(&self, _side: Side) -> Option<String> {
        None
    }

    /// Its team's id and its own.
    fn channel(&self, _side: Side, number: usize) -> String {
        format!("{}/{}", team_id(number / CHANNELS_A_TEAM), channel_id(number))
    }

    fn events(&self, path: &str) -> Arc<dyn Events> {
        Arc::new(GraphEvents::new(self, path))
    }
}

async fn answer(State(api): State<GraphApi>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let post = method == Method::POST;
    match path.as_slice() {
        ["v1.0", "teams", _, "channels", channel, "messages"] if post => api.post(channel, &body),
        [.., "token"] => json_answer(StatusCode::OK, &token(&body)),
        [.., "keys"] => json_answer(StatusCode::OK, &published_keys()),
        ["v1.0", "teams", _, "channels", channel, "messages", "delta"] => {
            json_answer(StatusCode::OK, &api.delta(channel, &uri))
        }
        ["v1.0", "subscriptions", ..] if method == Method::DELETE => {
            StatusCode::NO_CONTENT.into_response()
        }
        ["v1.0", "subscriptions", ..] if method != Method::GET => {
            json_answer(StatusCode::CREATED, &api.subscribe(&body))
        }
        ["v1.0", rest @ ..] => match api.read(rest) {
            Some(value) => json_answer(StatusCode::OK, &value),
            None => json_answer(
                StatusCode::NOT_FOUND,
                &json!({"error": {"code": "NotFound", "message": uri.path()}}),
            ),
        },
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn token(body: &[u8]) -> Value {
    let own = body.windows(18).any(|it| it == b"client_credentials");
    let claims = json!({
        "tid": TENANT, "oid": SERVICE_USER, "name": "Rialto", "aud": CLIENT,
        "preferred_username": "rialto@bench.example", "roles": ROLES,
    });
    let token = sign(&claims).unwrap_or_default();
    let mut answer = json!({"token_type": "Bearer", "expires_in": 86_399, "access_token": token});
    if !own {
        answer["scope"] = json!(SCOPES);
        answer["refresh_token"] = json!("bench");
        answer["id_token"] = answer["access_token"].clone();
    }
    answer
}

impl GraphApi {
    fn post(&self, channel: &str, body: &[u8]) -> Response {
        let number = 1_600_000_000_000 + self.inner.desk.takes(Platform::Teams, channel, body);
        let answer = format!(
            r#"{{"id":"{number}","messageType":"message","from":{{"user":{{"id":"{SERVICE_USER}"}}}}}}"#
        );
        text_answer(StatusCode::CREATED, answer)
    }

    fn subscribe(&self, body: &[u8]) -> Value {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        if let Some(subscription) = Subscription::asked(&text) {
            *self.inner.subscription.write() = Some(Arc::new(subscription));
        }
        json!({
            "id": "bench", "resource": text("resource"), "changeType": text("changeType"),
            "notificationUrl": text("notificationUrl"),
            "expirationDateTime": text("expirationDateTime"),
        })
    }

    /// What was said in a channel since a moment (*chatMessage: delta*, 50 messages a page at most).
    fn delta(&self, id: &str, uri: &Uri) -> Value {
        let filter = parameter(uri, "$filter");
        let since = filter.strip_prefix("lastModifiedDateTime gt ").and_then(|it| it.parse().ok());
        let since = since.map_or(0, |since: Timestamp| since.as_millisecond());
        // A link goes on where the page ended, and says what had been asked for.
        let token = parameter(uri, "$skiptoken");
        let token = token
            .split_once('.')
            .and_then(|(next, after)| Some((Some(next.parse().ok()?), after.parse().ok()?)));
        let (next, after) = token.unwrap_or((None, u64::try_from(since).unwrap_or_default()));
        let size = page_size(&parameter(uri, "$top"), 20, 50);
        let Some(channel) = channel_number(id) else { return json!({"value": []}) };
        let page = self.inner.desk.past.page(channel, after + 1..=u64::MAX, next, size);
        let messages: Vec<_> = page.said.iter().map(|said| message(*said, channel)).collect();
        let here = format!("{}{}", self.url, uri.path());
        match page.next {
            Some(next) => json!({
                "value": messages,
                "@odata.nextLink": format!("{here}?$top={size}&$skiptoken={next}.{after}"),
            }),
            None => json!({
                "value": messages, "@odata.deltaLink": format!("{here}?$deltatoken=bench"),
            }),
        }
    }

    fn read(&self, path: &[&str]) -> Option<Value> {
        let all = self.inner.desk.channels();
        let list = |items: Vec<Value>| Some(json!({"value": items}));
        match path {
            ["organization"] => list(vec![json!({"id": TENANT, "displayName": "Bench"})]),
            ["teams"] | ["me", "joinedTeams"] => {
                list((0..all.div_ceil(CHANNELS_A_TEAM)).map(|it| of_team(&team_id(it))).collect())
            }
            ["teams", team] => Some(of_team(team)),
            ["teams", team, "channels"] => {
                let of_it = |number: &usize| team_id(number / CHANNELS_A_TEAM) == *team;
                list((0..all).filter(of_it).map(|it| of_channel(&channel_id(it))).collect())
            }
            ["teams", _, "channels", channel] => Some(of_channel(channel)),
            ["subscriptions"] | ["teams", _, "channels", _, "messages", ..] => list(Vec::new()),
            ["users", user] => Some(json!({
                "id": user, "displayName": format!("Person {user}"), "userType": "Member",
                "mail": format!("{user}@bench.example"), "accountEnabled": true,
            })),
            _ => None,
        }
    }
}

fn of_team(id: &str) -> Value {
    json!({"id": id, "displayName": format!("Team {id}"), "isArchived": false})
}

fn of_channel(id: &str) -> Value {
    json!({"id": id, "displayName": id, "membershipType": "standard", "isArchived": false})
}

/// What notifications and lists say of a message.
fn message(said: Said, channel: usize) -> Value {
    let Said { number, moment: id } = said;
    let created = i64::try_from(id).ok().and_then(|id| Timestamp::from_millisecond(id).ok());
    let (text, person) = (ledger::text(number), number % PEOPLE);
    json!({
        "id": id.to_string(), "etag": id.to_string(), "messageType": "message",
        "createdDateTime": created, "lastModifiedDateTime": created, "importance": "normal",
        "from": {"user": {
            "id": format!("55555555-5555-4555-8555-{person:012}"),
            "displayName": format!("Person {person}"), "userIdentityType": "aadUser",
        }},
        "body": {"contentType": "html", "content": format!("<p>{text}</p>")},
        "channelIdentity": {
            "teamId": team_id(channel / CHANNELS_A_TEAM), "channelId": channel_id(channel),
        },
        "attachments": [], "mentions": [], "reactions": [], "replies": [],
    })
}

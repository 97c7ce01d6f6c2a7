//! Serving Graph: the prefix, the path, the token, faults and limits; then one file per area.

mod channels;
mod chats;
mod drives;
mod hosted;
mod members;
mod messages;
mod people;
mod read_messages;
mod subscriptions;
mod teams;
mod transfer;

pub(crate) use messages::find;
pub(crate) use transfer::mime_of;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, header};

use super::call::{Answer, Call, Reply};
use super::drive::decode;
use super::error::{GraphError, code_of};
use super::odata::Query;
use super::{PLATFORM, Teams};
use crate::core::calls::SHOWN;
use crate::core::{Made, drop_connection};

/// Words of Graph's paths; whatever else stands in a path is an id.
const WORDS: &[&str] = &[
    "organization",
    "users",
    "me",
    "joinedTeams",
    "photo",
    "$value",
    "teams",
    "members",
    "channels",
    "filesFolder",
    "messages",
    "replies",
    "softDelete",
    "undoSoftDelete",
    "setReaction",
    "unsetReaction",
    "hostedContents",
    "delta",
    "getAllMessages",
    "chats",
    "drives",
    "drive",
    "items",
    "root",
    "children",
    "content",
    "createUploadSession",
    "createLink",
    "permissions",
    "subscriptions",
    "reauthorize",
    "invitations",
    "primaryChannel",
    "operations",
    "invite",
    "add",
    "groups",
    "sandbox-upload",
    "sandbox-download",
    "allChannels",
    "installedApps",
    "pinnedMessages",
];

/// Answers one request on the Graph listener.
pub(crate) async fn serve(teams: Arc<Teams>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let host = parts.headers.get(header::HOST).and_then(|v| v.to_str().ok());
    let origin = host.map_or_else(|| teams.urls.graph.clone(), |host| format!("http://{host}"));
    let (prefix, raw_path) = split_version(parts.uri.path());
    let path = segments(raw_path);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let operation = operation(parts.method.as_str(), &path);
    let request_id = teams.core.ids.uuid();
    let client_request_id = parts
        .headers
        .get("client-request-id")
        .and_then(|v| v.to_str().ok())
        .map_or_else(|| request_id.clone(), str::to_owned);

    let gate = teams.core.gate(PLATFORM, &operation).await;
    let by = bearer(&parts.headers)
        .and_then(|t| teams.world().sign_ins.token(t))
        .map(|t| t.user.clone().unwrap_or_else(|| t.app.clone()));
    let by = by.unwrap_or_default();
    let (body, sent) = read_beginning(&parts, body).await;
    let about = format!("{raw_path} {sent}");
    let mut made =
        Made { operation: &operation, by: &by, about, faults: &gate.struck, ..Made::default() };
    if gate.reset {
        made.error = Some("reset");
        teams.core.calls.note(PLATFORM, made);
        return drop_connection();
    }
    if gate.expire_token {
        teams.expire_token(bearer(&parts.headers));
    }
    let answer = match gate.refuse {
        Some((status, retry_after)) => {
            let words = gate.words("The request was refused by a fault rule.", body).await;
            let mut error = GraphError::new(status, code_of(status), words);
            error.retry_after = retry_after;
            Err(error)
        }
        None => {
            let call = Asked { origin, prefix, raw_path, path: &path, parts: &parts, body };
            answer(&teams, call).await
        }
    };
    if let Ok(Reply::Json(201, value)) = &answer
        && let Some(id) = value["id"].as_str()
    {
        made.about.push_str(&format!(" → {id}"));
    }
    if gate.lose_answer {
        made.error = Some("lose_answer");
        teams.core.calls.note(PLATFORM, made);
        return drop_connection();
    }
    let (mut response, code) = match answer {
        Ok(reply) => (reply.into_response(), None),
        Err(error) => {
            let response = error.answer(teams.core.clock.now(), &request_id, &client_request_id);
            (response, Some(error.code))
        }
    };
    (made.status, made.error) = (response.status().as_u16(), code);
    teams.core.calls.note(PLATFORM, made);
    for (name, value) in [("request-id", &request_id), ("client-request-id", &client_request_id)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The beginning of a small JSON body, for the journal, and the body as it was.
async fn read_beginning(parts: &Parts, body: Body) -> (Body, String) {
    const SMALL: usize = 64 * 1024;
    let header = |name: header::HeaderName| parts.headers.get(name).and_then(|v| v.to_str().ok());
    let json = header(header::CONTENT_TYPE).is_some_and(|kind| kind.contains("json"));
    let length = header(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if !json || length.is_none_or(|length| length > SMALL) {
        return (body, String::new());
    }
    let bytes = axum::body::to_bytes(body, SMALL).await.unwrap_or_default();
    let beginning = &bytes[..bytes.len().min(3 * SHOWN)];
    let text = String::from_utf8_lossy(beginning).into_owned();
    (Body::from(bytes), text)
}

struct Asked<'a> {
    origin: String,
    prefix: &'static str,
    raw_path: &'a str,
    path: &'a [&'a str],
    parts: &'a Parts,
    body: Body,
}

async fn answer(teams: &Arc<Teams>, asked: Asked<'_>) -> Answer {
    let method = asked.parts.method.as_str();
    match asked.path {
        // Pre-authorized addresses: whoever has the link may use it.
        ["sandbox-upload", id] => {
            return transfer::upload_part(teams, method, id, &asked.parts.headers, asked.body)
                .await;
        }
        ["sandbox-download", drive, item, secret] => {
            return transfer::download(teams, drive, item, secret, &asked.parts.headers).await;
        }
        [] => return Err(GraphError::bad_request("Resource not found.")),
        _ => {}
    }
    let now = teams.core.clock.now();
    let token = teams.authenticate(&asked.parts.headers, now)?;
    teams.throttle(&token, method, asked.path)?;
    let mut call = Call {
        teams: teams.clone(),
        method: asked.parts.method.clone(),
        query: Query::parse(asked.parts.uri.query().unwrap_or("")),
        headers: asked.parts.headers.clone(),
        base: format!("{}{}", asked.origin, asked.prefix),
        raw_path: asked.raw_path.to_owned(),
        token,
        now,
        body: Some(asked.body),
    };
    match asked.path {
        ["me", rest @ ..] => {
            let id = call.user_id()?.to_owned();
            let mut path = vec!["users", id.as_str()];
            path.extend(rest);
            dispatch(&mut call, &path, true).await
        }
        path => dispatch(&mut call, path, false).await,
    }
}

async fn dispatch(call: &mut Call, path: &[&str], me: bool) -> Answer {
    match path {
        ["users", _, "chats", chat, rest @ ..] => {
            let mut path = vec!["chats", *chat];
            path.extend(rest);
            chats::route(call, &path).await
        }
        ["me" | "users", id, "chats"] => chats::of_person(call, id),
        ["organization" | "users" | "invitations", ..] => people::route(call, path, me).await,
        ["teams", ..] => teams::route(call, path).await,
        ["chats", ..] => chats::route(call, path).await,
        ["drives", ..] => drives::route(call, path).await,
        ["subscriptions", ..] => subscriptions::route(call, path).await,
        [first, ..] => Err(GraphError::no_segment(first)),
        [] => Err(GraphError::bad_request("Resource not found.")),
    }
}

/// The refusal of a method that a known path does not take.
pub(super) fn no_method(call: &Call) -> GraphError {
    GraphError::new(
        405,
        "Request_BadRequest",
        format!("Specified HTTP method '{}' is not allowed for the request target.", call.method),
    )
}

/// The refusal of a path that Graph does not have.
pub(super) fn no_path(path: &[&str]) -> GraphError {
    let unknown = path.iter().rev().find(|s| !WORDS.contains(s)).or(path.last());
    GraphError::no_segment(unknown.copied().unwrap_or(""))
}

pub(super) fn reply_entity(status: u16, context: &str, value: serde_json::Value) -> Answer {
    Ok(Reply::Json(status, super::odata::entity(context, value)))
}

fn split_version(path: &str) -> (&'static str, &str) {
    match path.strip_prefix("/v1.0") {
        Some(rest) if rest.starts_with('/') || rest.is_empty() => ("/v1.0", rest),
        _ => ("", path),
    }
}

/// Decoded path segments; `teams('x')` counts as `teams`, `x`, and `delta()` as `delta`. Path addressing may come
/// encoded in one segment (`root%3A%2Fa%2Fb%3A`), as the vendor's SDKs send it.
fn segments(path: &str) -> Vec<String> {
    let mut out = Vec::new();
    for raw in path.split('/').filter(|s| !s.is_empty()) {
        let segment = decode(raw);
        if segment.contains(":/") {
            out.extend(segment.split('/').filter(|s| !s.is_empty()).map(str::to_owned));
            continue;
        }
        let short = segment.strip_suffix("()").unwrap_or(&segment);
        let short = match short.strip_prefix("microsoft.graph.") {
            Some(verb) if WORDS.contains(&verb) => verb,
            _ => short,
        };
        match short
            .split_once("('")
            .and_then(|(name, rest)| rest.strip_suffix("')").map(|id| (name, id)))
        {
            Some((name, id)) if WORDS.contains(&name) => {
                out.push(name.to_owned());
                out.push(id.to_owned());
            }
            _ => out.push(short.to_owned()),
        }
    }
    out
}

/// The operation's name in journals and fault rules: `POST /teams/{id}/channels/{id}/messages`.
fn operation(method: &str, path: &[&str]) -> String {
    let mut out = format!("{method} ");
    for segment in path {
        out.push('/');
        out.push_str(if WORDS.contains(segment) { segment } else { "{id}" });
    }
    out
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Teams {
    fn authenticate(
        &self,
        headers: &HeaderMap,
        now: jiff::Timestamp,
    ) -> Result<Arc<super::sign_in::Token>, GraphError> {
        let Some(text) = bearer(headers) else {
            return Err(GraphError::unauthenticated("Access token is empty."));
        };
        let world = self.world();
        let token = world.sign_ins.token(text).ok_or_else(|| {
            GraphError::unauthenticated("IDX14100: JWT is not well formed or was not issued here.")
        })?;
        if token.expires <= now {
            return Err(GraphError::unauthenticated(
                "Lifetime validation failed, the token is expired.",
            ));
        }
        if token.audience != "https://graph.microsoft.com" {
            return Err(GraphError::unauthenticated(
                "Access token validation failure. Invalid audience.",
            ));
        }
        if let Some(user) = &token.user {
            let enabled = world
                .tenants
                .get(&token.tenant)
                .and_then(|t| t.users.get(user))
                .is_some_and(|u| u.enabled);
            if !enabled {
                return Err(GraphError::unauthenticated(
                    "The user account is disabled or was deleted.",
                ));
            }
        }
        Ok(token)
    }

    /// A fault: the caller's access token ends now.
    fn expire_token(&self, token: Option<&str>) {
        if let Some(token) = token {
            self.world().sign_ins.expire(token, self.core.clock.now());
        }
    }
}

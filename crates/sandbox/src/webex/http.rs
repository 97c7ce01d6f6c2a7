//! `/v1/…`: faults, token, scope, rate limit, operation, answer; in this order.

use std::sync::Arc;
use std::time::Duration;

use axum::RequestExt as _;
use axum::body::Body;
use axum::extract::{Multipart, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::Webex;
use super::api::{self, Call, Found, Input, Operation, Reply};
use super::contents::{self, Upload};
use super::error::Fail;
use super::pages;
use super::scopes;
use super::world::Token;
use crate::core::calls::SHOWN;
use crate::core::{Core, Gate, Ids, Made, drop_connection};

/// JSON bodies over this are refused; Webex's own limit is not published.
const BODY_LIMIT: usize = 4 * 1024 * 1024;
/// Calls a minute that one person's token is good for. The vendor publishes no number, only that there is one.
const CALLS: usize = 600;
const MINUTE: Duration = Duration::from_secs(60);

pub(crate) async fn call(State(webex): State<Arc<Webex>>, request: Request) -> Response {
    let verb = request.method().as_str().to_owned();
    let path = request.uri().path().strip_prefix("/v1").unwrap_or("").to_owned();
    let (operation, named) = match api::find(&verb, &path) {
        Found::Operation(operation, named) => (operation, named),
        Found::OtherVerb => {
            return unknown(&webex, &verb, &path, Fail::new(405, "Method Not Allowed"));
        }
        Found::Nothing => {
            let fail = Fail::new(404, "The requested resource could not be found.");
            return unknown(&webex, &verb, &path, fail);
        }
    };
    let name = operation.name();
    let gate = webex.core.gate("webex", &name).await;
    let mut note =
        Note { core: &webex.core, name: &name, by: String::new(), gate: &gate, path: &path };
    if gate.reset {
        note.down(0, None, "");
        return dropped(&verb);
    }
    if let Some((code, retry_after)) = gate.refuse {
        note.down(code, None, "");
        let words = gate.words(words_of(code), request.into_body()).await;
        return by_fault(&webex.core.ids, code, words, retry_after);
    }
    let who = match admit(&webex, operation, request.headers(), gate.expire_token) {
        Ok(who) => who,
        Err(fail) => {
            note.down(fail.status, Some(&fail), "");
            return replied(&webex.core.ids, Err(fail));
        }
    };
    note.by = format!("{} {}", who.app, who.person);
    let input = match read(&webex.core, operation, request).await {
        Ok(input) => input,
        Err(fail) => {
            note.down(fail.status, Some(&fail), "");
            return replied(&webex.core.ids, Err(fail));
        }
    };
    let line = input.line(SHOWN);
    let result = {
        let stage = webex.stage();
        (operation.run)(&mut Call { stage, who, operation, named, input, path: path.clone() })
    };
    let made = result.as_ref().ok().and_then(|reply| reply.body.as_ref()?["id"].as_str());
    let about = made.map_or_else(|| line.clone(), |id| format!("{line} → {id}"));
    let status = result.as_ref().map_or_else(|fail| fail.status, |reply| reply.status);
    let status = if gate.lose_answer { 0 } else { status };
    note.down(status, result.as_ref().err(), &about);
    if gate.lose_answer {
        return dropped(&verb);
    }
    match result {
        Ok(Reply { file: Some(download), .. }) => contents::send(download, verb == "HEAD").await,
        result => replied(&webex.core.ids, result),
    }
}

/// The connection is gone. An answer to HEAD has no body that could fail before its head is sent: it says
/// what somebody on the way says of a lost answer.
fn dropped(verb: &str) -> Response {
    if verb == "HEAD" { StatusCode::BAD_GATEWAY.into_response() } else { drop_connection() }
}

/// What is written into the journal.
struct Note<'a> {
    core: &'a Core,
    name: &'a str,
    by: String,
    gate: &'a Gate,
    path: &'a str,
}

impl Note<'_> {
    fn down(&self, status: u16, fail: Option<&Fail>, about: &str) {
        let about = format!("{} {about}", self.path).trim_end().to_owned();
        let error = fail.map(|fail| fail.message.as_str());
        let (by, faults) = (self.by.as_str(), &self.gate.struck[..]);
        let made = Made { operation: self.name, status, error, by, about, faults };
        self.core.calls.note("webex", made);
    }
}

fn unknown(webex: &Webex, verb: &str, path: &str, fail: Fail) -> Response {
    let name = format!("{verb} {path}");
    let gate = Gate::default();
    let note = Note { core: &webex.core, name: &name, by: String::new(), gate: &gate, path };
    note.down(fail.status, Some(&fail), "");
    replied(&webex.core.ids, Err(fail))
}

/// Whose token it is, if it may make the call now.
fn admit(
    webex: &Webex,
    operation: &Operation,
    headers: &HeaderMap,
    expire: bool,
) -> Result<Token, Fail> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| value.split_once(' '));
    let token = bearer.filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
    let token = token.map_or("", |(_, token)| token.trim());
    let who = webex.stage().authenticate(token, expire)?;
    scopes::check(&who.scopes, operation.scope)?;
    let allowed = webex.core.limits.window("webex", (&who.app, &who.person), CALLS, MINUTE);
    allowed.map_err(|wait| {
        let seconds = wait.as_secs() + 1;
        Fail::later(429, "Too Many Requests", seconds)
    })?;
    Ok(who)
}

/// Reads what was sent: the query, and a JSON body, or a form with a file in it. A file given by its address is fetched.
async fn read(core: &Core, operation: &Operation, request: Request) -> Result<Input, Fail> {
    let mut input = Input::default();
    let query = request.uri().query().unwrap_or("").to_owned();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        input.query.insert(key.into_owned(), value.into_owned());
    }
    if !matches!(operation.verb, "POST" | "PUT") {
        return Ok(input);
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or("").to_ascii_lowercase();
    if operation.takes_file && kind.starts_with("multipart/form-data") {
        let form = request.extract::<Multipart, _>().await;
        return read_form(core, form.map_err(|error| Fail::bad(error.to_string()))?, input).await;
    }
    if !kind.starts_with("application/json") {
        return Err(Fail::new(415, "The content type must be application/json."));
    }
    let body = axum::body::to_bytes(request.into_body(), BODY_LIMIT).await;
    let body = body.map_err(|_| Fail::new(413, "Request Entity Too Large"))?;
    let body: Option<Value> = serde_json::from_slice(&body).ok();
    let body = body.filter(Value::is_object);
    input.body = body.ok_or_else(|| Fail::bad("The request body is not a JSON object."))?;
    if operation.takes_file {
        for address in input.body["files"].as_array().into_iter().flatten() {
            let address = address.as_str().unwrap_or("");
            input.uploads.push(contents::fetch(core, address).await?);
        }
    }
    Ok(input)
}

async fn read_form(core: &Core, mut form: Multipart, mut input: Input) -> Result<Input, Fail> {
    let broken = |error: String| Fail::bad(error);
    input.body = json!({});
    while let Some(field) = form.next_field().await.map_err(|error| broken(error.to_string()))? {
        let name = field.name().unwrap_or("").to_owned();
        if let Some(file) = field.file_name().map(str::to_owned) {
            if name != "files" {
                return Err(Fail::bad(format!("Unexpected file: {name}")));
            }
            let mime = field.content_type().map(str::to_owned);
            let chunks = field.map(|chunk| chunk.map_err(|error| error.to_string()));
            input.uploads.push(contents::keep(core, file, mime, chunks).await?);
        } else {
            let text = field.text().await.map_err(|error| broken(error.to_string()))?;
            if name == "files" {
                input.uploads.push(contents::fetch(core, &text).await?);
            } else {
                input.body[name] = text.into();
            }
        }
    }
    Ok(input)
}

/// An answer as it is sent, with the tracking id that all have.
pub(crate) fn replied(ids: &Ids, result: Result<Reply, Fail>) -> Response {
    let tracking = format!("ROUTER_{}", ids.uuid().to_ascii_uppercase());
    let (status, body, link, retry_after) = match result {
        Ok(reply) => (reply.status, reply.body, reply.link, None),
        Err(fail) => (fail.status, Some(fail.body(&tracking)), None, fail.retry_after),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match body {
        Some(body) => (status, axum::Json(body)).into_response(),
        None => (status, Body::empty()).into_response(),
    };
    let headers = response.headers_mut();
    if let Ok(tracking) = HeaderValue::from_str(&tracking) {
        headers.insert("trackingid", tracking);
    }
    if let Some(link) = link.and_then(|next| HeaderValue::from_str(&pages::link(&next)).ok()) {
        headers.insert(header::LINK, link);
    }
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What is said of a status that a fault asked for.
pub(crate) fn words_of(code: u16) -> &'static str {
    let status = StatusCode::from_u16(code).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or("Refused")
}

/// A refusal that a fault asked for.
pub(crate) fn by_fault(
    ids: &Ids,
    code: u16,
    words: impl Into<String>,
    retry_after: Option<u64>,
) -> Response {
    replied(ids, Err(Fail { retry_after, ..Fail::new(code, words) }))
}

impl Input {
    /// The only file.
    ///
    /// # Errors
    /// 400 for more than one.
    pub(crate) fn only_file(&mut self) -> Result<Option<Upload>, Fail> {
        if self.uploads.len() > 1 {
            return Err(Fail::bad("Only one file is allowed per message."));
        }
        Ok(self.uploads.pop())
    }
}

//! `/v2/…`: faults, token, scope, rate limit, operation, answer; in this order.

use std::sync::Arc;

use axum::RequestExt as _;
use axum::body::Body;
use axum::extract::{Multipart, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::Zoom;
use super::api::{self, Call, Input, Operation, Reply, Upload};
use super::error::Fail;
use super::rates::Headers;
use super::scopes;
use super::stage::Stage;
use super::world::Token;
use crate::core::calls::SHOWN;
use crate::core::{Gate, Made, drop_connection};

/// JSON bodies over this are refused; Zoom's own limit is not published.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// What is known of a call once it is answered.
struct Outcome {
    result: Result<Reply, Fail>,
    by: String,
    headers: Headers,
}

pub(crate) async fn call(State(zoom): State<Arc<Zoom>>, request: Request) -> Response {
    let verb = request.method().as_str().to_owned();
    let path = request.uri().path().strip_prefix("/v2").unwrap_or("").to_owned();
    let Some((operation, named)) = api::find(&verb, &path) else {
        let fail = Fail::new(404, 2300, "This API endpoint is not recognized.");
        note(&zoom, &format!("{verb} {path}"), 404, Some(&fail), "", String::new(), &[]);
        return refused(&fail, &Vec::new());
    };
    let name = operation.name();
    let gate = zoom.core.gate("zoom", &name).await;
    if gate.reset {
        note(&zoom, &name, 0, None, "", path, &gate.struck);
        return drop_connection();
    }
    if let Some((code, retry_after)) = gate.refuse {
        note(&zoom, &name, code, None, "", path, &gate.struck);
        return by_fault(&gate, code, retry_after, request.into_body()).await;
    }
    let headers = request.headers().clone();
    let query = request.uri().query().unwrap_or("").to_owned();
    let input = match read(&zoom, operation, request, &query).await {
        Ok(input) => input,
        Err(fail) => {
            note(&zoom, &name, fail.status, Some(&fail), "", path, &gate.struck);
            return refused(&fail, &Vec::new());
        }
    };
    let about = format!("{path} {}", input.line(SHOWN));
    let outcome = answer(&zoom, operation, named, input, &headers, &gate);
    let status = match &outcome.result {
        _ if gate.lose_answer => 0,
        Ok(reply) => reply.status,
        Err(fail) => fail.status,
    };
    let made = outcome.result.as_ref().ok().and_then(|reply| reply.body.as_ref()?["id"].as_str());
    let about = made.map_or_else(|| about.clone(), |id| format!("{about} → {id}"));
    let fail = outcome.result.as_ref().err();
    note(&zoom, &name, status, fail, &outcome.by, about, &gate.struck);
    if gate.lose_answer {
        return drop_connection();
    }
    match outcome.result {
        Ok(reply) => replied(reply, &outcome.headers),
        Err(fail) => refused(&fail, &outcome.headers),
    }
}

fn note(
    zoom: &Zoom,
    operation: &str,
    status: u16,
    fail: Option<&Fail>,
    by: &str,
    about: String,
    faults: &[String],
) {
    let error = fail.map(|fail| fail.code.to_string());
    let made = Made { operation, status, error: error.as_deref(), by, about, faults };
    zoom.core.calls.note("zoom", made);
}

/// Reads what was sent: the query, and a JSON body or a form with a file in it.
async fn read(
    zoom: &Zoom,
    operation: &Operation,
    request: Request,
    query: &str,
) -> Result<Input, Fail> {
    let mut input = Input::default();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        input.query.insert(key.into_owned(), value.into_owned());
    }
    if operation.takes_file {
        let form = request.extract::<Multipart, _>().await;
        let form = form.map_err(|error| Fail::new(400, 300, error.to_string()))?;
        return form_with_file(zoom, form, input).await;
    }
    let body = axum::body::to_bytes(request.into_body(), BODY_LIMIT).await;
    let body = body.map_err(|_| Fail::new(413, 300, "Request entity too large."))?;
    if !body.is_empty() {
        input.body = serde_json::from_slice(&body)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| Fail::new(400, 300, "Request Body should be a valid JSON object."))?;
    }
    Ok(input)
}

async fn form_with_file(zoom: &Zoom, mut form: Multipart, mut input: Input) -> Result<Input, Fail> {
    let broken = |error: String| Fail::new(400, 300, error);
    input.body = json!({});
    while let Some(field) = form.next_field().await.map_err(|error| broken(error.to_string()))? {
        let name = field.name().unwrap_or("").to_owned();
        if let Some(file) = field.file_name().map(str::to_owned) {
            let mime = field.content_type().map(str::to_owned);
            let chunks = field.map(|chunk| chunk.map_err(|error| error.to_string()));
            let content = zoom.core.files.write(chunks).await;
            let content = content.map_err(|error| broken(error.to_string()))?;
            input.uploads.push(Upload { name: file, mime, content });
        } else {
            let text = field.text().await.map_err(|error| broken(error.to_string()))?;
            input.body[name] = text.into();
        }
    }
    Ok(input)
}

fn answer(
    zoom: &Zoom,
    operation: &'static Operation,
    named: Vec<(&'static str, String)>,
    input: Input,
    headers: &HeaderMap,
    gate: &Gate,
) -> Outcome {
    let mut stage = zoom.stage();
    let mut outcome = Outcome { result: Ok(Reply::done()), by: String::new(), headers: Vec::new() };
    let who = match authenticate(&mut stage, headers, gate.expire_token) {
        Ok(who) => who,
        Err(fail) => {
            outcome.result = Err(in_the_words_of(operation, fail));
            return outcome;
        }
    };
    outcome.by = format!("{} {}", who.app, who.user);
    let allowed = operation.scopes.iter().any(|scope| scopes::covers(&who.scopes, scope, false));
    if !allowed {
        let named = scopes::named(operation.scopes, false);
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        outcome.result = Err(Fail::scopes(&named));
        return outcome;
    }
    match stage.count_call(&who.account, operation.label, &operation.name()) {
        Ok(counted) => outcome.headers = counted,
        Err(fail) => {
            outcome.result = Err(fail);
            return outcome;
        }
    }
    let mut call = Call { stage, who, operation, named, input };
    outcome.result = (operation.run)(&mut call);
    outcome
}

/// Refusals of a token are 401 with 124, but the reference has others where files are: uploads answer 400, and calls
/// about a file have codes of their own.
fn in_the_words_of(operation: &Operation, fail: Fail) -> Fail {
    if operation.takes_file {
        Fail { status: 400, ..fail }
    } else if operation.path.starts_with("/chat/files/") {
        let code = match fail.message.as_str() {
            "Access token is required." => 300,
            "Access token is expired." => 106,
            _ => 100,
        };
        Fail { code, ..fail }
    } else {
        fail
    }
}

/// Whose token it is.
fn authenticate(stage: &mut Stage<'_>, headers: &HeaderMap, expire: bool) -> Result<Token, Fail> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")));
    let token = bearer.map(str::trim).filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Fail::new(401, 124, "Access token is required."))?;
    let now = stage.now();
    if expire && let Some(known) = stage.state.tokens.get_mut(token) {
        known.expires = now;
    }
    stage.authenticate(token)
}

fn replied(reply: Reply, headers: &Headers) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut response = match reply.body {
        Some(body) => (status, axum::Json(body)).into_response(),
        None => (status, Body::empty()).into_response(),
    };
    add(&mut response, headers);
    response
}

/// A refusal, with its own headers instead of those of an answer.
fn refused(fail: &Fail, headers: &Headers) -> Response {
    let status = StatusCode::from_u16(fail.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = (status, axum::Json(fail.body())).into_response();
    add(&mut response, if fail.headers.is_empty() { headers } else { &fail.headers });
    response
}

fn add(response: &mut Response, headers: &Headers) {
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

/// A refusal that a fault asked for.
async fn by_fault(gate: &Gate, code: u16, retry_after: Option<u64>, sent: Body) -> Response {
    let own = match code {
        429 => "You have reached the maximum per-second rate limit for this API. Try again later.",
        500..=599 => "Internal server error.",
        _ => "Refused.",
    };
    let words = gate.words(own, sent).await;
    let mut response = refused(&Fail::new(code, u32::from(code), words), &Vec::new());
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

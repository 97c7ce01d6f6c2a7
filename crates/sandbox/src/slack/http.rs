//! `/api/METHOD`: faults, token, scope, rate limit, method, answer; in this order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::Slack;
use super::api::{self, Call, Method, Tier};
use super::args::Args;
use super::error::Fail;
use super::world::Token;
use crate::core::{Made, drop_connection};

/// Bodies over this are refused; Slack's own limit is not published.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// The answer to one call, before it becomes HTTP.
struct Outcome {
    result: Result<Value, Fail>,
    status: StatusCode,
    by: String,
    scopes: Option<Arc<BTreeSet<String>>>,
    accepted: String,
}

pub(crate) async fn call(
    State(slack): State<Arc<Slack>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let gate = slack.core.gate("slack", &name).await;
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let content_type = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("");
    let args = Args::read(query.as_deref().unwrap_or(""), content_type, &body);
    let about = args.as_ref().map(Args::line).unwrap_or_default();
    let mut made = Made { operation: &name, about, faults: &gate.struck, ..Made::default() };
    if gate.reset {
        made.error = Some("fault: reset");
        slack.core.calls.note("slack", made);
        return drop_connection();
    }
    if let Some((code, retry_after)) = gate.refuse {
        // Slack has words for what it refuses with 200 only.
        let status = if gate.quotes { 200 } else { code };
        (made.status, made.error) = (status, Some("fault: status"));
        slack.core.calls.note("slack", made);
        if gate.quotes {
            let words = gate.words("[ERROR] it is not taken.", body.into()).await;
            return axum::Json(Fail::arguments(words).body()).into_response();
        }
        return refused(code, retry_after);
    }
    let outcome = answer(&slack, &name, args, &headers, gate.expire_token);
    made.status = if gate.lose_answer { 0 } else { outcome.status.as_u16() };
    made.error = outcome.result.as_ref().err().map(|fail| fail.code);
    made.by = &outcome.by;
    if let Some(ts) = outcome.result.as_ref().ok().and_then(|answer| answer["ts"].as_str()) {
        made.about.push_str(&format!(" → {ts}"));
    }
    slack.core.calls.note("slack", made);
    if gate.lose_answer { drop_connection() } else { respond(outcome) }
}

/// A refusal that a fault asked for. Slack answers 5xx with a body that is no JSON of its API.
fn refused(code: u16, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match code {
        429 => (status, axum::Json(json!({"ok": false, "error": "ratelimited"}))).into_response(),
        500..=599 => (status, "upstream error").into_response(),
        _ => (status, axum::Json(json!({"ok": false, "error": "fatal_error"}))).into_response(),
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert("retry-after", HeaderValue::from(seconds));
    }
    response
}

fn answer(
    slack: &Slack,
    name: &str,
    args: Result<Args, Fail>,
    headers: &HeaderMap,
    expire_token: bool,
) -> Outcome {
    let mut outcome = Outcome {
        result: Err(Fail::new("unknown_method")),
        status: StatusCode::OK,
        by: String::new(),
        scopes: None,
        accepted: String::new(),
    };
    let Some(method) = api::find(name) else {
        outcome.result = outcome.result.map_err(|fail| fail.with("req_method", name.into()));
        return outcome;
    };
    let args = match args {
        Ok(args) => args,
        Err(fail) => {
            outcome.result = Err(fail);
            return outcome;
        }
    };
    outcome.accepted = method.scopes().join(",");
    outcome.result =
        run(slack, method, args, headers, expire_token, &mut outcome.by, &mut outcome.scopes);
    if let Err(Fail { retry_after: Some(_), .. }) = &outcome.result {
        outcome.status = StatusCode::TOO_MANY_REQUESTS;
    }
    outcome
}

fn run(
    slack: &Slack,
    method: &'static Method,
    args: Args,
    headers: &HeaderMap,
    expire_token: bool,
    by: &mut String,
    scopes: &mut Option<Arc<BTreeSet<String>>>,
) -> Result<Value, Fail> {
    let bearer = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")))
        .map(|token| token.trim().to_owned());
    let token = bearer.or_else(|| args.text("token"));
    let mut stage = slack.stage();
    let who = if method.anonymous {
        Token::nobody()
    } else {
        let token = token.clone().ok_or("not_authed")?;
        if expire_token && let Some(known) = stage.state.tokens.get_mut(&token) {
            known.expires = Some(slack.core.clock.now());
        }
        let who = stage.authenticate(&token)?;
        by.clone_from(&who.app);
        *scopes = Some(who.scopes.clone());
        super::scopes::require(&who.scopes, &method.scopes())?;
        limit(slack, method, &who, &args)?;
        who
    };
    let basic = headers.get("authorization").and_then(|v| v.to_str().ok()).and_then(basic);
    let mut call =
        Call { stage, who, token, args, basic, warnings: Vec::new(), messages: Vec::new() };
    let mut answer = (method.run)(&mut call)?;
    answer["ok"] = true.into();
    if !call.warnings.is_empty() {
        answer["warning"] = call.warnings.join(",").into();
        if !answer["response_metadata"].is_object() {
            answer["response_metadata"] = json!({});
        }
        answer["response_metadata"]["warnings"] = json!(call.warnings);
        if !call.messages.is_empty() {
            answer["response_metadata"]["messages"] = json!(call.messages);
        }
    }
    Ok(answer)
}

/// `Authorization: Basic`, with which OAuth clients give id and secret.
fn basic(header: &str) -> Option<(String, String)> {
    use base64::Engine as _;
    let encoded = header.strip_prefix("Basic ")?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

/// Per minute, method, workspace and app; posting also per conversation and second.
fn limit(slack: &Slack, method: &Method, who: &Token, args: &Args) -> Result<(), Fail> {
    let limits = &slack.core.limits;
    let minute = Duration::from_secs(60);
    let taken = match method.tier {
        Tier::PerMinute(count) => {
            limits.window("slack", (method.name, &who.team, &who.app), count, minute)
        }
        Tier::PerChannel => {
            let channel = args.text("channel").unwrap_or_default();
            limits.bucket("slack", (method.name, &who.team, &who.app, channel), 1.0, 4.0)
        }
        Tier::None => Ok(()),
    };
    taken.map_err(|wait| Fail {
        // Whole seconds of emulated time, at least one.
        retry_after: Some(wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(60)),
        ..Fail::new("ratelimited")
    })
}

fn respond(outcome: Outcome) -> Response {
    let (body, retry_after) = match &outcome.result {
        Ok(value) => (value.to_string(), None),
        Err(fail) => (fail.body().to_string(), fail.retry_after),
    };
    let mut response = (outcome.status, body).into_response();
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json; charset=utf-8"));
    if let Some(seconds) = retry_after {
        headers.insert("retry-after", HeaderValue::from(seconds));
    }
    if let Some(scopes) = outcome.scopes {
        let scopes = scopes.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        if let Ok(value) = HeaderValue::from_str(&scopes) {
            headers.insert("x-oauth-scopes", value);
        }
        if let Ok(value) = HeaderValue::from_str(&outcome.accepted) {
            headers.insert("x-accepted-oauth-scopes", value);
        }
    }
    response
}

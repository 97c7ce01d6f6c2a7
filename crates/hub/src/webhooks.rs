//! Webhooks in: proved, kept, acknowledged, in this order.

use std::{error::Error as _, future, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use bytes::Bytes;
use http_body_util::LengthLimitError;
use metrics::Counter;
use rialto_model::AppId;
use rialto_platform::{Received, WebhookAnswer, WebhookRequest};
use rialto_relay::{AppEntry, Platforms};
use serde::Deserialize;

use crate::{Hub, Problem, request_log};

/// Bytes of a webhook at most: no vendor's exceeds 1 MiB by much.
const LARGEST: usize = 4 * 1024 * 1024;
/// Time for a webhook. Slack, Zoom and Graph hang up after 3 s: until then they must be told to send
/// again.
const LIMIT: Duration = Duration::from_millis(2_500);
/// Time for its body alone. It ends before the whole does: who stalls must not count as somebody
/// whose webhook could not be kept.
const READING: Duration = Duration::from_secs(2);

/// What became of a webhook, in the metrics; `None` where it could not even be read.
type Outcome = Option<&'static str>;

/// The outcome of those that their platforms are asked to send again.
const UNAVAILABLE: &str = "unavailable";

const PATH: &str = "/webhooks/{platform}/{app}";
const PATH_WITH_TAIL: &str = "/webhooks/{platform}/{app}/{tail}";

/// Webhooks' addresses. They come in floods, so that what every request goes through is done here by
/// hand, without layers: its name, its log line, its limits.
pub(crate) fn router() -> Router<Hub> {
    let both = MethodFilter::GET.or(MethodFilter::POST);
    Router::new().route(PATH, on(both, receive)).route(PATH_WITH_TAIL, on(both, receive))
}

/// What an address names.
#[derive(Deserialize)]
struct Address {
    platform: String,
    app: String,
    tail: Option<String>,
}

async fn receive(
    State(hub): State<Hub>,
    Path(address): Path<Address>,
    request: Request,
) -> Response {
    let name = request_log::name(&hub, request.headers());
    let path = if address.tail.is_some() { PATH_WITH_TAIL } else { PATH };
    let method = request.method();
    let span = tracing::debug_span!("request", id = name, %method, path);
    let entry = match entry(&hub, &address) {
        Ok(entry) => entry,
        Err(problem) => {
            let work = future::ready((problem.into_response(), ()));
            return request_log::answer(path.into(), name, span, LIMIT, work).await.0;
        }
    };
    let known = entry.clone();
    let work = async move {
        match take(&hub, &known, address.tail.as_deref(), request).await {
            Ok((response, outcome)) => (response, Some(outcome)),
            Err((problem, outcome)) => (problem.into_response(), outcome),
        }
    };
    let (response, outcome) = request_log::answer(path.into(), name, span, LIMIT, work).await;
    // By what its sender was told: one that took too long is not kept, for all that the sender knows.
    if let Some(outcome) = outcome.unwrap_or(Some(UNAVAILABLE)) {
        counter(&entry.app.platform, outcome).increment(1);
    }
    response
}

/// The application that an address names.
fn entry(hub: &Hub, address: &Address) -> Result<Arc<AppEntry>, Problem> {
    let Address { platform, app, .. } = address;
    let unknown = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no application has this webhook address: copy the address that `rialto apps` shows \
             into the application's settings at the vendor",
        )
    };
    let app: AppId = app.parse().map_err(|_| unknown())?;
    let view = hub.relay.roster().view();
    view.apps.get(&app).filter(|it| it.app.platform == *platform).cloned().ok_or_else(unknown)
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large = || {
        let words = "the request is larger than anything Rialto takes";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, words)
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|value| value.parse().ok()).is_some_and(|bytes: usize| bytes > LARGEST) {
        return Err(too_large());
    }
    // Nothing is begun yet: what has come of it can be dropped. Some send again after 5xx alone.
    let read = tokio::time::timeout(READING, to_bytes(body, LARGEST)).await.map_err(|_| {
        let words = "the request came too slowly; try again";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, words)
    })?;
    read.map_err(|error| {
        match error.source().is_some_and(|source| source.is::<LengthLimitError>()) {
            true => too_large(),
            false => Problem::new(StatusCode::BAD_REQUEST, "the request broke off"),
        }
    })
}

async fn take(
    hub: &Hub,
    entry: &AppEntry,
    tail: Option<&str>,
    request: Request,
) -> Result<(Response, &'static str), (Problem, Outcome)> {
    let (platform, app) = (&entry.app.platform, entry.app.id);
    let (parts, body) = request.into_parts();
    let body = read(&parts.headers, body).await.map_err(|problem| (problem, None))?;
    let request = WebhookRequest {
        method: &parts.method,
        tail: tail.unwrap_or_default(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: &body,
    };
    let now = hub.relay.toolkit().clock.now();
    let (inbound, answer) = match entry.platform.receive(&entry.config, &request, now) {
        Received::Handshake(answer) => {
            return Ok((answered(answer), "handshake"));
        }
        Received::Refused(refusal) => {
            tracing::warn!(platform, %app, reason = refusal.reason, "webhook refused");
            return Err((Problem::new(refusal.status, refusal.reason), Some("refused")));
        }
        Received::Inbound { inbound, answer } => (inbound, answer),
    };
    let facts = inbound.len();
    // It may wait long for the database.
    drop((body, parts));
    let accepted = hub.relay.accept(app, inbound).await.map_err(|error| {
        tracing::error!(platform, %app, %error, "webhook could not be kept");
        (error.into(), Some(UNAVAILABLE))
    })?;
    if facts > 0 && accepted.unknown_workspace == facts {
        let words =
            "the workspace is not connected here: connect it, or uninstall the application there";
        return Err((Problem::new(StatusCode::NOT_FOUND, words), Some("unknown_workspace")));
    }
    Ok((answered(answer), "kept"))
}

fn answered(answer: WebhookAnswer) -> Response {
    let mut response = (answer.status, answer.body).into_response();
    let headers = response.headers_mut();
    match answer.content_type {
        Some(kind) => headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        None => headers.remove(header::CONTENT_TYPE),
    };
    // What a handshake repeats was chosen by the caller: no browser may take it for a page.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Has the figure that an alert looks at begin at 0: the alert cannot wait for a first time.
pub(crate) fn begin_counting(platforms: &Platforms) {
    platforms.iter().for_each(|it| counter(it.manifest().id.as_str(), UNAVAILABLE).absolute(0));
}

fn counter(platform: &str, outcome: &'static str) -> Counter {
    metrics::counter!("rialto_webhooks_total", "platform" => platform.to_owned(), "outcome" => outcome)
}

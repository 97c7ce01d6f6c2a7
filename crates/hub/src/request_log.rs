//! A name for each request, its time limit, and one line about it: method, path pattern, status,
//! duration. Never a query, a header or a body: those hold codes, tokens and content.

use std::{sync::atomic::Ordering, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use crate::{Hub, Problem};

/// Time for anything that an admin asks: creating channels and reading all pages of a large
/// workspace takes long.
const LIMIT: Duration = Duration::from_secs(120);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) async fn observe(State(hub): State<Hub>, request: Request, next: Next) -> Response {
    let name = name(&hub, request.headers());
    let path =
        request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", id = name, method = %request.method(), path);
    let work = async move { (next.run(request).await, ()) };
    answer(path, name, span, LIMIT, work).await.0
}

/// A request's name: what a proxy gave it, or the next number.
pub(crate) fn name(hub: &Hub, headers: &HeaderMap) -> String {
    let given = headers.get(&REQUEST_ID).and_then(|it| it.to_str().ok());
    match given.filter(|name| is_plain(name)) {
        Some(name) => name.to_owned(),
        None => format!("{:016x}", hub.requests.fetch_add(1, Ordering::Relaxed)),
    }
}

/// Lets a request be worked on, within a time limit, and tells how it went. The answer comes with
/// what else the work gave, if it was done in time.
pub(crate) async fn answer<T: Send + 'static>(
    path: String,
    name: String,
    span: Span,
    limit: Duration,
    work: impl Future<Output = (Response, T)> + Send + 'static,
) -> (Response, Option<T>) {
    let began = Instant::now();
    // A task of its own: what was begun is finished though the caller hangs up or time is over.
    let work = tokio::spawn(work.instrument(span.clone()));
    let problem = |status, words| (Problem::new(status, words).into_response(), None);
    let (mut response, given) = match tokio::time::timeout(limit, work).await {
        Ok(Ok((response, given))) => (response, Some(given)),
        Ok(Err(_)) => problem(StatusCode::INTERNAL_SERVER_ERROR, "a defect: see the log"),
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "it took too long; try again"),
    };
    let (status, took) = (response.status(), began.elapsed());
    metrics::histogram!(
        "rialto_http_request_seconds", "path" => path, "status" => status.as_str().to_owned()
    )
    .record(took);
    span.in_scope(|| {
        tracing::debug!(status = status.as_u16(), took_ms = took.as_millis(), "answered");
    });
    if let Ok(name) = HeaderValue::try_from(name) {
        response.headers_mut().insert(REQUEST_ID, name);
    }
    (response, given)
}

/// A name that a proxy may give: it goes into logs.
fn is_plain(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

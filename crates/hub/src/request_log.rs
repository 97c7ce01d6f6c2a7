//! A name for each request, its time limit, and one line about it: method, path pattern, status,
//! duration. Never a query, a header or a body: those hold codes, tokens and content.

use std::{sync::atomic::Ordering, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;
use tracing::Instrument;

use crate::{Hub, Problem};

/// Time for a webhook: vendors wait 3 s (Slack) to 10 s (Graph) and try again.
const WEBHOOK_LIMIT: Duration = Duration::from_secs(10);
/// Time for anything else: creating channels and reading all pages of a large workspace takes long.
const LIMIT: Duration = Duration::from_secs(120);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) async fn observe(State(hub): State<Hub>, request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).and_then(|it| it.to_str().ok());
    let id = match given.filter(|id| is_plain(id)) {
        Some(id) => id.to_owned(),
        None => format!("{:016x}", hub.requests.fetch_add(1, Ordering::Relaxed)),
    };
    let path =
        request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let limit = if path.starts_with("/webhooks/") { WEBHOOK_LIMIT } else { LIMIT };
    let span = tracing::info_span!("request", id, %method, path);
    let began = Instant::now();
    // A task of its own: what was begun is finished though the caller hangs up or time is over.
    let work = tokio::spawn(next.run(request).instrument(span.clone()));
    let mut response = match tokio::time::timeout(limit, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "a defect: see the log").into_response()
        }
        Err(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "it took too long; try again")
            .into_response(),
    };
    let (status, took) = (response.status().as_u16(), began.elapsed());
    metrics::histogram!(
        "rialto_http_request_seconds", "path" => path, "status" => status.to_string()
    )
    .record(took);
    span.in_scope(|| tracing::debug!(status, took_ms = took.as_millis(), "answered"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// A name that a proxy may give: it goes into logs.
fn is_plain(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

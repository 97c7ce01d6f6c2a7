//! Webhooks in: proved, kept, acknowledged, in this order.

use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use rialto_model::AppId;
use rialto_platform::{Received, WebhookAnswer, WebhookRequest};

use crate::{Hub, Problem};

/// Bytes of a webhook at most: no vendor's exceeds 1 MiB by much.
pub(crate) const LARGEST_WEBHOOK: usize = 4 * 1024 * 1024;

pub(crate) async fn receive(
    State(hub): State<Hub>,
    Path((platform, app)): Path<(String, String)>,
    method: Method,
    query: RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    take(&hub, &platform, &app, "", &method, query, &headers, &body).await
}

pub(crate) async fn receive_tail(
    State(hub): State<Hub>,
    Path((platform, app, tail)): Path<(String, String, String)>,
    method: Method,
    query: RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    take(&hub, &platform, &app, &tail, &method, query, &headers, &body).await
}

#[expect(clippy::too_many_arguments, reason = "a request in its parts")]
async fn take(
    hub: &Hub,
    platform: &str,
    app: &str,
    tail: &str,
    method: &Method,
    RawQuery(query): RawQuery,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Problem> {
    let unknown = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no application has this webhook address: copy the address that `rialto apps` shows \
             into the application's settings at the vendor",
        )
    };
    let app: AppId = app.parse().map_err(|_| unknown())?;
    let view = hub.relay.roster().view();
    let entry =
        view.apps.get(&app).filter(|it| it.app.platform == platform).ok_or_else(unknown)?.clone();
    let request =
        WebhookRequest { method, tail, query: query.as_deref().unwrap_or(""), headers, body };
    let now = hub.relay.toolkit().clock.now();
    let (inbound, answer) = match entry.platform.receive(&entry.config, &request, now) {
        Received::Handshake(answer) => {
            count(&entry.app.platform, "handshake");
            return Ok(answered(answer));
        }
        Received::Refused(refusal) => {
            count(&entry.app.platform, "refused");
            tracing::warn!(platform, %app, reason = refusal.reason, "webhook refused");
            return Err(Problem::new(refusal.status, refusal.reason));
        }
        Received::Inbound { inbound, answer } => (inbound, answer),
    };
    let facts = inbound.len();
    let accepted = hub.relay.accept(app, inbound).await.inspect_err(|error| {
        count(&entry.app.platform, "unavailable");
        tracing::error!(platform, %app, %error, "webhook could not be kept");
    })?;
    if facts > 0 && accepted.unknown_workspace == facts {
        count(&entry.app.platform, "unknown_workspace");
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "the workspace is not connected here: connect it, or uninstall the application there",
        ));
    }
    count(&entry.app.platform, "kept");
    Ok(answered(answer))
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

fn count(platform: &str, outcome: &'static str) {
    metrics::counter!("rialto_webhooks_total", "platform" => platform.to_owned(), "outcome" => outcome)
        .increment(1);
}

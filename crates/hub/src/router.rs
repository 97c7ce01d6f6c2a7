//! All addresses.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use tower_http::limit::RequestBodyLimitLayer;

use crate::{Hub, Problem, api, auth, avatars, oauth, probes, request_log, webhooks};

/// Bytes of a request to the admin API at most.
const LARGEST_REQUEST: usize = 1024 * 1024;

/// All addresses of a hub. A body that announces that it is too large is refused before it is read.
pub fn router(hub: Hub) -> Router {
    let public = Router::new()
        .route("/oauth/callback", get(oauth::callback))
        .route("/avatars/{connection}/{account}/{signature}", get(avatars::picture))
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(probes::metrics));
    let admin = api::router()
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LARGEST_REQUEST))
        .layer(middleware::map_response(explain))
        .layer(middleware::from_fn_with_state(hub.clone(), auth::require_token));
    Router::new()
        .merge(public)
        .nest("/api/v1", admin)
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::map_response(explain))
        .layer(middleware::from_fn_with_state(hub.clone(), request_log::observe))
        .merge(webhooks::router().method_not_allowed_fallback(wrong_method))
        .with_state(hub)
}

pub(crate) async fn nowhere(request: Request) -> Problem {
    let path = request.uri().path();
    Problem::new(StatusCode::NOT_FOUND, format!("there is nothing at {path:?}"))
}

async fn wrong_method(request: Request) -> Problem {
    let (method, path) = (request.method(), request.uri().path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{path:?} does not know {method}"))
}

/// Makes problems of the framework's own plain answers (a body that is too large, …).
async fn explain(response: Response) -> Response {
    let status = response.status();
    let is_plain = response
        .headers()
        .get("content-type")
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !is_plain || status != StatusCode::PAYLOAD_TOO_LARGE {
        return response;
    }
    Problem::new(status, "the request is larger than anything Rialto takes").into_response()
}

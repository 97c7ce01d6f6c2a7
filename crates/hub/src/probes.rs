//! For those who watch over the process.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{Hub, Problem, auth::has_token};

/// The process answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// Webhooks can be kept.
pub(crate) async fn readyz(State(hub): State<Hub>) -> Result<&'static str, Problem> {
    hub.relay.store().check().await?;
    Ok("ready\n")
}

/// Figures in Prometheus' text format, for this machine or the holder of the admin token.
pub(crate) async fn metrics(State(hub): State<Hub>, request: Request) -> Result<Response, Problem> {
    // Behind a proxy on the same machine everybody seems to be local: only direct callers are.
    let proxied = ["forwarded", "x-forwarded-for", "x-real-ip"]
        .iter()
        .any(|name| request.headers().contains_key(*name));
    let local = !proxied
        && request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .is_some_and(|info| info.0.ip().to_canonical().is_loopback());
    if !local && !has_token(&hub, request.headers())? {
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "from elsewhere than this machine metrics need the admin token: send `Authorization: \
             Bearer TOKEN`",
        ));
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, (hub.metrics)()).into_response())
}

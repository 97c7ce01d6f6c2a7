//! The first two ceilings: a webhook is checked and read; or kept as well.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::Value;

use super::kept::{Row, Writer};
use crate::pretended::SIGNING_SECRET;

static KEY: LazyLock<hmac::Key> =
    LazyLock::new(|| hmac::Key::new(hmac::HMAC_SHA256, SIGNING_SECRET.as_bytes()));

pub(super) fn bare() -> Router {
    let take = |headers: HeaderMap, body: Bytes| async move {
        match read(&headers, &body) {
            Some(_) => StatusCode::OK,
            None => StatusCode::UNAUTHORIZED,
        }
    };
    Router::new().route("/webhook", post(take))
}

pub(super) fn kept(writer: Writer) -> Router {
    let take = |State(writer): State<Writer>, headers: HeaderMap, body: Bytes| async move {
        let Some(event) = read(&headers, &body) else { return StatusCode::UNAUTHORIZED };
        let Some(row) = row(&event, &body) else { return StatusCode::BAD_REQUEST };
        match writer.keep(row).await {
            Some(_) => StatusCode::OK,
            None => StatusCode::SERVICE_UNAVAILABLE,
        }
    };
    Router::new().route("/webhook", post(take)).with_state(writer)
}

/// The signature is checked, the JSON is read.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Option<Value> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let time = header("x-slack-request-timestamp")?;
    let signature = hex::decode(header("x-slack-signature")?.strip_prefix("v0=")?).ok()?;
    let signed = [b"v0:", time.as_bytes(), b":", body].concat();
    hmac::verify(&KEY, &signed, &signature).ok()?;
    serde_json::from_slice(body).ok()
}

pub(super) fn row(event: &Value, body: &[u8]) -> Option<Row> {
    let event = &event["event"];
    let (channel, time) = (event["channel"].as_str()?, event["ts"].as_str()?);
    Some(Row { key: format!("{channel}/{time}"), payload: body.to_vec() })
}

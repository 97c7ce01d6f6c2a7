//! Who may use the admin API: whoever holds the admin token.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::Response,
};
use rialto_relay::admin::Who;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use crate::{Hub, Problem};

/// Lets only the holder of the admin token pass.
pub(crate) async fn require_token(
    State(hub): State<Hub>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !has_token(&hub, request.headers())? {
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "the admin token is missing: send `Authorization: Bearer TOKEN`. It is in the file \
             `admin.token` of the server's data folder",
        ));
    }
    Ok(next.run(request).await)
}

/// Whether the request carries the admin token; a problem when it carries a wrong one.
pub(crate) fn has_token(hub: &Hub, headers: &HeaderMap) -> Result<bool, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(false) };
    let given = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let expected = hub.admin_token.expose_secret().as_bytes();
    match given {
        Some(given) if !expected.is_empty() && bool::from(expected.ct_eq(given.as_bytes())) => {
            Ok(true)
        }
        _ => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "the admin token is wrong: it is in the file `admin.token` of the server's data folder",
        )),
    }
}

/// The admin, for the audit.
pub(crate) struct Admin(pub(crate) Who);

impl<S: Send + Sync> FromRequestParts<S> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(Who::new(format!("admin token from {}", caller(parts)))))
    }
}

/// Where a request comes from.
pub(crate) fn caller(parts: &Parts) -> String {
    parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or_else(|| "an unknown address".into(), |info| info.0.ip().to_canonical().to_string())
}

//! Entra sign-in: consent in a browser, tokens, published keys.

mod authorize;
mod pages;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Teams;
use super::sign_in::published_keys;
use super::world::World;

pub(crate) use authorize::{Decision, Refused};
pub(crate) use token::{issue_app_token, issue_user_token};

/// A refusal of the token endpoint, in Entra's shape.
pub(crate) struct EntraError {
    pub status: u16,
    pub error: &'static str,
    pub number: u32,
    pub text: String,
    pub suberror: Option<&'static str>,
}

impl EntraError {
    pub fn new(error: &'static str, number: u32, text: impl Into<String>) -> Self {
        let status = if error == "invalid_client" { 401 } else { 400 };
        Self { status, error, number, text: text.into(), suberror: None }
    }

    fn answer(&self, now: Timestamp, trace: &str) -> Response {
        let stamp = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let mut body = json!({
            "error": self.error,
            "error_description": format!(
                "AADSTS{}: {} Trace ID: {trace} Correlation ID: {trace} Timestamp: {stamp}", self.number, self.text
            ),
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": trace,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.number),
        });
        if let Some(suberror) = self.suberror {
            body["suberror"] = json!(suberror);
        }
        json_answer(self.status, &body)
    }
}

fn json_answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store, no-cache"),
    ];
    (status, headers, body.to_string()).into_response()
}

/// The tenant a path names: one of ours, or any of them.
pub(crate) enum Realm {
    One(String),
    Any,
}

impl Realm {
    pub fn read(world: &World, name: &str) -> Result<Self, EntraError> {
        if matches!(name, "common" | "organizations") {
            return Ok(Self::Any);
        }
        world.tenant_named(name).map(|t| Self::One(t.id.clone())).ok_or_else(|| {
            EntraError::new(
                "invalid_request",
                90002,
                format!(
                    "Tenant '{name}' not found. Check to make sure you have the correct tenant ID."
                ),
            )
        })
    }

    pub fn holds(&self, tenant: &str) -> bool {
        match self {
            Self::One(id) => id == tenant,
            Self::Any => true,
        }
    }
}

pub(crate) fn router(teams: Arc<Teams>) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::page).post(authorize::decided))
        .route("/{tenant}/oauth2/v2.0/token", post(token::token))
        .route("/{tenant}/adminconsent", get(authorize::admin_page).post(authorize::admin_decided))
        .route(
            "/{tenant}/v2.0/adminconsent",
            get(authorize::admin_page).post(authorize::admin_decided),
        )
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .route("/{tenant}/discovery/keys", get(keys))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(configuration))
        .fallback(unknown)
        .with_state(teams)
}

async fn unknown(State(teams): State<Arc<Teams>>) -> Response {
    let mut error = EntraError::new("invalid_request", 900_144, "The request path is not known.");
    error.status = 404;
    error.answer(teams.core.clock.now(), &teams.core.ids.uuid())
}

async fn keys() -> Response {
    json_answer(200, &published_keys())
}

async fn configuration(State(teams): State<Arc<Teams>>, Path(tenant): Path<String>) -> Response {
    let id = {
        let world = teams.world();
        match Realm::read(&world, &tenant) {
            Ok(Realm::One(id)) => id,
            Ok(Realm::Any) => "{tenantid}".to_owned(),
            Err(error) => return error.answer(teams.core.clock.now(), &teams.core.ids.uuid()),
        }
    };
    let login = &teams.urls.login;
    json_answer(
        200,
        &json!({
            "issuer": format!("https://login.microsoftonline.com/{id}/v2.0"),
            "authorization_endpoint": format!("{login}/{tenant}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{login}/{tenant}/oauth2/v2.0/token"),
            "jwks_uri": format!("{login}/{tenant}/discovery/v2.0/keys"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
        }),
    )
}

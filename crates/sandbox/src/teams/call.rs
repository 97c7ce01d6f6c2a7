//! One authorized Graph call: who calls, what is asked, and how it is answered.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use jiff::Timestamp;
use parking_lot::MutexGuard;
use serde_json::Value;

use super::Teams;
use super::error::GraphError;
use super::odata::Query;
use super::sign_in::Token;
use super::world::{Tenant, User, World};

/// JSON bodies above this are refused: hosted contents come in base64 and Graph takes 4 MB in one request.
const JSON_LIMIT: usize = 4 * 1024 * 1024;

pub(crate) struct Call {
    pub teams: Arc<Teams>,
    pub method: Method,
    pub query: Query,
    pub headers: HeaderMap,
    /// Scheme, host and version prefix as the caller addressed us, so that links lead back the same way.
    pub base: String,
    /// The path below `base`, raw.
    pub raw_path: String,
    pub token: Arc<Token>,
    pub now: Timestamp,
    pub body: Option<Body>,
}

/// An answer.
pub(crate) enum Reply {
    Json(u16, Value),
    Empty(u16),
    /// With headers: name, value.
    With(u16, Vec<(&'static str, String)>, Value),
    Raw(Box<Response<Body>>),
}

pub(crate) type Answer = Result<Reply, GraphError>;

impl Reply {
    pub fn ok(value: Value) -> Answer {
        Ok(Self::Json(200, value))
    }

    pub fn no_content() -> Answer {
        Ok(Self::Empty(204))
    }

    pub fn into_response(self) -> Response<Body> {
        let (status, headers, value) = match self {
            Self::Raw(response) => return *response,
            Self::Json(status, value) => (status, Vec::new(), value),
            Self::Empty(status) => (status, Vec::new(), Value::Null),
            Self::With(status, headers, value) => (status, headers, value),
        };
        let body = if value.is_null() { Body::empty() } else { Body::from(value.to_string()) };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        if !value.is_null() {
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static(
                    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
                ),
            );
        }
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

impl Call {
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.teams.world()
    }

    /// The caller's tenant; it exists as long as its token does.
    pub fn tenant<'a>(&self, world: &'a World) -> Result<&'a Tenant, GraphError> {
        world
            .tenants
            .get(&self.token.tenant)
            .ok_or_else(|| GraphError::unauthenticated("The tenant of the token does not exist."))
    }

    pub fn tenant_mut<'a>(&self, world: &'a mut World) -> Result<&'a mut Tenant, GraphError> {
        world
            .tenants
            .get_mut(&self.token.tenant)
            .ok_or_else(|| GraphError::unauthenticated("The tenant of the token does not exist."))
    }

    /// The signed-in person's id; refused for an app by itself.
    pub fn user_id(&self) -> Result<&str, GraphError> {
        self.token.user.as_deref().ok_or_else(|| {
            GraphError::bad_request("/me request is only valid with delegated authentication flow.")
        })
    }

    /// The signed-in person.
    pub fn caller<'a>(&self, tenant: &'a Tenant) -> Option<&'a User> {
        self.token.user.as_ref().and_then(|id| tenant.users.get(id))
    }

    /// The JSON body.
    pub async fn json(&mut self) -> Result<Value, GraphError> {
        let media =
            self.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        if !media.is_empty() && !media.contains("json") {
            return Err(GraphError::new(
                415,
                "UnsupportedMediaType",
                format!("The media type '{media}' is not supported; use application/json."),
            ));
        }
        let body = self.body.take().unwrap_or_else(Body::empty);
        let bytes = axum::body::to_bytes(body, JSON_LIMIT).await.map_err(|_| {
            GraphError::new(413, "RequestEntityTooLarge", "The request entity is too large.")
        })?;
        if bytes.is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        match serde_json::from_slice(&bytes) {
            Ok(value @ Value::Object(_)) => Ok(value),
            Ok(_) => Err(GraphError::bad_request(
                "Empty or invalid payload. JSON object expected in request body.",
            )),
            Err(error) => Err(GraphError::bad_request(format!(
                "Unable to read JSON request payload: {error}"
            ))),
        }
    }

    /// A link to this path with one query option set anew.
    pub fn link(&self, option: &str, value: &str) -> String {
        format!("{}{}?{}", self.base, self.raw_path, self.query.with(option, value))
    }

    /// Whether the caller wants enumeration members that came after v1.0 was frozen.
    pub fn knows_new_members(&self) -> bool {
        self.headers
            .get_all("prefer")
            .iter()
            .any(|v| v.to_str().is_ok_and(|v| v.contains("include-unknown-enum-members")))
    }

    /// A text property of a body; `Err` when it is of another type.
    pub fn text<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, GraphError> {
        match body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(GraphError::bad_request(format!("Property '{name}' must be a string."))),
        }
    }
}

//! Errors as RFC 9457 problems.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rialto_relay::admin::AdminError;
use rialto_store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// After how many seconds a caller may try again when Rialto itself is in trouble.
const RETRY_AFTER_SECONDS: u64 = 5;

/// What is wrong, and the mend (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The HTTP status, again.
    #[schema(example = 422)]
    pub status: u16,
    /// The kind of problem, the same for the same status.
    #[schema(example = "Unprocessable Entity")]
    pub title: String,
    /// What is wrong here, and the mend.
    pub detail: String,
    /// The field that is wrong, as it was named in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    /// A problem.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Problem").into();
        Self { status: status.as_u16(), title, detail: detail.into(), field: None }
    }

    /// A problem with a field of the request.
    pub fn field(status: StatusCode, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(status, detail) }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Self {
        let detail = error.to_string();
        match error {
            AdminError::Invalid { field, problem } => {
                Self::field(StatusCode::UNPROCESSABLE_ENTITY, field, problem)
            }
            AdminError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, detail),
            AdminError::Conflict(_) => Self::new(StatusCode::CONFLICT, detail),
            AdminError::Refused(_) => Self::new(StatusCode::BAD_GATEWAY, detail),
            AdminError::Unavailable(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, detail),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        AdminError::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json; charset=utf-8"),
        );
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let mut add = |name: HeaderName, value: HeaderValue| headers.insert(name, value);
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                add(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
            }
            StatusCode::UNAUTHORIZED => {
                add(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

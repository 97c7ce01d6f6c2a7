//! Extractors whose refusals are problems that name the field.

use std::time::Duration;

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, header, request::Parts},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::Problem;

/// Time for a body.
const READING: Duration = Duration::from_secs(10);

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if !json {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send JSON, with `Content-Type: application/json`",
            ));
        }
        let read = tokio::time::timeout(READING, Bytes::from_request(request, state)).await;
        let read = read.map_err(|_| {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "the request came too slowly; try again")
        })?;
        let bytes = read.map_err(|rejection| {
            let status = rejection.status();
            Problem::new(status, rejection.body_text())
        })?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let field = error.path().to_string();
            let cause = error.into_inner();
            if cause.is_data() {
                let words = plain(&cause);
                match field.as_str() {
                    "." => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words),
                    _ => Problem::field(StatusCode::UNPROCESSABLE_ENTITY, field, words),
                }
            } else {
                Problem::new(StatusCode::BAD_REQUEST, format!("not JSON: {cause}"))
            }
        })?;
        reader
            .end()
            .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("not JSON: {error}")))?;
        Ok(Self(value))
    }
}

/// serde's words without the place, which is the field's name already.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The query.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(
            |rejection| {
                let words = rejection.body_text();
                let words = words.split_once(": ").map_or(&*words, |(_, words)| words);
                match words.split_once(": ") {
                    Some((field, problem)) if !field.contains(' ') => {
                        Problem::field(StatusCode::UNPROCESSABLE_ENTITY, field, problem)
                    }
                    _ => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words),
                }
            },
        )
    }
}

/// Ids in the path: what is no id names nothing.
pub(crate) struct Ids<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Ids<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Path::<T>::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|rejection| Problem::new(StatusCode::NOT_FOUND, rejection.body_text()))
    }
}

//! The download addresses that messages carry.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::Zoom;
use super::json::Links;
use crate::core::{Made, drop_connection};

/// What a download address carries.
#[derive(Deserialize)]
pub(crate) struct Ticket {
    jwt: Option<String>,
}

/// `GET /file/download/{id}`: the address is the authority; no token is asked for.
pub(crate) async fn download(
    State(zoom): State<Arc<Zoom>>,
    Path(id): Path<String>,
    Query(ticket): Query<Ticket>,
) -> Response {
    let gate = zoom.core.gate("zoom", "download").await;
    let note = |status: u16| {
        let (operation, about) = ("download", id.clone());
        let made = Made { operation, status, about, faults: &gate.struck, ..Made::default() };
        zoom.core.calls.note("zoom", made);
    };
    if gate.reset || gate.lose_answer {
        note(0);
        return drop_connection();
    }
    if let Some((code, retry_after)) = gate.refuse {
        note(code);
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        return response;
    }
    let found = {
        let stage = zoom.stage();
        let links = Links { base: &zoom.base, now: stage.millis() / 1000 };
        let allowed = links.allows(&id, ticket.jwt.as_deref().unwrap_or(""));
        let file = stage.state.accounts.values().find_map(|account| account.files.get(&id));
        match file {
            _ if !allowed => Err(StatusCode::FORBIDDEN),
            Some(file) => Ok(file.clone()),
            None => Err(StatusCode::NOT_FOUND),
        }
    };
    let file = match found {
        Ok(file) => file,
        Err(status) => {
            note(status.as_u16());
            return status.into_response();
        }
    };
    let Ok(body) = file.content.body(0).await else {
        note(500);
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    note(200);
    let name: String = url::form_urlencoded::byte_serialize(file.name.as_bytes()).collect();
    let headers = [
        (header::CONTENT_TYPE, file.mime),
        (header::CONTENT_LENGTH, file.content.size.to_string()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename*=UTF-8''{}", name.replace('+', "%20")),
        ),
    ];
    (headers, body).into_response()
}

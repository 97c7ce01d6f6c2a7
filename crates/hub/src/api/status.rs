//! How things are, and who changed what.

use axum::{Json, extract::State};
use rialto_relay::admin::StatusView;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Answer;
use crate::Hub;

pub(super) fn routes() -> OpenApiRouter<Hub> {
    OpenApiRouter::new().routes(routes!(status))
}

/// How things are: connections, channel syncs with their figures, what waits, what was dropped.
#[utoipa::path(get, path = "/status", tag = "status", responses((status = 200, body = StatusView)))]
async fn status(State(hub): State<Hub>) -> Answer<StatusView> {
    Ok(Json(hub.relay.status(hub.started_at).await?))
}

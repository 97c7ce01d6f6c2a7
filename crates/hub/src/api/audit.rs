//! Who changed what.

use axum::{Json, extract::State};
use rialto_relay::admin::{AuditQuery, AuditView};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Answer;
use crate::{Hub, Problem, extract::Query};

pub(super) fn routes() -> OpenApiRouter<Hub> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Changes that were made, newest first. Page on with `before`.
#[utoipa::path(
    get, path = "/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = [AuditView]), (status = 422, body = Problem)),
)]
async fn list(State(hub): State<Hub>, Query(query): Query<AuditQuery>) -> Answer<Vec<AuditView>> {
    Ok(Json(hub.relay.list_audit(query).await?))
}

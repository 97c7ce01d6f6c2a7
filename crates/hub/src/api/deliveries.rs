//! Deliveries and their history.

use axum::{Json, extract::State};
use rialto_model::DeliveryId;
use rialto_relay::admin::{DeliveryDetail, DeliveryQuery, DeliveryView};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Answer;
use crate::{
    Hub, Problem,
    auth::Admin,
    extract::{Ids, Query},
};

pub(super) fn routes() -> OpenApiRouter<Hub> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(retry))
}

/// Deliveries, newest first. Page on with `before`.
#[utoipa::path(
    get, path = "/deliveries", tag = "deliveries", params(DeliveryQuery),
    responses((status = 200, body = [DeliveryView]), (status = 422, body = Problem)),
)]
async fn list(
    State(hub): State<Hub>,
    Query(query): Query<DeliveryQuery>,
) -> Answer<Vec<DeliveryView>> {
    Ok(Json(hub.relay.list_deliveries(&query).await?))
}

/// One delivery and the calls made for it.
#[utoipa::path(
    get, path = "/deliveries/{delivery}", tag = "deliveries",
    params(("delivery" = String, Path,)),
    responses((status = 200, body = DeliveryDetail), (status = 404, body = Problem)),
)]
async fn show(State(hub): State<Hub>, Ids(id): Ids<DeliveryId>) -> Answer<DeliveryDetail> {
    Ok(Json(hub.relay.show_delivery(id).await?))
}

/// Tries a parked delivery again.
#[utoipa::path(
    post, path = "/deliveries/{delivery}/retry", tag = "deliveries",
    params(("delivery" = String, Path,)),
    responses(
        (status = 200, body = DeliveryView),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "It is not parked, or its content is erased."),
    ),
)]
async fn retry(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(id): Ids<DeliveryId>,
) -> Answer<DeliveryView> {
    Ok(Json(hub.relay.retry_delivery(&who, id).await?))
}

//! Channel syncs.

use axum::{Json, extract::State, http::StatusCode};
use rialto_model::{ChannelSyncId, ChannelSyncState, EndpointId};
use rialto_relay::admin::{
    AddChannelSync, AddEndpoint, Added, ChannelSyncChange, ChannelSyncView, ConnectChannelSync,
    EndpointChange, RetriedAll,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created};
use crate::{
    Hub, Problem,
    auth::Admin,
    extract::{Body, Ids},
};

pub(super) fn routes() -> OpenApiRouter<Hub> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(add))
        .routes(routes!(connect))
        .routes(routes!(show, change, remove))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(retry))
        .routes(routes!(add_endpoint))
        .routes(routes!(change_endpoint, remove_endpoint))
}

/// All channel syncs with their figures.
#[utoipa::path(
    get, path = "/channel-syncs", tag = "channel syncs",
    responses((status = 200, body = [ChannelSyncView])),
)]
async fn list(State(hub): State<Hub>) -> Answer<Vec<ChannelSyncView>> {
    Ok(Json(hub.relay.list_channel_syncs().await?))
}

/// Makes the missing channel on the other side and keeps the two in step. When it fails after the
/// channel was made, the same call again goes on with that channel.
#[utoipa::path(
    post, path = "/channel-syncs/add", tag = "channel syncs", request_body = AddChannelSync,
    responses(
        (status = 201, body = Added),
        (status = 409, body = Problem, description = "The source is in a channel sync already."),
        (status = 422, body = Problem, description = "A field is wrong: a team is needed, …"),
        (status = 502, body = Problem, description = "The platform refused."),
    ),
)]
async fn add(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Body(add): Body<AddChannelSync>,
) -> Created<Added> {
    Ok((StatusCode::CREATED, Json(hub.relay.add_channel_sync(&who, add).await?)))
}

/// Keeps channels that exist in step.
#[utoipa::path(
    post, path = "/channel-syncs/connect", tag = "channel syncs", request_body = ConnectChannelSync,
    responses(
        (status = 201, body = ChannelSyncView),
        (status = 409, body = Problem, description = "A channel is in a channel sync already."),
        (status = 422, body = Problem, description = "A channel does not exist, is archived, …"),
        (status = 502, body = Problem, description = "The platform refused."),
    ),
)]
async fn connect(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Body(connect): Body<ConnectChannelSync>,
) -> Created<ChannelSyncView> {
    Ok((StatusCode::CREATED, Json(hub.relay.connect_channel_sync(&who, connect).await?)))
}

/// One channel sync.
#[utoipa::path(
    get, path = "/channel-syncs/{channel_sync}", tag = "channel syncs",
    params(("channel_sync" = String, Path,)),
    responses((status = 200, body = ChannelSyncView), (status = 404, body = Problem)),
)]
async fn show(State(hub): State<Hub>, Ids(id): Ids<ChannelSyncId>) -> Answer<ChannelSyncView> {
    Ok(Json(hub.relay.show_channel_sync(id).await?))
}

/// Changes name and settings; what is not named stays.
#[utoipa::path(
    patch, path = "/channel-syncs/{channel_sync}", tag = "channel syncs",
    params(("channel_sync" = String, Path,)), request_body = ChannelSyncChange,
    responses(
        (status = 200, body = ChannelSyncView),
        (status = 404, body = Problem),
        (status = 422, body = Problem),
    ),
)]
async fn change(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(id): Ids<ChannelSyncId>,
    Body(change): Body<ChannelSyncChange>,
) -> Answer<ChannelSyncView> {
    Ok(Json(hub.relay.change_channel_sync(&who, id, change).await?))
}

/// Removes a channel sync. The channels themselves stay as they are.
#[utoipa::path(
    delete, path = "/channel-syncs/{channel_sync}", tag = "channel syncs",
    params(("channel_sync" = String, Path,)),
    responses((status = 204), (status = 404, body = Problem)),
)]
async fn remove(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(id): Ids<ChannelSyncId>,
) -> Result<StatusCode, Problem> {
    hub.relay.remove_channel_sync(&who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets messages wait; what is said meanwhile is delivered in order on resume.
#[utoipa::path(
    post, path = "/channel-syncs/{channel_sync}/pause", tag = "channel syncs",
    params(("channel_sync" = String, Path,)),
    responses((status = 200, body = ChannelSyncView), (status = 404, body = Problem)),
)]
async fn pause(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(id): Ids<ChannelSyncId>,
) -> Answer<ChannelSyncView> {
    Ok(Json(hub.relay.set_channel_sync_state(&who, id, ChannelSyncState::Paused).await?))
}

/// Lets messages flow again.
#[utoipa::path(
    post, path = "/channel-syncs/{channel_sync}/resume", tag = "channel syncs",
    params(("channel_sync" = String, Path,)),
    responses((status = 200, body = ChannelSyncView), (status = 404, body = Problem)),
)]
async fn resume(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(id): Ids<ChannelSyncId>,
) -> Answer<ChannelSyncView> {
    Ok(Json(hub.relay.set_channel_sync_state(&who, id, ChannelSyncState::Active).await?))
}

/// Tries all parked deliveries of a channel sync again.
#[utoipa::path(
    post, path = "/channel-syncs/{channel_sync}/retry", tag = "channel syncs",
    params(("channel_sync" = String, Path,)),
    responses((status = 200, body = RetriedAll), (status = 404, body = Problem)),
)]
async fn retry(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(id): Ids<ChannelSyncId>,
) -> Answer<RetriedAll> {
    Ok(Json(hub.relay.retry_channel_sync(&who, id).await?))
}

/// Puts one more channel into a channel sync.
#[utoipa::path(
    post, path = "/channel-syncs/{channel_sync}/endpoints", tag = "channel syncs",
    params(("channel_sync" = String, Path,)), request_body = AddEndpoint,
    responses(
        (status = 201, body = ChannelSyncView),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The channel is in a channel sync already."),
        (status = 422, body = Problem),
    ),
)]
async fn add_endpoint(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(id): Ids<ChannelSyncId>,
    Body(new): Body<AddEndpoint>,
) -> Created<ChannelSyncView> {
    Ok((StatusCode::CREATED, Json(hub.relay.add_endpoint(&who, id, new).await?)))
}

/// Changes which way messages flow through an endpoint.
#[utoipa::path(
    patch, path = "/channel-syncs/{channel_sync}/endpoints/{endpoint}", tag = "channel syncs",
    params(("channel_sync" = String, Path,), ("endpoint" = String, Path,)),
    request_body = EndpointChange,
    responses((status = 200, body = ChannelSyncView), (status = 404, body = Problem)),
)]
async fn change_endpoint(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids((id, endpoint)): Ids<(ChannelSyncId, EndpointId)>,
    Body(change): Body<EndpointChange>,
) -> Answer<ChannelSyncView> {
    Ok(Json(hub.relay.change_endpoint(&who, id, endpoint, change).await?))
}

/// Takes a channel out of a channel sync; the channel itself stays as it is.
#[utoipa::path(
    delete, path = "/channel-syncs/{channel_sync}/endpoints/{endpoint}", tag = "channel syncs",
    params(("channel_sync" = String, Path,), ("endpoint" = String, Path,)),
    responses(
        (status = 200, body = ChannelSyncView),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "Only two are left."),
    ),
)]
async fn remove_endpoint(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids((id, endpoint)): Ids<(ChannelSyncId, EndpointId)>,
) -> Answer<ChannelSyncView> {
    Ok(Json(hub.relay.remove_endpoint(&who, id, endpoint).await?))
}

//! Platforms and the applications registered with their vendors.

use axum::{Json, extract::State, http::StatusCode};
use rialto_model::AppId;
use rialto_relay::admin::{AppChange, AppView, NewApp, PlatformView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created};
use crate::{
    Hub, Problem,
    auth::Admin,
    extract::{Body, Ids},
};

pub(super) fn routes() -> OpenApiRouter<Hub> {
    OpenApiRouter::new()
        .routes(routes!(platforms))
        .routes(routes!(list, add))
        .routes(routes!(show, change, remove))
        .routes(routes!(manifest))
}

/// An application manifest.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ManifestView {
    /// The text to paste at the vendor; `null` where there is none, and an admin does the platform's
    /// steps and grants its permissions by hand.
    pub manifest: Option<String>,
}

/// The platforms that can be connected, and what an application of each needs to be told.
#[utoipa::path(get, path = "/platforms", tag = "apps", responses((status = 200, body = [PlatformView])))]
async fn platforms(State(hub): State<Hub>) -> Json<Vec<PlatformView>> {
    Json(hub.relay.list_platforms())
}

/// All applications. Secrets are shown only as *set*.
#[utoipa::path(get, path = "/apps", tag = "apps", responses((status = 200, body = [AppView])))]
async fn list(State(hub): State<Hub>) -> Json<Vec<AppView>> {
    Json(hub.relay.list_apps())
}

/// Adds an application; without values, to know its webhook address before it exists at the vendor.
#[utoipa::path(post, path = "/apps", tag = "apps", request_body = NewApp, responses(
    (status = 201, body = AppView),
    (status = 422, body = Problem, description = "An unknown platform or field."),
))]
async fn add(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Body(new): Body<NewApp>,
) -> Created<AppView> {
    Ok((StatusCode::CREATED, Json(hub.relay.add_app(&who, new).await?)))
}

/// One application.
#[utoipa::path(get, path = "/apps/{app}", tag = "apps", params(("app" = String, Path,)), responses(
    (status = 200, body = AppView),
    (status = 404, body = Problem),
))]
async fn show(State(hub): State<Hub>, Ids(app): Ids<AppId>) -> Answer<AppView> {
    Ok(Json(hub.relay.show_app(app)?))
}

/// Changes an application; its connections go on with the new values at once.
#[utoipa::path(
    patch, path = "/apps/{app}", tag = "apps",
    params(("app" = String, Path,)), request_body = AppChange,
    responses(
        (status = 200, body = AppView),
        (status = 404, body = Problem),
        (status = 422, body = Problem, description = "An unknown field."),
    ),
)]
async fn change(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(app): Ids<AppId>,
    Body(change): Body<AppChange>,
) -> Answer<AppView> {
    Ok(Json(hub.relay.change_app(&who, app, change).await?))
}

/// Removes an application.
#[utoipa::path(delete, path = "/apps/{app}", tag = "apps", params(("app" = String, Path,)), responses(
    (status = 204),
    (status = 404, body = Problem),
    (status = 409, body = Problem, description = "Workspaces are connected through it."),
))]
async fn remove(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(app): Ids<AppId>,
) -> Result<StatusCode, Problem> {
    hub.relay.remove_app(&who, app).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The application manifest that an admin pastes at the vendor.
#[utoipa::path(get, path = "/apps/{app}/manifest", tag = "apps", params(("app" = String, Path,)), responses(
    (status = 200, body = ManifestView),
    (status = 404, body = Problem, description = "No such app."),
))]
async fn manifest(State(hub): State<Hub>, Ids(app): Ids<AppId>) -> Answer<ManifestView> {
    Ok(Json(ManifestView { manifest: hub.relay.app_manifest(app)? }))
}

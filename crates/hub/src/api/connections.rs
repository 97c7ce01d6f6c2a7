//! Authorizing workspaces, and looking into them.

use axum::{Json, extract::State, http::StatusCode};
use rialto_model::{AppId, ConnectionId};
use rialto_relay::admin::{
    AuthorizationView, ConnectedView, ConnectionView, ConversationQuery, ConversationView,
    FindingView, ParentView,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created};
use crate::{
    Hub, Problem,
    auth::Admin,
    extract::{Body, Ids, Query},
    outcomes::Progress,
};

pub(super) fn routes() -> OpenApiRouter<Hub> {
    OpenApiRouter::new()
        .routes(routes!(authorize))
        .routes(routes!(authorization))
        .routes(routes!(adopt))
        .routes(routes!(list))
        .routes(routes!(show, remove))
        .routes(routes!(check))
        .routes(routes!(conversations))
        .routes(routes!(parents))
}

/// How far an authorization is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuthorizationProgress {
    /// How far.
    pub status: AuthorizationStatus,
    /// The workspace, when it is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected: Option<ConnectedView>,
    /// Why it is not, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// How far an authorization is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationStatus {
    /// Nobody came back from the vendor yet.
    Waiting,
    /// The workspace is connected.
    Connected,
    /// It was declined or went wrong.
    Failed,
    /// Nobody came back within 15 minutes.
    Expired,
}

/// A token that an admin got at the vendor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenToAdopt {
    /// The token.
    token: String,
}

/// Begins an authorization: open the address in a browser within 15 minutes.
#[utoipa::path(
    post, path = "/apps/{app}/authorizations", tag = "connections",
    params(("app" = String, Path,)),
    responses(
        (status = 201, body = AuthorizationView),
        (status = 404, body = Problem),
        (status = 422, body = Problem, description = "The application lacks a setting."),
    ),
)]
async fn authorize(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(app): Ids<AppId>,
) -> Created<AuthorizationView> {
    let begun = hub.relay.authorization_start(&who, app).await?;
    hub.outcomes.began(&begun.state, begun.expires_at, hub.relay.toolkit().clock.now());
    Ok((StatusCode::CREATED, Json(begun)))
}

/// How far an authorization is. Known for an hour, and until the next restart.
#[utoipa::path(
    get, path = "/authorizations/{state}", tag = "connections",
    params(("state" = String, Path,)),
    responses((status = 200, body = AuthorizationProgress), (status = 404, body = Problem)),
)]
async fn authorization(
    State(hub): State<Hub>,
    Ids(state): Ids<String>,
) -> Answer<AuthorizationProgress> {
    let now = hub.relay.toolkit().clock.now();
    let progress = hub.outcomes.get(&state, now).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "this authorization is not known: it began over an hour ago, or before the server was \
             restarted. `rialto connections` shows what is connected",
        )
    })?;
    let (status, connected, problem) = match progress {
        Progress::Waiting => (AuthorizationStatus::Waiting, None, None),
        Progress::Expired => (AuthorizationStatus::Expired, None, None),
        Progress::Ended(outcome) => match *outcome {
            Ok(connected) => (AuthorizationStatus::Connected, Some(connected), None),
            Err(problem) => (AuthorizationStatus::Failed, None, Some(problem)),
        },
    };
    Ok(Json(AuthorizationProgress { status, connected, problem }))
}

/// Connects a workspace by a token that an admin got at the vendor.
#[utoipa::path(
    post, path = "/apps/{app}/tokens", tag = "connections",
    params(("app" = String, Path,)), request_body = TokenToAdopt,
    responses(
        (status = 201, body = ConnectedView),
        (status = 404, body = Problem),
        (status = 502, body = Problem, description = "The platform does not know the token."),
    ),
)]
async fn adopt(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(app): Ids<AppId>,
    Body(TokenToAdopt { token }): Body<TokenToAdopt>,
) -> Created<ConnectedView> {
    Ok((
        StatusCode::CREATED,
        Json(hub.relay.adopt_token(&who, app, SecretString::from(token)).await?),
    ))
}

/// All connections with their health.
#[utoipa::path(
    get, path = "/connections", tag = "connections",
    responses((status = 200, body = [ConnectionView])),
)]
async fn list(State(hub): State<Hub>) -> Json<Vec<ConnectionView>> {
    Json(hub.relay.list_connections())
}

/// One connection.
#[utoipa::path(
    get, path = "/connections/{connection}", tag = "connections",
    params(("connection" = String, Path,)),
    responses((status = 200, body = ConnectionView), (status = 404, body = Problem)),
)]
async fn show(State(hub): State<Hub>, Ids(id): Ids<ConnectionId>) -> Answer<ConnectionView> {
    Ok(Json(hub.relay.show_connection(id)?))
}

/// Removes a connection and its credentials.
#[utoipa::path(
    delete, path = "/connections/{connection}", tag = "connections",
    params(("connection" = String, Path,)),
    responses(
        (status = 204),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "A channel sync uses it."),
    ),
)]
async fn remove(
    State(hub): State<Hub>,
    Admin(who): Admin,
    Ids(id): Ids<ConnectionId>,
) -> Result<StatusCode, Problem> {
    hub.relay.remove_connection(&who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks the platform whether everything is there that Rialto needs.
#[utoipa::path(
    post, path = "/connections/{connection}/check", tag = "connections",
    params(("connection" = String, Path,)),
    responses((status = 200, body = [FindingView]), (status = 404, body = Problem)),
)]
async fn check(State(hub): State<Hub>, Ids(id): Ids<ConnectionId>) -> Answer<Vec<FindingView>> {
    Ok(Json(hub.relay.check_connection(id).await?))
}

/// The channels of a workspace, by team and name.
#[utoipa::path(
    get, path = "/connections/{connection}/conversations", tag = "connections",
    params(("connection" = String, Path,), ConversationQuery),
    responses(
        (status = 200, body = [ConversationView]),
        (status = 404, body = Problem),
        (status = 502, body = Problem, description = "The platform refused."),
    ),
)]
async fn conversations(
    State(hub): State<Hub>,
    Ids(id): Ids<ConnectionId>,
    Query(query): Query<ConversationQuery>,
) -> Answer<Vec<ConversationView>> {
    Ok(Json(hub.relay.list_conversations(id, &query).await?))
}

/// Where conversations can be made in; empty where the platform has no teams.
#[utoipa::path(
    get, path = "/connections/{connection}/parents", tag = "connections",
    params(("connection" = String, Path,)),
    responses((status = 200, body = [ParentView]), (status = 404, body = Problem)),
)]
async fn parents(State(hub): State<Hub>, Ids(id): Ids<ConnectionId>) -> Answer<Vec<ParentView>> {
    Ok(Json(hub.relay.list_parents(id).await?))
}

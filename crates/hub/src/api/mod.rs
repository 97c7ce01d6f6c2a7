//! The admin API, described as OpenAPI 3.1 at `/api/v1/openapi.json`.

mod apps;
mod audit;
mod channel_syncs;
mod connections;
mod deliveries;
mod status;

use axum::{Json, Router, http::StatusCode, routing::get};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use crate::{Hub, Problem};

pub use apps::ManifestView;
pub use connections::{AuthorizationProgress, AuthorizationStatus, TokenToAdopt};

/// An answer that may be a problem.
type Answer<T> = Result<Json<T>, Problem>;
/// An answer to something that made something.
type Created<T> = Result<(StatusCode, Json<T>), Problem>;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rialto admin API",
        description = "Everything an admin can do. Each call needs `Authorization: Bearer TOKEN` \
                       with the admin token; what goes wrong is answered with an RFC 9457 problem."
    ),
    servers((url = "/api/v1")),
    security(("admin_token" = [])),
    components(schemas(Problem)),
    modifiers(&AdminToken),
)]
struct Description;

struct AdminToken;

impl Modify for AdminToken {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        if let Some(components) = description.components.as_mut() {
            components.add_security_scheme(
                "admin_token",
                SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
            );
        }
    }
}

fn described() -> OpenApiRouter<Hub> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(status::routes())
        .merge(apps::routes())
        .merge(connections::routes())
        .merge(channel_syncs::routes())
        .merge(deliveries::routes())
        .merge(audit::routes())
}

/// The description of the admin API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().split_for_parts().1
}

pub(crate) fn router() -> Router<Hub> {
    let (router, _) = described().split_for_parts();
    // Made when somebody asks: it takes much memory.
    router.route("/openapi.json", get(|| async { Json(openapi()) }))
}

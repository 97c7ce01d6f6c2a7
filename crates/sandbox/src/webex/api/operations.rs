//! The operations that are emulated, with the scopes that the vendor's reference names.

use super::{Answer, Call, Operation};
use super::{
    actions, applications, memberships, messages, people, rooms, team_memberships, teams, webhooks,
};

const fn op(
    verb: &'static str,
    path: &'static str,
    scope: &'static str,
    run: fn(&mut Call<'_>) -> Answer,
) -> Operation {
    Operation { verb, path, scope, takes_file: false, run }
}

/// Fixed paths come before those with places.
static OPERATIONS: &[Operation] = &[
    op("GET", "/people", "spark:people_read", people::list),
    op("GET", "/people/me", "spark:people_read", people::me),
    op("GET", "/people/{personId}", "spark:people_read", people::get),
    op("GET", "/organizations", "spark:organizations_read", people::organizations),
    op("GET", "/organizations/{orgId}", "spark:organizations_read", people::organization),
    op("GET", "/rooms", "spark:rooms_read", rooms::list),
    op("POST", "/rooms", "spark:rooms_write", rooms::create),
    op("GET", "/rooms/{roomId}", "spark:rooms_read", rooms::get),
    op("PUT", "/rooms/{roomId}", "spark:rooms_write", rooms::update),
    op("DELETE", "/rooms/{roomId}", "spark:rooms_write", rooms::delete),
    op("GET", "/memberships", "spark:memberships_read", memberships::list),
    op("POST", "/memberships", "spark:memberships_write", memberships::create),
    op("GET", "/memberships/{membershipId}", "spark:memberships_read", memberships::get),
    op("PUT", "/memberships/{membershipId}", "spark:memberships_write", memberships::update),
    op("DELETE", "/memberships/{membershipId}", "spark:memberships_write", memberships::delete),
    op("GET", "/messages", "spark:messages_read", messages::list),
    Operation {
        takes_file: true,
        ..op("POST", "/messages", "spark:messages_write", messages::create)
    },
    op("GET", "/messages/direct", "spark:messages_read", messages::direct),
    op("GET", "/messages/{messageId}", "spark:messages_read", messages::get),
    op("PUT", "/messages/{messageId}", "spark:messages_write", messages::update),
    op("DELETE", "/messages/{messageId}", "spark:messages_write", messages::delete),
    op("GET", "/contents/{contentId}", "spark:messages_read", messages::content),
    op("HEAD", "/contents/{contentId}", "spark:messages_read", messages::content),
    op("POST", "/attachment/actions", "spark:messages_write", actions::create),
    op("GET", "/attachment/actions/{id}", "spark:messages_read", actions::get),
    // The page names no scope, but an admin of Control Hub.
    op("POST", "/applications", "", applications::create),
    op("DELETE", "/applications/{applicationId}", "", applications::delete),
    op("GET", "/teams", "spark:teams_read", teams::list),
    op("POST", "/teams", "spark:teams_write", teams::create),
    op("GET", "/teams/{teamId}", "spark:teams_read", teams::get),
    op("PUT", "/teams/{teamId}", "spark:teams_write", teams::update),
    op("DELETE", "/teams/{teamId}", "spark:teams_write", teams::delete),
    op("GET", "/team/memberships", "spark:team_memberships_read", team_memberships::list),
    op("POST", "/team/memberships", "spark:team_memberships_write", team_memberships::create),
    op(
        "GET",
        "/team/memberships/{membershipId}",
        "spark:team_memberships_read",
        team_memberships::get,
    ),
    op(
        "PUT",
        "/team/memberships/{membershipId}",
        "spark:team_memberships_write",
        team_memberships::update,
    ),
    op(
        "DELETE",
        "/team/memberships/{membershipId}",
        "spark:team_memberships_write",
        team_memberships::delete,
    ),
    // A webhook needs the scope that reads its resource.
    op("GET", "/webhooks", "", webhooks::list),
    op("POST", "/webhooks", "", webhooks::create),
    op("GET", "/webhooks/{webhookId}", "", webhooks::get),
    op("PUT", "/webhooks/{webhookId}", "", webhooks::update),
    op("DELETE", "/webhooks/{webhookId}", "", webhooks::delete),
];

/// What there is at an address.
pub(crate) enum Found {
    /// With what stands in the path's places.
    Operation(&'static Operation, Vec<(&'static str, String)>),
    /// Something that takes other verbs.
    OtherVerb,
    Nothing,
}

/// Finds the operation at a path below `/v1`.
pub(crate) fn find(verb: &str, path: &str) -> Found {
    let mut other = false;
    for operation in OPERATIONS {
        if let Some(named) = matched(operation.path, path) {
            if operation.verb == verb {
                return Found::Operation(operation, named);
            }
            other = true;
        }
    }
    if other { Found::OtherVerb } else { Found::Nothing }
}

fn matched(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let path = path.trim_end_matches('/');
    if pattern.split('/').count() != path.split('/').count() {
        return None;
    }
    let mut named = Vec::new();
    for (wanted, is) in pattern.split('/').zip(path.split('/')) {
        match wanted.strip_prefix('{') {
            Some(name) if !is.is_empty() => {
                named
                    .push((name.trim_end_matches('}'), is.replace("%3D", "=").replace("%2F", "/")));
            }
            None if wanted == is => {}
            _ => return None,
        }
    }
    Some(named)
}

//! Teams: list, make, change; and everything below a team by area.

use axum::http::Method;
use serde_json::json;

use super::super::call::{Answer, Call, Reply};
use super::super::error::GraphError;
use super::super::json;
use super::super::odata::{collection, filter};
use super::super::permissions;
use super::super::tenant::member;
use super::super::world::{Members, Team, Tenant};
use super::members::{self, user_bound};
use super::{channels, no_method, no_path, read_messages, reply_entity};

pub(super) async fn route(call: &mut Call, path: &[&str]) -> Answer {
    let method = call.method.clone();
    match (method, path) {
        (Method::GET, ["teams"]) => list(call),
        (Method::POST, ["teams"]) => create(call).await,
        (Method::GET, ["teams", id]) => get(call, id),
        (Method::PATCH, ["teams", id]) => change(call, id).await,
        (Method::GET, ["teams", id, "operations", operation]) => {
            operation_done(call, id, operation)
        }
        (_, ["teams", id, "members", rest @ ..]) => members::of_team(call, id, rest).await,
        (Method::GET, ["teams", id, "primaryChannel"]) => channels::primary(call, id),
        (Method::GET, ["teams", id, "allChannels"]) => channels::list(call, id),
        (Method::GET, ["teams", id, "channels", "getAllMessages"]) => {
            read_messages::of_team(call, id)
        }
        (_, ["teams", id, "channels", rest @ ..]) => channels::route(call, id, rest).await,
        (_, ["teams"] | ["teams", _]) => Err(no_method(call)),
        (_, path) => Err(no_path(path)),
    }
}

/// Every team of the tenant for apps; for people, the ones they are in (all of them for administrators).
fn list(call: &Call) -> Answer {
    permissions::READ_TEAMS.check(&call.token)?;
    let conditions = call.query.get("$filter").map(filter).transpose()?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let everything = call.caller(tenant).is_none_or(super::super::world::User::administers_teams);
    let values = tenant
        .teams
        .values()
        .filter(|t| {
            everything || call.token.user.as_ref().is_some_and(|u| t.members.contains_key(u))
        })
        .filter(|t| {
            conditions.as_ref().is_none_or(|any| {
                any.iter().any(|all| {
                    all.iter().all(|c| match c.property.as_str() {
                        "displayName" => c.holds(&t.name),
                        "id" => c.holds(&t.id),
                        _ => false,
                    })
                })
            })
        })
        .map(|t| call.query.select(short(tenant, t)))
        .collect();
    Reply::ok(collection("teams", values, None))
}

/// Lists show a team without its settings.
fn short(tenant: &Tenant, team: &Team) -> serde_json::Value {
    let whole = json::team(tenant, team);
    let mut out = serde_json::Map::new();
    for name in [
        "id",
        "displayName",
        "description",
        "visibility",
        "isArchived",
        "tenantId",
        "webUrl",
        "createdDateTime",
    ] {
        out.insert(name.to_owned(), whole[name].clone());
    }
    out.into()
}

pub(super) fn joined(call: &Call, user: &str) -> Answer {
    permissions::READ_TEAMS.check(&call.token)?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let user = tenant
        .user(user)
        .ok_or_else(|| GraphError::not_found(format!("User '{user}' was not found.")))?;
    let values = tenant
        .teams
        .values()
        .filter(|t| t.members.contains_key(&user.id))
        .map(|t| call.query.select(short(tenant, t)))
        .collect();
    Reply::ok(collection("teams", values, None))
}

fn get(call: &Call, id: &str) -> Answer {
    permissions::READ_TEAMS.check(&call.token)?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    tenant.require_team(id, call.token.user.as_deref())?;
    let team = tenant.teams.get(id).ok_or_else(|| GraphError::not_found("Team not found."))?;
    reply_entity(200, "teams/$entity", call.query.select(json::team(tenant, team)))
}

/// 202 with the team's address in `Content-Location`, and an operation to ask after in `Location`.
async fn create(call: &mut Call) -> Answer {
    permissions::CREATE_TEAM.check(&call.token)?;
    let posted = call.json().await?;
    let name = Call::text(&posted, "displayName")?
        .filter(|n| !n.is_empty())
        .ok_or_else(|| GraphError::bad_request("Property 'displayName' is required."))?
        .to_owned();
    if !posted["template@odata.bind"].is_string() {
        return Err(GraphError::bad_request("Property 'template@odata.bind' is required."));
    }
    let description = Call::text(&posted, "description")?.map(str::to_owned);
    let mut world = call.world();
    let tenant = call.tenant(&world)?;
    let mut people = Members::new();
    if let Some(given) = posted["members"].as_array() {
        for one in given {
            let owner = one["roles"].as_array().is_some_and(|r| r.iter().any(|r| r == "owner"));
            people.insert(user_bound(tenant, one)?, member(owner));
        }
    }
    match &call.token.user {
        Some(user) => {
            people.insert(user.clone(), member(true));
        }
        None if !people.values().any(|m| m.owner) => {
            return Err(GraphError::bad_request(
                "A team owner must be provided when creating a team in application context.",
            ));
        }
        None => {}
    }
    let public = posted["visibility"].as_str() != Some("private");
    let id = world.add_team(&call.token.tenant, None, &name, description, public, people, call.now);
    let operation = world.guid();
    Ok(Reply::With(
        202,
        vec![
            ("location", format!("/teams('{id}')/operations('{operation}')")),
            ("content-location", format!("/teams('{id}')")),
        ],
        serde_json::Value::Null,
    ))
}

fn operation_done(call: &Call, id: &str, operation: &str) -> Answer {
    permissions::READ_TEAMS.check(&call.token)?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let team = tenant.teams.get(id).ok_or_else(|| GraphError::not_found("Team not found."))?;
    reply_entity(
        200,
        &format!("teams('{id}')/operations/$entity"),
        json!({
            "id": operation, "operationType": "createTeam", "status": "succeeded", "attemptsCount": 1,
            "createdDateTime": json::time(team.created), "lastActionDateTime": json::time(team.created),
            "targetResourceId": id, "targetResourceLocation": format!("/teams('{id}')"), "error": null,
        }),
    )
}

async fn change(call: &mut Call, id: &str) -> Answer {
    permissions::CHANGE_TEAM.check(&call.token)?;
    let posted = call.json().await?;
    let name = Call::text(&posted, "displayName")?.map(str::to_owned);
    let description = Call::text(&posted, "description")?.map(str::to_owned);
    let mut world = call.world();
    call.tenant(&world)?.require_owner(id, call.token.user.as_deref())?;
    if let Some(team) = call.tenant_mut(&mut world)?.teams.get_mut(id) {
        if let Some(name) = name {
            team.name = name;
        }
        if description.is_some() {
            team.description = description;
        }
    }
    Reply::no_content()
}

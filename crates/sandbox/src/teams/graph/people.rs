//! The organization, its people, and invitations of guests.

use axum::body::Body;
use axum::http::{HeaderValue, Method, Response, header};
use serde_json::json;

use super::super::call::{Answer, Call, Reply};
use super::super::error::GraphError;
use super::super::json;
use super::super::odata::{Condition, collection, filter, read_token, token};
use super::super::permissions;
use super::super::tenant::NewUser;
use super::super::world::{Tenant, User};
use super::{no_method, no_path, read_messages, reply_entity, teams};

pub(super) async fn route(call: &mut Call, path: &[&str], me: bool) -> Answer {
    let method = call.method.clone();
    match (method, path) {
        (Method::GET, ["organization"]) => organization(call, None),
        (Method::GET, ["organization", id]) => organization(call, Some(id)),
        (Method::GET, ["users"]) => list(call),
        (Method::GET, ["users", id]) => get(call, id, me),
        (Method::GET, ["users", id, "photo", "$value"]) => photo(call, id, me),
        (Method::GET, ["users", id, "joinedTeams"]) => teams::joined(call, id),
        (Method::POST, ["invitations"]) => invite(call).await,
        (_, ["users", id, "drive"]) => drive(call, id, me),
        (Method::GET, ["users", id, "chats", "getAllMessages"]) => {
            read_messages::of_chats(call, Some(id))
        }
        (_, ["organization"] | ["users"] | ["users", _] | ["invitations"]) => Err(no_method(call)),
        (_, path) => Err(no_path(path)),
    }
}

/// Directory calls are refused with a code of their own.
fn directory(check: Result<(), GraphError>) -> Result<(), GraphError> {
    check.map_err(|_| {
        GraphError::new(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )
    })
}

fn no_user(id: &str) -> GraphError {
    GraphError::new(
        404,
        "Request_ResourceNotFound",
        format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        ),
    )
}

fn organization(call: &Call, id: Option<&str>) -> Answer {
    directory(permissions::READ_ORGANIZATION.check(&call.token))?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let value = json!({
        "id": tenant.id, "displayName": tenant.name, "createdDateTime": json::time(tenant.created),
        "countryLetterCode": "DE", "businessPhones": [], "tenantType": "AAD",
        "verifiedDomains": [{"name": tenant.domain, "isDefault": true, "isInitial": true, "type": "Managed", "capabilities": "Email, OfficeCommunicationsOnline"}],
    });
    match id {
        None => Reply::ok(collection("organization", vec![call.query.select(value)], None)),
        Some(id) if id == tenant.id => {
            reply_entity(200, "organization/$entity", call.query.select(value))
        }
        Some(id) => Err(no_user(id)),
    }
}

/// Without `$select`, Graph shows only these.
fn shown(call: &Call, user: &User) -> serde_json::Value {
    let whole = json::user(user);
    if call.query.get("$select").is_some() {
        return call.query.select(whole);
    }
    let mut out = serde_json::Map::new();
    for name in [
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
        "id",
    ] {
        out.insert(name.to_owned(), whole[name].clone());
    }
    out.into()
}

fn fits(user: &User, condition: &Condition) -> Result<bool, GraphError> {
    Ok(match condition.property.as_str() {
        "displayName" => condition.holds(&user.name),
        "mail" => condition.holds(user.mail.as_deref().unwrap_or("")),
        "userPrincipalName" => condition.holds(&user.upn),
        "id" => condition.holds(&user.id),
        "userType" => condition.holds(if user.guest { "Guest" } else { "Member" }),
        "accountEnabled" => condition.holds(if user.enabled { "true" } else { "false" }),
        other => {
            return Err(GraphError::new(
                400,
                "Request_UnsupportedQuery",
                format!(
                    "Unsupported or invalid query filter clause specified for property '{other}' of resource 'User'."
                ),
            ));
        }
    })
}

fn list(call: &Call) -> Answer {
    directory(permissions::READ_USERS.check(&call.token))?;
    let top = call.query.top(100, 999)?;
    let conditions = call.query.get("$filter").map(filter).transpose()?;
    let after = match call.query.get("$skiptoken") {
        Some(text) => read_token(text)?.into_iter().next().unwrap_or_default(),
        None => String::new(),
    };
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let mut values = Vec::new();
    let mut next = None;
    let mut last = String::new();
    for user in tenant.users.range(after.clone()..).map(|(_, u)| u).filter(|u| u.id != after) {
        let mut matched = conditions.is_none();
        for all in conditions.iter().flatten() {
            let mut every = true;
            for condition in all {
                every &= fits(user, condition)?;
            }
            matched |= every;
        }
        if matched {
            if values.len() == top {
                next = Some(call.link("$skiptoken", &token(&[&last])));
                break;
            }
            last.clone_from(&user.id);
            values.push(shown(call, user));
        }
    }
    Reply::ok(collection("users", values, next))
}

fn found<'a>(call: &Call, tenant: &'a Tenant, id: &str, me: bool) -> Result<&'a User, GraphError> {
    let user = tenant.user(id).ok_or_else(|| no_user(id))?;
    // A person may always read themselves with User.Read.
    let own = call.token.user.as_ref().is_some_and(|u| *u == user.id);
    if me || own {
        directory(permissions::READ_ME.check(&call.token))?;
    } else {
        directory(permissions::READ_USERS.check(&call.token))?;
    }
    Ok(user)
}

fn get(call: &Call, id: &str, me: bool) -> Answer {
    let world = call.world();
    let tenant = call.tenant(&world)?;
    if call.token.user.is_none() {
        directory(permissions::READ_USERS.check(&call.token))?;
    }
    let user = found(call, tenant, id, me)?;
    reply_entity(200, "users/$entity", shown(call, user))
}

fn photo(call: &Call, id: &str, me: bool) -> Answer {
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let user = found(call, tenant, id, me)?;
    let Some((mime, bytes)) = &user.photo else {
        return Err(GraphError::new(404, "ImageNotFound", "The photo wasn't found."));
    };
    let mut response = Response::new(Body::from(bytes.clone()));
    if let Ok(mime) = HeaderValue::from_str(mime) {
        response.headers_mut().insert(header::CONTENT_TYPE, mime);
    }
    Ok(Reply::Raw(Box::new(response)))
}

fn drive(call: &Call, id: &str, me: bool) -> Answer {
    permissions::READ_FILES.check(&call.token)?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let user = tenant.user(id).ok_or_else(|| no_user(id))?;
    if !me && call.token.user.as_ref().is_some_and(|u| *u != user.id) {
        return Err(GraphError::new(403, "accessDenied", "Access denied"));
    }
    let drive = world
        .drives
        .get(&user.drive)
        .ok_or_else(|| GraphError::new(404, "ResourceNotFound", "User's mysite not found."))?;
    reply_entity(
        200,
        "drives/$entity",
        json!({"id": drive.id, "driveType": "business", "name": "OneDrive", "webUrl": drive.web}),
    )
}

/// A guest account with a redeem address; it has no sign-in of its own.
async fn invite(call: &mut Call) -> Answer {
    directory(permissions::INVITE.check(&call.token))?;
    let posted = call.json().await?;
    let mail = Call::text(&posted, "invitedUserEmailAddress")?
        .filter(|m| m.contains('@'))
        .ok_or_else(|| GraphError::bad_request("Property 'invitedUserEmailAddress' is required."))?
        .to_owned();
    let back = Call::text(&posted, "inviteRedirectUrl")?
        .ok_or_else(|| GraphError::bad_request("Property 'inviteRedirectUrl' is required."))?
        .to_owned();
    let name = Call::text(&posted, "invitedUserDisplayName")?.unwrap_or(&mail).to_owned();
    let mut world = call.world();
    let known = call.tenant(&world)?.user(&mail).map(|u| u.id.clone());
    let user = match known {
        Some(id) => id,
        None => {
            let new = NewUser {
                name: name.clone(),
                mail: Some(mail.clone()),
                guest: true,
                ..NewUser::default()
            };
            world.add_user(&call.token.tenant, new, call.now).map_err(GraphError::bad_request)?
        }
    };
    let id = world.guid();
    reply_entity(
        201,
        "invitations/$entity",
        json!({
            "id": id, "invitedUserDisplayName": name, "invitedUserEmailAddress": mail, "inviteRedirectUrl": back,
            "inviteRedeemUrl": format!("{}/redeem?invitation={id}", call.teams.urls.login),
            "sendInvitationMessage": posted["sendInvitationMessage"].as_bool().unwrap_or(false),
            "status": "PendingAcceptance", "invitedUserType": "Guest", "invitedUser": {"id": user},
        }),
    )
}

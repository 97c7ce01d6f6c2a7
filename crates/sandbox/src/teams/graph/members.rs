//! Members of teams, channels and chats.

use axum::http::Method;
use serde_json::Value;

use super::super::call::{Answer, Call, Reply};
use super::super::error::GraphError;
use super::super::json::{self, member_of};
use super::super::membership::Within;
use super::super::odata::{collection, entity};
use super::super::permissions::{self, Needs};
use super::super::world::{ChannelKind, Member, Tenant};
use super::{no_method, no_path};

pub(super) async fn of_team(call: &mut Call, team: &str, rest: &[&str]) -> Answer {
    check(call, rest, &permissions::READ_TEAM_MEMBERS, &permissions::CHANGE_TEAM_MEMBERS)?;
    {
        let world = call.world();
        let tenant = call.tenant(&world)?;
        let user = call.token.user.as_deref();
        if call.method == Method::GET {
            tenant.require_team(team, user)?;
        } else {
            let leaving = matches!(rest, [id] if call.method == Method::DELETE && member_of(id).as_deref() == user);
            if !leaving {
                tenant.require_owner(team, user)?;
            }
        }
    }
    route(call, &Within::Team(team.to_owned()), team, &format!("teams('{team}')/members"), rest)
        .await
}

pub(super) async fn of_channel(
    call: &mut Call,
    team: &str,
    channel: &str,
    rest: &[&str],
) -> Answer {
    check(call, rest, &permissions::READ_CHANNEL_MEMBERS, &permissions::CHANGE_CHANNEL_MEMBERS)?;
    let kind = {
        let world = call.world();
        let tenant = call.tenant(&world)?;
        let user = call.token.user.as_deref();
        tenant.require_team(team, user)?;
        let place = tenant.place_of_channel(team, channel)?;
        let found = tenant
            .channels
            .get(channel)
            .ok_or_else(|| GraphError::not_found("Channel not found."))?;
        if found.kind != ChannelKind::Standard {
            tenant.require_member(&place, user)?;
            let owns = user.is_none_or(|u| found.members.get(u).is_some_and(|m| m.owner));
            if call.method != Method::GET && !owns {
                return Err(GraphError::forbidden("The user is not an owner of the channel."));
            }
        }
        found.kind
    };
    let context = format!(
        "teams('{team}')/channels('{}')/members",
        channel.replace(':', "%3A").replace('@', "%40")
    );
    match kind {
        ChannelKind::Standard if call.method != Method::GET => {
            Err(GraphError::bad_request("Members of a standard channel are those of its team."))
        }
        ChannelKind::Standard => {
            route(call, &Within::Team(team.to_owned()), team, &context, rest).await
        }
        _ => route(call, &Within::Channel(channel.to_owned()), channel, &context, rest).await,
    }
}

pub(super) async fn of_chat(call: &mut Call, chat: &str, rest: &[&str]) -> Answer {
    check(call, rest, &permissions::READ_CHAT_MEMBERS, &permissions::CHANGE_CHAT_MEMBERS)?;
    {
        let world = call.world();
        let tenant = call.tenant(&world)?;
        let place = tenant.place_of_chat(chat)?;
        tenant.require_member(&place, call.token.user.as_deref())?;
        let one_on_one = tenant.chats.get(chat).is_some_and(|c| c.one_on_one);
        if one_on_one && call.method != Method::GET {
            return Err(GraphError::bad_request("Members of a one-on-one chat cannot be changed."));
        }
    }
    let context = format!("chats('{}')/members", chat.replace(':', "%3A").replace('@', "%40"));
    route(call, &Within::Chat(chat.to_owned()), chat, &context, rest).await
}

fn check(call: &Call, rest: &[&str], read: &Needs, write: &Needs) -> Result<(), GraphError> {
    if rest.len() > 1 {
        return Err(no_path(rest));
    }
    if call.method == Method::GET { read.check(&call.token) } else { write.check(&call.token) }
}

/// The user that `user@odata.bind` (or `userId`) names; by id or user principal name.
pub(super) fn user_bound(tenant: &Tenant, given: &Value) -> Result<String, GraphError> {
    let bind = given["user@odata.bind"].as_str().or_else(|| given["userId"].as_str()).ok_or_else(
        || {
            GraphError::bad_request(
                "Bad Request: 'user@odata.bind' field is missing in the request.",
            )
        },
    )?;
    let key = bind.rsplit('/').next().unwrap_or(bind);
    let key = key.strip_prefix("users('").and_then(|k| k.strip_suffix("')")).unwrap_or(key);
    tenant
        .user(key)
        .map(|u| u.id.clone())
        .ok_or_else(|| GraphError::not_found(format!("User '{key}' was not found in the tenant.")))
}

async fn route(call: &mut Call, within: &Within, id: &str, context: &str, rest: &[&str]) -> Answer {
    let method = call.method.clone();
    match (method, rest) {
        (Method::GET, []) => {
            let world = call.world();
            let tenant = call.tenant(&world)?;
            let values = people(tenant, within)
                .map(|(user, m)| call.query.select(json::member(tenant, id, user, m)))
                .collect();
            Reply::ok(collection(context, values, None))
        }
        (Method::GET, [member]) => {
            let world = call.world();
            let tenant = call.tenant(&world)?;
            let user = known(tenant, within, member)?;
            one(tenant, within, id, &user, context, 200)
        }
        (Method::POST, []) => add(call, within, id, context).await,
        (Method::PATCH, [member]) => change(call, within, id, member, context).await,
        (Method::DELETE, [member]) => {
            let mut world = call.world();
            let user = known(call.tenant(&world)?, within, member)?;
            let by = call.token.user.as_deref();
            call.teams.remove_member(&mut world, &call.token.tenant, within, &user, by, call.now);
            Reply::no_content()
        }
        _ => Err(no_method(call)),
    }
}

fn people<'a>(
    tenant: &'a Tenant,
    within: &Within,
) -> impl Iterator<Item = (&'a String, &'a Member)> {
    let members = match within {
        Within::Team(id) => tenant.teams.get(id).map(|t| &t.members),
        Within::Channel(id) => tenant.channels.get(id).map(|c| &c.members),
        Within::Chat(id) => tenant.chats.get(id).map(|c| &c.members),
    };
    members.into_iter().flatten()
}

fn known(tenant: &Tenant, within: &Within, membership: &str) -> Result<String, GraphError> {
    let user = member_of(membership).unwrap_or_else(|| membership.to_owned());
    people(tenant, within)
        .find(|(id, _)| **id == user)
        .map(|(id, _)| id.clone())
        .ok_or_else(|| GraphError::not_found("The membership was not found."))
}

fn one(
    tenant: &Tenant,
    within: &Within,
    id: &str,
    user: &str,
    context: &str,
    status: u16,
) -> Answer {
    let member = people(tenant, within)
        .find(|(key, _)| *key == user)
        .map(|(key, m)| json::member(tenant, id, key, m))
        .ok_or_else(|| GraphError::not_found("The membership was not found."))?;
    Ok(Reply::Json(
        status,
        entity(&format!("{context}/microsoft.graph.aadUserConversationMember/$entity"), member),
    ))
}

async fn add(call: &mut Call, within: &Within, id: &str, context: &str) -> Answer {
    let posted = call.json().await?;
    let mut world = call.world();
    let tenant = call.tenant(&world)?;
    let user = user_bound(tenant, &posted)?;
    let owner = posted["roles"].as_array().is_some_and(|r| r.iter().any(|r| r == "owner"));
    if let Within::Channel(channel) = within {
        let found = tenant.channels.get(channel);
        let private = found
            .filter(|c| c.kind == ChannelKind::Private)
            .and_then(|c| tenant.teams.get(&c.team));
        if private.is_some_and(|team| !team.members.contains_key(&user)) {
            return Err(GraphError::bad_request(
                "The user is not a member of the team of this private channel.",
            ));
        }
    }
    let by = call.token.user.as_deref();
    call.teams.add_members(
        &mut world,
        &call.token.tenant,
        within,
        &[(user.clone(), owner)],
        by,
        call.now,
    );
    if let Within::Chat(chat) = within
        && let Ok(history) = posted["visibleHistoryStartDateTime"].as_str().unwrap_or("").parse()
        && let Some(member) =
            call.tenant_mut(&mut world)?.chats.get_mut(chat).and_then(|c| c.members.get_mut(&user))
    {
        member.history_from = Some(history);
    }
    one(call.tenant(&world)?, within, id, &user, context, 201)
}

async fn change(
    call: &mut Call,
    within: &Within,
    id: &str,
    membership: &str,
    context: &str,
) -> Answer {
    let posted = call.json().await?;
    let owner = posted["roles"].as_array().is_some_and(|r| r.iter().any(|r| r == "owner"));
    let mut world = call.world();
    let user = known(call.tenant(&world)?, within, membership)?;
    let tenant = call.tenant_mut(&mut world)?;
    let members = match within {
        Within::Team(id) => tenant.teams.get_mut(id).map(|t| &mut t.members),
        Within::Channel(id) => tenant.channels.get_mut(id).map(|c| &mut c.members),
        Within::Chat(id) => tenant.chats.get_mut(id).map(|c| &mut c.members),
    };
    if let Some(member) = members.and_then(|m| m.get_mut(&user)) {
        member.owner = owner;
    }
    one(call.tenant(&world)?, within, id, &user, context, 200)
}

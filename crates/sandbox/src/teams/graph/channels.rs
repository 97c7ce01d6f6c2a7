//! Channels of a team.

use axum::http::Method;

use super::super::call::{Answer, Call, Reply};
use super::super::error::GraphError;
use super::super::json;
use super::super::membership::Notice;
use super::super::odata::{collection, entity, filter};
use super::super::permissions;
use super::super::tenant::{NewChannel, member};
use super::super::world::{Channel, ChannelKind, Members, Tenant};
use super::members::{self, user_bound};
use super::{messages, no_method, no_path, reply_entity};

pub(super) async fn route(call: &mut Call, team: &str, rest: &[&str]) -> Answer {
    let method = call.method.clone();
    match (method, rest) {
        (Method::GET, []) => list(call, team),
        (Method::POST, []) => create(call, team).await,
        (Method::GET, [id]) => get(call, team, id),
        (Method::PATCH, [id]) => change(call, team, id).await,
        (Method::DELETE, [id]) => delete(call, team, id),
        (Method::GET, [id, "filesFolder"]) => files_folder(call, team, id),
        (_, [id, "members", rest @ ..]) => members::of_channel(call, team, id, rest).await,
        (_, [id, "messages", rest @ ..]) => {
            let place = {
                let world = call.world();
                call.tenant(&world)?.place_of_channel(team, id)?
            };
            messages::route(call, place, rest).await
        }
        (_, [] | [_]) => Err(no_method(call)),
        (_, path) => Err(no_path(path)),
    }
}

/// The channel, if the caller may know of it: private and shared ones are for their members.
fn visible<'a>(
    call: &Call,
    tenant: &'a Tenant,
    team: &str,
    id: &str,
) -> Result<&'a Channel, GraphError> {
    tenant.require_team(team, call.token.user.as_deref())?;
    tenant.place_of_channel(team, id)?;
    let channel =
        tenant.channels.get(id).ok_or_else(|| GraphError::not_found("Channel not found."))?;
    match &call.token.user {
        Some(user)
            if channel.kind != ChannelKind::Standard && !channel.members.contains_key(user) =>
        {
            Err(GraphError::forbidden("The user is not a member of the channel."))
        }
        _ => Ok(channel),
    }
}

pub(super) fn list(call: &Call, team: &str) -> Answer {
    permissions::READ_CHANNELS.check(&call.token)?;
    let conditions = call.query.get("$filter").map(filter).transpose()?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let user = call.token.user.as_deref();
    tenant.require_team(team, user)?;
    let team = tenant.teams.get(team).ok_or_else(|| GraphError::not_found("Team not found."))?;
    let mut values = Vec::new();
    for channel in tenant.visible_channels(team, user) {
        let mut fits = conditions.is_none();
        for all in conditions.iter().flatten() {
            let mut every = true;
            for c in all {
                every &= match c.property.as_str() {
                    "membershipType" => c.holds(channel.kind.name()),
                    "displayName" => c.holds(&channel.name),
                    "id" => c.holds(&channel.id),
                    other => {
                        return Err(GraphError::bad_request(format!(
                            "Filter on '{other}' is not supported."
                        )));
                    }
                };
            }
            fits |= every;
        }
        if fits {
            values.push(call.query.select(json::channel(tenant, channel)));
        }
    }
    Reply::ok(collection(&format!("teams('{}')/channels", team.id), values, None))
}

pub(super) fn primary(call: &Call, team: &str) -> Answer {
    permissions::READ_CHANNELS.check(&call.token)?;
    let general = {
        let world = call.world();
        let tenant = call.tenant(&world)?;
        tenant.require_team(team, call.token.user.as_deref())?;
        tenant.teams.get(team).and_then(|t| t.channels.first().cloned())
    };
    get(call, team, &general.unwrap_or_default())
}

fn get(call: &Call, team: &str, id: &str) -> Answer {
    permissions::READ_CHANNELS.check(&call.token)?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let channel = visible(call, tenant, team, id)?;
    let value = call.query.select(json::channel(tenant, channel));
    reply_entity(200, &format!("teams('{team}')/channels/$entity"), value)
}

/// Names: at most 50 characters, none of those Teams refuses, free in the team.
fn checked_name(
    tenant: &Tenant,
    team: &str,
    name: &str,
    own: Option<&str>,
) -> Result<(), GraphError> {
    let forbidden = |c: char| "~#%&*{}/\\:<>?+|'\"".contains(c) || c.is_control();
    if name.is_empty()
        || name.chars().count() > 50
        || name.contains(forbidden)
        || name.starts_with(['_', '.'])
        || name.ends_with('.')
    {
        return Err(GraphError::bad_request(
            "Channel name is invalid: at most 50 characters, none of ~ # % & * { } / \\ : < > ? + | ' \".",
        ));
    }
    let taken = tenant
        .channels
        .values()
        .any(|c| c.team == team && c.name.eq_ignore_ascii_case(name) && own != Some(c.id.as_str()));
    if taken {
        Err(GraphError::bad_request(
            "NameAlreadyExists: Channel name already existed, please use other name.",
        ))
    } else {
        Ok(())
    }
}

async fn create(call: &mut Call, team: &str) -> Answer {
    permissions::CREATE_CHANNEL.check(&call.token)?;
    let posted = call.json().await?;
    let name = Call::text(&posted, "displayName")?.unwrap_or("").trim();
    let kind = Call::text(&posted, "membershipType")?.unwrap_or("standard");
    let kind = ChannelKind::parse(kind)
        .ok_or_else(|| GraphError::bad_request(format!("Invalid membershipType '{kind}'.")))?;
    let description = Call::text(&posted, "description")?.map(str::to_owned);
    let mut world = call.world();
    let tenant = call.tenant(&world)?;
    let user = call.token.user.as_deref();
    tenant.require_team(team, user)?;
    checked_name(tenant, team, name, None)?;
    let mut people = Members::new();
    if kind != ChannelKind::Standard {
        for one in posted["members"].as_array().into_iter().flatten() {
            let id = user_bound(tenant, one)?;
            let in_team = tenant.teams.get(team).is_some_and(|t| t.members.contains_key(&id));
            if kind == ChannelKind::Private && !in_team {
                return Err(GraphError::bad_request(
                    "Members of a private channel must be members of the team.",
                ));
            }
            let owner = one["roles"].as_array().is_some_and(|r| r.iter().any(|r| r == "owner"));
            people.insert(id, member(owner));
        }
        if let Some(user) = user {
            people.insert(user.to_owned(), member(true));
        }
        if !people.values().any(|m| m.owner) {
            return Err(GraphError::bad_request("A private or shared channel needs an owner."));
        }
    }
    let new = NewChannel { id: None, name, description, kind, members: people };
    let id = world
        .add_channel(&call.token.tenant, team, new, call.now)
        .ok_or_else(|| GraphError::not_found("Team not found."))?;
    let place = call.tenant(&world)?.place_of_channel(team, &id)?;
    call.teams.announce(
        &mut world,
        &call.token.tenant,
        &place,
        user,
        &Notice::ChannelAdded,
        call.now,
    );
    let tenant = call.tenant(&world)?;
    let channel =
        tenant.channels.get(&id).ok_or_else(|| GraphError::not_found("Channel not found."))?;
    let value =
        entity(&format!("teams('{team}')/channels/$entity"), json::channel(tenant, channel));
    Ok(Reply::With(201, vec![("location", format!("/teams('{team}')/channels('{id}')"))], value))
}

async fn change(call: &mut Call, team: &str, id: &str) -> Answer {
    permissions::CHANGE_CHANNEL.check(&call.token)?;
    let posted = call.json().await?;
    let name = Call::text(&posted, "displayName")?.map(str::to_owned);
    let description = Call::text(&posted, "description")?.map(str::to_owned);
    let mut world = call.world();
    let tenant = call.tenant(&world)?;
    visible(call, tenant, team, id)?;
    if let Some(name) = &name {
        checked_name(tenant, team, name, Some(id))?;
    }
    let user = call.token.user.as_deref();
    call.teams.retitle_channel(
        &mut world,
        &call.token.tenant,
        id,
        name,
        description,
        user,
        call.now,
    );
    Reply::no_content()
}

impl super::super::Teams {
    /// Renames a channel, describes it anew, and says so in it.
    #[expect(clippy::too_many_arguments, reason = "a change of two properties")]
    pub(crate) fn retitle_channel(
        &self,
        world: &mut super::super::world::World,
        tenant_id: &str,
        id: &str,
        name: Option<String>,
        description: Option<String>,
        by: Option<&str>,
        now: jiff::Timestamp,
    ) {
        let Some(channel) = world.tenants.get_mut(tenant_id).and_then(|t| t.channels.get_mut(id))
        else {
            return;
        };
        let renamed = name.as_ref().is_some_and(|n| *n != channel.name);
        if let Some(name) = name {
            channel.name = name;
        }
        let described = description.is_some();
        if described {
            channel.description = description;
        }
        let place = super::super::conversation::Place::Channel {
            team: channel.team.clone(),
            channel: id.to_owned(),
        };
        if renamed {
            self.announce(world, tenant_id, &place, by, &Notice::ChannelRenamed, now);
        }
        if described {
            self.announce(world, tenant_id, &place, by, &Notice::ChannelDescribed, now);
        }
    }

    /// Takes a channel away with its messages; its subscriptions end.
    pub(crate) fn delete_channel(
        &self,
        world: &mut super::super::world::World,
        tenant_id: &str,
        id: &str,
    ) {
        if let Some(tenant) = world.tenants.get_mut(tenant_id)
            && let Some(channel) = tenant.channels.remove(id)
        {
            if let Some(team) = tenant.teams.get_mut(&channel.team) {
                team.channels.retain(|c| c != id);
            }
            tenant.conversations.remove(id);
        }
        self.drop_deaf_subscriptions(world);
    }
}

fn delete(call: &Call, team: &str, id: &str) -> Answer {
    permissions::DELETE_CHANNEL.check(&call.token)?;
    let mut world = call.world();
    let tenant = call.tenant(&world)?;
    visible(call, tenant, team, id)?;
    if tenant.teams.get(team).and_then(|t| t.channels.first()).is_some_and(|general| general == id)
    {
        return Err(GraphError::bad_request("The General channel cannot be deleted."));
    }
    call.teams.delete_channel(&mut world, &call.token.tenant, id);
    Reply::no_content()
}

fn files_folder(call: &Call, team: &str, id: &str) -> Answer {
    permissions::READ_FILES_FOLDER.check(&call.token)?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let channel = visible(call, tenant, team, id)?;
    let place = tenant.place_of_channel(team, id)?;
    tenant.require_member(&place, call.token.user.as_deref())?;
    let folder = world
        .drives
        .get(&channel.drive)
        .and_then(|d| d.items.get(&channel.folder).map(|i| d.json(i, None)))
        .ok_or_else(|| {
            GraphError::not_found(
                "Folder location for this channel is not ready yet, please try again later.",
            )
        })?;
    reply_entity(200, &format!("{}/filesFolder/$entity", json::place_key(&place, true)), folder)
}

//! Chats: one-on-one and group.

use axum::http::Method;

use super::super::call::{Answer, Call, Reply};
use super::super::error::GraphError;
use super::super::json;
use super::super::membership::Notice;
use super::super::odata::{collection, read_token, token};
use super::super::permissions;
use super::super::tenant::member;
use super::super::world::Members;
use super::members::{self, user_bound};
use super::{messages, no_method, no_path, read_messages, reply_entity};

pub(super) async fn route(call: &mut Call, path: &[&str]) -> Answer {
    let method = call.method.clone();
    match (method, path) {
        (Method::GET, ["chats"]) => {
            let id = call.user_id()?.to_owned();
            of_person(call, &id)
        }
        (Method::POST, ["chats"]) => create(call).await,
        (Method::GET, ["chats", "getAllMessages"]) => read_messages::of_chats(call, None),
        (Method::GET, ["chats", id]) => get(call, id),
        (Method::PATCH, ["chats", id]) => retitle(call, id).await,
        (_, ["chats", id, "members", rest @ ..]) => members::of_chat(call, id, rest).await,
        (_, ["chats", id, "messages", rest @ ..]) => {
            let place = {
                let world = call.world();
                call.tenant(&world)?.place_of_chat(id)?
            };
            messages::route(call, place, rest).await
        }
        (_, ["chats"] | ["chats", _]) => Err(no_method(call)),
        (_, path) => Err(no_path(path)),
    }
}

/// The chats of a person, latest first.
pub(super) fn of_person(call: &Call, user: &str) -> Answer {
    permissions::READ_CHATS.check(&call.token)?;
    let top = call.query.top(20, 50)?;
    let skip: usize = match call.query.get("$skiptoken") {
        Some(text) => read_token(text)?.first().and_then(|n| n.parse().ok()).unwrap_or(0),
        None => 0,
    };
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let user = tenant
        .user(user)
        .ok_or_else(|| GraphError::not_found(format!("User '{user}' was not found.")))?;
    if call.token.user.as_ref().is_some_and(|caller| *caller != user.id) {
        return Err(GraphError::forbidden("Chats of another person cannot be listed."));
    }
    let mut chats: Vec<_> =
        tenant.chats.values().filter(|c| c.members.contains_key(&user.id)).collect();
    chats.sort_by_key(|c| std::cmp::Reverse(c.updated));
    let values = chats
        .iter()
        .skip(skip)
        .take(top)
        .map(|c| {
            let mut value = json::chat(tenant, c);
            if call.query.expands("members") {
                value["members"] =
                    c.members.iter().map(|(u, m)| json::member(tenant, &c.id, u, m)).collect();
            }
            call.query.select(value)
        })
        .collect();
    let next = (chats.len() > skip + top)
        .then(|| call.link("$skiptoken", &token(&[&(skip + top).to_string()])));
    Reply::ok(collection("chats", values, next))
}

fn get(call: &Call, id: &str) -> Answer {
    permissions::READ_CHATS.check(&call.token)?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let place = tenant.place_of_chat(id)?;
    tenant.require_member(&place, call.token.user.as_deref())?;
    let chat = tenant.chats.get(id).ok_or_else(|| GraphError::not_found("Chat not found."))?;
    let mut value = json::chat(tenant, chat);
    if call.query.expands("members") {
        value["members"] =
            chat.members.iter().map(|(u, m)| json::member(tenant, id, u, m)).collect();
    }
    reply_entity(200, "chats/$entity", call.query.select(value))
}

async fn create(call: &mut Call) -> Answer {
    permissions::CREATE_CHAT.check(&call.token)?;
    let posted = call.json().await?;
    let one_on_one = match Call::text(&posted, "chatType")? {
        Some("oneOnOne") => true,
        Some("group") => false,
        _ => {
            return Err(GraphError::bad_request(
                "Property 'chatType' must be 'oneOnOne' or 'group'.",
            ));
        }
    };
    let topic = Call::text(&posted, "topic")?.map(str::to_owned);
    if one_on_one && topic.is_some() {
        return Err(GraphError::bad_request("A one-on-one chat has no topic."));
    }
    let mut world = call.world();
    let tenant = call.tenant(&world)?;
    let mut people = Members::new();
    for one in posted["members"].as_array().into_iter().flatten() {
        let user = user_bound(tenant, one)?;
        let guest = tenant.users.get(&user).is_some_and(|u| u.guest);
        people.insert(user, member(!guest));
    }
    if call.token.user.as_ref().is_some_and(|u| !people.contains_key(u)) {
        return Err(GraphError::bad_request("The caller must be one of the members of the chat."));
    }
    if (one_on_one && people.len() != 2) || people.len() < 2 {
        return Err(GraphError::bad_request("Invalid number of members for this type of chat."));
    }
    let id = world
        .add_chat(&call.token.tenant, one_on_one, topic, people, call.now)
        .ok_or_else(|| GraphError::bad_request("The chat could not be created."))?;
    let tenant = call.tenant(&world)?;
    let chat = tenant.chats.get(&id).ok_or_else(|| GraphError::not_found("Chat not found."))?;
    reply_entity(201, "chats/$entity", json::chat(tenant, chat))
}

async fn retitle(call: &mut Call, id: &str) -> Answer {
    permissions::CHANGE_CHAT.check(&call.token)?;
    let posted = call.json().await?;
    let topic = Call::text(&posted, "topic")?.map(str::to_owned);
    let mut world = call.world();
    let tenant = call.tenant(&world)?;
    let place = tenant.place_of_chat(id)?;
    tenant.require_member(&place, call.token.user.as_deref())?;
    let now = call.now;
    let chat = call.tenant_mut(&mut world)?.chats.get_mut(id);
    let chat = chat.ok_or_else(|| GraphError::not_found("Chat not found."))?;
    if chat.one_on_one {
        return Err(GraphError::bad_request("A one-on-one chat has no topic."));
    }
    chat.topic = topic;
    chat.updated = now;
    let user = call.token.user.as_deref();
    call.teams.announce(&mut world, &call.token.tenant, &place, user, &Notice::ChatRenamed, now);
    let tenant = call.tenant(&world)?;
    let chat = tenant.chats.get(id).ok_or_else(|| GraphError::not_found("Chat not found."))?;
    reply_entity(200, "chats/$entity", json::chat(tenant, chat))
}

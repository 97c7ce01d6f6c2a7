//! Messages of channels and chats: post, edit, delete, react. Reading is in `read_messages`.

use axum::http::{Method, header};

use super::super::call::{Answer, Call, Reply};
use super::super::compose::{draft, is_emoji, settle_hosted};
use super::super::conversation::{Message, Place, Reaction};
use super::super::error::GraphError;
use super::super::json;
use super::super::notify::Happened;
use super::super::permissions::{self, Needs};
use super::super::subscription::Change;
use super::super::world::Tenant;
use super::{hosted, no_method, no_path, read_messages, reply_entity};

/// Below `…/messages`.
pub(super) async fn route(call: &mut Call, place: Place, rest: &[&str]) -> Answer {
    let method = call.method.clone();
    match (method, rest) {
        (Method::GET, []) => read_messages::list(call, &place),
        (Method::POST, []) => post(call, &place, None).await,
        (Method::GET, ["delta"]) => read_messages::delta(call, &place, None),
        (Method::GET, [root, "replies"]) => read_messages::replies(call, &place, number(root)?),
        (Method::POST, [root, "replies"]) => post(call, &place, Some(number(root)?)).await,
        (Method::GET, [root, "replies", "delta"]) => {
            read_messages::delta(call, &place, Some(number(root)?))
        }
        (_, [root, "replies", reply, rest @ ..]) => {
            one(call, &place, Some(number(root)?), number(reply)?, rest).await
        }
        (_, [id, rest @ ..]) => one(call, &place, None, number(id)?, rest).await,
        _ => Err(no_method(call)),
    }
}

/// Message ids are numbers; anything else names no message.
fn number(id: &str) -> Result<u64, GraphError> {
    id.parse().map_err(|_| GraphError::not_found(format!("Message '{id}' was not found.")))
}

async fn one(call: &mut Call, place: &Place, root: Option<u64>, id: u64, rest: &[&str]) -> Answer {
    let method = call.method.clone();
    match (method, rest) {
        (Method::GET, []) => read_messages::get(call, place, root, id),
        (Method::PATCH, []) => edit(call, place, root, id).await,
        (Method::POST, ["softDelete"]) => set_deleted(call, place, root, id, true),
        (Method::POST, ["undoSoftDelete"]) => set_deleted(call, place, root, id, false),
        (Method::POST, ["setReaction"]) => react(call, place, root, id, true).await,
        (Method::POST, ["unsetReaction"]) => react(call, place, root, id, false).await,
        (_, ["hostedContents", rest @ ..]) => hosted::route(call, place, root, id, rest),
        (_, [] | ["softDelete" | "undoSoftDelete" | "setReaction" | "unsetReaction"]) => {
            Err(no_method(call))
        }
        (_, rest) => Err(no_path(rest)),
    }
}

fn needs(place: &Place, channel: &'static Needs, chat: &'static Needs) -> &'static Needs {
    match place {
        Place::Channel { .. } => channel,
        Place::Chat { .. } => chat,
    }
}

/// The message at this address: a reply only below its root.
pub(crate) fn find<'a>(
    tenant: &'a Tenant,
    place: &Place,
    root: Option<u64>,
    id: u64,
) -> Result<&'a Message, GraphError> {
    tenant
        .conversations
        .get(place.id())
        .and_then(|c| c.messages.get(&id))
        .filter(|m| m.reply_to == root)
        .ok_or_else(|| GraphError::not_found(format!("Message '{id}' was not found.")))
}

async fn post(call: &mut Call, place: &Place, root: Option<u64>) -> Answer {
    needs(place, &permissions::SEND_CHANNEL_MESSAGE, &permissions::SEND_CHAT_MESSAGE)
        .check(&call.token)?;
    let Some(author) = call.token.user.clone() else {
        return Err(GraphError::forbidden(
            "Message POST is allowed in application-only context only for import purposes.",
        ));
    };
    if root.is_some() && matches!(place, Place::Chat { .. }) {
        return Err(GraphError::no_segment("replies"));
    }
    let posted = call.json().await?;
    let base = format!("{}/v1.0", call.teams.urls.graph);
    let mut world = call.world();
    let tenant = call.tenant(&world)?;
    tenant.require_member(place, Some(&author))?;
    require_open(tenant, place)?;
    if let Some(root) = root {
        find(tenant, place, None, root)?;
    }
    let draft = draft(&world, tenant, place, &posted)?;
    let locale = tenant.users.get(&author).map_or("en-us", |u| u.locale.as_str()).to_owned();
    let id = call.teams.publish(
        &mut world,
        &call.token.tenant,
        place,
        root,
        &author,
        &locale,
        draft,
        &base,
        call.now,
    )?;
    let tenant = call.tenant(&world)?;
    let message = find(tenant, place, root, id)?;
    let value = json::message(tenant, place, message, call.knows_new_members());
    reply_entity(201, &json::message_context(place, message), value)
}

/// Refuses posts where nobody may post any more.
fn require_open(tenant: &Tenant, place: &Place) -> Result<(), GraphError> {
    let closed = match place {
        Place::Channel { team, channel } => {
            tenant.teams.get(team).is_some_and(|t| t.archived)
                || tenant.channels.get(channel).is_some_and(|c| c.archived)
        }
        Place::Chat { .. } => false,
    };
    if closed {
        Err(GraphError::forbidden("The team or channel is archived and read-only."))
    } else {
        Ok(())
    }
}

impl super::super::Teams {
    /// Puts a checked message into its conversation and tells subscribers. The author is known to be allowed to.
    #[expect(clippy::too_many_arguments, reason = "a message is all of this")]
    pub(crate) fn publish(
        &self,
        world: &mut super::super::world::World,
        tenant_id: &str,
        place: &Place,
        root: Option<u64>,
        author: &str,
        locale: &str,
        draft: super::super::conversation::Draft,
        base: &str,
        now: jiff::Timestamp,
    ) -> Result<u64, GraphError> {
        let gone = || GraphError::not_found("The conversation does not exist any more.");
        let tenant = world.tenants.get_mut(tenant_id).ok_or_else(gone)?;
        let conversation = tenant.conversations.get_mut(place.id()).ok_or_else(gone)?;
        let id = conversation.add(now, Some(author.to_owned()), locale, root, draft, None);
        if let Some(message) = conversation.messages.get_mut(&id)
            && !message.draft.hosted.is_empty()
        {
            settle_hosted(&mut message.draft, place, root, id, base);
        }
        if let Some(chat) = tenant.chats.get_mut(place.id()) {
            chat.updated = now;
        }
        self.happened(
            world,
            Happened { tenant: tenant_id, place, message: id, change: Change::Created },
        );
        Ok(id)
    }
}

async fn edit(call: &mut Call, place: &Place, root: Option<u64>, id: u64) -> Answer {
    needs(place, &permissions::CHANGE_CHANNEL_MESSAGE, &permissions::CHANGE_CHAT_MESSAGE)
        .check(&call.token)?;
    let author = call.user_id()?.to_owned();
    let posted = call.json().await?;
    let base = format!("{}/v1.0", call.teams.urls.graph);
    let mut world = call.world();
    let tenant = call.tenant(&world)?;
    tenant.require_member(place, Some(&author))?;
    let message = find(tenant, place, root, id)?;
    require_own(message, &author)?;
    if message.deleted.is_some() {
        return Err(GraphError::not_found(format!("Message '{id}' was deleted.")));
    }
    if let Some(wanted) = call.headers.get(header::IF_MATCH).and_then(|v| v.to_str().ok()) {
        let etag = message.modified.as_millisecond().to_string();
        if wanted != "*" && wanted.trim_matches('"').trim_start_matches("W/\"") != etag {
            return Err(GraphError::new(
                412,
                "PreconditionFailed",
                "The message was changed in the meantime.",
            ));
        }
    }
    // What is not sent stays; what is sent is checked together with it.
    let mut whole = posted;
    let shown = json::message(tenant, place, message, true);
    for name in ["body", "subject", "importance", "attachments", "mentions"] {
        if whole.get(name).is_none() {
            whole[name] = shown[name].clone();
        }
    }
    let mut new = draft(&world, tenant, place, &whole)?;
    call.teams.rewrite(&mut world, &call.token.tenant, place, id, &base, &mut new, call.now);
    Reply::no_content()
}

impl super::super::Teams {
    /// Gives a message new content and tells subscribers.
    #[expect(clippy::too_many_arguments, reason = "an edit is all of this")]
    pub(crate) fn rewrite(
        &self,
        world: &mut super::super::world::World,
        tenant_id: &str,
        place: &Place,
        id: u64,
        base: &str,
        new: &mut super::super::conversation::Draft,
        now: jiff::Timestamp,
    ) {
        let Some(tenant) = world.tenants.get_mut(tenant_id) else { return };
        let Some(conversation) = tenant.conversations.get_mut(place.id()) else { return };
        let new = std::mem::take(new);
        conversation.change(id, now, |message, at| {
            let kept = std::mem::take(&mut message.draft.hosted);
            message.draft = new;
            if !message.draft.hosted.is_empty() {
                settle_hosted(&mut message.draft, place, message.reply_to, id, base);
            }
            let fresh: Vec<String> = message.draft.hosted.iter().map(|h| h.id.clone()).collect();
            message.draft.hosted.extend(kept.into_iter().filter(|h| !fresh.contains(&h.id)));
            message.edited = Some(at);
        });
        self.happened(
            world,
            Happened { tenant: tenant_id, place, message: id, change: Change::Updated },
        );
    }

    /// Marks a message as deleted, or takes that back, and tells subscribers.
    pub(crate) fn mark_deleted(
        &self,
        world: &mut super::super::world::World,
        tenant_id: &str,
        place: &Place,
        id: u64,
        deleted: bool,
        now: jiff::Timestamp,
    ) {
        let Some(tenant) = world.tenants.get_mut(tenant_id) else { return };
        let Some(conversation) = tenant.conversations.get_mut(place.id()) else { return };
        conversation.change(id, now, |message, at| message.deleted = deleted.then_some(at));
        let change = if deleted { Change::Deleted } else { Change::Updated };
        self.happened(world, Happened { tenant: tenant_id, place, message: id, change });
    }

    /// Adds or takes back a reaction; nothing happens when it is there (or gone) already.
    #[expect(clippy::too_many_arguments, reason = "a reaction is all of this")]
    pub(crate) fn set_reaction(
        &self,
        world: &mut super::super::world::World,
        tenant_id: &str,
        place: &Place,
        id: u64,
        user: &str,
        emoji: &str,
        on: bool,
        now: jiff::Timestamp,
    ) {
        let Some(tenant) = world.tenants.get_mut(tenant_id) else { return };
        let Some(conversation) = tenant.conversations.get_mut(place.id()) else { return };
        let there = conversation
            .messages
            .get(&id)
            .is_some_and(|m| m.reactions.iter().any(|r| r.user == user && r.emoji == emoji));
        if there == on {
            return;
        }
        conversation.change(id, now, |message, at| {
            if on {
                message.reactions.push(Reaction {
                    emoji: emoji.to_owned(),
                    user: user.to_owned(),
                    at,
                });
            } else {
                message.reactions.retain(|r| !(r.user == user && r.emoji == emoji));
            }
        });
        self.happened(
            world,
            Happened { tenant: tenant_id, place, message: id, change: Change::Updated },
        );
    }
}

fn require_own(message: &Message, user: &str) -> Result<(), GraphError> {
    if message.author.as_deref() == Some(user) {
        Ok(())
    } else {
        Err(GraphError::forbidden("Only the author of a message may change it."))
    }
}

fn set_deleted(call: &Call, place: &Place, root: Option<u64>, id: u64, deleted: bool) -> Answer {
    needs(place, &permissions::CHANGE_CHANNEL_MESSAGE, &permissions::CHANGE_CHAT_MESSAGE)
        .check(&call.token)?;
    let user = call.user_id()?.to_owned();
    let mut world = call.world();
    let tenant = call.tenant(&world)?;
    tenant.require_member(place, Some(&user))?;
    let message = find(tenant, place, root, id)?;
    require_own(message, &user)?;
    if message.deleted.is_some() == deleted {
        return Reply::no_content();
    }
    call.teams.mark_deleted(&mut world, &call.token.tenant, place, id, deleted, call.now);
    Reply::no_content()
}

async fn react(call: &mut Call, place: &Place, root: Option<u64>, id: u64, on: bool) -> Answer {
    needs(place, &permissions::REACT_IN_CHANNEL, &permissions::REACT_IN_CHAT).check(&call.token)?;
    let user = call.user_id()?.to_owned();
    let posted = call.json().await?;
    let emoji = match Call::text(&posted, "reactionType")? {
        Some(emoji) if is_emoji(emoji) => emoji.to_owned(),
        Some(other) => {
            return Err(GraphError::bad_request(format!(
                "Invalid reaction type '{other}' specified in the request; a unicode emoji is expected."
            )));
        }
        None => return Err(GraphError::bad_request("Property 'reactionType' is required.")),
    };
    let mut world = call.world();
    let tenant = call.tenant(&world)?;
    tenant.require_member(place, Some(&user))?;
    if find(tenant, place, root, id)?.deleted.is_some() {
        return Err(GraphError::not_found(format!("Message '{id}' was deleted.")));
    }
    call.teams.set_reaction(&mut world, &call.token.tenant, place, id, &user, &emoji, on, call.now);
    Reply::no_content()
}

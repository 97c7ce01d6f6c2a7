//! Reading messages: lists with pages, single ones, and delta queries that tell what changed since.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::call::{Answer, Call, Reply};
use super::super::conversation::{Conversation, Message, Place};
use super::super::error::GraphError;
use super::super::json::{self, place_key};
use super::super::odata::{collection, entity, filter, read_token, token};
use super::super::permissions;
use super::super::world::{Tenant, World};
use super::messages::find;
use super::reply_entity;

/// Replies that are shown with their root; where the others are is said (Microsoft, *List channel messages*).
const EXPANDED: usize = 1000;

/// Delta queries reach back this far.
const DELTA_REACH: SignedDuration = SignedDuration::from_hours(24 * 30 * 8);

fn check(call: &Call, tenant: &Tenant, place: &Place) -> Result<(), GraphError> {
    match place {
        Place::Channel { .. } => permissions::READ_CHANNEL_MESSAGES.check(&call.token)?,
        Place::Chat { .. } => permissions::READ_CHAT_MESSAGES.check(&call.token)?,
    }
    tenant.require_member(place, call.token.user.as_deref())
}

fn conversation<'a>(tenant: &'a Tenant, place: &Place) -> Result<&'a Conversation, GraphError> {
    tenant
        .conversations
        .get(place.id())
        .ok_or_else(|| GraphError::not_found("The conversation does not exist."))
}

fn show(call: &Call, tenant: &Tenant, conversation: &Conversation, message: &Message) -> Value {
    let known = call.knows_new_members();
    let mut value = json::message(tenant, &conversation.place, message, known);
    if call.query.expands("replies") && message.reply_to.is_none() {
        let mut replies = json::replies(tenant, conversation, message, known);
        value["replies@odata.count"] = json!(replies.len());
        if let Some(last) = replies.get(EXPANDED - 1).filter(|_| replies.len() > EXPANDED) {
            let from = token(&[last["id"].as_str().unwrap_or_default()]);
            let path = match &conversation.place {
                Place::Channel { team, channel } => format!("teams/{team}/channels/{channel}"),
                Place::Chat { chat } => format!("chats/{chat}"),
            };
            let list = format!("{}/{path}/messages/{}/replies", call.base, message.id);
            value["replies@odata.nextLink"] = json!(format!("{list}?$skiptoken={from}"));
            replies.truncate(EXPANDED);
        }
        value["replies"] = Value::Array(replies);
    }
    if call.query.expands("hostedContents") {
        let hosted = &message.draft.hosted;
        value["hostedContents"] = hosted.iter().map(|h| json!({"id": h.id})).collect();
    }
    call.query.select(value)
}

pub(super) fn get(call: &Call, place: &Place, root: Option<u64>, id: u64) -> Answer {
    let world = call.world();
    let tenant = call.tenant(&world)?;
    check(call, tenant, place)?;
    let message = find(tenant, place, root, id)?;
    let value = show(call, tenant, conversation(tenant, place)?, message);
    reply_entity(200, &json::message_context(place, message), value)
}

/// Between which moments of change or creation, from `$filter`.
#[derive(Default)]
struct Bounds {
    property: String,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Bounds {
    fn of(call: &Call) -> Result<Option<Self>, GraphError> {
        let Some(text) = call.query.get("$filter") else { return Ok(None) };
        let alternatives = filter(text)?;
        let [conditions] = alternatives.as_slice() else {
            return Err(GraphError::bad_request(
                "Only conditions joined by 'and' are supported here.",
            ));
        };
        let mut bounds = Self::default();
        for condition in conditions {
            let known =
                matches!(condition.property.as_str(), "lastModifiedDateTime" | "createdDateTime");
            let same = bounds.property.is_empty() || bounds.property == condition.property;
            let at = condition.value.parse::<Timestamp>();
            match (known && same, condition.operator.as_str(), at) {
                (true, "gt", Ok(at)) => bounds.after = Some(at),
                (true, "lt", Ok(at)) => bounds.before = Some(at),
                _ => {
                    return Err(GraphError::bad_request(format!(
                        "The filter '{text}' is not supported."
                    )));
                }
            }
            bounds.property.clone_from(&condition.property);
        }
        Ok(Some(bounds))
    }

    fn holds(&self, message: &Message) -> bool {
        let at =
            if self.property == "createdDateTime" { message.created } else { message.modified };
        self.after.is_none_or(|after| at > after) && self.before.is_none_or(|before| at < before)
    }
}

/// Newest first: by creation, or in chats by last change when asked for.
pub(super) fn list(call: &Call, place: &Place) -> Answer {
    let top = call.query.top(20, 50)?;
    let by_change = match (call.query.get("$orderby"), place) {
        (None, _) => false,
        (Some(order), Place::Chat { .. }) => match order.trim() {
            "createdDateTime desc" | "createdDateTime" => false,
            "lastModifiedDateTime desc" => true,
            other => {
                return Err(GraphError::bad_request(format!(
                    "OrderBy '{other}' is not supported."
                )));
            }
        },
        (Some(_), Place::Channel { .. }) => {
            return Err(GraphError::bad_request("QueryOptions to order by is not supported."));
        }
    };
    let bounds = Bounds::of(call)?;
    if bounds.is_some() && matches!(place, Place::Channel { .. }) {
        return Err(GraphError::bad_request("Filter is not supported; use messages/delta."));
    }
    if bounds.as_ref().is_some_and(|b| (b.property == "lastModifiedDateTime") != by_change) {
        return Err(GraphError::bad_request("$filter and $orderby must name the same property."));
    }
    let until = page_start(call)?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    check(call, tenant, place)?;
    let conversation = conversation(tenant, place)?;
    let ids: Box<dyn Iterator<Item = (u64, u64)>> = if by_change {
        let range = conversation.by_change.range(..until);
        Box::new(range.rev().map(|(seq, id)| (*seq, *id)))
    } else {
        Box::new(conversation.roots.range(..until).rev().map(|id| (*id, *id)))
    };
    let found = ids
        .filter_map(|(key, id)| conversation.messages.get(&id).map(|m| (key, m)))
        .filter(|(_, m)| bounds.as_ref().is_none_or(|b| b.holds(m)));
    page(call, tenant, conversation, found, top, &format!("{}/messages", place_key(place, true)))
}

pub(super) fn replies(call: &Call, place: &Place, root: u64) -> Answer {
    let top = call.query.top(20, 50)?;
    let until = page_start(call)?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    check(call, tenant, place)?;
    let conversation = conversation(tenant, place)?;
    let root = find(tenant, place, None, root)?;
    let found = root
        .replies
        .range(..until)
        .rev()
        .filter_map(|id| conversation.messages.get(id).map(|m| (*id, m)));
    let context = format!("{}/messages('{}')/replies", place_key(place, true), root.id);
    page(call, tenant, conversation, found, top, &context)
}

/// Pages go backwards: everything before this key.
fn page_start(call: &Call) -> Result<u64, GraphError> {
    match call.query.get("$skiptoken") {
        None => Ok(u64::MAX),
        Some(text) => read_token(text)?
            .first()
            .and_then(|key| key.parse().ok())
            .ok_or_else(|| GraphError::bad_request("The skip token is malformed.")),
    }
}

fn page<'a>(
    call: &Call,
    tenant: &Tenant,
    conversation: &Conversation,
    mut found: impl Iterator<Item = (u64, &'a Message)>,
    top: usize,
    context: &str,
) -> Answer {
    let mut values = Vec::with_capacity(top);
    let mut last = 0;
    for (key, message) in found.by_ref().take(top) {
        values.push(show(call, tenant, conversation, message));
        last = key;
    }
    let next = found.next().map(|_| call.link("$skiptoken", &token(&[&last.to_string()])));
    Reply::ok(collection(context, values, next))
}

/// What changed since the token; without one, everything of the last eight months. Oldest change first.
pub(super) fn delta(call: &Call, place: &Place, root: Option<u64>) -> Answer {
    let top = call.query.top(20, 50)?;
    let given = call.query.get("$deltatoken").or_else(|| call.query.get("$skiptoken"));
    let (after, since) = match given {
        Some(text) => {
            let parts = read_token(text)?;
            let number = parts.first().and_then(|n| n.parse::<u64>().ok());
            let since = parts.get(1).and_then(|t| t.parse::<Timestamp>().ok());
            match (number, since) {
                (Some(number), Some(since)) => (number, since),
                _ => return Err(GraphError::bad_request("The delta token is malformed.")),
            }
        }
        None => {
            let reach = call.now.checked_sub(DELTA_REACH).unwrap_or(Timestamp::UNIX_EPOCH);
            let asked = Bounds::of(call)?.and_then(|b| b.after).unwrap_or(reach);
            if asked < reach {
                return Err(GraphError::bad_request(
                    "Delta queries reach back at most eight months.",
                ));
            }
            (0, asked)
        }
    };
    let world = call.world();
    let tenant = call.tenant(&world)?;
    check(call, tenant, place)?;
    let conversation = conversation(tenant, place)?;
    let log: Vec<(u64, u64)> = match root {
        Some(root) => {
            let root = find(tenant, place, None, root)?;
            let changed = |id: &u64| {
                conversation.messages.get(id).map(|m| (m.seq, *id)).filter(|(s, _)| *s > after)
            };
            let mut log: Vec<_> = root.replies.iter().filter_map(changed).collect();
            log.sort_unstable();
            log.truncate(top + 1);
            log
        }
        None => {
            let log = if call.query.expands("replies") {
                &conversation.thread_changes
            } else {
                &conversation.root_changes
            };
            log.range(after + 1..)
                .map(|(seq, id)| (*seq, *id))
                .filter(|(_, id)| {
                    conversation
                        .messages
                        .get(id)
                        .is_some_and(|m| changed_since(conversation, m, since))
                })
                .take(top + 1)
                .collect()
        }
    };
    let more = log.len() > top;
    let mut values = Vec::with_capacity(log.len().min(top));
    let mut last = after;
    for (seq, id) in log.iter().take(top) {
        last = *seq;
        if let Some(message) = conversation.messages.get(id) {
            values.push(show(call, tenant, conversation, message));
        }
    }
    let since = since.to_string();
    let (name, option, number) = if more {
        ("@odata.nextLink", "$skiptoken", last)
    } else {
        ("@odata.deltaLink", "$deltatoken", conversation.latest_change())
    };
    // Unlike a list, it does not say how many there are.
    let mut out = entity("Collection(chatMessage)", json!({"value": values}));
    out[name] = json!(call.link(option, &token(&[&number.to_string(), &since])));
    Reply::ok(out)
}

fn changed_since(conversation: &Conversation, root: &Message, since: Timestamp) -> bool {
    root.modified > since
        || root
            .replies
            .iter()
            .rev()
            .filter_map(|id| conversation.messages.get(id))
            .any(|m| m.modified > since)
}

/// All messages of all channels of a team, replies included: `getAllMessages`.
pub(super) fn of_team(call: &Call, team: &str) -> Answer {
    if call.token.user.is_some() {
        return Err(GraphError::forbidden("Requested API is not supported in delegated context"));
    }
    permissions::READ_CHANNEL_MESSAGES.check(&call.token)?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    tenant.require_team(team, None)?;
    let places = tenant.teams.get(team).map(|t| t.channels.as_slice()).unwrap_or_default();
    everything(call, &world, places, &format!("teams('{team}')/channels/getAllMessages"))
}

/// All messages of all chats of a person, or of the whole tenant.
pub(super) fn of_chats(call: &Call, person: Option<&str>) -> Answer {
    if call.token.user.is_some() {
        return Err(GraphError::forbidden("Requested API is not supported in delegated context"));
    }
    permissions::READ_CHAT_MESSAGES.check(&call.token)?;
    let world = call.world();
    let tenant = call.tenant(&world)?;
    let places: Vec<String> = tenant
        .chats
        .values()
        .filter(|c| person.is_none_or(|p| c.members.contains_key(p)))
        .map(|c| c.id.clone())
        .collect();
    everything(call, &world, &places, "Collection(chatMessage)")
}

fn everything(call: &Call, world: &World, places: &[String], context: &str) -> Answer {
    let top = call.query.top(20, 1000)?;
    let bounds = Bounds::of(call)?;
    let tenant = call.tenant(world)?;
    let (from_place, after) = match call.query.get("$skiptoken") {
        None => (0, 0),
        Some(text) => {
            let parts: Vec<u64> = read_token(text)?.iter().filter_map(|p| p.parse().ok()).collect();
            let [place, after] = parts.as_slice() else {
                return Err(GraphError::bad_request("The skip token is malformed."));
            };
            (usize::try_from(*place).unwrap_or(usize::MAX), *after)
        }
    };
    let mut found = places.iter().enumerate().skip(from_place).flat_map(|(n, id)| {
        let start = if n == from_place { after } else { 0 };
        let conversation = tenant.conversations.get(id);
        conversation
            .into_iter()
            .flat_map(move |c| c.messages.range(start + 1..).map(move |(_, m)| (n, c, m)))
    });
    let mut values = Vec::new();
    let mut last = (from_place, after);
    let mut more = false;
    for (n, conversation, message) in
        found.by_ref().filter(|(_, _, m)| bounds.as_ref().is_none_or(|b| b.holds(m)))
    {
        if values.len() == top {
            more = true;
            break;
        }
        values.push(show(call, tenant, conversation, message));
        last = (n, message.id);
    }
    let next =
        more.then(|| call.link("$skiptoken", &token(&[&last.0.to_string(), &last.1.to_string()])));
    Reply::ok(collection(context, values, next))
}

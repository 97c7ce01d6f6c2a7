//! `reactions.*` and `pins.*`.

use serde_json::{Value, json};

use super::{Call, done, pages};
use crate::slack::emoji;
use crate::slack::error::{Answer, Fail};
use crate::slack::json;
use crate::slack::ts::Ts;

/// The message that `channel` and `timestamp` name, where the caller is.
fn item(call: &Call<'_>) -> Result<(String, Ts), Fail> {
    if !call.args.has("channel") || !call.args.has("timestamp") {
        return Err("no_item_specified".into());
    }
    let ts = call.args.ts("timestamp", "bad_timestamp")?.ok_or("bad_timestamp")?;
    let channel = call.channel(None)?;
    if channel.archived {
        return Err("is_archived".into());
    }
    if !channel.members.contains(&call.who.user) {
        return Err("not_in_channel".into());
    }
    let message = channel.messages.get(&ts).ok_or("message_not_found")?;
    if message.tombstone {
        return Err("message_not_found".into());
    }
    Ok((channel.id.clone(), ts))
}

fn react(call: &mut Call<'_>, add: bool) -> Answer {
    let name = call.args.text("name").ok_or("invalid_name")?;
    let name = name.trim_matches(':').to_owned();
    let own = call.workspace()?.emoji.contains_key(&name);
    if !own && emoji::unicode(&name).is_none() {
        return Err("invalid_name".into());
    }
    let (channel, ts) = item(call)?;
    let (team, user) = (call.who.team.clone(), call.who.user.clone());
    let message = call.stage.message(&team, &channel, ts)?;
    let kinds = &message.reactions;
    // Slack's limits: 23 emoji a person, 50 a message.
    if add && !kinds.iter().any(|(reaction, _)| *reaction == name) {
        if kinds.len() >= 50 {
            return Err("too_many_emoji".into());
        }
        if kinds.iter().filter(|(_, users)| users.contains(&user)).count() >= 23 {
            return Err("too_many_reactions".into());
        }
    }
    call.stage.react(&team, &channel, ts, &user, &name, add)?;
    done()
}

pub(super) fn add(call: &mut Call<'_>) -> Answer {
    react(call, true)
}

pub(super) fn remove(call: &mut Call<'_>) -> Answer {
    react(call, false)
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let (channel, ts) = item(call)?;
    let message = call.stage.message(&call.who.team, &channel, ts)?;
    let shown = json::message(&call.stage.state, call.workspace()?, &channel, message, false);
    Ok(json!({"type": "message", "channel": channel, "message": shown}))
}

/// What a person reacted to; by conversation and time.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let page = pages::read(&call.args, "item", 100, 1000)?;
    let user = call.args.text("user").unwrap_or_else(|| call.who.user.clone());
    let from = page.from.clone().unwrap_or_default();
    let workspace = call.workspace()?;
    let items = workspace
        .channels
        .values()
        .filter(|channel| channel.members.contains(&call.who.user))
        .flat_map(|channel| channel.messages.values().map(move |message| (channel, message)))
        .filter(|(_, message)| message.reactions.iter().any(|(_, users)| users.contains(&user)))
        .filter(|(channel, message)| format!("{}/{}", channel.id, message.ts) >= from);
    let (items, next) = pages::take(items, &page, "item", |(channel, message)| {
        format!("{}/{}", channel.id, message.ts)
    });
    let items: Vec<Value> = items
        .iter()
        .map(|(channel, message)| {
            let shown = json::message(&call.stage.state, workspace, &channel.id, message, false);
            json!({"type": "message", "channel": channel.id, "message": shown})
        })
        .collect();
    Ok(json!({"items": items, "response_metadata": {"next_cursor": next}}))
}

pub(super) fn pin(call: &mut Call<'_>) -> Answer {
    set_pin(call, true)
}

pub(super) fn unpin(call: &mut Call<'_>) -> Answer {
    set_pin(call, false)
}

fn set_pin(call: &mut Call<'_>, pin: bool) -> Answer {
    let (id, ts) = item(call)?;
    let (team, user) = (call.who.team.clone(), call.who.user.clone());
    let now = call.stage.seconds();
    let channel = call.stage.channel_mut(&team, &id)?;
    let pinned = channel.pins.iter().any(|(at, ..)| *at == ts);
    match (pin, pinned) {
        (true, true) => return Err("already_pinned".into()),
        (false, false) => return Err("no_pin".into()),
        (true, false) => channel.pins.push((ts, user.clone(), now)),
        (false, true) => channel.pins.retain(|(at, ..)| *at != ts),
    }
    let event_ts = call.stage.fresh_ts(&team)?.to_string();
    let event = json!({"type": if pin { "pin_added" } else { "pin_removed" }, "user": user,
        "channel_id": id, "event_ts": event_ts,
        "item": {"type": "message", "channel": id, "message": {"ts": ts.to_string()}}});
    call.stage.tell(&team, Some(&id), &event);
    done()
}

pub(super) fn pins(call: &mut Call<'_>) -> Answer {
    let channel = call.channel(None)?;
    let workspace = call.workspace()?;
    let items: Vec<Value> = channel
        .pins
        .iter()
        .rev()
        .filter_map(|(ts, by, at)| {
            let message = channel.messages.get(ts)?;
            let shown = json::message(&call.stage.state, workspace, &channel.id, message, false);
            Some(json!({"type": "message", "channel": channel.id, "created": at, "created_by": by,
                "message": shown}))
        })
        .collect();
    Ok(json!({"items": items}))
}

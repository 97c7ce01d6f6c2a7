//! Who is in a conversation: members, join, leave, invite, kick, open, close.

use serde_json::{Value, json};

use super::{Call, done, pages};
use crate::slack::error::{Answer, Fail};
use crate::slack::json;
use crate::slack::scopes::{self, Act};
use crate::slack::world::Kind;

pub(super) fn members(call: &mut Call<'_>) -> Answer {
    let page = pages::read(&call.args, "user", 100, 1000)?;
    let channel = call.channel(Some(Act::Read))?;
    let from = page.from.clone().unwrap_or_default();
    let members = channel.members.range(from..);
    let (members, next) = pages::take(members, &page, "user", |id| (*id).clone());
    Ok(json!({"members": members, "response_metadata": {"next_cursor": next}}))
}

pub(super) fn join(call: &mut Call<'_>) -> Answer {
    let channel = call.channel(Some(Act::Join))?;
    if channel.kind != Kind::Public {
        return Err("method_not_supported_for_channel_type".into());
    }
    if channel.archived {
        return Err("is_archived".into());
    }
    let id = channel.id.clone();
    let (team, user) = (call.who.team.clone(), call.who.user.clone());
    if !call.stage.join(&team, &id, &user, None)? {
        call.warnings.push("already_in_channel");
    }
    let channel = call.stage.channel(&team, &id)?;
    Ok(json!({"channel": json::channel(call.workspace()?, channel, &user)}))
}

pub(super) fn leave(call: &mut Call<'_>) -> Answer {
    let channel = call.channel(Some(Act::Manage))?;
    match channel.kind {
        Kind::Im | Kind::Mpim => return Err("method_not_supported_for_channel_type".into()),
        _ if channel.general => return Err("cant_leave_general".into()),
        _ if channel.archived => return Err("is_archived".into()),
        _ => {}
    }
    let id = channel.id.clone();
    let (team, user) = (call.who.team.clone(), call.who.user.clone());
    if !call.stage.leave(&team, &id, &user)? {
        return Ok(json!({"not_in_channel": true}));
    }
    done()
}

pub(super) fn invite(call: &mut Call<'_>) -> Answer {
    let channel = call.channel(Some(Act::Invite))?;
    if matches!(channel.kind, Kind::Im | Kind::Mpim) {
        return Err("method_not_supported_for_channel_type".into());
    }
    if channel.archived {
        return Err("is_archived".into());
    }
    if !channel.members.contains(&call.who.user) {
        return Err("not_in_channel".into());
    }
    let users = call.args.list("users");
    if users.is_empty() {
        return Err("no_user".into());
    }
    if users.len() > 1000 {
        return Err("too_many_users".into());
    }
    let workspace = call.workspace()?;
    let mut errors: Vec<Value> = Vec::new();
    let mut good = Vec::new();
    for user in users {
        let error = match workspace.users.get(&user) {
            None => Some("user_not_found"),
            Some(known) if known.deleted => Some("user_not_found"),
            Some(_) if user == call.who.user => Some("cant_invite_self"),
            Some(_) if channel.members.contains(&user) => Some("already_in_channel"),
            Some(_) => None,
        };
        match error {
            Some(error) => errors.push(json!({"user": user, "ok": false, "error": error})),
            None => good.push(user),
        }
    }
    if let Some(first) = errors.first()
        && (good.is_empty() || !call.args.flag("force"))
    {
        let code = match first["error"].as_str() {
            Some("cant_invite_self") => "cant_invite_self",
            Some("already_in_channel") => "already_in_channel",
            _ => "user_not_found",
        };
        return Err(Fail::new(code).with("errors", json!(errors)));
    }
    let id = channel.id.clone();
    let (team, inviter) = (call.who.team.clone(), call.who.user.clone());
    for user in good {
        call.stage.join(&team, &id, &user, Some(&inviter))?;
    }
    let channel = call.stage.channel(&team, &id)?;
    let mut answer = json!({"channel": json::channel(call.workspace()?, channel, &inviter)});
    if !errors.is_empty() {
        answer["errors"] = json!(errors);
    }
    Ok(answer)
}

pub(super) fn kick(call: &mut Call<'_>) -> Answer {
    let channel = call.channel(Some(Act::Manage))?;
    if matches!(channel.kind, Kind::Im | Kind::Mpim) {
        return Err("method_not_supported_for_channel_type".into());
    }
    let user = call.args.need("user")?;
    if !channel.members.contains(&call.who.user) {
        return Err("not_in_channel".into());
    }
    if user == call.who.user {
        return Err("cant_kick_self".into());
    }
    if channel.general {
        return Err("cant_kick_from_general".into());
    }
    if !call.workspace()?.users.contains_key(&user) {
        return Err("user_not_found".into());
    }
    let (team, id) = (call.who.team.clone(), channel.id.clone());
    if !call.stage.leave(&team, &id, &user)? {
        return Err("not_in_channel".into());
    }
    Ok(json!({"errors": {}}))
}

pub(super) fn open(call: &mut Call<'_>) -> Answer {
    let team = call.who.team.clone();
    let me = call.who.user.clone();
    let id = if call.args.has("channel") {
        let channel = call.channel(None)?;
        if !matches!(channel.kind, Kind::Im | Kind::Mpim) {
            return Err("method_not_supported_for_channel_type".into());
        }
        channel.id.clone()
    } else {
        let mut users = call.args.list("users");
        if users.is_empty() {
            return Err("users_list_not_supplied".into());
        }
        if users.len() > 8 {
            return Err("too_many_users".into());
        }
        for user in &users {
            match call.workspace()?.users.get(user) {
                None => return Err("user_not_found".into()),
                Some(user) if user.deleted => return Err("user_disabled".into()),
                // Apps cannot write to each other.
                Some(user) if user.bot_id.is_some() && user.id != me && call.who.bot.is_some() => {
                    return Err("cannot_dm_bot".into());
                }
                Some(_) => {}
            }
        }
        users.push(me.clone());
        users.sort();
        users.dedup();
        let needed = if users.len() > 2 { "mpim:write" } else { "im:write" };
        scopes::require(&call.who.scopes, &[needed])?;
        if call.args.flag("prevent_creation") && !call.workspace()?.direct.contains_key(&users) {
            return Err("channel_not_found".into());
        }
        call.stage.open(&team, users)?
    };
    let mut answer = json!({"channel": {"id": id}});
    if call.args.flag("return_im") {
        let channel = call.stage.channel(&team, &id)?;
        answer["channel"] = json::channel(call.workspace()?, channel, &me);
    }
    Ok(answer)
}

/// Closing only hides a direct message; there is nothing to hide here.
pub(super) fn close(call: &mut Call<'_>) -> Answer {
    let channel = call.channel(Some(Act::Manage))?;
    if !matches!(channel.kind, Kind::Im | Kind::Mpim) {
        return Err("method_not_supported_for_channel_type".into());
    }
    done()
}

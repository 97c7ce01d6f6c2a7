//! `conversations.*`: creating, listing, describing.

use serde_json::{Value, json};

use super::{Call, done, pages};
use crate::slack::error::{Answer, Fail};
use crate::slack::json;
use crate::slack::scopes::{self, Act, KINDS};
use crate::slack::world::{Channel, Kind};

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let name = call.args.text("name").ok_or("invalid_name_required")?;
    let kind = if call.args.flag("is_private") { Kind::Private } else { Kind::Public };
    scopes::require(&call.who.scopes, scopes::of(Act::Manage, kind))?;
    let (team, user) = (call.who.team.clone(), call.who.user.clone());
    let id = call.stage.create_channel(&team, &name, kind, &user)?;
    let channel = call.stage.channel(&team, &id)?;
    Ok(json!({"channel": json::channel(call.workspace()?, channel, &user)}))
}

pub(super) fn info(call: &mut Call<'_>) -> Answer {
    let channel = call.channel(Some(Act::Read))?;
    let mut value = json::channel(call.workspace()?, channel, &call.who.user);
    if call.args.flag("include_num_members") {
        value["num_members"] = channel.members.len().into();
    }
    if call.args.flag("include_locale") {
        value["locale"] = "en-US".into();
    }
    Ok(json!({"channel": value}))
}

/// The kinds that `types` names and the caller may read; public channels by default.
fn kinds(call: &Call<'_>) -> Result<Vec<Kind>, Fail> {
    let mut kinds = Vec::new();
    for name in call.args.list("types") {
        kinds.push(match name.as_str() {
            "public_channel" => Kind::Public,
            "private_channel" => Kind::Private,
            "mpim" => Kind::Mpim,
            "im" => Kind::Im,
            _ => return Err("invalid_types".into()),
        });
    }
    if kinds.is_empty() {
        kinds.push(Kind::Public);
    }
    for kind in KINDS.into_iter().filter(|kind| kinds.contains(kind)) {
        scopes::require(&call.who.scopes, scopes::of(Act::Read, kind))?;
    }
    Ok(kinds)
}

fn page(
    call: &Call<'_>,
    what: &str,
    viewer: &str,
    wanted: impl Fn(&Channel) -> bool,
    members: bool,
) -> Answer {
    let page = pages::read(&call.args, what, 100, 1000)?;
    let archived = !call.args.flag("exclude_archived");
    let workspace = call.workspace()?;
    let from = page.from.clone().unwrap_or_default();
    let channels = workspace
        .channels
        .range(from..)
        .map(|(_, channel)| channel)
        .filter(|channel| (archived || !channel.archived) && wanted(channel));
    let (taken, next) = pages::take(channels, &page, what, |channel| channel.id.clone());
    let shown: Vec<Value> = taken
        .iter()
        .map(|channel| {
            let mut value = json::channel(workspace, channel, viewer);
            if members && channel.kind != Kind::Im {
                value["num_members"] = channel.members.len().into();
            }
            value
        })
        .collect();
    Ok(json!({"channels": shown, "response_metadata": {"next_cursor": next}}))
}

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let kinds = kinds(call)?;
    let me = &call.who.user;
    let wanted = |channel: &Channel| {
        kinds.contains(&channel.kind)
            && (channel.kind == Kind::Public || channel.members.contains(me))
    };
    page(call, "team", me, wanted, true)
}

pub(super) fn of_user(call: &mut Call<'_>) -> Answer {
    let kinds = kinds(call)?;
    let me = &call.who.user;
    let user = call.args.text("user").unwrap_or_else(|| me.clone());
    if !call.workspace()?.users.contains_key(&user) {
        return Err("user_not_found".into());
    }
    let wanted = |channel: &Channel| {
        kinds.contains(&channel.kind)
            && channel.members.contains(&user)
            && (channel.kind == Kind::Public || channel.members.contains(me))
    };
    page(call, "user", &user, wanted, false)
}

/// A channel (no direct or group message) that the caller is in, for `act`.
fn managed(call: &Call<'_>, act: Act) -> Result<String, Fail> {
    let channel = call.channel(Some(act))?;
    if matches!(channel.kind, Kind::Im | Kind::Mpim) && act == Act::Manage {
        return Err("method_not_supported_for_channel_type".into());
    }
    if !channel.members.contains(&call.who.user) {
        return Err("not_in_channel".into());
    }
    Ok(channel.id.clone())
}

pub(super) fn archive(call: &mut Call<'_>) -> Answer {
    let id = managed(call, Act::Manage)?;
    let (team, user) = (call.who.team.clone(), call.who.user.clone());
    call.stage.set_archived(&team, &id, &user, true)?;
    done()
}

pub(super) fn unarchive(call: &mut Call<'_>) -> Answer {
    let id = call.channel(Some(Act::Manage))?.id.clone();
    let (team, user) = (call.who.team.clone(), call.who.user.clone());
    call.stage.set_archived(&team, &id, &user, false)?;
    done()
}

pub(super) fn mark(call: &mut Call<'_>) -> Answer {
    let channel = call.channel(Some(Act::Manage))?;
    if !channel.members.contains(&call.who.user) {
        return Err("not_in_channel".into());
    }
    call.args.ts("ts", "invalid_timestamp")?.ok_or("invalid_timestamp")?;
    done()
}

fn changed(call: &Call<'_>, id: &str) -> Answer {
    let channel = call.stage.channel(&call.who.team, id)?;
    Ok(json!({"channel": json::channel(call.workspace()?, channel, &call.who.user)}))
}

pub(super) fn rename(call: &mut Call<'_>) -> Answer {
    let id = managed(call, Act::Manage)?;
    let name = call.args.text("name").ok_or("invalid_name_required")?;
    let (team, user) = (call.who.team.clone(), call.who.user.clone());
    call.stage.rename(&team, &id, &user, &name)?;
    changed(call, &id)
}

pub(super) fn set_topic(call: &mut Call<'_>) -> Answer {
    describe(call, "topic")
}

pub(super) fn set_purpose(call: &mut Call<'_>) -> Answer {
    describe(call, "purpose")
}

fn describe(call: &mut Call<'_>, field: &str) -> Answer {
    let id = managed(call, Act::Topic)?;
    let value = call.args.text(field).unwrap_or_default();
    let (team, user) = (call.who.team.clone(), call.who.user.clone());
    call.stage.describe(&team, &id, &user, &value, field == "purpose")?;
    let mut answer = changed(call, &id)?;
    answer[field] = value.into();
    Ok(answer)
}

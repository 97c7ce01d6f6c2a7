//! `users.*`, `bots.info`, `team.info`, `usergroups.*`, `emoji.list`.

use serde_json::{Value, json};

use super::{Call, pages};
use crate::slack::error::{Answer, Fail};
use crate::slack::json;
use crate::slack::world::User;

fn found<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a User, Fail> {
    call.workspace()?.users.get(id).ok_or_else(|| Fail::new("user_not_found"))
}

pub(super) fn info(call: &mut Call<'_>) -> Answer {
    let id = call.args.text("user").ok_or("user_not_found")?;
    let user = found(call, &id)?;
    let email = call.has_scope("users:read.email");
    let mut value = json::user(call.workspace()?, user, email);
    if call.args.flag("include_locale") {
        value["locale"] = "en-US".into();
    }
    Ok(json!({"user": value}))
}

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let page = pages::read(&call.args, "user", usize::MAX - 1, 1000)?;
    let workspace = call.workspace()?;
    let email = call.has_scope("users:read.email");
    let from = page.from.clone().unwrap_or_default();
    let users = workspace.users.range(from..).map(|(_, user)| user);
    let (users, next) = pages::take(users, &page, "user", |user| user.id.clone());
    let members: Vec<Value> = users.iter().map(|user| json::user(workspace, user, email)).collect();
    let now = call.stage.seconds();
    Ok(json!({"members": members, "cache_ts": now, "response_metadata": {"next_cursor": next}}))
}

pub(super) fn by_email(call: &mut Call<'_>) -> Answer {
    let email = call.args.text("email").ok_or("users_not_found")?;
    let workspace = call.workspace()?;
    let user = workspace.users.values().find(|user| {
        !user.deleted && user.email.as_deref().is_some_and(|e| e.eq_ignore_ascii_case(&email))
    });
    let user = user.ok_or("users_not_found")?;
    Ok(json!({"user": json::user(workspace, user, true)}))
}

pub(super) fn profile(call: &mut Call<'_>) -> Answer {
    let id = call.args.text("user").unwrap_or_else(|| call.who.user.clone());
    let user = found(call, &id)?;
    let email = call.has_scope("users:read.email");
    Ok(json!({"profile": json::profile(call.workspace()?, user, email)}))
}

pub(super) fn presence(call: &mut Call<'_>) -> Answer {
    let id = call.args.text("user").unwrap_or_else(|| call.who.user.clone());
    let user = found(call, &id)?;
    Ok(json!({"presence": if user.deleted { "away" } else { "active" }}))
}

pub(super) fn bot_info(call: &mut Call<'_>) -> Answer {
    let workspace = call.workspace()?;
    let id = match call.args.text("bot") {
        Some(id) => id,
        None => call.who.bot.clone().ok_or("bot_not_found")?,
    };
    let bot = workspace.bots.get(&id).ok_or("bot_not_found")?;
    let mut value = json!({"id": bot.id, "deleted": bot.deleted, "name": bot.name,
        "updated": bot.updated, "app_id": bot.app_id, "icons": json::icons(bot)});
    if let Some(user) = &bot.user_id {
        value["user_id"] = user.clone().into();
    }
    Ok(json!({"bot": value}))
}

pub(super) fn team_info(call: &mut Call<'_>) -> Answer {
    let workspace = call.workspace()?;
    Ok(json!({"team": {"id": workspace.id, "name": workspace.name, "domain": workspace.domain,
        "url": format!("https://{}.slack.com/", workspace.domain),
        "email_domain": "", "icon": {"image_default": true}, "avatar_base_url": "https://avatars.slack.example/",
        "is_verified": false}}))
}

pub(super) fn groups(call: &mut Call<'_>) -> Answer {
    let workspace = call.workspace()?;
    let disabled = call.args.flag("include_disabled");
    let (users, count) = (call.args.flag("include_users"), call.args.flag("include_count"));
    let groups: Vec<Value> = workspace
        .groups
        .values()
        .filter(|group| disabled || !group.disabled)
        .map(|group| {
            let mut value = json!({
                "id": group.id, "team_id": workspace.id, "is_usergroup": true, "name": group.name,
                "description": group.description, "handle": group.handle, "is_external": false,
                "date_create": group.created, "date_update": group.updated,
                "date_delete": if group.disabled { group.updated } else { 0 }, "auto_type": null,
                "created_by": "USLACKBOT", "updated_by": "USLACKBOT", "deleted_by": null,
                "prefs": {"channels": [], "groups": []}, "is_subteam": true,
                "auto_provision": false, "enterprise_subteam_id": "",
            });
            if users {
                value["users"] = json!(group.users);
            }
            if count {
                value["user_count"] = group.users.len().into();
            }
            value
        })
        .collect();
    Ok(json!({"usergroups": groups}))
}

pub(super) fn group_users(call: &mut Call<'_>) -> Answer {
    let id = call.args.need("usergroup")?;
    let group = call.workspace()?.groups.get(&id).ok_or("no_such_subteam")?;
    if group.disabled && !call.args.flag("include_disabled") {
        return Err("subteam_disabled".into());
    }
    Ok(json!({"users": group.users}))
}

pub(super) fn emoji(call: &mut Call<'_>) -> Answer {
    let now = call.stage.seconds();
    Ok(json!({"emoji": call.workspace()?.emoji, "cache_ts": format!("{now}.000000")}))
}

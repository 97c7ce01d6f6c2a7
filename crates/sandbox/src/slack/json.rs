//! The shapes that the Web API and the events show: user, conversation, message, file, bot.

use serde_json::{Map, Value, json};

use super::ts::Ts;
use super::world::{Bot, Channel, File, Kind, Message, State, User, Workspace};

/// A user object; the e-mail only for those who may read it (`users:read.email`).
pub(crate) fn user(workspace: &Workspace, user: &User, email: bool) -> Value {
    let is_bot = user.bot_id.is_some();
    let mut value = json!({
        "id": user.id, "team_id": workspace.id, "name": user.name, "deleted": user.deleted,
        "color": "9f69e7", "real_name": user.real_name, "profile": profile(workspace, user, email),
        "is_bot": is_bot, "is_app_user": false, "updated": user.updated,
    });
    if !user.deleted {
        let zone = jiff::tz::TimeZone::get(&user.tz).unwrap_or(jiff::tz::TimeZone::UTC);
        let updated = i64::try_from(user.updated).ok();
        let at = updated.and_then(|s| jiff::Timestamp::from_second(s).ok()).unwrap_or_default();
        let extra = json!({
            "tz": user.tz, "tz_label": user.tz, "tz_offset": zone.to_offset(at).seconds(),
            "is_admin": user.admin, "is_owner": false, "is_primary_owner": false,
            "is_restricted": user.guest, "is_ultra_restricted": false,
            "is_email_confirmed": user.email.is_some(), "has_2fa": false,
        });
        merge(&mut value, extra);
    }
    value
}

/// A profile object.
pub(crate) fn profile(workspace: &Workspace, user: &User, email: bool) -> Value {
    let mut profile = json!({
        "title": user.title, "phone": "", "skype": "",
        "real_name": user.real_name, "real_name_normalized": user.real_name,
        "display_name": user.display_name, "display_name_normalized": user.display_name,
        "status_text": "", "status_emoji": "", "status_expiration": 0,
        "avatar_hash": "ge3b51ca72de", "team": workspace.id,
        "first_name": user.real_name.split(' ').next().unwrap_or(""),
        "last_name": user.real_name.split_once(' ').map_or("", |(_, last)| last),
    });
    let avatar = avatar(user);
    for size in [24, 32, 48, 72, 192, 512] {
        profile[format!("image_{size}")] = avatar.clone().into();
    }
    if user.avatar.is_some() {
        profile["image_original"] = avatar.into();
        profile["is_custom_image"] = true.into();
    }
    if let Some(address) = user.email.as_ref().filter(|_| email) {
        profile["email"] = address.clone().into();
    }
    if let Some(bot) = &user.bot_id {
        profile["bot_id"] = bot.clone().into();
        profile["api_app_id"] = user.app_id.clone().unwrap_or_default().into();
        profile["always_active"] = true.into();
    }
    profile
}

/// The picture that is shown; people without one get a placeholder, as on Slack.
pub(crate) fn avatar(user: &User) -> String {
    user.avatar.clone().unwrap_or_else(|| format!("https://avatars.example/{}.png", user.id))
}

/// A conversation object as `viewer` sees it.
pub(crate) fn channel(workspace: &Workspace, channel: &Channel, viewer: &str) -> Value {
    let member = channel.members.contains(viewer);
    let is = |kind: Kind| channel.kind == kind;
    let mut value = json!({
        "id": channel.id, "created": channel.created, "updated": channel.created * 1000,
        "is_archived": channel.archived, "is_im": is(Kind::Im), "is_org_shared": false,
        "context_team_id": workspace.id,
    });
    if is(Kind::Im) {
        let other = channel.members.iter().find(|m| *m != viewer).map_or(viewer, |m| m);
        merge(&mut value, json!({"user": other, "is_user_deleted": false, "priority": 0}));
        return value;
    }
    let described = |d: &super::world::Described| json!({"value": d.value, "creator": d.creator, "last_set": d.last_set});
    merge(
        &mut value,
        json!({
            "name": channel.name, "name_normalized": channel.name, "creator": channel.creator,
            "is_channel": is(Kind::Public), "is_group": is(Kind::Private), "is_mpim": is(Kind::Mpim),
            "is_private": !is(Kind::Public), "is_general": channel.general, "is_member": member,
            "is_shared": false, "is_ext_shared": false, "is_pending_ext_shared": false,
            "pending_shared": [], "previous_names": channel.previous_names,
            "parent_conversation": null, "unlinked": 0,
            "topic": described(&channel.topic), "purpose": described(&channel.purpose),
        }),
    );
    if member && !is(Kind::Public) {
        value["is_open"] = true.into();
        value["last_read"] = "0000000000.000000".into();
    }
    value
}

/// A message as the Web API and events show it; without `channel`, which the events add.
pub(crate) fn message(
    state: &State,
    workspace: &Workspace,
    channel: &str,
    message: &Message,
    metadata: bool,
) -> Value {
    let mut map = Map::new();
    let mut set = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    set("type", "message".into());
    set("ts", message.ts.to_string().into());
    set("text", message.text.clone().into());
    if let Some(subtype) = message.subtype {
        set("subtype", subtype.into());
    }
    if let Some(user) = &message.user {
        set("user", user.clone().into());
        if message.subtype.is_none_or(|s| s == "file_share" || s == "thread_broadcast") {
            set("team", workspace.id.clone().into());
        }
    }
    if let Some(id) = &message.client_msg_id {
        set("client_msg_id", id.clone().into());
    }
    if let Some(bot) = &message.bot_id {
        set("bot_id", bot.clone().into());
        if let Some(bot) = workspace.bots.get(bot) {
            set("bot_profile", bot_profile(workspace, bot));
        }
    }
    if let Some(app) = &message.app_id {
        set("app_id", app.clone().into());
    }
    if let Some(name) = &message.username {
        set("username", name.clone().into());
    }
    if let Some(url) = &message.icon_url {
        set("icons", json!({"image_36": url, "image_48": url, "image_64": url, "image_72": url}));
    } else if let Some(emoji) = &message.icon_emoji {
        set("icons", json!({"emoji": emoji}));
    }
    if let Some(blocks) = &message.blocks {
        set("blocks", blocks.clone());
    }
    if let Some(attachments) = &message.attachments {
        set("attachments", attachments.clone());
    }
    if let Some(value) = message.metadata.as_ref().filter(|_| metadata) {
        set("metadata", value.clone());
    }
    if !message.files.is_empty() {
        let files: Vec<Value> = message
            .files
            .iter()
            .map(|id| match workspace.files.get(id) {
                Some(file) if !file.deleted => self::file(state, workspace, file),
                _ => json!({"id": id, "mode": "tombstone"}),
            })
            .collect();
        set("files", files.into());
        set("upload", (message.subtype == Some("file_share")).into());
        set("display_as_bot", message.bot_id.is_some().into());
    }
    if let Some((user, ts)) = &message.edited {
        set("edited", json!({"user": user, "ts": ts.to_string()}));
    }
    if let Some(root) = message.thread {
        set("thread_ts", root.to_string().into());
        if message.is_reply() {
            let parent = workspace.channels.get(channel).and_then(|c| c.messages.get(&root));
            if let Some(parent) = parent.and_then(|parent| parent.user.clone()) {
                set("parent_user_id", parent.into());
            }
        }
    }
    if let Some(latest) = message.replies.last() {
        let users: Vec<&String> = message.reply_users.keys().take(5).collect();
        set("reply_count", message.replies.len().into());
        set("reply_users_count", message.reply_users.len().into());
        set("latest_reply", latest.to_string().into());
        set("reply_users", json!(users));
        set("is_locked", false.into());
        set("subscribed", false.into());
    }
    if !message.reactions.is_empty() {
        set("reactions", reactions(message));
    }
    if message.tombstone {
        set("hidden", true.into());
    }
    let pinned = workspace
        .channels
        .get(channel)
        .is_some_and(|c| c.pins.iter().any(|(ts, ..)| *ts == message.ts));
    if pinned {
        set("pinned_to", json!([channel]));
    }
    map.extend(message.extra.clone());
    Value::Object(map)
}

/// A message's reactions.
pub(crate) fn reactions(message: &Message) -> Value {
    message
        .reactions
        .iter()
        .map(|(name, users)| json!({"name": name, "users": users, "count": users.len()}))
        .collect()
}

/// What a message says about the app that posted it.
pub(crate) fn bot_profile(workspace: &Workspace, bot: &Bot) -> Value {
    json!({"id": bot.id, "app_id": bot.app_id, "name": bot.name, "icons": icons(bot),
        "deleted": bot.deleted, "updated": bot.updated, "team_id": workspace.id})
}

/// A bot's pictures.
pub(crate) fn icons(bot: &Bot) -> Value {
    let default = || format!("https://avatars.example/{}.png", bot.id);
    let icon = bot.icon.clone().unwrap_or_else(default);
    json!({"image_36": icon, "image_48": icon, "image_72": icon})
}

/// A file object.
pub(crate) fn file(state: &State, workspace: &Workspace, file: &File) -> Value {
    let extension = file.name.rsplit_once('.').map_or("", |(_, ext)| ext).to_lowercase();
    let filetype = match extension.as_str() {
        "" => "binary",
        "txt" => "text",
        "jpeg" => "jpg",
        other => other,
    };
    let name: String =
        url::form_urlencoded::byte_serialize(file.name.to_lowercase().replace(' ', "_").as_bytes())
            .collect();
    let path = format!("{}/files-pri/{}-{}", state.base, workspace.id, file.id);
    let (mut channels, mut groups, mut ims) = (Vec::new(), Vec::new(), Vec::new());
    let (mut public, mut private) = (Map::new(), Map::new());
    for (id, ts) in &file.shares {
        let Some(channel) = workspace.channels.get(id) else { continue };
        let (list, shares) = match channel.kind {
            Kind::Public => (&mut channels, &mut public),
            Kind::Private | Kind::Mpim => (&mut groups, &mut private),
            Kind::Im => (&mut ims, &mut private),
        };
        if !list.contains(id) {
            list.push(id.clone());
        }
        let share = share(workspace, channel, *ts);
        if let Value::Array(at) = shares.entry(id.clone()).or_insert_with(|| json!([])) {
            at.push(share);
        }
    }
    let mut shares = Map::new();
    if !public.is_empty() {
        shares.insert("public".into(), public.into());
    }
    if !private.is_empty() {
        shares.insert("private".into(), private.into());
    }
    json!({
        "id": file.id, "created": file.created, "timestamp": file.created, "name": file.name,
        "title": file.title, "mimetype": file.mime, "filetype": filetype,
        "pretty_type": extension.to_uppercase(), "user": file.user, "user_team": workspace.id,
        "editable": false, "size": file.content.size, "mode": "hosted", "is_external": false,
        "external_type": "", "is_public": !channels.is_empty(), "public_url_shared": false,
        "display_as_bot": file.bot, "username": "",
        "url_private": format!("{path}/{name}"),
        "url_private_download": format!("{path}/download/{name}"),
        "permalink": format!("{}/files/{}/{}/{name}", state.base, file.user, file.id),
        "permalink_public": format!("{}/files-pub/{}-{}", state.base, workspace.id, file.id),
        "is_starred": false, "has_rich_preview": false, "file_access": "visible",
        "channels": channels, "groups": groups, "ims": ims, "shares": shares, "comments_count": 0,
    })
}

fn share(workspace: &Workspace, channel: &Channel, ts: Ts) -> Value {
    let mut share = json!({"ts": ts.to_string(), "channel_name": channel.name,
        "team_id": workspace.id, "reply_users": [], "reply_users_count": 0, "reply_count": 0});
    if let Some(root) = channel.messages.get(&ts).and_then(|message| message.thread) {
        share["thread_ts"] = root.to_string().into();
    }
    share
}

/// Adds the members of `extra` to `value`.
pub(crate) fn merge(value: &mut Value, extra: Value) {
    if let (Value::Object(map), Value::Object(extra)) = (value, extra) {
        map.extend(extra);
    }
}

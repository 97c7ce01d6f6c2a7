//! Channels: created, found, read, changed, archived, deleted.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Answer, Call, Reply};
use crate::zoom::error::Fail;
use crate::zoom::json;
use crate::zoom::world::{Channel, GROUP_CHAT, Settings, User};

/// How many members a channel may be created with.
const CREATED_WITH: usize = 20;

impl Call<'_> {
    /// The channel in the path, as the person may see it.
    fn known_channel(&self) -> Result<&Channel, Fail> {
        let (id, user) = (self.named("channelId"), self.user()?);
        let channel = self.stage.channel(&self.who.account, &id)?;
        if channel.is_public() || channel.members.contains(&user) {
            return Ok(channel);
        }
        let what = "Unauthorized request. You do not have permission to access this user's channel information.";
        Err(Fail::forbidden(what))
    }
}

/// *List user's channels*: those the person is in.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let user = call.user()?;
    let base = &call.stage.state.base;
    let mine = call.account()?.channels.values().filter(|c| c.members.contains(&user));
    let all: Vec<Value> = mine.map(|channel| json::channel(channel, base)).collect();
    let total = all.len();
    let mut answer = call.listing("channels", all, (10, 1000))?;
    answer["total_records"] = total.into();
    Ok(Reply::ok(answer))
}

/// *List account's public channels*.
pub(super) fn list_public(call: &mut Call<'_>) -> Answer {
    let base = &call.stage.state.base;
    let public = call.account()?.channels.values().filter(|channel| channel.is_public());
    let all: Vec<Value> = public.map(|channel| json::channel(channel, base)).collect();
    let total = all.len();
    let mut answer = call.listing("channels", all, (10, 20))?;
    answer["total_records"] = total.into();
    Ok(Reply::ok(answer))
}

/// *Search channels*: by words in the name, or by the whole name.
pub(super) fn search(call: &mut Call<'_>) -> Answer {
    let body = call.input.body.clone();
    let needle = &body["needle"];
    let fits: Box<dyn Fn(&str) -> bool> = match needle["search_type"].as_str() {
        Some("by_channel_name") => {
            let words: Vec<String> = needle["keywords"]
                .as_array()
                .filter(|words| !words.is_empty())
                .ok_or_else(|| Fail::field("needle.keywords"))?
                .iter()
                .filter_map(|word| word.as_str().map(str::to_lowercase))
                .collect();
            Box::new(move |name| words.iter().all(|word| name.to_lowercase().contains(word)))
        }
        Some("by_channel_name_exact_match") => {
            let wanted = needle["channel_name"].as_str().unwrap_or("").to_owned();
            Box::new(move |name| name == wanted)
        }
        _ => return Err(Fail::field("needle.search_type")),
    };
    let haystack = body["haystack"].as_str().unwrap_or("");
    if !matches!(haystack, "user_joined" | "public" | "all") {
        return Err(Fail::field("haystack"));
    }
    let user = match call.text("user_id") {
        Some(id) => {
            call.named.push(("userId", id.to_owned()));
            call.user()?
        }
        None => call.who.user.clone(),
    };
    let archived = body["include_archived"] == true;
    let base = &call.stage.state.base;
    let found = call.account()?.channels.values().filter(|channel| {
        let joined = channel.members.contains(&user);
        let there = match haystack {
            "user_joined" => joined,
            "public" => channel.is_public(),
            _ => joined || channel.is_public(),
        };
        there && (archived || !channel.archived) && fits(&channel.name)
    });
    let all: Vec<Value> = found
        .map(|channel| {
            json!({"id": channel.id, "name": channel.name, "type": channel.kind,
                "channel_url": json::channel(channel, base)["channel_url"],
                "member_count": channel.members.len()})
        })
        .collect();
    let size = body["page_size"].as_u64().and_then(|size| usize::try_from(size).ok());
    let size = size.filter(|size| *size > 0).unwrap_or(10).min(20);
    let token = call.text("next_page_token").unwrap_or("").to_owned();
    let question = call.question(&[&needle.to_string(), haystack, &user]);
    let (page, next) = call.stage.page(all, size, &token, question)?;
    Ok(Reply::ok(json!({"channels": page, "next_page_token": next, "page_size": size})))
}

/// *Create a channel*. A group chat without a name is called after those who are in it.
pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let (account, user) = (call.who.account.clone(), call.user()?);
    let kind = call.input.body["type"].as_u64().and_then(|kind| u8::try_from(kind).ok());
    let kind = kind.filter(|kind| (1..=4).contains(kind)).ok_or_else(|| Fail::field("type"))?;
    let settings = settings(call, &Settings::default())?.unwrap_or_default();
    let mut members = BTreeSet::new();
    for member in call.input.body["members"].as_array().into_iter().flatten() {
        let email = member["email"].as_str().ok_or_else(|| Fail::field("members.email"))?;
        let found = call.account()?.find_contact(email).ok_or_else(|| Fail::no_user(email))?;
        members.insert(found.id.clone());
    }
    if members.len() > CREATED_WITH {
        return Err(Fail::field("members"));
    }
    let name = match call.text("name") {
        Some(name) => name.to_owned(),
        None if kind == GROUP_CHAT => {
            let users = &call.account()?.users;
            let inside = std::iter::once(&user).chain(&members);
            let names: Vec<String> =
                inside.filter_map(|id| users.get(id)).map(User::name).collect();
            names.join(", ")
        }
        None => return Err(Fail::field("name")),
    };
    let id = call.stage.create_channel(&account, &name, kind, &user, members, settings)?;
    let base = &call.stage.state.base;
    let mut answer = json::channel(call.stage.channel(&account, &id)?, base);
    if let Some(answer) = answer.as_object_mut() {
        answer.remove("channel_settings");
    }
    Ok(Reply::created(answer))
}

/// `channel_settings` of the body over those in force.
fn settings(call: &Call<'_>, now: &Settings) -> Result<Option<Settings>, Fail> {
    let given = &call.input.body["channel_settings"];
    let Some(given) = given.as_object() else { return Ok(None) };
    let mut merged = json!(now);
    for (key, value) in given {
        merged[key] = value.clone();
    }
    let settings: Settings =
        serde_json::from_value(merged).map_err(|_| Fail::field("channel_settings"))?;
    let fits = (1..=2).contains(&settings.add_member_permissions)
        && (1..=3).contains(&settings.posting_permissions)
        && (1..=3).contains(&settings.mention_all_permissions);
    if fits { Ok(Some(settings)) } else { Err(Fail::field("channel_settings")) }
}

/// *Get a channel*.
pub(super) fn get(call: &mut Call<'_>) -> Answer {
    Ok(Reply::ok(json::channel(call.known_channel()?, &call.stage.state.base)))
}

/// *Update a channel*.
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let (account, user, id) = (call.who.account.clone(), call.user()?, call.named("channelId"));
    let channel = call.known_channel()?;
    let settings = settings(call, &channel.settings)?;
    let name = call.text("name").map(str::to_owned);
    let kind = match &call.input.body["type"] {
        Value::Null => None,
        given => match given.as_u64() {
            Some(kind @ (1 | 2 | 3 | 5)) => u8::try_from(kind).ok(),
            _ => return Err(Fail::field("type")),
        },
    };
    call.stage.update_channel(&account, &id, &user, name.as_deref(), kind, settings)?;
    Ok(Reply::done())
}

/// *Delete a channel*.
pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let (account, user, id) = (call.who.account.clone(), call.user()?, call.named("channelId"));
    call.known_channel()?;
    call.stage.delete_channel(&account, &id, &user)?;
    Ok(Reply::done())
}

/// *Perform operations on channels*: archives them or brings them back, and tells which it could not.
pub(super) fn archive(call: &mut Call<'_>) -> Answer {
    let archived = match call.text("method") {
        Some("archive") => true,
        Some("unarchive") => false,
        _ => return Err(Fail::field("method")),
    };
    let ids: BTreeSet<String> = call.input.body["channel_ids"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect();
    if ids.is_empty() || ids.len() > 10 {
        return Err(Fail::field("channel_ids"));
    }
    let (account, user) = (call.who.account.clone(), call.who.user.clone());
    let mut failed = Vec::new();
    for id in ids {
        if let Err(fail) = call.stage.archive_channel(&account, &id, &user, archived) {
            failed.push(json!({"channel_id": id, "reason": fail.message,
                "error_code": fail.code.to_string()}));
        }
    }
    Ok(Reply::ok(json!({"failed_channels": failed})))
}

//! Who is in a channel: listed, invited, removed, joining, leaving.

use serde_json::{Value, json};

use super::{Answer, Call, Reply};
use crate::zoom::error::Fail;
use crate::zoom::json;

/// How many may be invited at once, and how many removed.
const INVITED: usize = 5;
const REMOVED: usize = 20;

/// *List channel members*: for those who are in it, or anybody in public ones.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let (id, user) = (call.named("channelId"), call.user()?);
    let account = call.account()?;
    let channel = call.stage.channel(&call.who.account, &id)?;
    if !channel.is_public() && !channel.members.contains(&user) {
        return Err(Fail::forbidden("No permission to access the channel members."));
    }
    let members = channel.members.iter().filter_map(|id| account.users.get(id));
    let all: Vec<Value> = members.map(|user| json::member(channel, user)).collect();
    let total = all.len();
    let mut answer = call.listing("members", all, (30, 100))?;
    answer["total_records"] = total.into();
    Ok(Reply::ok(answer))
}

/// *Invite channel members*: at most five at once.
pub(super) fn invite(call: &mut Call<'_>) -> Answer {
    let (account, user, id) = (call.who.account.clone(), call.user()?, call.named("channelId"));
    let given = call.input.body["members"].as_array().cloned().unwrap_or_default();
    if given.is_empty() || given.len() > INVITED {
        return Err(Fail::field("members"));
    }
    let mut people = Vec::new();
    for member in &given {
        let email = member["email"].as_str().ok_or_else(|| Fail::field("members.email"))?;
        let found = call.account()?.find_contact(email);
        let failed = || Fail::new(400, 5301, "Request to invite channel members failed.");
        people.push(found.ok_or_else(failed)?.id.clone());
    }
    let added = call.stage.invite(&account, &id, &user, &people)?;
    let known = call.account()?;
    let member_ids: Vec<&str> = added
        .iter()
        .filter_map(|id| known.users.get(id))
        .map(|user| user.member_id.as_str())
        .collect();
    Ok(Reply::created(json!({"added_at": json::time(call.stage.now()), "ids": added.join(","),
        "member_ids": member_ids.join(",")})))
}

/// *Remove a member*.
pub(super) fn remove(call: &mut Call<'_>) -> Answer {
    let who = call.named("identifier");
    take_out(call, &[who])
}

/// *Batch remove members*: `user_ids` and `member_ids`, or `identifiers`, separated by commas.
pub(super) fn remove_many(call: &mut Call<'_>) -> Answer {
    let mut people: Vec<String> = ["user_ids", "member_ids", "identifiers"]
        .iter()
        .filter_map(|name| call.query(name))
        .flat_map(|ids| ids.split(','))
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect();
    people.dedup();
    if people.is_empty() {
        return Err(Fail::field("user_ids"));
    }
    if people.len() > REMOVED {
        let what = "The maximum number of members that can be removed at a time is 20.";
        return Err(Fail::new(400, 300, what));
    }
    take_out(call, &people)
}

fn take_out(call: &mut Call<'_>, people: &[String]) -> Answer {
    let (account, user, id) = (call.who.account.clone(), call.user()?, call.named("channelId"));
    let known = call.account()?;
    let mut found = Vec::new();
    for who in people {
        let member = known.find_contact(who);
        let failed = || Fail::new(400, 5301, "Unable to remove channel member.");
        found.push(member.ok_or_else(failed)?.id.clone());
    }
    found.sort();
    found.dedup();
    call.stage.remove(&account, &id, &user, &found)?;
    Ok(Reply::done())
}

/// *Join a channel*.
pub(super) fn join(call: &mut Call<'_>) -> Answer {
    let (account, user, id) =
        (call.who.account.clone(), call.who.user.clone(), call.named("channelId"));
    call.stage.join(&account, &id, &user)?;
    let member_id = call.stage.user(&account, &user)?.member_id.clone();
    Ok(Reply::created(json!({"added_at": json::time(call.stage.now()), "id": user,
        "member_id": member_id})))
}

/// *Leave a channel*.
pub(super) fn leave(call: &mut Call<'_>) -> Answer {
    let (account, user, id) =
        (call.who.account.clone(), call.who.user.clone(), call.named("channelId"));
    call.stage.leave(&account, &id, &user)?;
    Ok(Reply::done())
}

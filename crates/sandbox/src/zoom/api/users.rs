//! `/users`: the people of the account.

use serde_json::json;

use super::{Answer, Call, Reply};
use crate::zoom::error::Fail;
use crate::zoom::json;

/// *List users*: active people, or inactive ones.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let inactive = call.query("status") == Some("inactive");
    let pending = call.query("status") == Some("pending");
    let users = call.account()?.users.values();
    let all: Vec<_> =
        users.filter(|user| user.inactive == inactive && !pending).map(json::user).collect();
    let total = all.len();
    let mut answer = call.listing("users", all, (30, 2000))?;
    let size = call.page_size(30, 2000);
    answer["total_records"] = total.into();
    answer["page_count"] = total.div_ceil(size).into();
    answer["page_number"] = 1.into();
    Ok(Reply::ok(answer))
}

/// *Check a user email*.
pub(super) fn email(call: &mut Call<'_>) -> Answer {
    let email = call.query("email").ok_or_else(|| Fail::new(400, 300, "Email is required."))?;
    let known = call.account()?.users.values().any(|user| user.email.eq_ignore_ascii_case(email));
    Ok(Reply::ok(json!({"existed_email": known})))
}

/// *Get a user*.
pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let user = call.stage.user(&call.who.account, &call.user()?)?.clone();
    let mut answer = json::user(&user);
    answer["account_id"] = call.who.account.clone().into();
    answer["role_name"] = if user.admin { "Admin" } else { "Member" }.into();
    answer["job_title"] = user.title.clone().into();
    answer["jid"] = format!("{}@xmpp.zoom.us", user.id.to_lowercase()).into();
    answer["language"] = "en-US".into();
    Ok(Reply::ok(answer))
}

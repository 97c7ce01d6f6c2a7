//! Contacts of a person, the company's directory, custom emoji.

use serde_json::{Value, json};

use super::{Answer, Call, Reply};
use crate::zoom::error::Fail;
use crate::zoom::json;
use crate::zoom::world::AppKind;

impl Call<'_> {
    /// "This API only supports user-managed OAuth app", and its scopes have no form for admins: no other app can have them.
    fn needs_user_managed(&self) -> Result<(), Fail> {
        let app = self.stage.state.apps.get(&self.who.app);
        if app.is_some_and(|app| app.kind == AppKind::User) {
            return Ok(());
        }
        let scopes = self.operation.scopes.iter().copied();
        let granular: Vec<&str> = scopes.filter(|it| it.matches(':').count() == 2).collect();
        Err(Fail::scopes(&granular))
    }
}

/// *List a user's contacts*: colleagues. Nobody here has external contacts.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    call.needs_user_managed()?;
    let external = call.query("type") == Some("external");
    let me = call.who.user.clone();
    let users = call.account()?.users.values();
    let all: Vec<Value> = users
        .filter(|user| user.id != me && !user.inactive && !external)
        .map(json::contact)
        .collect();
    call.listing("contacts", all, (10, 50)).map(Reply::ok)
}

/// *Get a user's contact details*.
pub(super) fn get(call: &mut Call<'_>) -> Answer {
    call.needs_user_managed()?;
    let who = call.named("identifier");
    let user = call.account()?.find_contact(&who).ok_or_else(|| Fail::no_user(&who))?;
    let mut answer = json::contact(user);
    if call.flag("query_presence_status") {
        answer["presence_status"] = if user.inactive { "Offline" } else { "Available" }.into();
    }
    Ok(Reply::ok(answer))
}

/// *Search company contacts*: by name or e-mail.
pub(super) fn search(call: &mut Call<'_>) -> Answer {
    let key = call.query("search_key").unwrap_or("").to_lowercase();
    let users = call.account()?.users.values();
    let all: Vec<Value> = users
        .filter(|user| {
            user.email.to_lowercase().contains(&key) || user.name().to_lowercase().contains(&key)
        })
        .map(|user| {
            let mut item = json::contact(user);
            item["contact_type"] = 1.into();
            item["display_name"] = user.name().into();
            item["dept"] = user.department.clone().into();
            item["job_title"] = user.title.clone().into();
            item["user_status"] = if user.inactive { "inactive" } else { "active" }.into();
            item
        })
        .collect();
    call.listing("contacts", all, (1, 25)).map(Reply::ok)
}

/// *List custom emojis*.
pub(super) fn emoji(call: &mut Call<'_>) -> Answer {
    let key = call.query("search_key").map(str::to_owned);
    if key.as_ref().is_some_and(|key| !(3..=256).contains(&key.chars().count())) {
        let what = "Invalid parameter: search_key. The minimum length is 3 characters, the maximum \
                    length is 256 characters.";
        return Err(Fail::new(400, 5333, what));
    }
    let account = call.account()?;
    let all: Vec<Value> = account
        .emoji
        .values()
        .filter(|emoji| key.as_ref().is_none_or(|key| emoji.name.contains(key.as_str())))
        .filter_map(|emoji| {
            let user = account.users.get(&emoji.by)?;
            Some(json!({"file_id": emoji.id, "name": emoji.name, "user_id": user.id,
                "member_id": user.member_id, "user_name": user.name(), "user_email": user.email,
                "date_added": json::time(emoji.added)}))
        })
        .collect();
    let mut answer = call.listing("emojis", all, (10, 50))?;
    if let Some(key) = key {
        answer["search_key"] = key.into();
    }
    Ok(Reply::ok(answer))
}

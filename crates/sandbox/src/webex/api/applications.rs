//! Bots made by an admin, where the organization is in Webex for Government.
//!
//! The vendor's page *Create a FedRAMP Bot* names the method, the fields of the request, and `botToken` in the answer; it
//! calls the API "not GA". What else the answer has is not published. On the commercial platform, where bots are made by
//! hand in the developer portal, it does not exist.

use serde_json::json;

use super::{Answer, Call, Reply};
use crate::webex::bots::NewBot;
use crate::webex::error::Fail;

impl Call<'_> {
    /// The organization of the admin who calls.
    fn administered(&self) -> Result<String, Fail> {
        let me = self.stage.person(&self.who.person)?;
        let org = self.stage.state.orgs.get(&me.org);
        if !org.is_some_and(|org| org.government) {
            return Err(Fail::new(404, "The requested resource could not be found."));
        }
        if me.admin { Ok(me.org.clone()) } else { Err(Fail::forbidden("Only admins can do that.")) }
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let org = call.administered()?;
    if call.needed("type")? != "bot" {
        return Err(Fail::bad("Only bots can be created here."));
    }
    let (name, email) = (call.needed("name")?, call.needed("botEmail")?);
    let (logo, description) = (call.needed("logo")?, call.needed("description")?);
    if !email.ends_with("@webex.bot") {
        return Err(Fail::bad("botEmail must end with @webex.bot."));
    }
    let bot = NewBot { name, email, avatar: Some(logo.clone()) };
    let id = call.stage.register_bot(&org, bot)?;
    let app = call.stage.state.apps.get(&id).ok_or_else(|| Fail::none("application"))?;
    let (person, token) = app.bot.as_ref().ok_or_else(|| Fail::none("application"))?;
    let email = &call.stage.person(person)?.email;
    Ok(Reply::ok(json!({"id": id, "type": "bot", "name": app.name, "botEmail": email,
        "logo": logo, "description": description, "orgId": org, "botToken": token})))
}

pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let (org, id) = (call.administered()?, call.id());
    let bot = call.stage.state.apps.get(&id).and_then(|app| app.bot.as_ref());
    let own = bot.is_some_and(|(bot, _)| call.stage.person(bot).is_ok_and(|bot| bot.org == org));
    if !own {
        return Err(Fail::none("application"));
    }
    call.stage.remove_app(&id)?;
    Ok(Reply::done())
}

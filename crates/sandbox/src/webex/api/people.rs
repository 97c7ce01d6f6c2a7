//! People and organizations.

use serde_json::{Value, json};

use super::{Answer, Call, Reply};
use crate::webex::error::Fail;
use crate::webex::json;
use crate::webex::world::Person;

/// How many people one `id` may list.
const IDS: usize = 85;
/// The shortest beginning of a name that is looked for.
const SHORTEST: usize = 3;

impl Call<'_> {
    fn is_admin(&self) -> bool {
        self.stage.person(&self.who.person).is_ok_and(|person| person.admin)
    }

    fn shown_person(&self, person: &Person) -> Value {
        let me = self.stage.person(&self.who.person);
        let administered = me.is_ok_and(|me| me.admin && me.org == person.org);
        json::person(person, administered)
    }
}

pub(super) fn me(call: &mut Call<'_>) -> Answer {
    let me = call.stage.person(&call.who.person)?;
    Ok(Reply::ok(call.shown_person(me)))
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let person = call.stage.person(&call.id())?;
    Ok(Reply::ok(call.shown_person(person)))
}

/// By exact e-mail, by the beginning of a name in one's own organization, by ids; admins may ask for everybody in their
/// organization.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let org = call.stage.person(&call.who.person)?.org.clone();
    let people = call.stage.state.people.values();
    let found: Vec<&Person> = if let Some(ids) = call.query("id") {
        let ids: Vec<&str> = ids.split(',').collect();
        if ids.len() > IDS {
            return Err(Fail::bad(format!("At most {IDS} ids can be listed.")));
        }
        people.filter(|person| ids.contains(&person.id.as_str())).collect()
    } else if let Some(email) = call.query("email") {
        people.filter(|person| person.email.eq_ignore_ascii_case(email)).collect()
    } else if let Some(name) = call.query("displayName") {
        let name = name.to_lowercase();
        if name.chars().count() < SHORTEST {
            return Err(Fail::bad("displayName must have at least 3 characters."));
        }
        let begins = |person: &&Person| person.display_name.to_lowercase().starts_with(&name);
        people.filter(|person| person.org == org).filter(begins).collect()
    } else if call.is_admin() {
        people.filter(|person| person.org == org).collect()
    } else {
        return Err(Fail::bad("Email, displayName or id must be given."));
    };
    let shown: Vec<Value> = found.into_iter().map(|person| call.shown_person(person)).collect();
    let mut reply = call.listing(shown.into_iter(), 100, 1000)?;
    if let Some(body) = &mut reply.body {
        body["notFoundIds"] = json!([]);
    }
    Ok(reply)
}

pub(super) fn organizations(call: &mut Call<'_>) -> Answer {
    let org = &call.stage.person(&call.who.person)?.org;
    let mine = call.stage.state.orgs.get(org).filter(|_| call.is_admin());
    let mine = mine.ok_or_else(|| Fail::forbidden("Only administrators can do that."))?;
    Ok(Reply::ok(json!({"items": [json::organization(mine)]})))
}

pub(super) fn organization(call: &mut Call<'_>) -> Answer {
    let org = &call.stage.person(&call.who.person)?.org;
    let known = call.stage.state.orgs.get(&call.id()).filter(|known| known.id == *org);
    let known = known.ok_or_else(|| Fail::none("organization"))?;
    Ok(Reply::ok(json::organization(known)))
}

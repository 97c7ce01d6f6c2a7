//! People coming, changing, going.

use serde_json::json;

use super::{Actor, Deed, Done, given_person, invalid};
use crate::zoom::events::Concerned;
use crate::zoom::stage::Stage;
use crate::zoom::world::User;

impl Stage<'_> {
    pub(super) fn people(&mut self, actor: &Actor, deed: &Deed) -> Done {
        let account = actor.account.as_str();
        if deed.r#do == "add_person" {
            let given = given_person(deed)?;
            if given.name.is_empty() {
                return Err(invalid("person/name is missing"));
            }
            let user = self.person(given);
            let id = user.id.clone();
            self.account_mut(account)?.users.insert(id.clone(), user);
            self.tell_user(actor, &id, "user.created");
            return Ok(json!({"person": id}));
        }
        let id = match deed.person.as_str() {
            Some(who) => self.somebody(account, who)?,
            None => actor.user.clone(),
        };
        let missing = || crate::zoom::error::Fail::no_user(&id);
        let user = self.account_mut(account)?.users.get_mut(&id).ok_or_else(missing)?;
        let event = match deed.r#do.as_str() {
            "deactivate" => {
                user.inactive = true;
                "user.deactivated"
            }
            "reactivate" => {
                user.inactive = false;
                "user.activated"
            }
            _ => {
                let set = |field: &mut String, value: &Option<String>| {
                    if let Some(value) = value {
                        field.clone_from(value);
                    }
                };
                set(&mut user.display_name, &deed.display_name);
                set(&mut user.email, &deed.email);
                set(&mut user.title, &deed.title);
                user.picture = deed.picture.clone().or(user.picture.take());
                "user.updated"
            }
        };
        self.tell_user(actor, &id, event);
        Ok(json!({"person": id}))
    }

    fn tell_user(&self, actor: &Actor, id: &str, event: &str) {
        let Ok(user) = self.user(&actor.account, id) else { return };
        let User { id, first_name, last_name, email, .. } = user;
        let mut object = json!({"id": id, "first_name": first_name, "last_name": last_name,
            "email": email, "type": 2});
        if matches!(event, "user.created" | "user.updated") {
            object["display_name"] = user.name().into();
        }
        if let Some(picture) = user.picture.as_ref().filter(|_| event == "user.updated") {
            object["pic_url"] = picture.clone().into();
        }
        let people = [id.clone()];
        self.tell(&actor.account, &actor.user, event, Concerned::People(&people), &object);
    }
}

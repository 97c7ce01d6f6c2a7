//! People coming, changing, going; and what their admins allow.

use serde_json::json;

use super::{Actor, Deed, Done, given_person, invalid};
use crate::core::ControlError;
use crate::webex::stage::Stage;

impl Stage<'_> {
    pub(super) fn people(&mut self, actor: &Actor, deed: &Deed) -> Done {
        match deed.r#do.as_str() {
            "add_person" => {
                let given = given_person(deed)?;
                if given.name.is_empty() {
                    return Err(invalid("person/name is missing"));
                }
                let mut person = self.person_of(&actor.org, given);
                // Somebody who was invited by e-mail before stays who they are.
                if let Some(known) = self.by_email(&person.email) {
                    if !known.pending {
                        return Err(ControlError::Refused(format!("{} is taken", person.email)));
                    }
                    person.id.clone_from(&known.id);
                }
                let id = person.id.clone();
                self.state.people.insert(id.clone(), person);
                return Ok(json!({"person": id}));
            }
            "set_policy" => {
                if !self.person(&actor.person)?.admin {
                    return Err(ControlError::Refused("only an admin sets policies".to_owned()));
                }
                if let Some(org) = self.state.orgs.get_mut(&actor.org) {
                    org.policy = deed.policy.clone();
                }
                return Ok(json!({"policy": deed.policy}));
            }
            _ => {}
        }
        let id = match deed.person.as_str() {
            Some(_) => self.meant(actor, deed)?,
            None => actor.person.clone(),
        };
        let now = self.now();
        let missing = || ControlError::NotFound("no such person".to_owned());
        let person = self.state.people.get_mut(&id).ok_or_else(missing)?;
        match deed.r#do.as_str() {
            "deactivate" => person.inactive = true,
            "reactivate" => person.inactive = false,
            _ => {
                let set = |field: &mut String, value: &Option<String>| {
                    if let Some(value) = value {
                        field.clone_from(value);
                    }
                };
                set(&mut person.display_name, &deed.display_name);
                set(&mut person.email, &deed.email);
                person.title = deed.title.clone().or(person.title.take());
                person.avatar = deed.avatar.clone().or(person.avatar.take());
            }
        }
        person.modified = now;
        Ok(json!({"person": id}))
    }
}

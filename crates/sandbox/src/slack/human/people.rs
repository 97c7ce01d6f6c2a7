//! People coming, changing, going.

use serde_json::json;

use super::{Actor, Deed, Done, invalid};
use crate::slack::error::Fail;
use crate::slack::json;
use crate::slack::setup::GivenPerson;
use crate::slack::stage::Stage;

impl Stage<'_> {
    pub(super) fn people(&mut self, actor: &Actor, deed: &Deed) -> Done {
        let team = actor.team.as_str();
        if deed.r#do == "add_person" {
            let given: GivenPerson =
                serde_json::from_value(deed.person.clone()).map_err(|e| invalid(e.to_string()))?;
            if given.name.is_empty() {
                return Err(invalid("person/name is missing"));
            }
            let user = self.person(given);
            let id = user.id.clone();
            let general = {
                let workspace = self.workspace_mut(team)?;
                workspace.users.insert(id.clone(), user);
                workspace.channels.values().find(|c| c.general).map(|c| c.id.clone())
            };
            self.tell_user(team, &id, "team_join")?;
            if let Some(general) = general {
                self.join(team, &general, &id, None)?;
            }
            return Ok(json!({"person": id}));
        }
        let id = match deed.person.as_str() {
            Some(who) => self.somebody(team, who)?,
            None => actor.user.clone(),
        };
        let updated = self.seconds();
        let user =
            self.workspace_mut(team)?.users.get_mut(&id).ok_or(Fail::new("user_not_found"))?;
        user.updated = updated;
        match deed.r#do.as_str() {
            "deactivate" => user.deleted = true,
            "reactivate" => user.deleted = false,
            _ => {
                let set = |field: &mut String, value: &Option<String>| {
                    if let Some(value) = value {
                        field.clone_from(value);
                    }
                };
                set(&mut user.display_name, &deed.display_name);
                set(&mut user.real_name, &deed.real_name);
                set(&mut user.title, &deed.title);
                user.email = deed.email.clone().or(user.email.take());
                user.avatar = deed.avatar.clone().or(user.avatar.take());
            }
        }
        self.tell_user(team, &id, "user_change")?;
        Ok(json!({"person": id}))
    }

    fn tell_user(&mut self, team: &str, id: &str, kind: &str) -> Result<(), Fail> {
        let event_ts = self.fresh_ts(team)?.to_string();
        let workspace = self.workspace(team)?;
        let user = workspace.users.get(id).ok_or("user_not_found")?;
        let user = json::user(workspace, user, true);
        let event =
            json!({"type": kind, "user": user, "cache_ts": self.seconds(), "event_ts": event_ts});
        self.tell(team, None, &event);
        Ok(())
    }
}

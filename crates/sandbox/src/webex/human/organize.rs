//! Deeds with spaces and teams.

use serde_json::json;

use super::{Actor, Deed, Done, invalid};
use crate::core::ControlError;
use crate::webex::rooms::Change;
use crate::webex::stage::Stage;

impl Stage<'_> {
    pub(super) fn organize(&mut self, actor: &Actor, deed: &Deed) -> Done {
        let me = actor.person.as_str();
        match deed.r#do.as_str() {
            "create_team" => return self.found_team(actor, deed),
            "create_channel" => return self.found_room(actor, deed),
            _ => {}
        }
        let room = self.known_room(actor, deed)?;
        match deed.r#do.as_str() {
            "join" => self.join(&room, me)?,
            "leave" => {
                self.remove_member(&room, me, me)?;
                return Ok(json!({"channel": room}));
            }
            "invite" => {
                let who = match deed.person.as_str() {
                    // Nobody yet known is invited by e-mail.
                    Some(who) if who.contains('@') => self.invite(who)?,
                    _ => self.meant(actor, deed)?,
                };
                self.add_member(&room, me, &who, deed.moderator)?;
            }
            "remove" => {
                let who = self.meant(actor, deed)?;
                self.remove_member(&room, me, &who)?;
            }
            "moderate" => {
                let who = self.meant(actor, deed)?;
                self.change_member(&room, me, &who, deed.moderator, false)?;
            }
            "rename" => {
                let title = deed.name.clone().ok_or_else(|| invalid("name is missing"))?;
                self.change_room(&room, me, Change { title: Some(title), ..Change::default() })?;
            }
            "update_channel" => self.change_room(&room, me, change(deed))?,
            "delete_channel" => {
                self.delete_room(&room, me)?;
                return Ok(json!({"channel": room}));
            }
            _ => {
                let moved = self.migrate(&room)?;
                return Ok(json!({"channel": moved, "was": room}));
            }
        }
        let members: Vec<&String> = self.room(&room)?.members.keys().collect();
        Ok(json!({"channel": room, "members": members}))
    }

    fn found_team(&mut self, actor: &Actor, deed: &Deed) -> Done {
        let name = deed.name.as_deref().ok_or_else(|| invalid("name is missing"))?;
        let team = self.create_team(&actor.person, name, deed.description.clone())?;
        for who in self.named(&actor.org, &deed.members)? {
            self.add_to_team(&team, &actor.person, &who, false)?;
        }
        Ok(json!({"team": team}))
    }

    fn found_room(&mut self, actor: &Actor, deed: &Deed) -> Done {
        if deed.name.is_none() {
            return Err(invalid("name is missing"));
        }
        let members = self.named(&actor.org, &deed.members)?;
        let mut change = change(deed);
        change.team = match &deed.team {
            Some(name) => {
                let mut teams = self.state.teams.values();
                let team = teams.find(|team| team.name == *name || team.id == *name);
                let team = team.map(|team| team.id.clone());
                Some(team.ok_or_else(|| ControlError::NotFound(format!("no team {name}")))?)
            }
            None => None,
        };
        let room = self.create_room(&actor.person, change)?;
        for who in members {
            self.add_member(&room, &actor.person, &who, false)?;
        }
        Ok(json!({"channel": room}))
    }
}

fn change(deed: &Deed) -> Change {
    Change {
        title: deed.name.clone(),
        locked: deed.locked,
        announcement: deed.announcement,
        public: deed.public,
        description: deed.description.clone(),
        team: None,
    }
}

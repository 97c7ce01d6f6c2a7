//! Deeds with channels.

use serde_json::json;

use super::{Actor, Deed, Done, invalid};
use crate::zoom::setup;
use crate::zoom::stage::Stage;
use crate::zoom::world::Settings;

impl Stage<'_> {
    pub(super) fn organize(&mut self, actor: &Actor, deed: &Deed) -> Done {
        let (account, me) = (actor.account.as_str(), actor.user.as_str());
        let name = || deed.name.as_deref().ok_or_else(|| invalid("name is missing"));
        if deed.r#do == "create_channel" {
            let members = setup::people(self.account(account)?, &deed.members)?;
            let kind = deed.r#type.unwrap_or(if deed.private { 2 } else { 3 });
            let settings = Settings::default();
            let id = self.create_channel(account, name()?, kind, me, members, settings)?;
            return Ok(json!({"channel": id}));
        }
        let channel = self.known_channel(actor, deed)?;
        match deed.r#do.as_str() {
            "join" => self.join(account, &channel, me)?,
            "leave" => self.leave(account, &channel, me)?,
            "rename" => self.update_channel(account, &channel, me, Some(name()?), None, None)?,
            "archive" => self.archive_channel(account, &channel, me, true)?,
            "unarchive" => self.archive_channel(account, &channel, me, false)?,
            "delete_channel" => {
                self.delete_channel(account, &channel, me)?;
                return Ok(json!({"channel": channel}));
            }
            verb => {
                let who = deed.person.as_str().ok_or_else(|| invalid("person is missing"))?;
                let who = [self.somebody(account, who)?];
                if verb == "invite" {
                    self.invite(account, &channel, me, &who)?;
                } else {
                    self.remove(account, &channel, me, &who)?;
                }
            }
        }
        Ok(json!({"channel": channel, "members": self.channel(account, &channel)?.members}))
    }
}

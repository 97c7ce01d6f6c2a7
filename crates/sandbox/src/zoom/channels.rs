//! Channels coming into being, changing, going, and who is in them: what people and apps do alike.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::error::Fail;
use super::events::Concerned;
use super::json::seconds;
use super::stage::Stage;
use super::world::{Channel, Conversation, GROUP_CHAT, Place, Settings};

/// The longest name of a channel, from the reference of *Create a channel*.
const NAME: usize = 256;

fn forbidden(what: &str) -> Fail {
    Fail::forbidden(format!("Unauthorized request. You do not have permission to {what}."))
}

impl Stage<'_> {
    /// Group chats may have the names of others.
    fn check_name(
        &self,
        account: &str,
        name: &str,
        kind: u8,
        but: Option<&str>,
    ) -> Result<(), Fail> {
        if name.is_empty() || super::ranges::length(name) > NAME {
            return Err(Fail::field("name"));
        }
        let taken = self
            .account(account)?
            .channels
            .values()
            .any(|channel| channel.name == name && Some(channel.id.as_str()) != but);
        if taken && kind != GROUP_CHAT {
            Err(Fail::new(400, 300, "The channel name already exists."))
        } else {
            Ok(())
        }
    }

    /// The object of `chat_channel.*`, with these members if they matter.
    fn channel_object(&self, account: &str, channel: &Channel, people: Option<&[String]>) -> Value {
        let now = self.millis();
        let mut object = json!({"id": channel.id, "name": channel.name, "type": channel.kind,
            "date_time": seconds(now), "timestamp": now});
        if let Some(people) = people {
            object["members"] = people
                .iter()
                .filter_map(|id| self.user(account, id).ok())
                .map(|user| json!({"id": user.id, "display_name": user.name()}))
                .collect();
        }
        object
    }

    fn tell_channel(
        &self,
        account: &str,
        id: &str,
        by: &str,
        event: &str,
        people: Option<&[String]>,
    ) {
        let Ok(channel) = self.channel(account, id) else { return };
        let object = self.channel_object(account, channel, people);
        // Also those whom it is about, and who have just left.
        let mut concerned: BTreeSet<String> = channel.members.clone();
        concerned.extend(people.unwrap_or_default().iter().cloned());
        concerned.insert(by.to_owned());
        let concerned: Vec<String> = concerned.into_iter().collect();
        self.tell(account, by, event, Concerned::People(&concerned), &object);
    }

    /// A new channel that `owner` and `members` are in.
    pub(crate) fn create_channel(
        &mut self,
        account: &str,
        name: &str,
        kind: u8,
        owner: &str,
        members: BTreeSet<String>,
        settings: Settings,
    ) -> Result<String, Fail> {
        self.check_name(account, name, kind, None)?;
        let id = self.insert_channel(account, name, kind, owner, members, settings)?;
        let people: Vec<String> = self.channel(account, &id)?.members.iter().cloned().collect();
        self.tell_channel(account, &id, owner, "chat_channel.created", Some(&people));
        Ok(id)
    }

    /// Puts a channel into the account, silently.
    pub(crate) fn insert_channel(
        &mut self,
        account: &str,
        name: &str,
        kind: u8,
        owner: &str,
        mut members: BTreeSet<String>,
        settings: Settings,
    ) -> Result<String, Fail> {
        let id = self.core.ids.hex(32);
        members.insert(owner.to_owned());
        let channel = Channel {
            id: id.clone(),
            name: name.to_owned(),
            kind,
            owner: owner.to_owned(),
            admins: BTreeSet::new(),
            members,
            archived: false,
            settings,
            conversation: Conversation { session: self.fresh_id(), ..Conversation::default() },
        };
        self.account_mut(account)?.channels.insert(id.clone(), channel);
        Ok(id)
    }

    /// Changes name, type and settings; for the owner and admins.
    pub(crate) fn update_channel(
        &mut self,
        account: &str,
        id: &str,
        by: &str,
        name: Option<&str>,
        kind: Option<u8>,
        settings: Option<Settings>,
    ) -> Result<(), Fail> {
        if !self.channel(account, id)?.is_run_by(by) {
            return Err(Fail { status: 403, ..forbidden("update a channel for this user") });
        }
        if let Some(name) = name {
            let now = self.channel(account, id)?.kind;
            self.check_name(account, name, kind.unwrap_or(now), Some(id))?;
        }
        let channel = self.channel_mut(account, id)?;
        if let Some(name) = name {
            name.clone_into(&mut channel.name);
        }
        channel.kind = kind.unwrap_or(channel.kind);
        if let Some(settings) = settings {
            channel.settings = settings;
        }
        self.tell_channel(account, id, by, "chat_channel.updated", None);
        Ok(())
    }

    /// Deletes a channel with everything in it; for the owner.
    pub(crate) fn delete_channel(&mut self, account: &str, id: &str, by: &str) -> Result<(), Fail> {
        if self.channel(account, id)?.owner != by {
            return Err(forbidden("delete this user's channel"));
        }
        self.tell_channel(account, id, by, "chat_channel.deleted", None);
        self.account_mut(account)?.channels.remove(id);
        Ok(())
    }

    /// Archives a channel or brings it back; for the owner and admins.
    pub(crate) fn archive_channel(
        &mut self,
        account: &str,
        id: &str,
        by: &str,
        archived: bool,
    ) -> Result<(), Fail> {
        let channel = self.channel(account, id)?;
        if !channel.is_run_by(by) {
            return Err(forbidden("perform operation on this channel"));
        }
        match (channel.archived, archived) {
            (true, true) => {
                return Err(Fail::new(400, 3205, "This channel has already been archived."));
            }
            (false, false) => {
                return Err(Fail::new(400, 3213, "This channel has not been archived."));
            }
            _ => self.channel_mut(account, id)?.archived = archived,
        }
        let event = if archived { "channel_archived" } else { "channel_unarchived" };
        self.tell_channel(account, id, by, &format!("team_chat.{event}"), None);
        Ok(())
    }

    /// Adds people on somebody's invitation; answers with those who are new.
    pub(crate) fn invite(
        &mut self,
        account: &str,
        id: &str,
        by: &str,
        people: &[String],
    ) -> Result<Vec<String>, Fail> {
        let channel = self.channel(account, id)?;
        let open = channel.settings.add_member_permissions == 1 || channel.is_run_by(by);
        if !channel.members.contains(by) || !open {
            return Err(forbidden("invite channel members"));
        }
        let mut fresh = Vec::new();
        for person in people {
            if self.channel_mut(account, id)?.members.insert(person.clone()) {
                fresh.push(person.clone());
            }
        }
        if !fresh.is_empty() {
            self.tell_channel(account, id, by, "chat_channel.member_invited", Some(&fresh));
        }
        Ok(fresh)
    }

    /// Takes people out; for the owner and admins, and never themselves or the owner.
    pub(crate) fn remove(
        &mut self,
        account: &str,
        id: &str,
        by: &str,
        people: &[String],
    ) -> Result<(), Fail> {
        let channel = self.channel(account, id)?;
        if !channel.is_run_by(by) {
            return Err(Fail::forbidden("No permission to remove channel members."));
        }
        if people.iter().any(|person| person == by) {
            return Err(Fail::new(400, 300, "You can not remove yourself."));
        }
        let inside = |person: &String| channel.members.contains(person) && *person != channel.owner;
        if !people.iter().all(inside) {
            return Err(Fail::new(400, 5301, "Unable to remove channel member."));
        }
        let channel = self.channel_mut(account, id)?;
        channel.members.retain(|member| !people.contains(member));
        channel.admins.retain(|member| !people.contains(member));
        self.tell_channel(account, id, by, "chat_channel.member_removed", Some(people));
        Ok(())
    }

    /// Somebody walks into a public channel.
    pub(crate) fn join(&mut self, account: &str, id: &str, user: &str) -> Result<(), Fail> {
        let channel = self.channel(account, id)?;
        if !channel.is_public() || channel.archived {
            return Err(Fail::new(400, 5301, "The request to join the channel failed."));
        }
        if self.channel_mut(account, id)?.members.insert(user.to_owned()) {
            self.tell_channel(account, id, user, "chat_channel.member_joined", None);
        }
        Ok(())
    }

    /// Somebody leaves; the owner must hand the channel over first, which only people can.
    pub(crate) fn leave(&mut self, account: &str, id: &str, user: &str) -> Result<(), Fail> {
        let channel = self.channel(account, id)?;
        if channel.owner == user || !channel.members.contains(user) {
            return Err(Fail::new(400, 5301, "Request to leave the channel failed."));
        }
        let channel = self.channel_mut(account, id)?;
        channel.members.remove(user);
        channel.admins.remove(user);
        self.tell_channel(account, id, user, "chat_channel.member_left", None);
        Ok(())
    }

    /// The conversation with `contact`, or in `channel`, as `user` may see it.
    ///
    /// # Errors
    /// 300 when neither or both are given, 1001 and 4130 when it is not there, 200 for those outside of it.
    pub(crate) fn place(
        &self,
        account: &str,
        user: &str,
        channel: Option<&str>,
        contact: Option<&str>,
    ) -> Result<Place, Fail> {
        match (channel, contact) {
            (Some(id), None) => {
                if !self.channel(account, id)?.members.contains(user) {
                    return Err(forbidden("access this user's chat messages"));
                }
                Ok(Place::Channel(id.to_owned()))
            }
            (None, Some(who)) => {
                let other = self.account(account)?.find_contact(who);
                let other = other.ok_or_else(|| Fail::no_user(who))?;
                Ok(Place::direct(user, &other.id))
            }
            _ => Err(Fail::new(400, 300, "Must provide either contact or channel parameter.")),
        }
    }
}

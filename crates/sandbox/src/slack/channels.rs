//! Conversations coming into being and changing: what people and apps do alike.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::error::Fail;
use super::stage::Stage;
use super::world::{Channel, Described, Kind};

/// # Errors
/// Slack's refusals of a channel's name.
pub(crate) fn check_name(name: &str) -> Result<(), Fail> {
    if name.is_empty() {
        return Err("invalid_name_required".into());
    }
    if name.chars().count() > 80 {
        return Err("invalid_name_maxlength".into());
    }
    if !name.chars().any(char::is_alphanumeric) {
        return Err("invalid_name_punctuation".into());
    }
    let fits = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || matches!(c, '-' | '_');
    if name.chars().all(fits) { Ok(()) } else { Err("invalid_name_specials".into()) }
}

impl Stage<'_> {
    /// A channel with its creator as its only member.
    pub(crate) fn create_channel(
        &mut self,
        team: &str,
        name: &str,
        kind: Kind,
        creator: &str,
    ) -> Result<String, Fail> {
        check_name(name)?;
        if self.workspace(team)?.channel_names.contains_key(name) {
            return Err("name_taken".into());
        }
        let id = self.insert_channel(team, name, kind, creator, [creator.to_owned()].into())?;
        if kind == Kind::Public {
            let created = self.seconds();
            let event = json!({"type": "channel_created", "event_ts": self.fresh_ts(team)?.to_string(),
                "channel": {"id": id, "is_channel": true, "name": name, "name_normalized": name,
                    "created": created, "creator": creator, "is_shared": false,
                    "is_org_shared": false, "context_team_id": team}});
            self.tell(team, None, &event);
        }
        Ok(id)
    }

    /// Puts a conversation into the world, silently.
    pub(crate) fn insert_channel(
        &mut self,
        team: &str,
        name: &str,
        kind: Kind,
        creator: &str,
        members: BTreeSet<String>,
    ) -> Result<String, Fail> {
        let letter = if kind == Kind::Im { 'D' } else { 'C' };
        let id = format!("{letter}{}", self.core.ids.upper(10));
        let channel = Channel {
            id: id.clone(),
            name: name.to_owned(),
            kind,
            general: false,
            archived: false,
            created: self.seconds(),
            creator: creator.to_owned(),
            topic: Described::default(),
            purpose: Described::default(),
            previous_names: Vec::new(),
            members,
            messages: BTreeMap::new(),
            ephemeral: Vec::new(),
            pins: Vec::new(),
        };
        let workspace = self.workspace_mut(team)?;
        if !name.is_empty() {
            workspace.channel_names.insert(name.to_owned(), id.clone());
        }
        workspace.channels.insert(id.clone(), channel);
        Ok(id)
    }

    /// The direct or group message of exactly these people, opened when there is none.
    pub(crate) fn open(&mut self, team: &str, mut users: Vec<String>) -> Result<String, Fail> {
        users.sort();
        users.dedup();
        if let Some(id) = self.workspace(team)?.direct.get(&users) {
            return Ok(id.clone());
        }
        let (kind, name) = if users.len() > 2 {
            let workspace = self.workspace(team)?;
            let names: Vec<&str> = users
                .iter()
                .filter_map(|id| workspace.users.get(id))
                .map(|user| user.name.as_str())
                .collect();
            (Kind::Mpim, format!("mpdm-{}-1", names.join("--")))
        } else {
            (Kind::Im, String::new())
        };
        let creator = users.first().cloned().unwrap_or_default();
        let id =
            self.insert_channel(team, &name, kind, &creator, users.iter().cloned().collect())?;
        self.workspace_mut(team)?.direct.insert(users, id.clone());
        Ok(id)
    }

    /// Archives or brings back.
    pub(crate) fn set_archived(
        &mut self,
        team: &str,
        channel: &str,
        by: &str,
        archived: bool,
    ) -> Result<(), Fail> {
        let conversation = self.channel_mut(team, channel)?;
        match conversation.kind {
            Kind::Im | Kind::Mpim => return Err("method_not_supported_for_channel_type".into()),
            _ if conversation.general && archived => return Err("cant_archive_general".into()),
            _ if conversation.archived && archived => return Err("already_archived".into()),
            _ if !conversation.archived && !archived => return Err("not_archived".into()),
            _ => {}
        }
        let public = conversation.kind == Kind::Public;
        let (subtype, what, event) = match (public, archived) {
            (true, true) => ("channel_archive", "archived the channel", "channel_archive"),
            (true, false) => ("channel_unarchive", "un-archived the channel", "channel_unarchive"),
            (false, true) => ("group_archive", "archived the private channel", "group_archive"),
            (false, false) => {
                ("group_unarchive", "un-archived the private channel", "group_unarchive")
            }
        };
        self.note(team, channel, by, subtype, format!("<@{by}> {what}"), json!({}))?;
        self.channel_mut(team, channel)?.archived = archived;
        let event_ts = self.fresh_ts(team)?.to_string();
        let event = json!({"type": event, "channel": channel, "user": by, "is_moved": 0, "event_ts": event_ts});
        self.tell(team, (!public).then_some(channel), &event);
        Ok(())
    }

    /// Gives a channel another name.
    pub(crate) fn rename(
        &mut self,
        team: &str,
        channel: &str,
        by: &str,
        name: &str,
    ) -> Result<(), Fail> {
        check_name(name)?;
        let conversation = self.channel(team, channel)?;
        if matches!(conversation.kind, Kind::Im | Kind::Mpim) {
            return Err("method_not_supported_for_channel_type".into());
        }
        if conversation.archived {
            return Err("is_archived".into());
        }
        let (old, public) = (conversation.name.clone(), conversation.kind == Kind::Public);
        let created = conversation.created;
        let workspace = self.workspace_mut(team)?;
        if workspace.channel_names.get(name).is_some_and(|taken| taken != channel) {
            return Err("name_taken".into());
        }
        workspace.channel_names.remove(&old);
        workspace.channel_names.insert(name.to_owned(), channel.to_owned());
        let conversation = self.channel_mut(team, channel)?;
        name.clone_into(&mut conversation.name);
        conversation.previous_names.insert(0, old.clone());
        let event_ts = self.fresh_ts(team)?.to_string();
        let event = json!({"type": if public { "channel_rename" } else { "group_rename" }, "event_ts": event_ts,
            "channel": {"id": channel, "is_channel": public, "is_mpim": false, "name": name,
                "name_normalized": name, "created": created}});
        self.tell(team, (!public).then_some(channel), &event);
        let subtype = if public { "channel_name" } else { "group_name" };
        let text = format!("<@{by}> has renamed the channel from \"{old}\" to \"{name}\"");
        self.note(team, channel, by, subtype, text, json!({"old_name": old, "name": name}))
    }

    /// Sets the topic or the purpose.
    pub(crate) fn describe(
        &mut self,
        team: &str,
        channel: &str,
        by: &str,
        value: &str,
        purpose: bool,
    ) -> Result<(), Fail> {
        if value.chars().count() > 250 {
            return Err("too_long".into());
        }
        let last_set = self.seconds();
        let conversation = self.channel_mut(team, channel)?;
        if conversation.archived {
            return Err("is_archived".into());
        }
        let public = conversation.kind == Kind::Public;
        let field = if purpose { &mut conversation.purpose } else { &mut conversation.topic };
        *field = Described { value: value.to_owned(), creator: by.to_owned(), last_set };
        let (subtype, what, key) = match (public, purpose) {
            (true, false) => ("channel_topic", "topic", "topic"),
            (true, true) => ("channel_purpose", "description", "purpose"),
            (false, false) => ("group_topic", "topic", "topic"),
            (false, true) => ("group_purpose", "description", "purpose"),
        };
        let text = format!("<@{by}> set the channel {what}: {value}");
        self.note(team, channel, by, subtype, text, json!({key: value}))
    }

    /// Deletes a channel with everything in it (people only; apps cannot).
    pub(crate) fn delete_channel(&mut self, team: &str, channel: &str) -> Result<(), Fail> {
        let conversation = self.channel(team, channel)?;
        let (name, public) = (conversation.name.clone(), conversation.kind == Kind::Public);
        let event_ts = self.fresh_ts(team)?.to_string();
        let kind = if public { "channel_deleted" } else { "group_deleted" };
        let event = json!({"type": kind, "channel": channel, "event_ts": event_ts});
        self.tell(team, (!public).then_some(channel), &event);
        let workspace = self.workspace_mut(team)?;
        workspace.channel_names.remove(&name);
        workspace.channels.remove(channel);
        workspace.direct.retain(|_, id| id != channel);
        Ok(())
    }
}

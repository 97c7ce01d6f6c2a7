//! The world under its lock, with what is needed to act in it. What people and apps do is done here, once, and
//! whoever may know of it is told.

use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::MutexGuard;
use serde_json::{Value, json};

use super::Slack;
use super::error::Fail;
use super::json;
use super::ts::Ts;
use super::world::{Channel, Kind, Message, State, Workspace};
use crate::core::Core;

/// Nothing in here waits: the lock is held for microseconds.
pub(crate) struct Stage<'a> {
    pub(crate) core: &'a Arc<Core>,
    pub(crate) slack: &'a Slack,
    pub(crate) state: MutexGuard<'a, State>,
}

impl Stage<'_> {
    pub(crate) fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    /// Whole seconds since 1970, as in Slack's `created`.
    pub(crate) fn seconds(&self) -> u64 {
        u64::try_from(self.now().as_second()).unwrap_or(0)
    }

    pub(crate) fn workspace(&self, team: &str) -> Result<&Workspace, Fail> {
        self.state.workspaces.get(team).ok_or_else(|| Fail::new("team_not_found"))
    }

    pub(crate) fn workspace_mut(&mut self, team: &str) -> Result<&mut Workspace, Fail> {
        self.state.workspaces.get_mut(team).ok_or_else(|| Fail::new("team_not_found"))
    }

    pub(crate) fn channel(&self, team: &str, channel: &str) -> Result<&Channel, Fail> {
        self.workspace(team)?.channels.get(channel).ok_or_else(|| Fail::new("channel_not_found"))
    }

    pub(crate) fn channel_mut(&mut self, team: &str, id: &str) -> Result<&mut Channel, Fail> {
        let channels = &mut self.workspace_mut(team)?.channels;
        channels.get_mut(id).ok_or_else(|| Fail::new("channel_not_found"))
    }

    pub(crate) fn message(&self, team: &str, channel: &str, ts: Ts) -> Result<&Message, Fail> {
        let messages = &self.channel(team, channel)?.messages;
        messages.get(&ts).ok_or_else(|| Fail::new("message_not_found"))
    }

    fn message_mut(&mut self, team: &str, channel: &str, ts: Ts) -> Result<&mut Message, Fail> {
        let messages = &mut self.channel_mut(team, channel)?.messages;
        messages.get_mut(&ts).ok_or_else(|| Fail::new("message_not_found"))
    }

    /// A timestamp that no message of the workspace has yet, later than all of them.
    pub(crate) fn fresh_ts(&mut self, team: &str) -> Result<Ts, Fail> {
        let now = u64::try_from(self.now().as_microsecond()).unwrap_or(0);
        let workspace = self.workspace_mut(team)?;
        workspace.last_ts = Ts(now.max(workspace.last_ts.0 + 1));
        Ok(workspace.last_ts)
    }

    fn json(&self, team: &str, channel: &str, message: &Message) -> Result<Value, Fail> {
        Ok(json::message(&self.state, self.workspace(team)?, channel, message, true))
    }

    /// Puts a message into a conversation and tells of it. A reply's root must exist.
    pub(crate) fn post(
        &mut self,
        team: &str,
        channel: &str,
        mut draft: Message,
    ) -> Result<Ts, Fail> {
        draft.ts = self.fresh_ts(team)?;
        let ts = draft.ts;
        if let Some(root) = draft.thread {
            let Ok(parent) = self.message_mut(team, channel, root) else {
                return Err("thread_not_found".into());
            };
            // A reply to a reply belongs to the same thread.
            let root = parent.thread.unwrap_or(root);
            draft.thread = Some(root);
            let author = draft.user.clone().or_else(|| draft.bot_id.clone()).unwrap_or_default();
            if let Ok(parent) = self.message_mut(team, channel, root) {
                parent.thread = Some(root);
                parent.replies.insert(ts);
                *parent.reply_users.entry(author).or_default() += 1;
            }
            if draft.broadcast && draft.subtype.is_none() {
                draft.subtype = Some("thread_broadcast");
            }
        }
        let mut event = self.json(team, channel, &draft)?;
        if draft.broadcast
            && let Some(root) = draft.thread
        {
            event["root"] = self.json(team, channel, self.message(team, channel, root)?)?;
        }
        self.channel_mut(team, channel)?.messages.insert(ts, draft);
        self.tell_message(team, channel, event, ts);
        Ok(ts)
    }

    /// Changes a message with `change` and tells of it; marked as edited when a person or app `by` did it.
    pub(crate) fn change(
        &mut self,
        team: &str,
        channel: &str,
        ts: Ts,
        by: Option<&str>,
        change: impl FnOnce(&mut Message),
    ) -> Result<(), Fail> {
        let before = self.json(team, channel, self.message(team, channel, ts)?)?;
        let at = self.fresh_ts(team)?;
        let message = self.message_mut(team, channel, ts)?;
        change(message);
        if let Some(by) = by {
            message.edited = Some((by.to_owned(), Ts(at.seconds() * 1_000_000)));
        }
        let after = self.json(team, channel, self.message(team, channel, ts)?)?;
        let event = json!({"type": "message", "subtype": "message_changed", "message": after,
            "previous_message": before, "hidden": true, "ts": at.to_string()});
        self.tell_message(team, channel, event, at);
        Ok(())
    }

    /// Deletes a message. The root of a thread leaves a tombstone as long as it has replies.
    pub(crate) fn delete(&mut self, team: &str, channel: &str, ts: Ts) -> Result<(), Fail> {
        let message = self.message(team, channel, ts)?;
        if message.tombstone {
            return Err("message_not_found".into());
        }
        if !message.replies.is_empty() {
            return self.change(team, channel, ts, None, |message| {
                let kept = std::mem::take(message);
                *message = Message {
                    ts: kept.ts,
                    user: Some("USLACKBOT".to_owned()),
                    subtype: Some("tombstone"),
                    text: "This message was deleted.".to_owned(),
                    thread: kept.thread,
                    replies: kept.replies,
                    reply_users: kept.reply_users,
                    tombstone: true,
                    ..Message::default()
                };
            });
        }
        let before = self.json(team, channel, message)?;
        let root = message.thread.filter(|root| *root != ts);
        let author = message.user.clone().or_else(|| message.bot_id.clone()).unwrap_or_default();
        let files = message.files.clone();
        let at = self.fresh_ts(team)?;
        let conversation = self.channel_mut(team, channel)?;
        conversation.messages.remove(&ts);
        conversation.pins.retain(|(pinned, ..)| *pinned != ts);
        if let Some(root) = root
            && let Some(parent) = conversation.messages.get_mut(&root)
        {
            parent.replies.remove(&ts);
            if let Some(count) = parent.reply_users.get_mut(&author) {
                *count -= 1;
                if *count == 0 {
                    parent.reply_users.remove(&author);
                }
            }
            if parent.replies.is_empty() {
                parent.thread = None;
                if parent.tombstone {
                    conversation.messages.remove(&root);
                }
            }
        }
        for id in files {
            if let Some(file) = self.workspace_mut(team)?.files.get_mut(&id) {
                file.shares.retain(|share| *share != (channel.to_owned(), ts));
            }
        }
        let event = json!({"type": "message", "subtype": "message_deleted", "hidden": true,
            "deleted_ts": ts.to_string(), "previous_message": before, "ts": at.to_string()});
        self.tell_message(team, channel, event, at);
        Ok(())
    }

    /// Adds or removes a reaction of `user`.
    pub(crate) fn react(
        &mut self,
        team: &str,
        channel: &str,
        ts: Ts,
        user: &str,
        name: &str,
        add: bool,
    ) -> Result<(), Fail> {
        let message = self.message_mut(team, channel, ts)?;
        let item_user = message.user.clone();
        let at = message.reactions.iter().position(|(reaction, _)| reaction == name);
        let has = at.is_some_and(|at| message.reactions[at].1.iter().any(|by| by == user));
        match (add, has, at) {
            (true, true, _) => return Err("already_reacted".into()),
            (true, false, Some(at)) => message.reactions[at].1.push(user.to_owned()),
            (true, false, None) => message.reactions.push((name.to_owned(), vec![user.to_owned()])),
            (false, true, Some(at)) => {
                message.reactions[at].1.retain(|by| by != user);
                message.reactions.retain(|(_, by)| !by.is_empty());
            }
            (false, ..) => return Err("no_reaction".into()),
        }
        let event_ts = self.fresh_ts(team)?.to_string();
        let mut event = json!({"type": if add { "reaction_added" } else { "reaction_removed" },
            "user": user, "reaction": name, "event_ts": event_ts,
            "item": {"type": "message", "channel": channel, "ts": ts.to_string()}});
        if let Some(author) = item_user {
            event["item_user"] = author.into();
        }
        self.tell(team, Some(channel), &event);
        Ok(())
    }

    /// A message that Slack itself writes about what `user` did: joined, set the topic …
    pub(crate) fn note(
        &mut self,
        team: &str,
        channel: &str,
        user: &str,
        subtype: &'static str,
        text: String,
        extra: Value,
    ) -> Result<(), Fail> {
        let extra = if let Value::Object(map) = extra { map } else { serde_json::Map::new() };
        let draft = Message {
            user: Some(user.to_owned()),
            subtype: Some(subtype),
            text,
            extra,
            ..Message::default()
        };
        self.post(team, channel, draft).map(drop)
    }

    /// Adds `user` to a conversation, invited by `inviter`; nothing happens to those who are in it.
    pub(crate) fn join(
        &mut self,
        team: &str,
        channel: &str,
        user: &str,
        inviter: Option<&str>,
    ) -> Result<bool, Fail> {
        let conversation = self.channel_mut(team, channel)?;
        if !conversation.members.insert(user.to_owned()) {
            return Ok(false);
        }
        let kind = conversation.kind;
        if matches!(kind, Kind::Im | Kind::Mpim) {
            return Ok(true);
        }
        let event_ts = self.fresh_ts(team)?.to_string();
        let mut event = json!({"type": "member_joined_channel", "user": user, "channel": channel,
            "channel_type": letter(kind), "team": team, "event_ts": event_ts});
        let mut extra = json!({});
        if let Some(inviter) = inviter {
            event["inviter"] = inviter.into();
            extra["inviter"] = inviter.into();
        }
        self.tell(team, Some(channel), &event);
        let (subtype, what) = match kind {
            Kind::Private => ("group_join", "group"),
            _ => ("channel_join", "channel"),
        };
        let text = format!("<@{user}> has joined the {what}");
        self.note(team, channel, user, subtype, text, extra)?;
        Ok(true)
    }

    /// Takes `user` out of a conversation; false when not in it.
    pub(crate) fn leave(&mut self, team: &str, channel: &str, user: &str) -> Result<bool, Fail> {
        let conversation = self.channel_mut(team, channel)?;
        let kind = conversation.kind;
        if !conversation.members.contains(user) {
            return Ok(false);
        }
        let (subtype, what) = match kind {
            Kind::Private => ("group_leave", "group"),
            _ => ("channel_leave", "channel"),
        };
        let text = format!("<@{user}> has left the {what}");
        self.channel_mut(team, channel)?.members.remove(user);
        self.note(team, channel, user, subtype, text, json!({}))?;
        let event_ts = self.fresh_ts(team)?.to_string();
        let event = json!({"type": "member_left_channel", "user": user, "channel": channel,
            "channel_type": letter(kind), "team": team, "event_ts": event_ts});
        self.tell(team, Some(channel), &event);
        Ok(true)
    }
}

/// `C` for public channels, `G` for private ones, as in the membership events.
fn letter(kind: Kind) -> &'static str {
    if kind == Kind::Public { "C" } else { "G" }
}

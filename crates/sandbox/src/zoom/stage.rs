//! The world under its lock, with what is needed to act in it. What people and apps do with messages is done here,
//! once, and whoever may know of it is told.

use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::MutexGuard;

use super::error::Fail;
use super::ranges::{Mention, Style};
use super::reaction::Emoji;
use super::world::{Account, Channel, Conversation, Message, Place, State, User};
use crate::core::Core;

/// Nothing in here waits: the lock is held for microseconds.
pub(crate) struct Stage<'a> {
    pub(crate) core: &'a Arc<Core>,
    pub(crate) state: MutexGuard<'a, State>,
}

/// What takes the place of a message's content.
pub(crate) struct Edit {
    pub(crate) text: String,
    pub(crate) styles: Vec<Style>,
    pub(crate) mentions: Vec<Mention>,
    /// The files instead of those that are there; nothing leaves them.
    pub(crate) files: Option<Vec<String>>,
}

impl Stage<'_> {
    pub(crate) fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    /// The emulated time in milliseconds, as in `event_ts`.
    pub(crate) fn millis(&self) -> u64 {
        u64::try_from(self.now().as_millisecond()).unwrap_or(0)
    }

    /// 22 characters of URL-safe base64, as Zoom's ids of people, accounts and files.
    pub(crate) fn fresh_id(&self) -> String {
        const SAFE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        self.core.ids.of(SAFE, 22)
    }

    pub(crate) fn account(&self, id: &str) -> Result<&Account, Fail> {
        let account = self.state.accounts.get(id);
        account.ok_or_else(|| Fail::new(404, 2001, format!("Account does not exist: {id}.")))
    }

    pub(crate) fn account_mut(&mut self, id: &str) -> Result<&mut Account, Fail> {
        let account = self.state.accounts.get_mut(id);
        account.ok_or_else(|| Fail::new(404, 2001, format!("Account does not exist: {id}.")))
    }

    pub(crate) fn user(&self, account: &str, id: &str) -> Result<&User, Fail> {
        self.account(account)?.users.get(id).ok_or_else(|| Fail::no_user(id))
    }

    pub(crate) fn channel(&self, account: &str, id: &str) -> Result<&Channel, Fail> {
        self.account(account)?.channels.get(id).ok_or_else(|| Fail::no_channel(id))
    }

    pub(crate) fn channel_mut(&mut self, account: &str, id: &str) -> Result<&mut Channel, Fail> {
        self.account_mut(account)?.channels.get_mut(id).ok_or_else(|| Fail::no_channel(id))
    }

    /// The conversation of a place; of two people it begins when it is first asked for.
    pub(crate) fn conversation_mut(
        &mut self,
        account: &str,
        place: &Place,
    ) -> Result<&mut Conversation, Fail> {
        let session = self.fresh_id();
        match place {
            Place::Channel(id) => Ok(&mut self.channel_mut(account, id)?.conversation),
            Place::Direct(one, other) => {
                let pair = (one.clone(), other.clone());
                let directs = &mut self.account_mut(account)?.directs;
                Ok(directs
                    .entry(pair)
                    .or_insert_with(|| Conversation { session, ..Conversation::default() }))
            }
        }
    }

    /// A message that is still there, by its id letter for letter: the reference calls it one message's own, and
    /// nowhere says that capitals do not matter.
    pub(crate) fn message(&self, account: &str, place: &Place, id: &str) -> Result<&Message, Fail> {
        let found = self.account(account)?.conversation(place).and_then(|conversation| {
            let ts = conversation.ids.get(id)?;
            conversation.messages.get(ts).filter(|message| !message.deleted)
        });
        found.ok_or_else(|| Fail::no_message(id))
    }

    fn message_mut(&mut self, account: &str, place: &Place, ts: u64) -> Result<&mut Message, Fail> {
        let conversation = self.conversation_mut(account, place)?;
        conversation.messages.get_mut(&ts).ok_or_else(|| Fail::no_message(&ts.to_string()))
    }

    /// Whether `user` may write there.
    ///
    /// # Errors
    /// 5420 in an archived channel; 5301 for those who are not in it or may not post.
    pub(crate) fn may_post(&self, account: &str, place: &Place, user: &str) -> Result<(), Fail> {
        let Place::Channel(id) = place else { return Ok(()) };
        let channel = self.channel(account, id)?;
        if channel.archived {
            return Err(Fail::new(400, 5420, "Can not send message to an archived channel."));
        }
        let open = channel.settings.posting_permissions == 1 || channel.is_run_by(user);
        if channel.members.contains(user) && open {
            Ok(())
        } else {
            Err(Fail::new(400, 5301, "Message sending failed."))
        }
    }

    /// The main message that a reply to `id` belongs below.
    ///
    /// # Errors
    /// 5402 when it is a reply itself, which is all that the reference says of that code; 5301 when it is not there.
    pub(crate) fn main_message(&self, account: &str, place: &Place, id: &str) -> Result<u64, Fail> {
        match self.message(account, place, id) {
            Ok(Message { root: None, ts, .. }) => Ok(*ts),
            Ok(_) => Err(Fail::new(400, 5402, "This only supports replies to a main message.")),
            Err(_) => Err(Fail::new(400, 5301, "Message sending failed.")),
        }
    }

    /// Puts a message into a conversation and tells of it; answers with its id. What people's clients post brings its id
    /// along; an app's post is given one in small letters, as *Send a chat message* answers.
    pub(crate) fn post(
        &mut self,
        account: &str,
        place: &Place,
        mut draft: Message,
    ) -> Result<String, Fail> {
        let now = self.millis();
        let known = self.account_mut(account)?;
        known.last_ts = now.max(known.last_ts + 1);
        draft.ts = known.last_ts;
        if draft.id.is_empty() {
            draft.id = self.core.ids.uuid();
        }
        let (id, ts) = (draft.id.clone(), draft.ts);
        let conversation = self.conversation_mut(account, place)?;
        conversation.ids.insert(id.clone(), ts);
        conversation.messages.insert(ts, draft.clone());
        self.tell_posted(account, place, &draft);
        Ok(id)
    }

    /// Replaces a message's content.
    ///
    /// # Errors
    /// 200 when somebody else sent it.
    pub(crate) fn edit(
        &mut self,
        account: &str,
        place: &Place,
        id: &str,
        by: &str,
        edit: Edit,
    ) -> Result<(), Fail> {
        let ts = self.own(account, place, id, by)?;
        let message = self.message_mut(account, place, ts)?;
        message.text = edit.text;
        message.styles = edit.styles;
        message.mentions = edit.mentions;
        message.files = edit.files.unwrap_or(std::mem::take(&mut message.files));
        message.edited = true;
        let message = message.clone();
        self.tell_edited(account, place, &message);
        Ok(())
    }

    /// Deletes a message; listings that ask for it still name it.
    ///
    /// # Errors
    /// 200 when somebody else sent it.
    pub(crate) fn delete(
        &mut self,
        account: &str,
        place: &Place,
        id: &str,
        by: &str,
    ) -> Result<(), Fail> {
        let ts = self.own(account, place, id, by)?;
        let message = self.message_mut(account, place, ts)?;
        let before = message.clone();
        *message = Message {
            id: before.id.clone(),
            ts,
            sender: before.sender.clone(),
            root: before.root,
            deleted: true,
            ..Message::default()
        };
        self.tell_deleted(account, place, &before);
        Ok(())
    }

    fn own(&self, account: &str, place: &Place, id: &str, by: &str) -> Result<u64, Fail> {
        let message = self.message(account, place, id)?;
        if message.sender == by {
            Ok(message.ts)
        } else {
            Err(Fail::forbidden("Only the sender of this message can make updates."))
        }
    }

    /// Adds or removes `by`'s reaction; nothing happens when it is there, or not there, already.
    pub(crate) fn react(
        &mut self,
        account: &str,
        place: &Place,
        id: &str,
        by: &str,
        emoji: &Emoji,
        add: bool,
    ) -> Result<(), Fail> {
        let ts = self.message(account, place, id)?.ts;
        let message = self.message_mut(account, place, ts)?;
        let at = message.reactions.iter().position(|(known, _)| known == emoji);
        let has = at.is_some_and(|at| message.reactions[at].1.iter().any(|user| user == by));
        match (add, has, at) {
            (true, false, Some(at)) => message.reactions[at].1.push(by.to_owned()),
            (true, false, None) => message.reactions.push((emoji.clone(), vec![by.to_owned()])),
            (false, true, Some(at)) => {
                message.reactions[at].1.retain(|user| user != by);
                message.reactions.retain(|(_, users)| !users.is_empty());
            }
            _ => return Ok(()),
        }
        let message = message.clone();
        self.tell_reaction(account, place, &message, by, emoji, add);
        Ok(())
    }

    /// Marks a message as read or unread for `by`.
    pub(crate) fn mark(
        &mut self,
        account: &str,
        place: &Place,
        id: &str,
        by: &str,
        read: bool,
    ) -> Result<(), Fail> {
        let ts = self.message(account, place, id)?.ts;
        let unread_by = &mut self.message_mut(account, place, ts)?.unread_by;
        if read {
            unread_by.remove(by);
        } else {
            unread_by.insert(by.to_owned());
        }
        Ok(())
    }
}

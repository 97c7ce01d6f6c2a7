//! Deeds with messages.

use serde_json::json;

use super::{Actor, Deed, Done, invalid};
use crate::core::ControlError;
use crate::core::files::{Content, mime_of};
use crate::zoom::compose::{Composed, compose};
use crate::zoom::error::Fail;
use crate::zoom::ranges::{Mention, Style};
use crate::zoom::reaction::Emoji;
use crate::zoom::stage::{Edit, Stage};
use crate::zoom::world::{File, Message, Place};

impl Stage<'_> {
    /// What was typed, or, with ranges given, exactly that.
    fn composed(&self, actor: &Actor, deed: &Deed) -> Result<Composed, Fail> {
        let account = self.account(&actor.account)?;
        let text = deed.text.as_deref().unwrap_or("");
        if deed.rich_text.is_null() && deed.at_items.is_null() {
            return Ok(compose(text, account));
        }
        let styles = Style::read(&deed.rich_text, text)?;
        let mentions = Mention::read(&deed.at_items, text, account)?;
        Ok(Composed { text: text.to_owned(), styles, mentions })
    }

    pub(super) fn write(&mut self, actor: &Actor, deed: &Deed, contents: Vec<Content>) -> Done {
        let place = self.where_to(actor, deed)?;
        self.may_post(&actor.account, &place, &actor.user)?;
        let main = match deed.r#do.as_str() {
            "reply" => deed.id.as_ref().or(deed.thread.as_ref()),
            _ => deed.thread.as_ref(),
        };
        let main = main.map(|id| self.meant(&actor.account, &place, id));
        let root = main.map(|id| self.main_message(&actor.account, &place, &id)).transpose()?;
        if deed.r#do == "reply" && root.is_none() {
            return Err(invalid("id is missing: which message is it a reply to?"));
        }
        let Composed { text, styles, mentions } = self.composed(actor, deed)?;
        if text.is_empty() && contents.is_empty() {
            return Err(invalid("text or files are missing"));
        }
        let files = self.keep_files(actor, deed, contents)?;
        let (id, sender) = (self.core.ids.uuid().to_ascii_uppercase(), actor.user.clone());
        let (shown, draft) = (
            files.clone(),
            Message { id, sender, text, styles, mentions, files, root, ..Message::default() },
        );
        let id = self.post(&actor.account, &place, draft)?;
        let mut answer = self.told(actor, &place, &id)?;
        answer["files"] = json!(shown);
        Ok(answer)
    }

    /// The id of the message that control means: people point at messages, so capitals do not matter here.
    fn meant(&self, account: &str, place: &Place, id: &str) -> String {
        let conversation = self.account(account).ok().and_then(|known| known.conversation(place));
        let mut forms =
            [id.to_owned(), id.to_ascii_uppercase(), id.to_ascii_lowercase()].into_iter();
        let known = |form: &String| conversation.is_some_and(|it| it.ids.contains_key(form));
        forms.find(known).unwrap_or_else(|| id.to_owned())
    }

    fn told(&self, actor: &Actor, place: &Place, id: &str) -> Done {
        let timestamp = self.message(&actor.account, place, id)?.ts;
        Ok(match place {
            Place::Channel(channel) => {
                json!({"channel": channel, "id": id, "timestamp": timestamp})
            }
            Place::Direct(..) => {
                json!({"to": place.other(&actor.user), "id": id, "timestamp": timestamp})
            }
        })
    }

    fn keep_files(
        &mut self,
        actor: &Actor,
        deed: &Deed,
        contents: Vec<Content>,
    ) -> Result<Vec<String>, Fail> {
        let created = self.now();
        let mut ids = Vec::new();
        for (given, content) in deed.files.iter().zip(contents) {
            let known = given.mime != "application/octet-stream";
            let file = File {
                id: self.fresh_id(),
                name: given.name.clone(),
                mime: if known { given.mime.clone() } else { mime_of(&given.name).to_owned() },
                owner: actor.user.clone(),
                created,
                content,
            };
            self.tell_file(&actor.account, &file, "team_chat.file_uploaded");
            ids.push(file.id.clone());
            self.account_mut(&actor.account)?.files.insert(file.id.clone(), file);
        }
        Ok(ids)
    }

    pub(super) fn touch(&mut self, actor: &Actor, deed: &Deed) -> Done {
        let place = self.where_to(actor, deed)?;
        if let Place::Channel(id) = &place
            && !self.channel(&actor.account, id)?.members.contains(&actor.user)
        {
            return Err(ControlError::Refused("not a member of the channel".to_owned()));
        }
        let (account, user) = (actor.account.as_str(), actor.user.as_str());
        let id = deed.id.as_deref().ok_or_else(|| invalid("id is missing"))?;
        let id = &self.meant(account, &place, id);
        match deed.r#do.as_str() {
            "edit" => {
                let Composed { text, styles, mentions } = self.composed(actor, deed)?;
                let edit = Edit { text, styles, mentions, files: None };
                self.edit(account, &place, id, user, edit)?;
            }
            "delete" => {
                self.delete(account, &place, id, user)?;
                return Ok(json!({"id": id}));
            }
            "mark_read" => self.mark(account, &place, id, user, true)?,
            "mark_unread" => self.mark(account, &place, id, user, false)?,
            verb => {
                let given = deed.emoji.as_deref().ok_or_else(|| invalid("emoji is missing"))?;
                let name = given.strip_prefix(':').and_then(|name| name.strip_suffix(':'));
                let emoji = match name {
                    None => Emoji::Unicode(given.to_owned()),
                    Some(name) => {
                        let known = self.account(account)?.emoji.values().any(|e| e.name == name);
                        if !known {
                            return Err(ControlError::Refused(format!("no emoji {name}")));
                        }
                        Emoji::Custom(name.to_owned())
                    }
                };
                self.react(account, &place, id, user, &emoji, verb == "react")?;
            }
        }
        self.told(actor, &place, id)
    }
}

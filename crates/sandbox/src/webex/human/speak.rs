//! Deeds with messages.

use serde_json::json;

use super::{Actor, Deed, Done, invalid};
use crate::core::files::Content;
use crate::webex::contents::{Scan, Upload};
use crate::webex::messages::Draft;
use crate::webex::stage::Stage;
use crate::webex::world::Verdict;

impl Stage<'_> {
    pub(super) fn write(&mut self, actor: &Actor, deed: &Deed, contents: Vec<Content>) -> Done {
        let me = actor.person.as_str();
        let room = match &deed.to {
            Some(to) => {
                let other = self.find_person(&actor.org, to)?.id.clone();
                self.direct(me, &other)?
            }
            None => self.known_room(actor, deed)?,
        };
        let parent = match deed.r#do.as_str() {
            "reply" => deed.id.clone().or_else(|| deed.thread.clone()),
            _ => deed.thread.clone(),
        };
        if deed.r#do == "reply" && parent.is_none() {
            return Err(invalid("id is missing: which message is it a reply to?"));
        }
        let body = self.typed(&room, deed.text.as_deref().unwrap_or(""))?;
        if body.text.is_empty() && contents.is_empty() {
            return Err(invalid("text or files are missing"));
        }
        let verdict = match (deed.infected, deed.unscannable) {
            (true, _) => Verdict::Infected,
            (_, true) => Verdict::Unscannable,
            _ => Verdict::Clean,
        };
        let scan = Scan { seconds: deed.scan_seconds, verdict };
        let given = deed.files.iter().zip(contents);
        let uploads = given.map(|(given, content)| Upload {
            name: given.name.clone(),
            mime: given.mime.clone(),
            content,
        });
        let draft = Draft { body, parent, uploads: uploads.collect(), scan, ..Draft::default() };
        let id = self.post(&room, me, draft)?;
        let files = self.message(&id)?.1.files.clone();
        Ok(json!({"channel": room, "id": id, "files": files}))
    }

    pub(super) fn touch(&mut self, actor: &Actor, deed: &Deed) -> Done {
        let id = deed.id.as_deref().ok_or_else(|| invalid("id is missing"))?;
        let room = self.readable(id, &actor.person)?.0.id.clone();
        match deed.r#do.as_str() {
            "edit" => {
                let body = self.typed(&room, deed.text.as_deref().unwrap_or(""))?;
                self.edit(id, &actor.person, body)?;
            }
            "delete" => self.delete(id, &actor.person)?,
            _ => {
                let press = self.press(id, &actor.person, deed.inputs.clone())?;
                return Ok(json!({"channel": room, "id": id, "action": press}));
            }
        }
        Ok(json!({"channel": room, "id": id}))
    }
}

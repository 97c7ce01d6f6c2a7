//! Files: sent at once, uploaded for a later message, looked up, deleted.

use serde_json::json;

use super::{Answer, Call, Reply, Upload};
use crate::core::files::mime_of;
use crate::zoom::error::Fail;
use crate::zoom::json::{Links, extension};
use crate::zoom::world::{File, Message, Place};

const MEGABYTE: u64 = 1024 * 1024;
/// The largest image and the largest other file that *Send a chat file* takes, and the largest upload.
const IMAGE: u64 = 16 * MEGABYTE;
const OTHER: u64 = 20 * MEGABYTE;
const UPLOAD: u64 = 1024 * MEGABYTE;

impl Call<'_> {
    /// The only file of the form.
    fn only_file(&mut self, field: &'static str) -> Result<Upload, Fail> {
        let upload = self.input.uploads.pop().ok_or_else(|| Fail::field(field))?;
        if self.input.uploads.is_empty() { Ok(upload) } else { Err(Fail::field(field)) }
    }

    /// Keeps a file of `owner`'s, unless it is over the limit.
    fn keep(
        &mut self,
        owner: &str,
        upload: Upload,
        limit: impl Fn(&str) -> u64,
    ) -> Result<String, Fail> {
        let given = upload.mime.filter(|mime| mime != "application/octet-stream");
        let mime = given.unwrap_or_else(|| mime_of(&upload.name).to_owned());
        let limit = limit(&mime);
        if upload.content.size > limit {
            return Err(Fail::new(400, 300, format!("Maximum file size exceeded: {limit}")));
        }
        let file = File {
            id: self.stage.fresh_id(),
            name: upload.name,
            mime,
            owner: owner.to_owned(),
            created: self.stage.now(),
            content: upload.content,
        };
        let account = self.who.account.clone();
        self.stage.tell_file(&account, &file, "team_chat.file_uploaded");
        let id = file.id.clone();
        self.stage.account_mut(&account)?.files.insert(id.clone(), file);
        Ok(id)
    }

    /// A file that the person owns or that was sent where they are.
    fn known_file(&self) -> Result<&File, Fail> {
        let (id, user) = (self.named("fileId"), &self.who.user);
        let account = self.account()?;
        let file = account.files.get(&id);
        let file = file.ok_or_else(|| Fail::new(404, 404, "Resource not found."))?;
        let has = |messages: &std::collections::BTreeMap<u64, Message>| {
            messages.values().any(|message| message.files.contains(&id))
        };
        let shared =
            account.channels.values().any(|channel| {
                channel.members.contains(user) && has(&channel.conversation.messages)
            }) || account.directs.iter().any(|((one, other), conversation)| {
                (one == user || other == user) && has(&conversation.messages)
            });
        if file.owner == *user || shared {
            Ok(file)
        } else {
            Err(Fail::new(403, 403, "Operation not permitted."))
        }
    }
}

/// *Send a chat file*: a message that is one file.
pub(super) fn send(call: &mut Call<'_>) -> Answer {
    let user = call.user()?;
    let place = call.place(&user)?;
    let root = call.main(&place)?;
    let upload = call.only_file("files")?;
    call.admit(&place, &user)?;
    let limit = |mime: &str| if mime.starts_with("image/") { IMAGE } else { OTHER };
    let file = call.keep(&user, upload, limit)?;
    let draft = Message { sender: user, files: vec![file], root, ..Message::default() };
    let id = call.stage.post(&call.who.account, &place, draft)?;
    Ok(Reply::created(json!({"id": id})))
}

/// *Upload a chat file*: kept for `file_ids`, and by default also sent to the person themselves.
pub(super) fn upload(call: &mut Call<'_>) -> Answer {
    let user = call.user()?;
    let upload = call.only_file("file")?;
    let file = call.keep(&user, upload, |_| UPLOAD)?;
    if call.query("postToPersonalChat") != Some("false") {
        let place = Place::direct(&user, &user);
        let draft = Message { sender: user, files: vec![file.clone()], ..Message::default() };
        call.stage.post(&call.who.account, &place, draft)?;
    }
    Ok(Reply::created(json!({"id": file})))
}

/// *Get file info*.
pub(super) fn info(call: &mut Call<'_>) -> Answer {
    let file = call.known_file()?;
    let links = Links { base: &call.stage.state.base, now: call.stage.millis() / 1000 };
    let created = file.created.as_millisecond();
    Ok(Reply::ok(json!({"file_id": file.id, "file_name": file.name,
        "OS_file_type": extension(&file.name), "length": file.content.size,
        "digest": file.content.sha256, "created_time": created, "modified_time": created,
        "download_url": links.of(file)})))
}

/// *Delete a chat file*: for its owner.
pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let file = call.known_file()?.clone();
    if file.owner != call.who.user {
        return Err(Fail::new(403, 403, "Operation not permitted."));
    }
    let account = call.who.account.clone();
    call.stage.account_mut(&account)?.files.remove(&file.id);
    call.stage.tell_file(&account, &file, "team_chat.file_deleted");
    Ok(Reply::done())
}

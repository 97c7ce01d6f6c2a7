//! Posting, finding what was posted, and changing it: always as the service user, since Graph lets
//! nobody else send.

use http::Method;
use rialto_model::{AttachmentKind, Begun, Emoji, RemoteId};
use rialto_platform::{
    HeldFile, MessageChange, Part, Post, SendError, UploadedFile, failed_files,
    sent::{Listed, Search},
};
use serde_json::{Value, json};

use crate::{
    connection::TeamsConnection,
    fault::Fault,
    fingerprint::{self, FILE_SIGN},
    html, markup,
    place::{Place, chat_of, is_id},
    tokens::Identity,
    upload::Uploaded,
    wire::{ChatMessage, List},
};

/// How a line about a file that failed goes on after its name.
const NOT_ALONG: &str = "did not come along";

impl TeamsConnection {
    pub(crate) async fn make_post(&self, post: &Post<'_>) -> Result<RemoteId, SendError> {
        let body = with_files(parsed(post.part)?, post.files);
        let url = self.graph.url(&siblings(post.to, post.thread)?);
        let made: Result<ChatMessage, Fault> = self.graph.post(Identity::Service, url, &body).await;
        match made {
            Ok(message) if is_id(&message.id) => Ok(message.id.into()),
            Ok(_) => Err(SendError::Unknown("Graph made a message without an id".into())),
            Err(fault) if post.thread.is_some() && fault.is_gone() => {
                Err(SendError::NoThread(fault.to_string()))
            }
            Err(fault) => Err(fault.to_send()),
        }
    }

    /// Messages of the service user that read like the part, with its files, oldest first.
    pub(crate) async fn look_for(
        &self,
        post: &Post<'_>,
        begun: &Begun,
    ) -> Result<Vec<RemoteId>, SendError> {
        let ours = self.ours().await.map_err(|fault| fault.to_send())?;
        // A thread has an address of its own, so that all that is listed is in it.
        let mut search = Search::new(begun, None, &post.part.fingerprint);
        let files: Vec<String> = uploaded(post.files).map(|file| file.attachment_id).collect();
        let listed = |message: &ChatMessage| {
            let from = message.from.as_ref().and_then(|from| from.user.as_ref());
            let shows = |id: &String| message.attachments.iter().any(|a| a.id == *id);
            Listed {
                id: message.id.as_str().into(),
                created: message.created_date_time,
                own: from.and_then(|user| user.id.as_deref()).is_some_and(|id| ours.has(id))
                    && message.deleted_date_time.is_none(),
                thread: None,
                fingerprint: fingerprint::of_body(&message.body),
                has_files: files.iter().all(shows),
            }
        };
        let mut url = self.graph.url(&siblings(post.to, post.thread)?);
        url.query_pairs_mut().append_pair("$top", "50");
        loop {
            let page: List<ChatMessage> = match self.graph.get(Identity::Service, url).await {
                Ok(page) => page,
                // In a thread that is gone there is nothing: what was posted is outside, or nowhere.
                Err(fault) if post.thread.is_some() && fault.is_gone() => {
                    return Ok(search.found());
                }
                Err(fault) => return Err(looked(&fault)),
            };
            // A channel's posts come by their last activity: only a whole page of old ones ends it.
            let goes_on = search.look(page.value.iter().map(listed))?;
            let Some(next) = page.next.filter(|_| goes_on) else { return Ok(search.found()) };
            url = self.graph.continued(&next).map_err(|fault| looked(&fault))?;
        }
    }

    pub(crate) async fn make_change(
        &self,
        to: &RemoteId,
        change: &MessageChange<'_>,
    ) -> Result<(), SendError> {
        let (message, thread, act) = match change {
            MessageChange::Edit { message, thread, part, files } => {
                (message, thread, Act::Edit(parsed(part)?, files))
            }
            MessageChange::Delete { message, thread } => (message, thread, Act::Delete),
            MessageChange::React { message, thread, emoji } => {
                (message, thread, Act::React("setReaction", reaction(emoji)?))
            }
            MessageChange::Unreact { message, thread, emoji } => {
                (message, thread, Act::React("unsetReaction", reaction(emoji)?))
            }
        };
        let mut done = self.act(to, path(to, message, *thread)?, &act).await;
        if thread.is_some() && done.as_ref().is_err_and(Fault::is_gone) {
            // Its thread may have been gone when it was posted: then it is outside of it.
            done = self.act(to, path(to, message, None)?, &act).await;
        }
        let is_away = |fault: &Fault| match change {
            MessageChange::Delete { .. } => fault.is_gone() || fault.is_deleted(),
            MessageChange::Unreact { .. } => fault.is_gone(),
            MessageChange::Edit { .. } | MessageChange::React { .. } => false,
        };
        match done {
            Err(fault) if is_away(&fault) => Ok(()),
            done => done.map_err(|fault| fault.to_send()),
        }
    }

    async fn act(&self, to: &RemoteId, mut path: Vec<String>, act: &Act<'_>) -> Result<(), Fault> {
        let (what, body) = match act {
            Act::Edit(body, files) => return self.edit(&path, body.clone(), files).await,
            Act::Delete => {
                if chat_of(to).is_some() {
                    // In chats Graph deletes by the path of who wrote it.
                    path.splice(0..0, ["users".into(), self.graph.tokens.account().await?]);
                }
                ("softDelete", None)
            }
            Act::React(what, body) => (*what, Some(body)),
        };
        path.push(what.into());
        let url = self.graph.url(&path);
        self.graph.send(Identity::Service, Method::POST, url, body).await.map(|_| ())
    }

    /// A message's files are part of what an edit replaces, so they are read first and sent along.
    async fn edit(
        &self,
        path: &[String],
        mut body: Value,
        files: &[HeldFile],
    ) -> Result<(), Fault> {
        let url = self.graph.url(path);
        let before = self.graph.get::<Value>(Identity::Service, url.clone()).await?;
        if !before["deletedDateTime"].is_null() {
            return Err(Fault::deleted());
        }
        let old = before["body"]["content"].as_str().unwrap_or_default();
        let mut tail = failed_file_lines(old, files).concat();
        let there: Vec<Value> = before["attachments"].as_array().cloned().unwrap_or_default();
        let had_files = !there.is_empty();
        let stay = HeldFile::staying(files, there);
        for file in &stay {
            tail.push_str(&marker(file["id"].as_str().unwrap_or_default()));
        }
        append(&mut body, &tail);
        if had_files {
            body["attachments"] = stay.into();
        }
        self.graph.send(Identity::Service, Method::PATCH, url, Some(&body)).await.map(|_| ())
    }
}

/// A change, as Graph is told of it.
enum Act<'a> {
    /// It reads so, and has these of its files.
    Edit(Value, &'a [HeldFile]),
    Delete,
    /// The action, and its body.
    React(&'static str, Value),
}

/// What a failed look means: nothing was changed by it, and nothing is known.
fn looked(fault: &Fault) -> SendError {
    SendError::looked(fault.to_send())
}

/// Where messages of a conversation are listed and posted, or replies of a thread.
fn siblings(to: &RemoteId, thread: Option<&RemoteId>) -> Result<Vec<String>, SendError> {
    let mut path = match (chat_of(to), Place::parse(to)) {
        (Some(chat), _) => vec!["chats".into(), chat.into()],
        (None, Some(place)) => vec!["teams".into(), place.team, "channels".into(), place.channel],
        (None, None) => {
            return Err(SendError::Permanent(format!("`{to}` is no channel of Teams")));
        }
    };
    path.push("messages".into());
    if let Some(root) = thread {
        path.extend([message_id(root)?, "replies".into()]);
    }
    Ok(path)
}

/// Where a message is, which may be the root of the thread.
fn path(
    to: &RemoteId,
    message: &RemoteId,
    thread: Option<&RemoteId>,
) -> Result<Vec<String>, SendError> {
    let mut path = siblings(to, thread.filter(|root| *root != message))?;
    path.push(message_id(message)?);
    Ok(path)
}

fn message_id(id: &RemoteId) -> Result<String, SendError> {
    let known = is_id(id.as_str()).then(|| id.as_str().to_owned());
    known.ok_or_else(|| SendError::Permanent(format!("`{id}` is no message of Teams")))
}

fn parsed(part: &Part) -> Result<Value, SendError> {
    serde_json::from_str(&part.body)
        .map_err(|_| SendError::Permanent("what was to be sent cannot be read".into()))
}

fn reaction(emoji: &Emoji) -> Result<Value, SendError> {
    match emoji {
        Emoji::Unicode(emoji) => Ok(json!({ "reactionType": emoji })),
        Emoji::Custom(_) => Err(SendError::Permanent("Teams knows no custom emoji".into())),
    }
}

fn uploaded<'a>(files: &'a [UploadedFile<'a>]) -> impl Iterator<Item = Uploaded> + 'a {
    files.iter().filter_map(|file| serde_json::from_str(file.outcome.ok()?).ok())
}

fn marker(id: &str) -> String {
    format!("<attachment id=\"{}\"></attachment>", markup::escaped(id))
}

fn append(body: &mut Value, html: &str) {
    let content = body["body"]["content"].as_str().unwrap_or_default();
    body["body"]["content"] = format!("{content}{html}").into();
}

/// The body with its files; one that failed is said in its place.
fn with_files(mut body: Value, files: &[UploadedFile<'_>]) -> Value {
    let mut attachments = Vec::new();
    let mut tail = String::new();
    for file in files {
        let handle = file.outcome.map(serde_json::from_str::<Uploaded>);
        match handle {
            Ok(Ok(handle)) => {
                tail.push_str(&marker(&handle.attachment_id));
                attachments.push(json!({
                    "id": handle.attachment_id,
                    "contentType": "reference",
                    "contentUrl": handle.content_url,
                    "name": handle.name,
                }));
            }
            Ok(Err(_)) => tail.push_str(&failed(file, "it was lost on the way")),
            Err(why) => tail.push_str(&failed(file, why)),
        }
    }
    append(&mut body, &tail);
    if !attachments.is_empty() {
        body["attachments"] = attachments.into();
    }
    body
}

fn failed(file: &UploadedFile<'_>, why: &str) -> String {
    let what = match file.attachment.kind {
        AttachmentKind::Image => "picture",
        AttachmentKind::File | AttachmentKind::Snippet => "file",
    };
    let size = file.attachment.size.map(|size| format!(" ({})", readable_size(size)));
    failed_line(&format!(
        "{FILE_SIGN} The {what} {}{} {NOT_ALONG}: {why}",
        file.attachment.name,
        size.unwrap_or_default(),
    ))
}

fn failed_line(text: &str) -> String {
    format!("<p><em>{}</em></p>", markup::escaped(text))
}

/// The lines about files that failed, of a message that is about to be edited.
fn failed_file_lines(html: &str, files: &[HeldFile]) -> Vec<String> {
    if !html.contains(FILE_SIGN) {
        return Vec::new();
    }
    let text = html::parse(html, &html::Mentions::new()).text.plain_text();
    let lines = failed_files::lines_that_stay(&text, files);
    lines.into_iter().map(failed_line).collect()
}

fn readable_size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

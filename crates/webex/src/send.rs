//! Posting, finding again what was posted, and changing it: always as the service user.

use std::collections::HashMap;

use http::Method;
use reqwest::multipart::Form;
use rialto_model::{Attachment, Begun, Emoji, RemoteId};
use rialto_platform::{
    FileError, Part, Post, SendError, failed_files,
    http::below,
    sent::{Listed, Search},
};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::{
    api::{Api, ApiError, Identity, Query, answer, read},
    fingerprint, history, normalize,
    place::Place,
    render::{Body, Called, SPARE, words},
    replies::{About, Replies},
    spool::Waiting,
    wire::{Made, Membership, Message},
};

/// Makes a post.
pub(crate) async fn post(
    api: &Api,
    waiting: &Waiting,
    post: &Post<'_>,
) -> Result<RemoteId, SendError> {
    let body = body(post.part)?;
    let mut markdown = addressed(api, post.to, body).await?;
    for line in post.files.iter().filter_map(|file| failed_files::line(file, SPARE / 2, str::len)) {
        markdown.push_str(&format!("\n\n{}", words(&line)));
    }
    let (to, id) = Place::of(post.to).destination();
    let file = post.files.iter().find_map(|file| Some((file.attachment, file.outcome.ok()?)));
    let made = match file {
        None => {
            let mut call = json!({ to: id, "markdown": markdown });
            if let Some(root) = post.thread {
                call["parentId"] = json!(root);
            }
            api.send::<Made>(Method::POST, &["messages"], &call).await
        }
        Some(file) => with_file(api, waiting, post, &markdown, file).await?,
    };
    let made: Made = match made {
        Err(ApiError::Refused { .. }) if lost_thread(api, post.thread).await? => {
            return Err(SendError::NoThread("what it replies to is gone in Webex".into()));
        }
        made => made?,
    };
    if let Some((_, handle)) = file {
        waiting.done(handle);
    }
    let id = made.id.get().map(Into::into);
    id.ok_or_else(|| SendError::Unknown("Webex's answer does not name the message".into()))
}

/// Makes a post with a file: a form, made anew when Webex wants another token.
async fn with_file(
    api: &Api,
    waiting: &Waiting,
    post: &Post<'_>,
    markdown: &str,
    file: (&Attachment, &str),
) -> Result<Result<Made, ApiError>, SendError> {
    let (attachment, handle) = file;
    let file = waiting.get(handle).ok_or_else(|| {
        SendError::NoUpload("the file that waited for the post is not there any more".into())
    })?;
    let (to, id) = Place::of(post.to).destination();
    let form = async || {
        let (size, file) = (file.size(), file.part(attachment).await.map_err(unreadable)?);
        let form = Form::new().text(to, id.to_owned()).text("markdown", markdown.to_owned());
        let form = match post.thread {
            Some(root) => form.text("parentId", root.to_string()),
            None => form,
        };
        let url = below(&api.base, &["messages"]);
        let request = api.toolkit.http.upload(Method::POST, url, size);
        Ok::<_, SendError>(request.multipart(form.part("files", file)))
    };
    let pair = api.tokens.current().await?;
    let request = form().await?.bearer_auth(pair.access.expose_secret());
    let response = match answer(&api.toolkit, request).await {
        Err(ApiError::Revoked(_)) => {
            let pair = api.tokens.replace(&pair.access).await?;
            let request = form().await?.bearer_auth(pair.access.expose_secret());
            answer(&api.toolkit, request).await
        }
        response => response,
    };
    match response {
        Ok(response) => Ok(read(response).await),
        Err(error) => Ok(Err(error)),
    }
}

fn unreadable(error: FileError) -> SendError {
    match error {
        FileError::Refused(reason) => SendError::Permanent(reason),
        error => SendError::NoUpload(error.to_string()),
    }
}

/// Whether a post was refused because it replies to what is gone, or is a reply itself. Webex's words
/// for that are not published.
async fn lost_thread(api: &Api, root: Option<&RemoteId>) -> Result<bool, SendError> {
    let Some(root) = root else { return Ok(false) };
    match api.get::<Message>(&["messages", root.as_str()], &Vec::new()).await {
        Err(error) if error.is_gone() => Ok(true),
        root => Ok(root.map_err(SendError::looked)?.parent_id.get().is_some()),
    }
}

/// The text, in which whoever is not in the space is named and not called: Webex would show the sign
/// itself.
async fn addressed(api: &Api, to: &RemoteId, body: Body) -> Result<String, SendError> {
    let mut markdown = body.markdown;
    let Place::Room(room) = Place::of(to) else {
        let named = |text: String, call: &Called| text.replace(&call.markup, &call.words);
        return Ok(body.calls.iter().fold(markdown, named));
    };
    let mut there: HashMap<&str, bool> = HashMap::new();
    for call in &body.calls {
        if !there.contains_key(call.id.as_str()) {
            there.insert(&call.id, is_in(api, room, &call.id).await?);
        }
        if there.get(call.id.as_str()) == Some(&false) {
            markdown = markdown.replace(&call.markup, &call.words);
        }
    }
    Ok(markdown)
}

async fn is_in(api: &Api, room: &str, person: &str) -> Result<bool, SendError> {
    let query: Query<'_> = vec![("roomId", room.to_owned()), ("personId", person.to_owned())];
    match api.list::<Membership>(&["memberships"], &query).await {
        Ok(listed) => Ok(!listed.items.is_empty()),
        Err(ApiError::Refused { .. }) => Ok(false),
        Err(error) => Err(SendError::looked(error)),
    }
}

/// Messages of the service user that read like the part, with as many files and in its thread, oldest
/// first: no metadata travels along by which one could be told from another that reads the same.
pub(crate) async fn find_sent(
    api: &Api,
    own: &Identity,
    post: &Post<'_>,
    begun: &Begun,
) -> Result<Vec<RemoteId>, SendError> {
    let mut search = Search::new(begun, post.thread.cloned(), &post.part.fingerprint);
    let files = post.files.iter().filter(|file| file.outcome.is_ok()).count();
    let listed = |message: &Message| {
        Some(Listed {
            id: message.id.get()?.into(),
            created: message.created,
            own: normalize::is_own(message, own),
            thread: message.parent_id.get().map(Into::into),
            fingerprint: fingerprint::of(&normalize::text(message)),
            has_files: message.files.len() == files,
        })
    };
    let (path, _) = Place::of(post.to).listing();
    let mut page = match api.list::<Message>(path, &history::query(post.to, None)).await {
        // Nobody has said anything to this person yet.
        Err(error) if error.is_gone() && matches!(Place::of(post.to), Place::Person(_)) => {
            return Ok(Vec::new());
        }
        page => page.map_err(SendError::looked)?,
    };
    let mut before = None;
    while search.look(page.items.iter().filter_map(listed))? {
        page = match &page.next {
            Some(next) => api.list_on(path, next).await,
            None => {
                let next = history::behind(&page.items).filter(|_| history::goes_on(&page));
                // What was said with one person is listed by pages that Webex names alone.
                let is_room = matches!(Place::of(post.to), Place::Room(_));
                if !is_room || next.is_none() || next == before {
                    break;
                }
                before = next;
                api.list(path, &history::query(post.to, before.as_deref())).await
            }
        }
        .map_err(SendError::looked)?;
    }
    Ok(search.found())
}

/// Makes a message read anew. What it reads already is not sent again: each time counts among the few
/// edits that Webex allows.
pub(crate) async fn edit(
    api: &Api,
    own: &Identity,
    replies: &Replies,
    to: &RemoteId,
    message: &RemoteId,
    part: &Part,
) -> Result<(), SendError> {
    let path = ["messages", message.as_str()];
    let before: Message = api.get(&path, &Vec::new()).await.map_err(SendError::looked)?;
    let markdown = addressed(api, to, body(part)?).await?;
    if replies.tell_of(message.as_str()).await? {
        return replies.say(api, own, &before, About::Reading, &markdown).await;
    }
    if before.markdown.get() == Some(&markdown) {
        return Ok(());
    }
    let room = before.room_id.get().unwrap_or(to.as_str());
    let call = json!({ "roomId": room, "markdown": markdown });
    match api.send::<Message>(Method::PUT, &path, &call).await {
        Err(error) if error.is_bad() => {
            replies.say(api, own, &before, About::Reading, &markdown).await
        }
        done => Ok(done.map(drop)?),
    }
}

/// Takes a message away, and what was said of it.
pub(crate) async fn delete(
    api: &Api,
    own: &Identity,
    replies: &Replies,
    message: &RemoteId,
) -> Result<(), SendError> {
    replies.forget_all(api, own, message.as_str()).await?;
    Ok(api.delete(&["messages", message.as_str()]).await?)
}

/// Reacts to a message, in a reply.
pub(crate) async fn react(
    api: &Api,
    own: &Identity,
    replies: &Replies,
    message: &RemoteId,
    emoji: &Emoji,
) -> Result<(), SendError> {
    let message: Message =
        api.get(&["messages", message.as_str()], &Vec::new()).await.map_err(SendError::looked)?;
    replies.say(api, own, &message, About::Reaction(emoji), "").await
}

fn body(part: &Part) -> Result<Body, SendError> {
    serde_json::from_str(&part.body)
        .map_err(|_| SendError::Permanent("the part was not rendered for Webex".into()))
}

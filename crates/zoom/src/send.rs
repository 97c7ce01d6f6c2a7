//! Posting, finding again what was posted, and changing it: always as the service user, since Zoom
//! lets nobody else write into a channel.

use http::Method;
use rialto_model::{Begun, Emoji, RemoteId};
use rialto_platform::{
    HeldFile, MessageChange, Part, Post, SendError, failed_files,
    sent::{Listed, Search},
};
use serde_json::{Value, json};

use crate::{
    api::{Api, ApiError, Identity, Query},
    fingerprint, history,
    ids::About,
    normalize,
    people::People,
    place::Place,
    reaction,
    render::{Body, MAX_UNITS, file_line, units},
    wire::{self, List, Made, Message},
};

/// The shortest name of an emoji that can be searched for (*List custom emojis*).
const SEARCHABLE: usize = 3;

/// Makes a post.
pub(crate) async fn post(
    api: &Api,
    own: &Identity,
    people: &People,
    post: &Post<'_>,
) -> Result<RemoteId, SendError> {
    let body = body(post.part)?;
    let files: Vec<&str> = post.files.iter().filter_map(|file| file.outcome.ok()).collect();
    let room = file_line(post.files.len() - files.len());
    let failed = post.files.iter().filter_map(|file| failed_files::line(file, room, units));
    let message = std::iter::once(body.message).chain(failed).collect::<Vec<_>>().join("\n");
    let (to, id) = Place::of(post.to).parameter();
    let mut call = json!({ "message": message, to: id });
    if !files.is_empty() {
        call["file_ids"] = json!(files);
    }
    let bare = call.clone();
    let mentions = resolved(api, people, body.at_items).await?;
    if !body.rich_text.is_empty() {
        call["rich_text"] = json!(body.rich_text);
    }
    if !mentions.is_empty() {
        call["at_items"] = json!(mentions);
    }
    let draft = Draft { full: call, bare };
    let root = post.thread.map(|root| api.spellings.likeliest(root.as_str()));
    let mut made = draft.send(api, own, root.as_deref()).await;
    if let (Err(ApiError::Refused { .. }), Some(id)) = (&made, post.thread) {
        match main_message(api, own, post.to, id).await? {
            // Refused for its id alone, perhaps: so Zoom writes it.
            Root::There(written) if root.as_ref() != Some(&written) => {
                made = draft.send(api, own, Some(&written)).await;
            }
            Root::There(_) | Root::Unseen => {}
            Root::Gone => {
                let reason = "the message that it replies to is gone, or a reply itself";
                return Err(SendError::NoThread(reason.into()));
            }
        }
    }
    match made {
        Ok(made) => {
            let id = made.id.get().ok_or_else(|| {
                SendError::Unknown("Zoom's answer does not name the message".into())
            })?;
            api.spellings.learn(id);
            Ok(wire::message_id(id).into())
        }
        // Of a channel that is blocked Zoom need not say for how long.
        Err(ApiError::Limited { until, said, wide: false }) => {
            let (now, said_until) = (api.toolkit.clock.now(), Some(until).filter(|_| said));
            let until = api.blocked.until(post.to, said_until, now);
            Err(ApiError::Limited { until, said, wide: false }.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The body of a post, with formats and mentions and without.
struct Draft {
    full: Value,
    bare: Value,
}

impl Draft {
    /// Makes the call: once more without formats where those are refused.
    async fn send(&self, api: &Api, own: &Identity, root: Option<&str>) -> Result<Made, ApiError> {
        let path = ["chat", "users", own.path(), "messages"];
        let below = |body: &Value| {
            let mut body = body.clone();
            if let Some(root) = root {
                body["reply_main_message_id"] = json!(root);
            }
            body
        };
        match api.send(Method::POST, &path, &below(&self.full)).await {
            Err(error) if error.refuses_formatting() && self.full != self.bare => {
                // The words alone still say it. Who may call everybody is a setting of the channel.
                tracing::warn!(?error, "Zoom refused the formatting of a post; it goes as words");
                api.send(Method::POST, &path, &below(&self.bare)).await
            }
            made => made,
        }
    }
}

/// What became of the message that a reply is to go below.
enum Root {
    /// It is there and no reply itself; Zoom writes its id so.
    There(String),
    /// It was deleted, or is a reply: nothing can stand below it.
    Gone,
    /// Zoom does not show it.
    Unseen,
}

/// Looks at the message below which Zoom did not let us reply: the refusal itself does not say
/// whether that is the reason (*Send a chat message*: 5402 is about replies to replies alone).
async fn main_message(
    api: &Api,
    own: &Identity,
    to: &RemoteId,
    id: &RemoteId,
) -> Result<Root, SendError> {
    match read(api, own, to, id).await {
        Ok(root) if root.reply_main_message_id.get().is_some() => Ok(Root::Gone),
        Ok(_) => Ok(Root::There(api.spellings.likeliest(id.as_str()))),
        Err(error) if error.is_no_message() => Ok(Root::Gone),
        Err(ApiError::Refused { .. }) => Ok(Root::Unseen),
        Err(error) => Err(SendError::looked(error)),
    }
}

/// Mentions as calls take them: people by member id or e-mail address. Whoever Zoom does not know is
/// named by the words alone.
async fn resolved(api: &Api, people: &People, items: Vec<Value>) -> Result<Vec<Value>, SendError> {
    let mut resolved = Vec::with_capacity(items.len());
    for mut item in items {
        if let Some(id) = item["at_contact"].as_str() {
            let ids = people.find(api, id).await.map_err(SendError::looked)?;
            let Some(contact) = ids.as_ref().and_then(|ids| ids.mentioned()) else { continue };
            item["at_contact"] = json!(contact);
        }
        resolved.push(item);
    }
    Ok(resolved)
}

/// Messages of the service user that read like the part, with its files and in its thread, oldest
/// first: no metadata travels along by which one could be told from another that reads the same.
pub(crate) async fn find_sent(
    api: &Api,
    own: &Identity,
    post: &Post<'_>,
    begun: &Begun,
) -> Result<Vec<RemoteId>, SendError> {
    let thread = post.thread.map(|root| wire::message_id(root.as_str()).into());
    let mut search = Search::new(begun, thread, &post.part.fingerprint);
    let files: Vec<&str> = post.files.iter().filter_map(|file| file.outcome.ok()).collect();
    let listed = |message: &Message| {
        if message.status.get() == Some("Deleted") {
            return None;
        }
        let there = message.files();
        let shows = |id: &&str| there.iter().any(|file| file.file_id.get() == Some(*id));
        Some(Listed {
            id: wire::message_id(message.id.get()?).into(),
            created: message.timestamp.0.or(message.date_time.0),
            own: normalize::is_own(message, own),
            thread: message.reply_main_message_id.get().map(|id| wire::message_id(id).into()),
            fingerprint: fingerprint::of(message.message.as_deref().unwrap_or_default()),
            has_files: files.iter().all(shows),
        })
    };
    let path = ["chat", "users", own.path(), "messages"];
    let mut page: Option<String> = None;
    loop {
        let query = history::query(post.to, search.since(), page.as_deref());
        let list: List = api.get(&path, &query).await.map_err(SendError::looked)?;
        search.look(list.messages.iter().filter_map(listed))?;
        let next = list.next_page_token.get().map(str::to_owned);
        if next.is_none() || next == page {
            return Ok(search.found());
        }
        page = next;
    }
}

/// Changes something we posted.
pub(crate) async fn change(
    api: &Api,
    own: &Identity,
    to: &RemoteId,
    change: &MessageChange<'_>,
) -> Result<(), SendError> {
    let (parameter, id) = Place::of(to).parameter();
    match change {
        MessageChange::Edit { message, part, files, .. } => {
            edit(api, own, to, message, part, files).await
        }
        MessageChange::Delete { message, .. } => {
            let query = vec![(parameter, id.to_owned())];
            let (method, part, body) = (Method::DELETE, None, None);
            let delete = About { method, message, part, query, body };
            match delete.call::<Value>(api, own).await {
                Err(error) if error.is_gone() => Ok(()),
                done => Ok(done.map(drop)?),
            }
        }
        MessageChange::React { message, emoji, .. }
        | MessageChange::Unreact { message, emoji, .. } => {
            let adds = matches!(change, MessageChange::React { .. });
            let mut call = json!({ "action": if adds { "add" } else { "remove" }, parameter: id });
            match emoji {
                Emoji::Unicode(emoji) => call["emoji"] = json!(reaction::written(emoji)),
                Emoji::Custom(name) => {
                    call["custom_emoji"] = json!(true);
                    call["custom_emoji_id"] = json!(custom_emoji(api, name).await?);
                }
            }
            let (method, part, query) = (Method::PATCH, Some("emoji_reactions"), Vec::new());
            let react = About { method, message, part, query, body: Some(&call) };
            match react.call::<Value>(api, own).await {
                // What is not there has no reaction.
                Err(error) if !adds && error.is_gone() => Ok(()),
                done => Ok(done.map(drop)?),
            }
        }
    }
}

/// The id of an account's own emoji.
async fn custom_emoji(api: &Api, name: &str) -> Result<String, SendError> {
    let mut page = String::new();
    loop {
        let mut query: Query<'_> = vec![("page_size", "50".to_owned())];
        if name.chars().count() >= SEARCHABLE {
            query.push(("search_key", name.to_owned()));
        }
        if !page.is_empty() {
            query.push(("next_page_token", page.clone()));
        }
        let list: List = api.get(&["chat", "emoji"], &query).await.map_err(SendError::looked)?;
        let found = list.emojis.iter().find(|emoji| emoji.name.get() == Some(name));
        if let Some(id) = found.and_then(|emoji| emoji.file_id.get()) {
            return Ok(id.to_owned());
        }
        match list.next_page_token.get() {
            Some(next) if next != page => page = next.to_owned(),
            _ => break,
        }
    }
    Err(SendError::Permanent("the Zoom account has no emoji of this name".into()))
}

/// An edit replaces all of a message, its files included, and takes no formats: so the words are
/// those that do without, and the files that stay, and what is said of others, are read first and sent
/// along.
async fn edit(
    api: &Api,
    own: &Identity,
    to: &RemoteId,
    message: &RemoteId,
    part: &Part,
    files: &[HeldFile],
) -> Result<(), SendError> {
    let before = read(api, own, to, message).await.map_err(SendError::looked)?;
    let there = before.files();
    let there: Vec<&str> = there.iter().filter_map(|file| file.file_id.get()).collect();
    let old = before.message.as_deref().unwrap_or_default();
    let mut words = body(part)?.plain;
    for line in failed_files::lines_that_stay(old, files) {
        if units(&words) + units(line) < MAX_UNITS {
            words.push('\n');
            words.push_str(line);
        }
    }
    let (parameter, id) = Place::of(to).parameter();
    let mut call = json!({ "message": words, parameter: id });
    if !there.is_empty() {
        call["file_ids"] = json!(HeldFile::staying(files, there));
    }
    let (method, part, query) = (Method::PUT, None, Vec::new());
    let put = About { method, message, part, query, body: Some(&call) };
    Ok(put.call::<Value>(api, own).await.map(drop)?)
}

/// A message as it is now.
async fn read(
    api: &Api,
    own: &Identity,
    to: &RemoteId,
    message: &RemoteId,
) -> Result<Message, ApiError> {
    let (parameter, id) = Place::of(to).parameter();
    let query = vec![(parameter, id.to_owned())];
    let (method, part, body) = (Method::GET, None, None);
    About { method, message, part, query, body }.call(api, own).await
}

fn body(part: &Part) -> Result<Body, SendError> {
    serde_json::from_str(&part.body)
        .map_err(|_| SendError::Permanent("the part was not rendered for Zoom".into()))
}

//! Posting, finding again what was posted, and changing it: always as the service user, since Zoom
//! lets nobody else write into a channel.

use http::Method;
use rialto_model::{Begun, Emoji, PartKey, RemoteId};
use rialto_platform::{
    MessageChange, Part, Post, SendError, failed_files,
    sent::{Listed, Search},
};
use serde_json::{Value, json};

use crate::{
    api::{Api, ApiError, Identity, Query},
    fingerprint, history, normalize,
    people::People,
    place::Place,
    reaction,
    render::{Body, FILE_LINE, MAX_UNITS, units},
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
    let failed = post.files.iter().filter_map(|file| failed_files::line(file, FILE_LINE, units));
    let message = std::iter::once(body.message).chain(failed).collect::<Vec<_>>().join("\n");
    let files: Vec<&str> = post.files.iter().filter_map(|file| file.outcome.ok()).collect();
    let (to, id) = Place::of(post.to).parameter();
    let mut call = json!({ "message": message, to: id });
    if let Some(root) = post.thread {
        call["reply_main_message_id"] = json!(root);
    }
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
    let path = ["chat", "users", own.path(), "messages"];
    let made: Result<Made, _> = match api.send(Method::POST, &path, &call).await {
        Err(error) if error.refuses_formatting() && call != bare => {
            // The words alone still say it. Who may call everybody is a setting of the channel.
            tracing::warn!(?error, "Zoom refused the formatting of a post; it goes as words");
            api.send(Method::POST, &path, &bare).await
        }
        made => made,
    };
    match made {
        Ok(made) => made
            .id
            .get()
            .map(|id| wire::message_id(id).into())
            .ok_or_else(|| SendError::Unknown("Zoom's answer does not name the message".into())),
        // Of a channel that is blocked Zoom does not say for how long.
        Err(ApiError::Limited { wide: false, .. }) => {
            let until = api.blocked.until(post.to, api.toolkit.clock.now());
            Err(ApiError::Limited { until, wide: false }.into())
        }
        Err(error) => Err(error.into()),
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
        let shows = |id: &&str| message.files.iter().any(|file| file.file_id.get() == Some(*id));
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
    let messages = ["chat", "users", own.path(), "messages"];
    match change {
        MessageChange::Edit { message, part, .. } => edit(api, own, to, message, part).await,
        MessageChange::Delete { message, .. } => {
            let path = [&messages[..], &[message.as_str()]].concat();
            let query: Query<'_> = vec![(parameter, id.to_owned())];
            match api.call::<Value>(Method::DELETE, &path, &query, None).await {
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
            let path = [&messages[..], &[message.as_str(), "emoji_reactions"]].concat();
            match api.send::<Value>(Method::PATCH, &path, &call).await {
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
/// those that do without, and what is said of files is read first and sent along.
async fn edit(
    api: &Api,
    own: &Identity,
    to: &RemoteId,
    message: &RemoteId,
    part: &Part,
) -> Result<(), SendError> {
    if matches!(part.key, PartKey::Files(_)) {
        return Ok(());
    }
    let (parameter, id) = Place::of(to).parameter();
    let path = ["chat", "users", own.path(), "messages", message.as_str()];
    let query: Query<'_> = vec![(parameter, id.to_owned())];
    let before: Message = api.get(&path, &query).await.map_err(SendError::looked)?;
    let mut words = body(part)?.plain;
    for line in failed_files::lines_of(before.message.as_deref().unwrap_or_default()) {
        if units(&words) + units(line) < MAX_UNITS {
            words.push('\n');
            words.push_str(line);
        }
    }
    let mut call = json!({ "message": words, parameter: id });
    let files: Vec<&str> = before.files.iter().filter_map(|file| file.file_id.get()).collect();
    if !files.is_empty() {
        call["file_ids"] = json!(files);
    }
    Ok(api.send::<Value>(Method::PUT, &path, &call).await.map(drop)?)
}

fn body(part: &Part) -> Result<Body, SendError> {
    serde_json::from_str(&part.body)
        .map_err(|_| SendError::Permanent("the part was not rendered for Zoom".into()))
}

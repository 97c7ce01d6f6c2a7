//! A conversation's past: replies, edited and deleted messages are in the same listing.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use rialto_model::{Event, RemoteId};
use rialto_platform::{HistoryPage, HistoryRequest, ReadError};

use crate::{
    api::{Api, Identity, Query},
    edits::Edits,
    normalize,
    people::{Ids, People},
    place::Place,
    wire::{List, Message},
};

/// Messages are listed by when they were posted: edits and reactions are looked for in messages that
/// are so much older than what is asked for.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);
/// How far back messages can be listed: *recent 6 months*.
const OLDEST: SignedDuration = SignedDuration::from_hours(24 * 180);
/// Messages of a page, at most.
const PAGE: &str = "50";

/// The parameters of *List a user's chat messages*.
pub(crate) fn query(to: &RemoteId, since: Timestamp, page: Option<&str>) -> Query<'static> {
    let (to, id) = Place::of(to).parameter();
    let mut query = vec![
        (to, id.to_owned()),
        ("from", since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("page_size", PAGE.to_owned()),
        ("include_deleted_and_edited_message", "true".to_owned()),
    ];
    query.extend(page.map(|page| ("next_page_token", page.to_owned())));
    query
}

/// Makes the next call.
pub(crate) async fn page(
    api: &Api,
    own: &Identity,
    people: &People,
    edits: &Edits,
    request: HistoryRequest<'_>,
) -> Result<HistoryPage, ReadError> {
    let now = api.toolkit.clock.now();
    let oldest = now.checked_sub(OLDEST).unwrap_or(now);
    let since = request.since.checked_sub(LOOK_BACK).unwrap_or(request.since).max(oldest);
    let query = query(request.conversation, since, request.page);
    let list: List = api.get(&["chat", "users", own.path(), "messages"], &query).await?;
    let authors = authors(api, own, people, &list.messages).await?;
    let mut page = HistoryPage::default();
    for message in &list.messages {
        let written = [message.id.get(), message.reply_main_message_id.get()];
        written.into_iter().flatten().for_each(|id| api.spellings.learn(id));
        let member = message.send_member_id.get();
        let who = member.map(|member| authors.get(member).map_or(member, String::as_str));
        let revision = edits.revision(message, now);
        for (kind, at) in normalize::past(message, who, revision, own, now) {
            page.events.push(Event { conversation: request.conversation.clone(), at, kind });
        }
    }
    page.next = list.next_page_token.get().map(str::to_owned);
    Ok(page)
}

/// Who wrote the messages, by member id. Whoever is met for the first time is looked up once; whom Zoom
/// does not tell of stays who the listing says.
async fn authors(
    api: &Api,
    own: &Identity,
    people: &People,
    messages: &[Message],
) -> Result<HashMap<String, String>, ReadError> {
    let mut authors = HashMap::new();
    for message in messages {
        let Some(member) = message.send_member_id.get() else { continue };
        if authors.contains_key(member) {
            continue;
        }
        let by = [message.sender.get(), message.send_member_id.get()];
        let ids = if by.into_iter().flatten().any(|id| own.is(id)) {
            Some(Ids { user: Some(own.user_id.clone()), ..Ids::default() })
        } else {
            found(api, people, member, message.sender.get()).await?
        };
        let known = ids.as_ref().and_then(Ids::account).unwrap_or(member);
        authors.insert(member.to_owned(), known.to_owned());
    }
    Ok(authors)
}

/// Somebody by member id, or else by the e-mail address that stands beside it.
async fn found(
    api: &Api,
    people: &People,
    member: &str,
    email: Option<&str>,
) -> Result<Option<Ids>, ReadError> {
    if let Some(ids) = people.find(api, member).await? {
        return Ok(Some(ids));
    }
    let Some(email) = email else { return Ok(None) };
    let Some(ids) = people.find(api, email).await? else { return Ok(None) };
    let ids = Ids { member: Some(member.to_owned()), ..ids };
    people.learn(&ids);
    Ok(Some(ids))
}

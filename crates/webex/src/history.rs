//! A conversation's past: one listing, newest first, with replies among all others. It shows what is
//! there; what is missing was deleted.

use jiff::{SignedDuration, Timestamp};
use rialto_model::{Event, RemoteId};
use rialto_platform::{HistoryPage, HistoryRequest, ReadError};

use crate::{
    api::{Api, Identity, Query},
    edits::Edits,
    files::Known,
    normalize,
    place::Place,
    wire::Message,
};

/// Messages are listed by when they were posted: edits are looked for in messages that are so much older
/// than what is asked for.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);
/// Messages of a page.
const PAGE: &str = "100";

/// The parameters of a listing, of what was posted before a time.
pub(crate) fn query(to: &RemoteId, before: Option<&str>) -> Query<'static> {
    let (_, (name, id)) = Place::of(to).listing();
    let mut query = vec![(name, id.to_owned()), ("max", PAGE.to_owned())];
    query.extend(before.map(|before| ("before", before.to_owned())));
    query
}

/// Makes the next call. A page is named by the time of its newest message, since the message that it
/// would begin behind may be deleted meanwhile.
pub(crate) async fn page(
    api: &Api,
    own: &Identity,
    files: &Known,
    edits: &Edits,
    request: HistoryRequest<'_>,
) -> Result<HistoryPage, ReadError> {
    let now = api.toolkit.clock.now();
    let since = request.since.checked_sub(LOOK_BACK).unwrap_or(request.since);
    let (path, _) = Place::of(request.conversation).listing();
    let query = query(request.conversation, request.page);
    let listed = api.list::<Message>(path, &query).await?;
    let mut page = HistoryPage { complete_since: Some(since), ..HistoryPage::default() };
    for message in &listed.items {
        if message.created.is_some_and(|at| at < since) {
            continue;
        }
        let attachments = files.of(api, message).await?;
        let at = message.updated.or(message.created).unwrap_or(now);
        let kind = normalize::kind(message, attachments, own, edits, now);
        page.events.push(Event { conversation: request.conversation.clone(), at, kind });
        // Replies are listed like everything else, so of each thread all are there.
        page.threads.extend(message.parent_id.get().or(message.id.get()).map(RemoteId::from));
    }
    let oldest = listed.items.iter().filter_map(|message| message.created).min();
    let next = oldest.filter(|oldest| listed.next.is_some() && *oldest >= since).and_then(behind);
    page.next = next.filter(|next| Some(next.as_str()) != request.page);
    Ok(page)
}

/// A page that begins with this message once more, in case others are of the same instant.
fn behind(at: Timestamp) -> Option<String> {
    let after = at.checked_add(SignedDuration::from_millis(1)).ok()?;
    Some(after.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

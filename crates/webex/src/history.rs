//! A conversation's past: one listing, newest first, with replies among all others. It shows what is
//! there; what is missing was deleted.

use jiff::{SignedDuration, Timestamp};
use rialto_model::{Event, EventKind, RemoteId};
use rialto_platform::{HistoryPage, HistoryRequest, ReadError};

use crate::{
    api::{Api, Identity, Listed, Query},
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
const PAGE: usize = 100;

/// The parameters of a listing, of what was posted before a time.
pub(crate) fn query(to: &RemoteId, before: Option<&str>) -> Query<'static> {
    let (_, (name, id)) = Place::of(to).listing();
    let mut query = vec![(name, id.to_owned()), ("max", PAGE.to_string())];
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
    let mut page = HistoryPage::default();
    let mut last = None;
    // The oldest first.
    for message in listed.items.iter().rev() {
        if message.created.is_some_and(|at| at < since) {
            continue;
        }
        let attachments = files.of(api, message).await?;
        let at = message.updated.or(message.created).unwrap_or(now);
        let mut kind = normalize::kind(message, attachments, own, edits, now);
        normalize::call(api, own, message, &mut kind).await?;
        if let EventKind::Message(state) = &mut kind {
            state.posted_at = behind_last(state.posted_at, last);
            last = Some(state.posted_at);
        }
        page.events.push(Event { conversation: request.conversation.clone(), at, kind });
        // Replies are listed like everything else, so of each thread all are there.
        page.threads.extend(message.parent_id.get().or(message.id.get()).map(RemoteId::from));
    }
    let reaches_back = oldest(&listed.items).is_some_and(|oldest| oldest < since);
    if !reaches_back && goes_on(&listed) {
        // More at one time than a page holds cannot be read on: then nobody knows what was deleted before.
        page.next = behind(&listed.items).filter(|next| Some(next.as_str()) != request.page);
    } else {
        page.complete_since = Some(since);
    }
    Ok(page)
}

/// When a message was posted that is listed behind the last: where times are told to the second only, what was
/// said within one is kept in order by microseconds.
fn behind_last(at: Timestamp, last: Option<Timestamp>) -> Timestamp {
    let next = last.and_then(|last| last.checked_add(SignedDuration::from_micros(1)).ok());
    next.map_or(at, |next| next.max(at))
}

/// Whether a listing has more pages. Webex says so in a header that its API description does not require: a
/// page that is full may be followed by another one.
pub(crate) fn goes_on(listed: &Listed<Message>) -> bool {
    listed.next.is_some() || listed.items.len() >= PAGE
}

/// Where the page begins that follows these messages: with the last of them once more, in case others are of
/// the same instant. Times may be told to the second only.
pub(crate) fn behind(messages: &[Message]) -> Option<String> {
    let mut times = messages.iter().filter_map(|message| message.created);
    let instant = match times.all(|at| at.subsec_nanosecond() == 0) {
        true => SignedDuration::from_secs(1),
        false => SignedDuration::from_millis(1),
    };
    let after = oldest(messages)?.checked_add(instant).ok()?;
    Some(after.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

fn oldest(messages: &[Message]) -> Option<Timestamp> {
    messages.iter().filter_map(|message| message.created).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_begins_with_the_instant_of_the_oldest_message() {
        let page = |created: &[&str]| -> Vec<Message> {
            let message = |at: &&str| Message { created: at.parse().ok(), ..Message::default() };
            created.iter().map(message).collect()
        };
        for (created, next) in [
            (&["2026-11-26T10:00:02.500Z", "2026-11-26T10:00:01.250Z"][..], "01.251Z"),
            (&["2026-11-26T10:00:02.500Z", "2026-11-26T10:00:01.000Z"], "01.001Z"),
            (&["2026-11-26T10:00:02Z", "2026-11-26T10:00:01Z"], "02.000Z"),
        ] {
            let expected = format!("2026-11-26T10:00:{next}");
            assert_eq!(behind(&page(created)), Some(expected), "{created:?}");
        }
        assert_eq!(behind(&page(&[])), None);
    }
}

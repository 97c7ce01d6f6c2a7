//! A conversation's past: its messages, then the replies of those threads that may have changed.

use jiff::SignedDuration;
use rialto_model::Event;
use rialto_platform::{HistoryPage, HistoryRequest, ReadError};
use serde::{Deserialize, Serialize};

use crate::{
    api::{Api, Identity, PAGE, Params, next_page},
    normalize, wire,
};

/// `conversations.history` lists by when messages were posted: edits, reactions and replies are
/// looked for in messages that are so much older than what is asked for.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);

/// How far one has read.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Place {
    cursor: Option<String>,
    /// Threads to read; the first one is being read. `None` while messages are.
    threads: Option<Vec<String>>,
    /// Threads that were met among the messages.
    met: Vec<String>,
}

/// Makes the next call.
pub(crate) async fn page(
    api: &Api,
    own: &Identity,
    request: HistoryRequest<'_>,
) -> Result<HistoryPage, ReadError> {
    let mut place = match request.page {
        Some(page) => serde_json::from_str(page)
            .map_err(|_| ReadError::Permanent("the page is none of ours".into()))?,
        None => Place::default(),
    };
    let oldest = request.since.checked_sub(LOOK_BACK).unwrap_or(request.since);
    let thread = place.threads.as_ref().and_then(|threads| threads.first().cloned());
    let mut params: Params<'_> = vec![
        ("channel", request.conversation.to_string()),
        ("limit", PAGE.to_owned()),
        ("include_all_metadata", "true".to_owned()),
    ];
    params.extend(place.cursor.take().map(|cursor| ("cursor", cursor)));
    let method = match &thread {
        Some(root) => {
            params.push(("ts", root.clone()));
            "conversations.replies"
        }
        None => {
            params.push(("oldest", wire::ts_of(oldest)));
            params.push(("inclusive", "true".to_owned()));
            "conversations.history"
        }
    };
    let answer = match api.get(method, &params).await {
        // Deleted since it was met.
        Err(error) if thread.is_some() && error.is("thread_not_found") => wire::Answer::default(),
        answer => answer?,
    };
    let next = next_page(&answer).filter(|next| !params.contains(&("cursor", next.clone())));
    let now = api.toolkit.clock.now();
    let mut page = HistoryPage { complete_since: Some(oldest), ..HistoryPage::default() };
    for message in &answer.messages {
        let events = normalize::past(message, own, now).into_iter();
        let conversation = request.conversation;
        page.events.extend(events.map(|(kind, at)| Event {
            conversation: conversation.clone(),
            at,
            kind,
        }));
        if thread.is_some() {
            continue;
        }
        if may_have_news(message, &request) {
            place.met.extend(message.ts.clone());
        } else if message.reply_count.unwrap_or(0) == 0 {
            // Nothing is below it, whatever was.
            page.threads.extend(message.ts.as_deref().map(Into::into));
        }
    }
    place.cursor = next;
    if place.cursor.is_none() {
        match &mut place.threads {
            None => place.threads = Some(std::mem::take(&mut place.met)),
            Some(threads) => page.threads.push(threads.remove(0).into()),
        }
    }
    let goes_on = place.cursor.is_some() || place.threads.as_ref().is_some_and(|it| !it.is_empty());
    page.next = goes_on.then(|| serde_json::to_string(&place)).and_then(Result::ok);
    Ok(page)
}

/// Whether the thread below a message must be read.
fn may_have_news(message: &wire::Message, request: &HistoryRequest<'_>) -> bool {
    let replied = message.reply_count.unwrap_or(0) > 0;
    let latest = message.latest_reply.as_deref().and_then(wire::time);
    replied && (request.whole || latest.is_none_or(|latest| latest >= request.since))
}

//! One sweep of one conversation.

use std::{collections::HashSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use rialto_model::{ConversationRef, Event, EventKind, RemoteId};
use rialto_platform::{Connection, HistoryPage, HistoryRequest, ReadError};
use rialto_store::{NewInbound, StoreError, SweepRecord};

use super::{Due, Why, news};
use crate::{relay::Relay, roster::ConnectionEntry};

/// How far a sweep goes back behind the one before: platforms list with some delay, and clocks
/// differ.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);
/// How often a page that cannot be read is tried again.
const PAGE_TRIES: u32 = 4;
/// Whoever asks for more than this before a page is left alone meanwhile: others are read.
const PAGE_PATIENCE: Duration = Duration::from_secs(10);
/// How many findings are kept at a time.
const BATCH: usize = 200;

/// What the past of a conversation says.
#[derive(Default)]
pub(super) struct Past {
    news: Vec<Event>,
    /// Every message that is there.
    pub(super) shown: HashSet<RemoteId>,
    /// Those of them that are news.
    new: HashSet<RemoteId>,
    pub(super) threads: HashSet<RemoteId>,
    pub(super) complete_since: Option<Timestamp>,
}

/// What is read, and over what.
pub(super) struct Reading<'a> {
    pub(super) due: &'a Due,
    entry: &'a ConnectionEntry,
    live: &'a dyn Connection,
    since: Timestamp,
    pub(super) started: Timestamp,
}

/// The facts that a sweep kept.
pub(crate) fn found(payload: &[u8]) -> Result<Vec<Event>, ReadError> {
    serde_json::from_slice(payload)
        .map(|event| vec![event])
        .map_err(|_| ReadError::Permanent("what a sweep kept is no event".into()))
}

impl Relay {
    /// Reads a conversation's past from where the sweep before ended, and keeps what is news.
    pub(super) async fn sweep(&self, due: &Due) -> Result<(), ReadError> {
        let at = &due.at;
        let view = self.roster().view();
        let Some(entry) = view.connections.get(&at.connection) else { return Ok(()) };
        let Some((_, endpoint)) = view.endpoint(at).filter(|(_, it)| it.direction.hears()) else {
            return Ok(());
        };
        // Whoever reconnects sweeps.
        let (true, Ok(live)) = (view.works(at.connection), &entry.live) else { return Ok(()) };
        let started = self.inner.toolkit.clock.now();
        let record = self.inner.sweeps.record(at);
        let checked = record.map_or(endpoint.since, |record| record.checked_until);
        let since = back(checked, OVERLAP).max(endpoint.since);
        let reading = Reading { due, entry, live: live.as_ref(), since, started };
        let mut past = self.past(&reading).await?;
        past.news.retain(|event| !is_older(event, endpoint.since));
        let gone = self.certainly_gone(&reading, &past).await?;
        let is_certain = gone.is_some();
        past.news.extend(gone.unwrap_or_default());
        let until = match due.why {
            // The next sweep goes back as far again.
            _ if !is_certain => checked,
            Why::Gap => started,
            Why::Schedule => {
                // What is younger may still come by webhook.
                let grace = SignedDuration::try_from(self.inner.settings.sweep_grace);
                let until = back(started, grace.unwrap_or(OVERLAP));
                past.news.retain(|event| said_at(event).is_none() || event.at <= until);
                until.max(checked)
            }
        };
        let deaf = match due.why {
            Why::Schedule => past.news.iter().filter_map(said_at).min(),
            Why::Gap => None,
        };
        let deaf_since = record.and_then(|record| record.deaf_since).or(deaf);
        self.keep_news(at, past.news).await.map_err(store_away)?;
        self.inner.store.put_sweep(at, until, deaf_since).await.map_err(store_away)?;
        let recovered = record.map_or(0, |record| record.recovered);
        let record = SweepRecord { checked_until: until, recovered, deaf_since };
        self.inner.sweeps.records.lock().insert(at.clone(), record);
        if deaf_since.is_some() {
            tracing::warn!(connection = %at.connection, conversation = %at.conversation,
                "webhooks do not tell of what is said here");
            self.inner.sweeps.deaf.lock().insert(at.clone());
        }
        metrics::counter!("rialto_sweeps_total").increment(1);
        Ok(())
    }

    pub(super) async fn past(&self, reading: &Reading<'_>) -> Result<Past, ReadError> {
        let Reading { due, entry, live, since, .. } = *reading;
        let mut past = Past::default();
        let mut next: Option<String> = None;
        loop {
            if self.inner.settings.pacing {
                let windows = &entry.platform.manifest().capabilities.pacing.history;
                self.inner.pacer.wait_to_read(due.at.connection, windows).await;
            }
            let page = self
                .page(
                    live,
                    HistoryRequest {
                        conversation: &due.at.conversation,
                        since,
                        whole: due.why == Why::Gap,
                        page: next.as_deref(),
                    },
                )
                .await?;
            for event in page.events {
                if let EventKind::Message(state) = &event.kind {
                    past.shown.insert(state.id.clone());
                }
                // A reaction to a message that is news itself is news.
                let about_news = matches!(&event.kind, EventKind::Reactions { message, reactions }
                    if past.new.contains(message) && !reactions.is_empty());
                let store = self.inner.store.as_ref();
                if about_news || news::is_news(store, &due.at, &event).await.map_err(store_away)? {
                    if let EventKind::Message(state) = &event.kind {
                        past.new.insert(state.id.clone());
                    }
                    past.news.push(event);
                }
            }
            past.threads.extend(page.threads);
            past.complete_since = past.complete_since.max(page.complete_since);
            // A page that names itself would never end.
            if page.next.is_none() || page.next == next {
                return Ok(past);
            }
            next = page.next;
        }
    }

    /// Reads a page. One that fails is tried again before all that was read so far is thrown away.
    async fn page(
        &self,
        live: &dyn Connection,
        request: HistoryRequest<'_>,
    ) -> Result<HistoryPage, ReadError> {
        for failures in 0..PAGE_TRIES {
            match live.history(request).await {
                Err(ReadError::Transient { reason, after }) => {
                    tracing::info!(conversation = %request.conversation, reason, "a page of the past is read again");
                    let now = self.inner.toolkit.clock.now();
                    let asked = after.and_then(|after| after.duration_since(now).try_into().ok());
                    let asked: Duration = asked.unwrap_or_default();
                    if asked > PAGE_PATIENCE {
                        return Err(ReadError::Transient { reason, after });
                    }
                    tokio::time::sleep(self.inner.backoff(failures).max(asked)).await;
                }
                result => return result,
            }
        }
        live.history(request).await
    }

    /// Keeps news in the order in which it happened, and has it planned.
    async fn keep_news(
        &self,
        at: &ConversationRef,
        mut news: Vec<Event>,
    ) -> Result<(), StoreError> {
        if news.is_empty() {
            return Ok(());
        }
        news.sort_by_cached_key(order);
        let received_at = self.inner.toolkit.clock.now();
        let row = |event: &Event| {
            Some(NewInbound {
                connection: at.connection,
                conversation: at.conversation.clone(),
                key: key(event)?,
                payload: serde_json::to_vec(event).ok()?,
                received_at,
                swept: true,
            })
        };
        let rows: Vec<_> = news.iter().filter_map(row).collect();
        for batch in rows.chunks(BATCH) {
            let count = batch.len().try_into().unwrap_or(u64::MAX);
            self.inner.store.append_inbound(batch.to_vec()).await?;
            metrics::counter!("rialto_swept_total").increment(count);
        }
        self.wake_intake(at.clone());
        Ok(())
    }
}

/// Messages by when they were said, so that a reply comes behind what it replies to; what happened
/// to them afterwards behind all messages. Of one instant: by their ids, which platforms count up.
fn order(event: &Event) -> (bool, Timestamp, usize, RemoteId) {
    match &event.kind {
        EventKind::Message(state) => {
            (false, state.posted_at, state.id.as_str().len(), state.id.clone())
        }
        _ => (true, event.at, 0, "".into()),
    }
}

/// Whether a finding that is known by this is the message.
pub(super) fn is_message(key: &str, message: &RemoteId) -> bool {
    let rest = key.strip_prefix("m:").and_then(|rest| rest.strip_prefix(message.as_str()));
    rest.is_some_and(|rest| rest.starts_with(':') && !rest[1..].contains(':'))
}

/// What a finding is known by while it waits.
fn key(event: &Event) -> Option<String> {
    Some(match &event.kind {
        EventKind::Message(state) => format!("m:{}:{}", state.id, state.revision.0),
        EventKind::Deleted { message } => format!("d:{message}"),
        EventKind::Reactions { message, .. } => format!("r:{message}"),
        _ => return None,
    })
}

/// When somebody said something new.
fn said_at(event: &Event) -> Option<Timestamp> {
    match &event.kind {
        EventKind::Message(state) => Some(state.posted_at),
        _ => None,
    }
}

fn is_older(event: &Event, than: Timestamp) -> bool {
    said_at(event).is_some_and(|said| said < than)
}

pub(super) fn back(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_sub(by).unwrap_or(from)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn store_away(error: StoreError) -> ReadError {
    ReadError::Transient { reason: error.to_string(), after: None }
}

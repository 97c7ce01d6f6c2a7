//! One sweep of one conversation.

use std::{collections::HashSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use rialto_model::{ConversationRef, Event, EventKind, RemoteId};
use rialto_platform::{Connection, HistoryPage, HistoryRequest, ReadError};
use rialto_store::{NewInbound, StoreError, SweepRecord};

use super::{Due, Why, findings::Findings, news};
use crate::{relay::Relay, roster::ConnectionEntry};

/// How far a sweep goes back behind the one before: platforms list with some delay, and clocks
/// differ.
pub(super) const OVERLAP: SignedDuration = SignedDuration::from_mins(5);
/// How far deletions are looked for where nobody knows up to when the past was compared: platforms
/// show no more of it than they keep.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How often a page that cannot be read is tried again.
const PAGE_TRIES: u32 = 4;
/// Whoever asks for more than this before a page is left alone meanwhile: others are read.
const PAGE_PATIENCE: Duration = Duration::from_secs(10);
/// How many findings are kept at a time.
const BATCH: usize = 200;

/// What the past of a conversation says.
#[derive(Default)]
pub(super) struct Past {
    /// Every message that is there.
    pub(super) shown: HashSet<RemoteId>,
    /// Those of them that are news, when news are looked for.
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
    /// What is older may be gone without having been deleted.
    pub(super) kept_since: Timestamp,
    /// Which messages are of interest.
    said: (Timestamp, Option<Timestamp>),
}

impl Reading<'_> {
    fn is_of_interest(&self, event: &Event) -> bool {
        let EventKind::Message(state) = &event.kind else { return true };
        let (from, until) = self.said;
        state.posted_at >= from && until.is_none_or(|until| event.at <= until)
    }
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
        let known = self.inner.sweeps.checked_until(at, started);
        // Only news are kept: to compare more than is needed takes longer, no more.
        let checked = known.unwrap_or(endpoint.since);
        if record.is_none() {
            // What this finds is counted where it is written down.
            self.inner.store.put_sweep(at, checked, None).await.map_err(store_away)?;
        }
        let kept_since = match (record, known) {
            (Some(_), None) => back(started, KEPT),
            _ => Timestamp::MIN,
        };
        let since = back(checked, OVERLAP).max(endpoint.since);
        let until = match due.why {
            Why::Gap => None,
            // What is younger may still come by webhook.
            Why::Schedule => {
                let grace = SignedDuration::try_from(self.inner.settings.sweep_grace);
                Some(back(started, grace.unwrap_or(OVERLAP)))
            }
        };
        let said = (endpoint.since, until);
        let live = live.as_ref();
        let reading = Reading { due, entry, live, since, started, kept_since, said };
        let (past, said_first) = self.keep_news(&reading).await?;
        let gone = self.certainly_gone(&reading, &past).await?;
        let checked_until = match &gone {
            Some(_) => until.map_or(started, |until| until.max(checked)),
            // The next sweep goes back as far again.
            None => record.map_or(checked, |record| record.checked_until),
        };
        let mut deletions = Findings::new(usize::MAX);
        gone.iter().flatten().for_each(|event| deletions.put(event));
        self.keep(at, &mut deletions).await.map_err(store_away)?;
        let deaf = said_first.filter(|_| due.why == Why::Schedule);
        let deaf_since = record.and_then(|record| record.deaf_since).or(deaf);
        self.inner.store.put_sweep(at, checked_until, deaf_since).await.map_err(store_away)?;
        let recovered = record.map_or(0, |record| record.recovered);
        let record = SweepRecord { checked_until, recovered, deaf_since };
        self.inner.sweeps.records.lock().insert(at.clone(), record);
        if deaf_since.is_some() {
            tracing::warn!(connection = %at.connection, conversation = %at.conversation,
                "webhooks do not tell of what is said here");
            self.inner.sweeps.deaf.lock().insert(at.clone());
        }
        metrics::counter!("rialto_sweeps_total").increment(1);
        Ok(())
    }

    /// Keeps what of the past is news, in the order in which it happened: as much of the oldest as
    /// may be in memory at a time, until that was all. With what the last reading showed, and when
    /// the oldest news was said.
    ///
    /// Each reading begins where the first one did: to what is older something may have happened,
    /// and who dies before the end loses nothing.
    async fn keep_news(
        &self,
        reading: &Reading<'_>,
    ) -> Result<(Past, Option<Timestamp>), ReadError> {
        let at = &reading.due.at;
        let mut findings = Findings::new(self.inner.settings.sweep_memory);
        let mut said_first: Option<Timestamp> = None;
        loop {
            let past = self.past(reading, Some(&mut findings)).await?;
            said_first = said_first.into_iter().chain(findings.said_first()).min();
            self.keep(at, &mut findings).await.map_err(store_away)?;
            if !findings.go_on() {
                return Ok((past, said_first));
            }
            tracing::info!(connection = %at.connection, conversation = %at.conversation,
                "more was missed here than is kept at a time: the past is read again for the rest");
        }
    }

    /// Reads all of the past, and finds what is news in it if that is asked for.
    pub(super) async fn past(
        &self,
        reading: &Reading<'_>,
        mut findings: Option<&mut Findings>,
    ) -> Result<Past, ReadError> {
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
                let Some(findings) = findings.as_deref_mut() else { continue };
                if !reading.is_of_interest(&event) {
                    continue;
                }
                // A reaction to a message that is news itself is news.
                let about_news = matches!(&event.kind, EventKind::Reactions { message, reactions }
                    if past.new.contains(message) && !reactions.is_empty());
                let store = self.inner.store.as_ref();
                if about_news || news::is_news(store, &due.at, &event).await.map_err(store_away)? {
                    if let EventKind::Message(state) = &event.kind {
                        past.new.insert(state.id.clone());
                    }
                    findings.put(&event);
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

    /// Keeps findings, and has them planned.
    async fn keep(&self, at: &ConversationRef, findings: &mut Findings) -> Result<(), StoreError> {
        let received_at = self.inner.toolkit.clock.now();
        let row = |(key, payload)| NewInbound {
            connection: at.connection,
            conversation: at.conversation.clone(),
            key,
            payload,
            received_at,
            swept: true,
        };
        let mut has_kept = false;
        loop {
            let batch: Vec<_> = findings.take(BATCH).into_iter().map(row).collect();
            if batch.is_empty() {
                break;
            }
            let count = batch.len().try_into().unwrap_or(u64::MAX);
            self.inner.store.append_inbound(&batch).await?;
            metrics::counter!("rialto_swept_total").increment(count);
            has_kept = true;
        }
        if has_kept {
            self.wake_intake(at.clone());
        }
        Ok(())
    }
}

pub(super) fn back(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_sub(by).unwrap_or(from)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn store_away(error: StoreError) -> ReadError {
    ReadError::Transient { reason: error.to_string(), after: None }
}

//! Deletions that show by what is not there.

use jiff::SignedDuration;
use rialto_model::{Event, EventKind, RemoteId};
use rialto_platform::ReadError;
use rialto_store::StoreError;

use super::look::{Past, Reading, back, store_away};
use crate::relay::Relay;

/// A message is taken for deleted only when it was there long enough to be listed.
const LISTED_BY: SignedDuration = SignedDuration::from_secs(30);
/// How often a past that changes while it is read is read again.
const READINGS: u32 = 4;

impl Relay {
    /// Deletions that show by what is not there; `None` when that cannot be said now.
    ///
    /// A list whose pages shift while it is read leaves something out. They shift when something is
    /// deleted that was on a page before: then the next reading does not show it. So only a reading
    /// that showed nothing but what the next one shows too left nothing out.
    pub(super) async fn certainly_gone(
        &self,
        reading: &Reading<'_>,
        past: &Past,
    ) -> Result<Option<Vec<Event>>, ReadError> {
        let mut last: Option<Past> = None;
        for _ in 0..READINGS {
            let past = last.as_ref().unwrap_or(past);
            let mut gone = self.gone(reading, past).await.map_err(store_away)?;
            if gone.is_empty() {
                return Ok(Some(gone));
            }
            let next = self.past(reading, None).await?;
            if past.shown.is_subset(&next.shown) {
                let still = self.gone(reading, &next).await.map_err(store_away)?;
                gone.retain(|event| still.contains(event));
                return Ok(Some(gone));
            }
            last = Some(next);
        }
        let at = &reading.due.at;
        tracing::info!(connection = %at.connection, conversation = %at.conversation,
            "what was deleted here is looked for again later: it changes while it is read");
        Ok(None)
    }

    /// Deletions that show by what is not there.
    async fn gone(&self, reading: &Reading<'_>, past: &Past) -> Result<Vec<Event>, StoreError> {
        let Some(since) = past.complete_since else { return Ok(Vec::new()) };
        let (at, since) = (&reading.due.at, since.max(reading.kept_since));
        let until = back(reading.started, LISTED_BY);
        let mut gone = Vec::new();
        for (message, thread) in self.inner.store.said_between(at, since, until).await? {
            if past.shown.contains(&message) || is_membership(&message) {
                continue;
            }
            if let Some(root) = thread {
                let Some(root) = self.inner.store.message(root).await? else { continue };
                let mut here = root.copies.iter().filter(|copy| copy.at == *at);
                let was_read = here.clone().any(|copy| past.threads.contains(&copy.remote));
                // Whatever was below a message that is gone altogether is gone too.
                let vanished =
                    root.posted_at >= since && here.all(|copy| !past.shown.contains(&copy.remote));
                if !was_read && !vanished {
                    continue;
                }
            }
            gone.push(Event {
                conversation: at.conversation.clone(),
                at: until,
                kind: EventKind::Deleted { message },
            });
        }
        Ok(gone)
    }
}

/// Joins and leaves are in the message map under ids of our own.
fn is_membership(message: &RemoteId) -> bool {
    message.as_str().starts_with("join:") || message.as_str().starts_with("leave:")
}

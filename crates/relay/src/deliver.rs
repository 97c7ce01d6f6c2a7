//! One delivery, tried once: what happened, and what the lane does next.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;

use jiff::{SignedDuration, Timestamp};
use rialto_model::{Attempt, AttemptOutcome, DeliveryState, PartKey, Work, WorkKind};
use rialto_platform::{Connection, HoldScope, SendError};
use rialto_store::{Progress, Settled, StoreError};
use tokio::time::Instant;

use crate::{
    lane::{Job, Slot, is_over},
    relay::Relay,
    roster::{ConnectionEntry, RosterView},
    trace::{self, Tracer},
};

/// Between two attempts of what is tried all the time there is less: no platform asks to wait longer.
pub(crate) const BREAK: SignedDuration = SignedDuration::from_hours(25);

/// What the lane does next.
pub(crate) enum Outcome {
    /// The next delivery.
    Settled,
    /// This one again, after a while.
    Later(Duration),
    /// Nothing, until an admin acts.
    Closed,
}

/// Why a delivery is not done.
pub(crate) enum Failure {
    /// The call failed. `begun`: what was written down as begun for it.
    Call { error: SendError, begun: Option<PartKey> },
    /// The store failed.
    Store(StoreError),
    /// There is nothing to do it to.
    Pointless(&'static str),
    /// It was cancelled meanwhile.
    Cancelled,
    /// Nothing more is begun: the engine winds down.
    WindingDown,
    /// What was begun is not there, and by now it must say when it was said.
    Late,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            // `begin` refuses what is not pending any more.
            StoreError::Conflict(_) | StoreError::NotFound(_) => Self::Cancelled,
            error => Self::Store(error),
        }
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Self::Call { error, begun: None }
    }
}

/// A delivery on its way, with all that it needs.
pub(crate) struct Trip<'a> {
    pub(crate) relay: &'a Relay,
    pub(crate) job: &'a Job,
    pub(crate) slot: Slot,
    pub(crate) view: Arc<RosterView>,
    pub(crate) entry: Arc<ConnectionEntry>,
    pub(crate) live: Arc<dyn Connection>,
    pub(crate) tracer: Tracer<'a>,
    /// The trip's own span.
    pub(crate) span: u64,
}

impl Relay {
    /// Tries a delivery. One that trips over a defect of ours is parked: the lane goes on.
    pub(crate) async fn deliver(&self, job: &Job, slot: Slot) -> Outcome {
        match AssertUnwindSafe(self.try_to_deliver(job, slot)).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_) => self.park_for_a_defect(job).await,
        }
    }

    async fn park_for_a_defect(&self, job: &Job) -> Outcome {
        let delivery = job.pending.delivery.id;
        tracing::error!(%delivery, "a defect stopped a delivery, see the lines above: it is parked");
        count(job, "parked");
        let settled = Settled {
            state: DeliveryState::Parked,
            reason: Some("a defect of Rialto, described in its log: please report it".into()),
            at: self.inner.toolkit.clock.now(),
        };
        let step = Progress { settled: Some(settled), ..Progress::default() };
        match self.inner.store.progress(delivery, step).await {
            Ok(()) => Outcome::Settled,
            Err(_) => Outcome::Later(self.inner.backoff(0)),
        }
    }

    async fn try_to_deliver(&self, job: &Job, slot: Slot) -> Outcome {
        let view = self.roster().view();
        let to = &job.pending.delivery.to;
        let Some(entry) = view.connections.get(&to.connection).cloned() else {
            return Outcome::Closed;
        };
        let Ok(live) = entry.live.clone() else { return Outcome::Closed };
        let inner = &self.inner;
        let delivery = &job.pending.delivery;
        let tracer = Tracer::new(inner.settings.traces.as_ref(), &inner.toolkit, delivery.message);
        let step = tracer.begin();
        let trip = Trip { relay: self, job, slot, view, entry, live, tracer, span: step.id };
        let result = match &job.pending.work {
            Work::Post { .. } => trip.post().await,
            Work::Edit { .. } => trip.edit().await,
            Work::Delete => trip.delete().await,
            Work::React { emoji } => trip.react(emoji, true).await,
            Work::Unreact { emoji } => trip.react(emoji, false).await,
            Work::Notice { text, number } => trip.notice(text, *number).await,
        };
        let facts = || {
            vec![
                ("rialto.delivery", delivery.id.to_string()),
                ("rialto.kind", kind_of(job).to_owned()),
                ("rialto.platform", trip.entry.record.platform.clone()),
                ("rialto.conversation", delivery.to.conversation.to_string()),
                ("rialto.attempt", (delivery.attempts + 1).to_string()),
            ]
        };
        let failed = result.as_ref().err().map(Failure::in_words);
        trip.tracer.end(step, trace::root(delivery.message), "deliver", facts, failed);
        match result {
            Ok(()) => {
                count(job, "delivered");
                let waited = trip.now().duration_since(delivery.created_at);
                metrics::histogram!("rialto_lane_seconds", "kind" => kind_of(job))
                    .record(Duration::try_from(waited).unwrap_or_default());
                Outcome::Settled
            }
            Err(failure) => trip.failed(failure).await,
        }
    }
}

impl Failure {
    fn in_words(&self) -> String {
        match self {
            Self::Call { error, .. } => error.to_string(),
            Self::Store(error) => error.to_string(),
            Self::Pointless(reason) => (*reason).to_owned(),
            Self::Cancelled => "cancelled meanwhile".to_owned(),
            Self::WindingDown => "the server stops".to_owned(),
            Self::Late => "late by now".to_owned(),
        }
    }
}

impl Trip<'_> {
    pub(crate) fn now(&self) -> Timestamp {
        self.relay.inner.toolkit.clock.now()
    }

    /// Makes a call to the platform: the time that it takes is told.
    pub(crate) async fn call<T, E: std::fmt::Display>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let (step, began) = (self.tracer.begin(), Instant::now());
        let result = call.await;
        trace::called(name, began, result.is_ok());
        let failed = result.as_ref().err().map(ToString::to_string);
        self.tracer.end(step, self.span, name, Vec::new, failed);
        result
    }

    /// Keeps a step, however long the store takes: what a platform did must not be forgotten.
    pub(crate) async fn keep(&self, step: Progress) {
        let mut tries = 0;
        let began = self.tracer.begin();
        while let Err(error) =
            self.relay.inner.store.progress(self.job.pending.delivery.id, step.clone()).await
        {
            tracing::warn!(%error, delivery = %self.job.pending.delivery.id, "a step cannot be kept yet");
            tokio::time::sleep(self.relay.inner.backoff(tries)).await;
            tries += 1;
        }
        self.tracer.end(began, self.span, "record", Vec::new, None);
        step.told.iter().for_each(|new| self.relay.look_for_work(&new.to));
        if step.settled.is_some() && self.job.pending.delivery.told {
            self.relay.inner.take_back.notify_one();
        }
    }

    /// The end of a delivery that did what it should.
    pub(crate) fn delivered(&self) -> Option<Settled> {
        Some(Settled { state: DeliveryState::Delivered, reason: None, at: self.now() })
    }

    async fn failed(&self, failure: Failure) -> Outcome {
        let inner = &self.relay.inner;
        let delivery = &self.job.pending.delivery;
        let (error, begun) = match failure {
            Failure::Cancelled => return Outcome::Settled,
            Failure::WindingDown => return Outcome::Closed,
            Failure::Late => return Outcome::Later(Duration::ZERO),
            Failure::Store(error) => {
                tracing::warn!(%error, delivery = %delivery.id, "a delivery waits for the database");
                return Outcome::Later(inner.backoff(0));
            }
            Failure::Pointless(reason) => {
                count(self.job, "cancelled");
                self.end(DeliveryState::Cancelled, reason, None, Vec::new()).await;
                return Outcome::Settled;
            }
            Failure::Call { error, begun } => (error, begun),
        };
        let happened_not = !matches!(error, SendError::Unknown(_));
        let unbegun: Vec<_> = begun.filter(|_| happened_not).into_iter().collect();
        let attempt =
            Attempt { at: self.now(), outcome: outcome_of(&error), detail: error.to_string() };
        tracing::info!(delivery = %delivery.id, to = %delivery.to.conversation, outcome = ?attempt.outcome, detail = attempt.detail, "a call failed");
        let tried_too_long = self.is_tried_too_long(attempt.at).await;
        match error {
            // Nobody is told of a notice that cannot be given; one that was perhaps given is kept.
            SendError::Permanent(reason) | SendError::NoThread(reason)
                if delivery.kind == WorkKind::Notice && self.job.pending.begun.is_empty() =>
            {
                count(self.job, "cancelled");
                self.end(DeliveryState::Cancelled, &reason, Some(attempt), unbegun).await;
                Outcome::Settled
            }
            SendError::Permanent(reason) | SendError::NoThread(reason) => {
                count(self.job, "parked");
                self.end(DeliveryState::Parked, &reason, Some(attempt), unbegun).await;
                Outcome::Settled
            }
            SendError::Transient(reason)
            | SendError::NoUpload(reason)
            | SendError::Unknown(reason)
                if tried_too_long =>
            {
                count(self.job, "parked");
                let reason =
                    format!("given up after trying for too long; the last answer: {reason}");
                self.end(DeliveryState::Parked, &reason, Some(attempt), unbegun).await;
                Outcome::Settled
            }
            SendError::RateLimited { until, scope } => {
                self.keep(Progress { unbegun, attempt: Some(attempt), ..Progress::default() })
                    .await;
                match scope {
                    HoldScope::Conversation => {
                        inner.set_hold(&delivery.to, Some(until));
                        if let Err(error) = inner.store.hold_lane(&delivery.to, Some(until)).await {
                            tracing::warn!(%error, "a wish to wait is remembered in memory only");
                        }
                    }
                    HoldScope::Connection => inner.hold_connection(delivery.to.connection, until),
                }
                // Whoever names no time that can be waited for is not asked without a pause.
                Outcome::Later(match is_over(until, self.now()) {
                    true => inner.backoff(delivery.attempts),
                    false => Duration::ZERO,
                })
            }
            SendError::Transient(_) | SendError::NoUpload(_) => {
                if matches!(error, SendError::NoUpload(_)) {
                    inner.uploads.forget(&delivery.to);
                }
                self.keep(Progress { unbegun, attempt: Some(attempt), ..Progress::default() })
                    .await;
                Outcome::Later(inner.backoff(delivery.attempts))
            }
            SendError::Unknown(_) => {
                self.keep(Progress { unbegun, attempt: Some(attempt), ..Progress::default() })
                    .await;
                Outcome::Later(inner.backoff(delivery.attempts).max(inner.settings.look_after))
            }
            SendError::Revoked(reason) => {
                self.keep(Progress { unbegun, attempt: Some(attempt), ..Progress::default() })
                    .await;
                match self.relay.mark_revoked(&self.entry, &reason).await {
                    true => Outcome::Closed,
                    false => Outcome::Later(Duration::ZERO),
                }
            }
        }
    }

    /// Whether it has been tried for longer than it is to be. What only waited, in a paused channel
    /// sync or for a workspace to be reconnected, was not tried meanwhile.
    async fn is_tried_too_long(&self, now: Timestamp) -> bool {
        let delivery = &self.job.pending.delivery;
        let longest = self.relay.inner.settings.give_up_after;
        let is_long = |since: Timestamp| {
            Duration::try_from(now.duration_since(since)).is_ok_and(|age| age > longest)
        };
        if !is_long(delivery.created_at) {
            return false;
        }
        // What cannot be read is no reason to give up.
        let Ok(Some((_, attempts))) = self.relay.inner.store.delivery(delivery.id).await else {
            return false;
        };
        is_long(tried_since(&attempts, delivery.attempts, now))
    }

    async fn end(
        &self,
        state: DeliveryState,
        reason: &str,
        attempt: Option<Attempt>,
        unbegun: Vec<PartKey>,
    ) {
        let settled = Some(Settled { state, reason: Some(reason.to_owned()), at: self.now() });
        let told = match state {
            DeliveryState::Parked => self.to_be_told(reason).await,
            _ => Vec::new(),
        };
        self.keep(Progress { unbegun, attempt, told, settled, ..Progress::default() }).await;
    }
}

/// Since when something is tried without a break, by the last `failures` of its attempts.
fn tried_since(attempts: &[Attempt], failures: u32, now: Timestamp) -> Timestamp {
    let failed = attempts.iter().rev().filter(|it| it.outcome != AttemptOutcome::Done);
    let mut since = now;
    for attempt in failed.take(failures as usize) {
        if since.duration_since(attempt.at) > BREAK {
            break;
        }
        since = attempt.at;
    }
    since
}

fn outcome_of(error: &SendError) -> AttemptOutcome {
    match error {
        SendError::RateLimited { .. } => AttemptOutcome::RateLimited,
        SendError::Transient(_) | SendError::NoUpload(_) => AttemptOutcome::Transient,
        SendError::Unknown(_) => AttemptOutcome::Unknown,
        SendError::Revoked(_) => AttemptOutcome::Revoked,
        SendError::Permanent(_) | SendError::NoThread(_) => AttemptOutcome::Permanent,
    }
}

fn count(job: &Job, outcome: &'static str) {
    metrics::counter!("rialto_deliveries_total", "outcome" => outcome, "kind" => kind_of(job))
        .increment(1);
}

fn kind_of(job: &Job) -> &'static str {
    match job.pending.work {
        Work::Post { .. } => "post",
        Work::Edit { .. } => "edit",
        Work::Delete => "delete",
        Work::React { .. } => "react",
        Work::Unreact { .. } => "unreact",
        Work::Notice { .. } => "notice",
    }
}

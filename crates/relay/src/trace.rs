//! What happened to a message, step by step, for whoever follows its way. The trace's id is the
//! message's: what `rialto deliveries` shows can be looked up, and an edit months later is found
//! with the post.
//!
//! Deliberately absent: content, names, addresses; and how spans get to where they are looked at.

use std::sync::Arc;

use jiff::Timestamp;
use rialto_model::MessageId;
use rialto_platform::Toolkit;
use tokio::time::Instant;

/// What more there is to say of a step, by OpenTelemetry's names.
pub type Facts = Vec<(&'static str, String)>;

/// A step of a message's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The message: the trace's id.
    pub message: MessageId,
    /// The step's own id.
    pub id: u64,
    /// The step that it belongs to.
    pub parent: Option<u64>,
    /// Which step.
    pub name: &'static str,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// More about it.
    pub facts: Facts,
    /// Why it failed.
    pub failed: Option<String>,
}

/// Where spans go.
pub trait Traces: Send + Sync + 'static {
    /// Whether a message is followed: the same answer each time.
    fn follows(&self, message: MessageId) -> bool;

    /// Takes a step. Must not wait.
    fn take(&self, span: Span);
}

/// The span that stands for the whole way: the same in every process.
pub(crate) fn root(message: MessageId) -> u64 {
    let (_, low) = message.uuid().as_u64_pair();
    low.max(1)
}

/// A step under way.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) id: u64,
    began: Timestamp,
}

/// Takes the times of the steps of a message, if it is followed.
pub(crate) struct Tracer<'a> {
    traces: Option<&'a dyn Traces>,
    toolkit: &'a Toolkit,
    message: MessageId,
}

impl<'a> Tracer<'a> {
    pub(crate) fn new(
        traces: Option<&'a Arc<dyn Traces>>,
        toolkit: &'a Toolkit,
        message: MessageId,
    ) -> Self {
        let traces = traces.map(AsRef::as_ref).filter(|traces| traces.follows(message));
        Self { traces, toolkit, message }
    }

    pub(crate) fn begin(&self) -> Step {
        let mut id = [0; 8];
        if self.traces.is_some() {
            self.toolkit.random.fill(&mut id);
        }
        Step { id: u64::from_be_bytes(id).max(1), began: self.toolkit.clock.now() }
    }

    pub(crate) fn end(
        &self,
        step: Step,
        parent: u64,
        name: &'static str,
        facts: impl FnOnce() -> Facts,
        failed: Option<String>,
    ) {
        let times = (step.began, self.toolkit.clock.now());
        self.take(step.id, Some(parent), name, times, facts, failed);
    }

    /// A step that is over: when it began, and when it ended.
    pub(crate) fn past(
        &self,
        id: u64,
        parent: Option<u64>,
        name: &'static str,
        times: (Timestamp, Timestamp),
        facts: impl FnOnce() -> Facts,
    ) {
        self.take(id, parent, name, times, facts, None);
    }

    fn take(
        &self,
        id: u64,
        parent: Option<u64>,
        name: &'static str,
        (began, ended): (Timestamp, Timestamp),
        facts: impl FnOnce() -> Facts,
        failed: Option<String>,
    ) {
        let Some(traces) = self.traces else { return };
        let (message, facts) = (self.message, facts());
        traces.take(Span { message, id, parent, name, began, ended, facts, failed });
    }
}

/// Seconds that a call to a platform took, by kind of call and how it ended.
pub(crate) fn called(call: &'static str, began: Instant, ok: bool) {
    let outcome = if ok { "done" } else { "failed" };
    metrics::histogram!("rialto_call_seconds", "call" => call, "outcome" => outcome)
        .record(began.elapsed());
}

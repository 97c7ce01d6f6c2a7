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
    pub facts: Vec<(&'static str, String)>,
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

/// Takes the times of the steps of a message that is followed.
#[derive(Clone)]
pub(crate) struct Tracer {
    traces: Option<Arc<dyn Traces>>,
    toolkit: Toolkit,
    message: MessageId,
}

impl Tracer {
    pub(crate) fn new(
        traces: Option<&Arc<dyn Traces>>,
        toolkit: &Toolkit,
        message: MessageId,
    ) -> Self {
        let traces = traces.filter(|traces| traces.follows(message)).cloned();
        Self { traces, toolkit: toolkit.clone(), message }
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
        facts: impl FnOnce() -> Vec<(&'static str, String)>,
        failed: Option<String>,
    ) {
        if let Some(traces) = &self.traces {
            traces.take(Span {
                message: self.message,
                id: step.id,
                parent: Some(parent),
                name,
                began: step.began,
                ended: self.toolkit.clock.now(),
                facts: facts(),
                failed,
            });
        }
    }

    /// A step that ends now and began long ago.
    pub(crate) fn past(
        &self,
        id: Option<u64>,
        parent: Option<u64>,
        name: &'static str,
        began: Timestamp,
        facts: impl FnOnce() -> Vec<(&'static str, String)>,
    ) {
        let Some(traces) = &self.traces else { return };
        let id = id.unwrap_or_else(|| self.begin().id);
        let ended = self.toolkit.clock.now();
        let (message, facts) = (self.message, facts());
        traces.take(Span { message, id, parent, name, began, ended, facts, failed: None });
    }

    /// A step that is over.
    pub(crate) fn between(
        &self,
        parent: Option<u64>,
        name: &'static str,
        began: Timestamp,
        ended: Timestamp,
    ) {
        let Some(traces) = &self.traces else { return };
        let (message, id, facts) = (self.message, self.begin().id, Vec::new());
        traces.take(Span { message, id, parent, name, began, ended, facts, failed: None });
    }
}

/// Seconds that a call to a platform took, by kind of call and how it ended.
pub(crate) fn called(call: &'static str, began: Instant, ok: bool) {
    let outcome = if ok { "done" } else { "failed" };
    metrics::histogram!("rialto_call_seconds", "call" => call, "outcome" => outcome)
        .record(began.elapsed());
}

//! From the events of a webhook to its plan, with what is known of what they speak of.

use rialto_model::{ConnectionId, ConversationRef, Event, EventKind, Revision};
use rialto_store::{Plan, StoreError};

use crate::{
    ids::new_uuid,
    known::Known,
    plan::{Scene, dropped, membership_id, plan},
    relay::Relay,
};

/// Where it is taken from whether a message is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Past {
    /// What a webhook brings is new nearly always, if it is no edit. A plan that is wrong about that
    /// is refused by the store, since two messages cannot have one remote id.
    Guessed,
    /// It is read.
    Read,
}

impl Relay {
    /// Decides about events, one after the other.
    pub(crate) async fn decide(
        &self,
        events: &[Event],
        connection: ConnectionId,
        past: Past,
    ) -> Result<Plan, StoreError> {
        let mut whole = Plan::default();
        let mut known: Option<Known> = None;
        for event in events {
            let at = ConversationRef { connection, conversation: event.conversation.clone() };
            let known = match &mut known {
                Some(known) if *known.at() == at => known,
                slot => slot.insert(Known::new(self.inner.store.clone(), at.clone())),
            };
            let plan = self.decide_one(event, &at, past, known).await?;
            plan.changes.iter().for_each(|change| known.apply(change));
            whole.extend(plan);
        }
        Ok(whole)
    }

    async fn decide_one(
        &self,
        event: &Event,
        at: &ConversationRef,
        past: Past,
        known: &mut Known,
    ) -> Result<Plan, StoreError> {
        let view = self.roster().view();
        let Some((sync, here)) = view.endpoint(at) else {
            return Ok(dropped("not in a channel sync"));
        };
        let (subject, thread) = match &event.kind {
            EventKind::Message(state) => (Some(state.id.clone()), state.thread.as_ref()),
            EventKind::Deleted { message }
            | EventKind::Reaction { message, .. }
            | EventKind::Reactions { message, .. } => (Some(message.clone()), None),
            EventKind::Membership { author, joined } => {
                (Some(membership_id(event, author, *joined)), None)
            }
            EventKind::Ignored { .. } | EventKind::Signal(_) => (None, None),
        };
        let subject = match &subject {
            Some(remote) if past == Past::Guessed && is_unedited(event) => known.guess(remote),
            Some(remote) => known.message(remote).await?,
            None => None,
        };
        let root = match thread {
            Some(remote) => known.message(remote).await?,
            None => None,
        };
        let capabilities = |connection: ConnectionId| {
            Some(&view.connections.get(&connection)?.platform.manifest().capabilities)
        };
        Ok(plan(
            event,
            &Scene {
                sync,
                here,
                known: subject.as_ref(),
                root: root.as_ref(),
                capabilities: &capabilities,
                now: self.inner.toolkit.clock.now(),
                ids: &|| new_uuid(&self.inner.toolkit),
            },
        ))
    }
}

fn is_unedited(event: &Event) -> bool {
    matches!(&event.kind, EventKind::Message(state) if state.revision == Revision::default())
}

//! What of a conversation's past is news: not known, or known otherwise.

use std::collections::HashSet;

use rialto_model::{ConversationRef, Event, EventKind, MessageState, Own, ReactionState, RemoteId};
use rialto_store::{MessageView, Reactor, Store, StoreError};

/// Whether a fact says something that is not known.
pub(super) async fn is_news(
    store: &dyn Store,
    at: &ConversationRef,
    event: &Event,
) -> Result<bool, StoreError> {
    Ok(match &event.kind {
        // Lanes look up themselves what became of posts under way.
        EventKind::Message(state) if matches!(state.own, Own::App { .. }) => false,
        EventKind::Message(state) => match store.message_at(at, &state.id).await? {
            Some(known) => is_later(state, &known, at),
            None => true,
        },
        EventKind::Deleted { message } => store
            .message_at(at, message)
            .await?
            .is_some_and(|known| !known.deleted && is_original(&known, at, message.as_str())),
        EventKind::Reactions { message, reactions } => store
            .message_at(at, message)
            .await?
            .is_some_and(|known| !known.deleted && differ(reactions, &known, at, message)),
        EventKind::Reaction { .. }
        | EventKind::Membership { .. }
        | EventKind::Signal(_)
        | EventKind::Ignored { .. } => false,
    })
}

fn is_later(state: &MessageState, known: &MessageView, at: &ConversationRef) -> bool {
    !known.deleted && state.revision > known.revision && is_original(known, at, state.id.as_str())
}

fn is_original(known: &MessageView, at: &ConversationRef, remote: &str) -> bool {
    known.copies.iter().any(|copy| copy.origin && copy.at == *at && copy.remote.as_str() == remote)
}

fn differ(
    now_there: &[ReactionState],
    known: &MessageView,
    at: &ConversationRef,
    remote: &RemoteId,
) -> bool {
    let here = |it: &&Reactor| it.present && it.at == *at && it.remote == *remote;
    let known = known.reactors.iter().filter(here);
    let known: HashSet<_> = known.map(|it| (&it.account, &it.emoji)).collect();
    known != now_there.iter().map(|it| (&it.account, &it.emoji)).collect()
}

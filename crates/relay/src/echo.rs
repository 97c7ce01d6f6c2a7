//! Recognising what Rialto posted itself, also when its event outruns the answer to the call.

use std::time::Duration;

use rialto_model::{ConversationRef, DeliveryState, MessageState, Own};
use rialto_store::{Change, InFlight, NewCopy, Store, StoreError};

use crate::files::Files;

/// How long an account's message waits for posts of ours that are under way, before it is taken as
/// typed by the human who shares the account.
const PATIENCE: Duration = Duration::from_secs(300);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What a message posted under our own identity is.
pub(crate) enum Echo {
    /// Somebody typed it.
    Typed,
    /// It is a copy that we know.
    Known,
    /// It is the copy of a post under way: now it is known.
    Claimed(Change),
}

/// Finds out whether a message is ours.
pub(crate) async fn recognise(
    store: &dyn Store,
    at: &ConversationRef,
    state: &MessageState,
) -> Result<Echo, StoreError> {
    let claim = |post: &InFlight| {
        Echo::Claimed(Change::Claimed(NewCopy {
            delivery: post.delivery,
            part: post.part,
            remote: state.id.clone(),
            revision: state.revision,
            says_when: post.says_when,
            files: Files::from_handles(&post.handles).copied(),
        }))
    };
    match &state.own {
        Own::No => Ok(Echo::Typed),
        Own::App { delivery } => {
            let under_way = store.in_flight(at).await?;
            let ours = under_way.iter().find(|post| Some(post.delivery) == *delivery);
            Ok(match ours {
                Some(post) if !store.is_copy(at, &state.id).await? => claim(post),
                _ => Echo::Known,
            })
        }
        Own::Account { fingerprint } => {
            let give_up = tokio::time::Instant::now() + PATIENCE;
            loop {
                // In this order: a post leaves `in_flight` by becoming a copy.
                let under_way = store.in_flight(at).await?;
                if store.is_copy(at, &state.id).await? {
                    return Ok(Echo::Known);
                }
                if let Some(post) = under_way.iter().find(|post| post.fingerprint == *fingerprint) {
                    return Ok(claim(post));
                }
                let none_comes = !under_way.iter().any(|post| post.state == DeliveryState::Pending);
                if none_comes || tokio::time::Instant::now() >= give_up {
                    return Ok(Echo::Typed);
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }
}

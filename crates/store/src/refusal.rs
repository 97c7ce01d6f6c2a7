//! Why the stores refuse, in the same words from both.

use std::fmt::Display;

use rialto_model::{ConversationRef, DeliveryState, RemoteId};

use crate::StoreError;

pub(crate) const MESSAGE_DELETED: &str = "the message was deleted before it went";
pub(crate) const ENDPOINT_REMOVED: &str = "the endpoint was removed";
pub(crate) const ONLY_HEARD: &str = "the endpoint is only heard";

pub(crate) fn missing(what: &str, id: impl Display) -> StoreError {
    StoreError::NotFound(format!("{what} {id}"))
}

pub(crate) fn exists(what: &str, id: impl Display) -> StoreError {
    StoreError::Conflict(format!("{what} {id} exists already"))
}

pub(crate) fn app_in_use(id: impl Display) -> StoreError {
    StoreError::Conflict(format!("app {id} has connections: remove them first"))
}

pub(crate) fn connection_in_use(id: impl Display) -> StoreError {
    StoreError::Conflict(format!(
        "connection {id} is used by a channel sync: remove its endpoints first"
    ))
}

pub(crate) fn workspace_taken(workspace: &RemoteId) -> StoreError {
    StoreError::Conflict(format!("workspace {workspace} is connected to this app already"))
}

pub(crate) fn conversation_taken(at: &ConversationRef) -> StoreError {
    StoreError::Conflict(format!("conversation {} is in a channel sync already", at.conversation))
}

pub(crate) fn copy_taken(at: &ConversationRef, remote: &RemoteId) -> StoreError {
    StoreError::Conflict(format!(
        "{remote} in conversation {} is a copy of a known message",
        at.conversation
    ))
}

pub(crate) fn endpoint_elsewhere(id: impl Display) -> StoreError {
    StoreError::Conflict(format!("endpoint {id} belongs to another channel sync"))
}

pub(crate) fn not_pending(id: impl Display) -> StoreError {
    StoreError::Conflict(format!("delivery {id} does not wait any more"))
}

pub(crate) fn not_parked(id: impl Display) -> StoreError {
    StoreError::Conflict(format!("delivery {id} is not parked: only a parked one can be retried"))
}

pub(crate) fn erased(id: impl Display) -> StoreError {
    StoreError::Erased(format!("delivery {id}"))
}

/// A delivery settles as anything but pending.
pub(crate) fn settles(state: DeliveryState) -> Result<(), StoreError> {
    if state == DeliveryState::Pending {
        return Err(StoreError::Conflict("a delivery does not settle as pending".into()));
    }
    Ok(())
}

//! What is known of the messages that one webhook speaks of, with the changes that were planned for
//! it already: a webhook may tell of a message and of its reactions at once.

use std::{collections::HashMap, sync::Arc};

use rialto_model::{ConversationRef, MessageId, PartKey, RemoteId};
use rialto_store::{Change, Copy, MessageView, Store, StoreError};

pub(crate) struct Known {
    store: Arc<dyn Store>,
    at: ConversationRef,
    messages: HashMap<MessageId, MessageView>,
    remotes: HashMap<RemoteId, Option<MessageId>>,
}

impl Known {
    pub(crate) fn new(store: Arc<dyn Store>, at: ConversationRef) -> Self {
        Self { store, at, messages: HashMap::new(), remotes: HashMap::new() }
    }

    /// Where the remote ids are from.
    pub(crate) fn at(&self) -> &ConversationRef {
        &self.at
    }

    /// What is known of the message that a remote id here stands for.
    pub(crate) async fn message(
        &mut self,
        remote: &RemoteId,
    ) -> Result<Option<MessageView>, StoreError> {
        if !self.remotes.contains_key(remote) {
            let view = self.store.message_at(&self.at, remote).await?;
            self.remotes.insert(remote.clone(), view.as_ref().map(|view| view.id));
            if let Some(view) = view {
                self.messages.entry(view.id).or_insert(view);
            }
        }
        Ok(self.guess(remote))
    }

    /// Likewise, but nothing is read: what this webhook has not made known is taken for unknown.
    pub(crate) fn guess(&self, remote: &RemoteId) -> Option<MessageView> {
        let id = self.remotes.get(remote).copied().flatten();
        id.and_then(|id| self.messages.get(&id).cloned())
    }

    /// Takes a planned change as made.
    pub(crate) fn apply(&mut self, change: &Change) {
        match change {
            Change::NewMessage {
                id,
                origin,
                remote,
                revision,
                author,
                thread,
                posted_at,
                deleted,
            } => {
                self.remotes.insert(remote.clone(), Some(*id));
                let copy = Copy {
                    message: *id,
                    at: origin.clone(),
                    part: PartKey::Text(0),
                    remote: remote.clone(),
                    revision: *revision,
                    origin: true,
                    says_when: false,
                    by_edit: false,
                    files: Vec::new(),
                };
                self.messages.insert(
                    *id,
                    MessageView {
                        id: *id,
                        origin: origin.clone(),
                        revision: *revision,
                        deleted: *deleted,
                        author: author.clone(),
                        thread: *thread,
                        posted_at: *posted_at,
                        copies: vec![copy],
                        reactors: Vec::new(),
                    },
                );
            }
            Change::Revised { message, revision } => {
                if let Some(view) = self.messages.get_mut(message) {
                    view.revision = *revision;
                }
            }
            Change::Deleted { message } => {
                if let Some(view) = self.messages.get_mut(message) {
                    view.deleted = true;
                }
            }
            Change::Reaction { message, reactor } => {
                if let Some(view) = self.messages.get_mut(message) {
                    view.reactors.retain(|it| {
                        it.at != reactor.at
                            || it.remote != reactor.remote
                            || it.account != reactor.account
                            || it.emoji != reactor.emoji
                    });
                    view.reactors.push(reactor.clone());
                }
            }
            // A claimed copy is ours: nothing else in the same webhook speaks of it.
            Change::Claimed(_) => {}
        }
    }
}

//! What an admin should know about connections, until it is mended.

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;
use rialto_model::{ConnectionId, ConversationRef, RemoteId};

#[derive(Default)]
pub(crate) struct Problems(Mutex<HashMap<ConnectionId, OfConnection>>);

/// What else is looked at from time to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    /// Whether webhooks arrive.
    Deaf,
    /// Whether there is a canary.
    Canary,
    /// Whether the past is compared.
    Unchecked,
}

#[derive(Default)]
struct OfConnection {
    /// What the last round of upkeep found: gone with the next.
    upkeep: Vec<String>,
    /// What is wrong with a conversation: gone when it is not any more.
    conversations: BTreeMap<RemoteId, String>,
    topics: BTreeMap<Topic, String>,
}

impl Problems {
    /// Takes what a round of upkeep found, in place of what the round before found.
    pub(crate) fn found(&self, connection: ConnectionId, problems: Vec<String>) {
        self.0.lock().entry(connection).or_default().upkeep = problems;
    }

    /// Says what is wrong in one respect, or that nothing is.
    pub(crate) fn about(&self, connection: ConnectionId, topic: Topic, problem: Option<String>) {
        let mut all = self.0.lock();
        let of = all.entry(connection).or_default();
        match problem {
            Some(problem) => of.topics.insert(topic, problem),
            None => of.topics.remove(&topic),
        };
    }

    /// Says what is wrong with a conversation.
    pub(crate) fn wrong(&self, at: &ConversationRef, problem: String) {
        let mut all = self.0.lock();
        let of = all.entry(at.connection).or_default();
        of.conversations.insert(at.conversation.clone(), problem);
    }

    /// Nothing is wrong with a conversation.
    pub(crate) fn right(&self, at: &ConversationRef) {
        if let Some(of) = self.0.lock().get_mut(&at.connection) {
            of.conversations.remove(&at.conversation);
        }
    }

    /// Forgets what is wrong with conversations that nobody listens to any more.
    pub(crate) fn keep_of(&self, is_heard: impl Fn(&ConversationRef) -> bool) {
        for (connection, of) in self.0.lock().iter_mut() {
            of.conversations.retain(|conversation, _| {
                let (connection, conversation) = (*connection, conversation.clone());
                is_heard(&ConversationRef { connection, conversation })
            });
        }
    }

    /// Forgets what was found: the connection was renewed.
    pub(crate) fn mended(&self, connection: ConnectionId) {
        self.0.lock().remove(&connection);
    }

    /// All that is known.
    pub(crate) fn of(&self, connection: ConnectionId) -> Vec<String> {
        let all = self.0.lock();
        let of = all.get(&connection);
        let of = of.map(|of| of.topics.values().chain(&of.upkeep).chain(of.conversations.values()));
        of.into_iter().flatten().cloned().collect()
    }
}

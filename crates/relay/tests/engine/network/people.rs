//! What people do on a network; each deed gives the payload of the webhook that tells of it.

use jiff::SignedDuration;
use rialto_model::{Emoji, EventKind, RemoteId, Revision, Signal};

use super::{Network, Seen, find};

impl Network {
    /// A human does something; gives the webhook's payload.
    pub fn post(
        &self,
        conversation: &str,
        by: &str,
        text: &str,
        thread: Option<&RemoteId>,
    ) -> (RemoteId, Vec<u8>) {
        let mut state = self.state.lock();
        state.next += 1;
        let id = RemoteId::from(format!("{}-{}", self.manifest.name, state.next));
        let root = thread.and_then(|root| find(&mut state, conversation, root));
        let seen = Seen {
            id: id.clone(),
            thread: thread.cloned(),
            thread_began: root.map(|root| root.posted_at),
            by: by.into(),
            text: text.into(),
            reads_now: None,
            edits: 0,
            reactions: Vec::new(),
            deleted: false,
            posted_at: self.clock.now(),
            says: None,
            revision: Revision(0),
            reactors: Vec::new(),
            part: None,
        };
        let event = self.event(conversation, &seen, Revision(0));
        state.conversations.entry(conversation.into()).or_default().push(seen);
        (id, event)
    }

    /// From now on the network refuses to show somebody's profile.
    pub fn hides(&self, who: &str) {
        self.state.lock().hidden.insert(who.into());
    }

    /// A message that was posted an hour ago, and that nobody told of.
    pub fn posted_long_ago(&self, conversation: &str, by: &str, text: &str) -> RemoteId {
        let (id, _) = self.post(conversation, by, text, None);
        let mut state = self.state.lock();
        find(&mut state, conversation, &id).unwrap().posted_at -= SignedDuration::from_hours(1);
        id
    }

    pub fn edit(&self, conversation: &str, id: &RemoteId, text: &str) -> Vec<u8> {
        let mut state = self.state.lock();
        let seen = find(&mut state, conversation, id).unwrap();
        seen.text = text.into();
        let revision = Revision(self.clock.now().as_microsecond());
        seen.revision = revision;
        let seen = seen.clone();
        self.event(conversation, &seen, revision)
    }

    /// A conversation gets another id, which nothing is found under but by the new one.
    pub fn moves(&self, from: &str, to: &str) {
        let mut state = self.state.lock();
        let all = state.conversations.remove(&RemoteId::from(from)).unwrap();
        state.conversations.insert(to.into(), all);
        state.moved.push((from.into(), to.into()));
    }

    /// The webhook's payload that tells of it.
    pub fn tells_of_move(&self, from: &str, to: &str) -> Vec<u8> {
        self.payload(from, EventKind::Signal(Signal::Moved { to: to.into() }))
    }

    /// Deletes a message without leaving a trace.
    pub fn purge(&self, conversation: &str, id: &RemoteId) {
        let mut state = self.state.lock();
        let all = state.conversations.get_mut(&RemoteId::from(conversation)).unwrap();
        all.retain(|message| message.id != *id);
    }

    pub fn delete(&self, conversation: &str, id: &RemoteId) -> Vec<u8> {
        let mut state = self.state.lock();
        find(&mut state, conversation, id).unwrap().deleted = true;
        self.payload(conversation, EventKind::Deleted { message: id.clone() })
    }

    pub fn react(
        &self,
        conversation: &str,
        id: &RemoteId,
        by: &str,
        emoji: &str,
        present: bool,
    ) -> Vec<u8> {
        let one = (by.to_owned(), emoji.to_owned());
        let mut state = self.state.lock();
        let seen = find(&mut state, conversation, id).unwrap();
        seen.reactors.retain(|it| *it != one);
        if present {
            seen.reactors.push(one);
        }
        self.payload(
            conversation,
            EventKind::Reaction {
                message: id.clone(),
                account: by.into(),
                emoji: Emoji::Unicode(emoji.into()),
                present,
            },
        )
    }
}

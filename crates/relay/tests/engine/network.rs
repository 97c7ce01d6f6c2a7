//! A chat network in memory, with the faults that real ones have: the engine cannot tell it from
//! one of them.

mod port;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rialto_model::{
    Abilities, Ability, Author, Capabilities, Content, Emoji, Event, EventKind, Feature,
    FileLimits, Fingerprint, LengthUnit, MessageState, Own, Pacing, PlatformId, RemoteId, Revision,
    RichText, Signal, Support, TextLimit,
};
use rialto_platform::{HoldScope, Manifest, SendError};

use crate::watched::Process;

/// The account through which Rialto speaks.
pub const SERVICE: &str = "service";

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, the answer never comes.
    LostCall,
    /// It is done, the answer never comes.
    LostAnswer,
    /// Nothing is done, for now.
    Down,
    /// Nothing is done; wait so many seconds.
    Wait(i64),
    /// Nothing is done and never will be.
    Never,
    /// Nothing is done until somebody authorizes again.
    Revoked,
}

/// A message as its readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub id: RemoteId,
    pub thread: Option<RemoteId>,
    thread_began: Option<Timestamp>,
    pub by: String,
    pub text: String,
    pub reactions: Vec<String>,
    pub deleted: bool,
    posted_at: Timestamp,
    revision: Revision,
    /// Who of the people here reacted, and with what.
    reactors: Vec<(String, String)>,
    part: Option<(String, Fingerprint)>,
}

impl Seen {
    /// Whether Rialto posted it.
    pub fn is_copy(&self) -> bool {
        self.part.is_some()
    }
}

#[derive(Default)]
struct State {
    conversations: BTreeMap<RemoteId, Vec<Seen>>,
    next: u32,
    faults: VecDeque<Fault>,
    calls: Vec<String>,
    own_events: Vec<Vec<u8>>,
    /// Conversations that have another id now, which upkeep finds.
    moved: Vec<(RemoteId, RemoteId)>,
    /// How long a post takes to be answered.
    /// What was posted is listed so much later only.
    lag: Duration,
    slowness: Duration,
}

/// The network. Cheap to clone.
#[derive(Clone)]
pub struct Network {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn rialto_platform::Clock>,
    manifest: Arc<Manifest>,
    /// Who calls: a call stays its process's until it is answered.
    process: Arc<Mutex<Arc<Process>>>,
    /// Whether posts carry their delivery's id, as Slack's do.
    marks: bool,
}

impl Network {
    pub fn new(name: &'static str, marks: bool, clock: Arc<dyn rialto_platform::Clock>) -> Self {
        let manifest = Manifest {
            id: PlatformId::new(name),
            name,
            capabilities: Capabilities {
                text: TextLimit { max: 40, unit: LengthUnit::Characters },
                longest: TextLimit { max: 40, unit: LengthUnit::Characters },
                max_edits: None,
                reactions_in_replies: false,
                files: FileLimits { max_bytes: 1_000, per_message: 10 },
                abilities: Abilities::new(|feature| match feature {
                    Feature::CustomReaction => Ability::shown(Support::None("there are none")),
                    _ => Ability::NATIVE,
                }),
                pacing: Pacing::default(),
            },
            fields: Vec::new(),
            steps: &[],
            permissions: Vec::new(),
            needs_parent: false,
            webhook_window: None,
        };
        Self {
            state: Arc::default(),
            clock,
            manifest: Arc::new(manifest),
            process: Arc::default(),
            marks,
        }
    }

    /// Another process calls from now on.
    pub fn called_by(&self, process: &Arc<Process>) {
        *self.process.lock() = process.clone();
    }

    fn process(&self) -> Arc<Process> {
        self.process.lock().clone()
    }

    /// Whatever was to go wrong yet does not.
    pub fn is_well(&self) {
        self.state.lock().faults.clear();
    }

    /// All that a conversation's readers see.
    pub fn seen(&self, conversation: &str) -> Vec<Seen> {
        let state = self.state.lock();
        state.conversations.get(&RemoteId::from(conversation)).cloned().unwrap_or_default()
    }

    /// Its conversations.
    pub fn conversations(&self) -> Vec<String> {
        let state = self.state.lock();
        state.conversations.keys().map(|id| id.as_str().to_owned()).collect()
    }

    /// The next calls go wrong so.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.lock().faults.extend(faults);
    }

    /// From now on a post is answered only after a while.
    pub fn answer_after(&self, slowness: Duration) {
        self.state.lock().slowness = slowness;
    }

    /// What is posted from now on shows in lists so much later only.
    pub fn list_after(&self, lag: Duration) {
        self.state.lock().lag = lag;
    }

    /// The calls that were made, in words.
    pub fn calls(&self) -> Vec<String> {
        self.state.lock().calls.clone()
    }

    /// Events of our own posts, as the network sends them to us. Takes them.
    pub fn own_events(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.state.lock().own_events)
    }

    /// What a reader sees: who, and what; ⤷ for a reply, ✗ for what is deleted.
    pub fn read(&self, conversation: &str) -> Vec<String> {
        let state = self.state.lock();
        let empty = Vec::new();
        let seen = state.conversations.get(&RemoteId::from(conversation)).unwrap_or(&empty);
        let line = |message: &Seen| {
            let reply = if message.thread.is_some() { "⤷ " } else { "" };
            let gone = if message.deleted { " ✗" } else { "" };
            let reactions: String =
                message.reactions.iter().map(|emoji| format!(" [{emoji}]")).collect();
            format!("{reply}{}: {}{reactions}{gone}", message.by, message.text)
        };
        seen.iter().map(line).collect()
    }

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
            reactions: Vec::new(),
            deleted: false,
            posted_at: self.clock.now(),
            revision: Revision(0),
            reactors: Vec::new(),
            part: None,
        };
        let event = self.event(conversation, &seen, Revision(0));
        state.conversations.entry(conversation.into()).or_default().push(seen);
        (id, event)
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

    /// The id of the first message that reads so.
    pub fn find(&self, conversation: &str, text: &str) -> RemoteId {
        let state = self.state.lock();
        let all = &state.conversations[&RemoteId::from(conversation)];
        all.iter().find(|message| message.text == text).unwrap().id.clone()
    }

    /// What the first message that reads so replies to.
    pub fn thread_of(&self, conversation: &str, text: &str) -> Option<RemoteId> {
        let state = self.state.lock();
        let all = &state.conversations[&RemoteId::from(conversation)];
        all.iter().find(|message| message.text == text).unwrap().thread.clone()
    }

    fn event(&self, conversation: &str, seen: &Seen, revision: Revision) -> Vec<u8> {
        self.payload(conversation, self.said(seen, revision))
    }

    fn said(&self, seen: &Seen, revision: Revision) -> EventKind {
        let own = match &seen.part {
            Some((delivery, _)) if self.marks => Own::App { delivery: delivery.parse().ok() },
            Some((_, fingerprint)) => Own::Account { fingerprint: fingerprint.clone() },
            None => Own::No,
        };
        EventKind::Message(Box::new(MessageState {
            id: seen.id.clone(),
            revision,
            posted_at: seen.posted_at,
            thread: seen.thread.clone(),
            thread_began: seen.thread_began,
            broadcast: false,
            author: Author {
                account: Some(seen.by.as_str().into()),
                name: String::new(),
                avatar_url: None,
                bot: false,
            },
            content: Content { text: RichText::plain(&seen.text), attachments: Vec::new() },
            own,
        }))
    }

    fn payload(&self, conversation: &str, kind: EventKind) -> Vec<u8> {
        let event = Event { conversation: conversation.into(), at: self.clock.now(), kind };
        serde_json::to_vec(&event).unwrap()
    }

    /// Does a call, or not, as the next fault says.
    fn call<T>(&self, what: String, act: impl FnOnce(&mut State) -> T) -> Result<T, SendError> {
        let mut state = self.state.lock();
        state.calls.push(what);
        match state.faults.pop_front() {
            None => Ok(act(&mut state)),
            Some(Fault::LostAnswer) => {
                act(&mut state);
                Err(SendError::Unknown("no answer".into()))
            }
            Some(Fault::LostCall) => Err(SendError::Unknown("no answer".into())),
            Some(Fault::Down) => Err(SendError::Transient("down".into())),
            Some(Fault::Wait(seconds)) => Err(SendError::RateLimited {
                until: self.clock.now() + SignedDuration::from_secs(seconds),
                scope: HoldScope::Conversation,
            }),
            Some(Fault::Never) => Err(SendError::Permanent("the channel is archived".into())),
            Some(Fault::Revoked) => Err(SendError::Revoked("token_revoked".into())),
        }
    }
}

fn find<'a>(state: &'a mut State, conversation: &str, id: &RemoteId) -> Option<&'a mut Seen> {
    let all = state.conversations.get_mut(&RemoteId::from(conversation))?;
    all.iter_mut().find(|message| message.id == *id)
}

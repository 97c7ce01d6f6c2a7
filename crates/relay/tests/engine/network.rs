//! A chat network in memory, with the faults that real ones have: the engine cannot tell it from
//! one of them.

mod kinds;
mod people;
mod port;
mod vendor;
mod weather;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_model::{
    Author, Content, Event, EventKind, Fingerprint, MessageState, Own, Pacing, RemoteId, Revision,
    RichText,
};
use rialto_platform::Manifest;

use self::weather::Posts;
pub use self::{
    kinds::Kind,
    vendor::Vendor,
    weather::{Fault, Illness},
};
use crate::watched::Process;

/// The account through which Rialto speaks.
pub const SERVICE: &str = "service";

/// A message as its readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub id: RemoteId,
    pub thread: Option<RemoteId>,
    thread_began: Option<Timestamp>,
    pub by: String,
    pub text: String,
    /// How it reads now, said in a reply: it cannot be edited any more.
    pub reads_now: Option<String>,
    edits: u32,
    pub reactions: Vec<String>,
    pub deleted: bool,
    pub posted_at: Timestamp,
    /// When it says that it was said.
    pub says: Option<Timestamp>,
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

    /// What it says to its readers.
    pub fn reads(&self) -> &str {
        self.reads_now.as_deref().unwrap_or(&self.text)
    }
}

#[derive(Default)]
struct State {
    conversations: BTreeMap<RemoteId, Vec<Seen>>,
    next: u32,
    faults: VecDeque<Fault>,
    illness: Option<Illness>,
    posts: Posts,
    too_fast: Vec<String>,
    calls: Vec<String>,
    own_events: Vec<Vec<u8>>,
    /// Conversations that have another id now, which upkeep finds.
    moved: Vec<(RemoteId, RemoteId)>,
    /// What was posted is listed so much later only.
    lag: Duration,
    /// Of which conversations the past was read.
    past_read: Vec<String>,
    /// How often a past was read from its first page on.
    readings: usize,
    /// How often a past was asked for that must be left alone.
    refusals: usize,
    /// Whose past must be left alone until then.
    past_refused: BTreeMap<RemoteId, Timestamp>,
    /// How long a post or a change takes to be answered.
    slowness: Duration,
    /// Whose profiles are not shown.
    hidden: BTreeSet<RemoteId>,
    /// Nobody may read the past, which takes so long to say.
    past_forbidden_after: Option<Duration>,
    /// The canary's message, in a private channel. Nobody is told of what happens there.
    egg: Option<RemoteId>,
    /// When what lets Rialto in ends.
    credential_ends: Option<Timestamp>,
}

/// The canary's private channel.
const NEST: &str = "nest";

/// The network. Cheap to clone.
#[derive(Clone)]
pub struct Network {
    pub kind: Kind,
    state: Arc<Mutex<State>>,
    clock: Arc<dyn rialto_platform::Clock>,
    manifest: Arc<Manifest>,
    /// Who calls: a call stays its process's until it is answered.
    process: Arc<Mutex<Arc<Process>>>,
    /// Whether pages of the past are counted from the newest message on: the next one shifts when
    /// something is deleted, and leaves something out.
    shifts: bool,
}

impl Network {
    /// A network of a kind; `paced`: with the limits of that kind.
    pub fn new(kind: Kind, paced: bool, clock: Arc<dyn rialto_platform::Clock>) -> Self {
        let mut manifest = kind.manifest();
        if !paced {
            manifest.capabilities.pacing = Pacing::default();
        }
        let (manifest, shifts) = (Arc::new(manifest), !paced || kind == Kind::Zoom);
        Self { kind, state: Arc::default(), clock, manifest, process: Arc::default(), shifts }
    }

    /// Another process calls from now on.
    pub fn called_by(&self, process: &Arc<Process>) {
        self.state.lock().posts.iter_mut().for_each(|(_, _, this_run)| *this_run = false);
        *self.process.lock() = process.clone();
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn process(&self) -> Arc<Process> {
        self.process.lock().clone()
    }

    /// All that a conversation's readers see.
    pub fn seen(&self, conversation: &str) -> Vec<Seen> {
        let state = self.state.lock();
        state.conversations.get(&RemoteId::from(conversation)).cloned().unwrap_or_default()
    }

    /// Whether a sweep may have left something out at first.
    pub fn has_shifted(&self) -> bool {
        self.shifts && self.state.lock().conversations.values().flatten().any(|it| it.deleted)
    }

    /// Its conversations.
    pub fn conversations(&self) -> Vec<String> {
        let state = self.state.lock();
        state.conversations.keys().map(|id| id.as_str().to_owned()).collect()
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
            format!("{reply}{}: {}{reactions}{gone}", message.by, message.reads())
        };
        seen.iter().map(line).collect()
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
            Some((delivery, _)) if self.kind.marks() => {
                Own::App { delivery: delivery.parse().ok() }
            }
            Some((_, fingerprint)) => Own::Account { fingerprint: fingerprint.clone() },
            // A human who shares the account cannot be told from us by who they are.
            None if seen.by == SERVICE && !self.kind.marks() => {
                Own::Account { fingerprint: Fingerprint(seen.text.clone()) }
            }
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
                // Of whom nothing but an address is known, the event tells that.
                name: if seen.by.contains('@') { seen.by.clone() } else { String::new() },
                avatar_url: None,
                bot: false,
            },
            content: Content { text: RichText::plain(&seen.text), attachments: Vec::new() },
            own,
        }))
    }

    pub fn payload(&self, conversation: &str, kind: EventKind) -> Vec<u8> {
        let event = Event { conversation: conversation.into(), at: self.clock.now(), kind };
        serde_json::to_vec(&event).unwrap()
    }
}

fn find<'a>(state: &'a mut State, conversation: &str, id: &RemoteId) -> Option<&'a mut Seen> {
    let all = state.conversations.get_mut(&RemoteId::from(conversation))?;
    all.iter_mut().find(|message| message.id == *id)
}

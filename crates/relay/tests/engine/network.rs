//! A chat network in memory, with the faults that real ones have: the engine cannot tell it from
//! one of them.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rialto_model::{
    Account, AccountKind, Attachment, Author, AuthorStyle, Begun, Block, Capabilities, Content,
    Conversation, ConversationKind, Emoji, Event, EventKind, FileLimits, Fingerprint, LengthUnit,
    MessageState, Own, Pacing, PartKey, PlatformId, ReactionState, ReactionSupport, RemoteId,
    Revision, RichText, Support, TextLimit,
};
use rialto_platform::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, ConnectContext, Connection,
    FileBody, FileError, Finding, HistoryPage, HistoryRequest, HoldScope, Manifest, MessageChange,
    Nest, NewConversation, Note, Outgoing, Page, Part, Platform, Post, ReadError, Received,
    SendError, SetupError, Upkeep, WebhookAnswer, WebhookRequest, split::split,
};
use secrecy::SecretString;

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
        let native = Support::Native;
        let manifest = Manifest {
            id: PlatformId::new(name),
            name,
            capabilities: Capabilities {
                text: TextLimit { max: 40, unit: LengthUnit::Characters },
                author: AuthorStyle::Native,
                edits: native,
                max_edits: None,
                deletes: native,
                threads: native,
                broadcast: native,
                reactions: ReactionSupport {
                    unicode: native,
                    custom: Support::None("there are none"),
                },
                files: FileLimits { support: native, max_bytes: 1_000, per_message: 10 },
                everyone_mentions: native,
                memberships: native,
                pacing: Pacing::default(),
            },
            fields: Vec::new(),
            steps: &[],
            permissions: Vec::new(),
            needs_parent: false,
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

#[async_trait]
impl Platform for Network {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn receive(&self, _: &AppConfig, _: &WebhookRequest<'_>, _: Timestamp) -> Received {
        Received::Handshake(WebhookAnswer::status(http::StatusCode::OK))
    }

    fn app_manifest(&self, _: &AppConfig) -> Option<String> {
        None
    }

    fn authorization_start(
        &self,
        _: &AppConfig,
        _: &str,
    ) -> Result<AuthorizationStart, SetupError> {
        Err(SetupError::Refused("not here".into()))
    }

    async fn authorize(
        &self,
        _: &AppConfig,
        _: AuthorizationAnswer,
    ) -> Result<Authorized, SetupError> {
        Err(SetupError::Refused("not here".into()))
    }

    async fn adopt(&self, _: &AppConfig, _: SecretString) -> Result<Authorized, SetupError> {
        Err(SetupError::Refused("not here".into()))
    }

    fn connect(&self, _: ConnectContext) -> Result<Arc<dyn Connection>, SetupError> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Connection for Network {
    async fn is_own(&self, account: &RemoteId) -> Result<bool, ReadError> {
        Ok(account.as_str() == SERVICE)
    }

    async fn normalize(&self, payload: &[u8]) -> Result<Vec<Event>, ReadError> {
        let event = serde_json::from_slice(payload);
        assert!(!String::from_utf8_lossy(payload).contains("unreadable"), "a defect");
        Ok(vec![event.map_err(|error| ReadError::Permanent(error.to_string()))?])
    }

    /// Two messages a page; deletions show by what is not there any more.
    async fn history(&self, request: HistoryRequest<'_>) -> Result<HistoryPage, ReadError> {
        let state = self.state.lock();
        let all = state.conversations.get(request.conversation).map(Vec::as_slice);
        let listed = |seen: &Seen| seen.posted_at + state.lag <= self.clock.now();
        let since = |seen: &&Seen| seen.posted_at >= request.since && !seen.deleted && listed(seen);
        let shown: Vec<_> = all.unwrap_or_default().iter().filter(since).collect();
        let start = request.page.map_or(0, |page| page.parse().unwrap());
        let mut page = HistoryPage {
            complete_since: Some(request.since),
            next: (start + 2 < shown.len()).then(|| (start + 2).to_string()),
            ..HistoryPage::default()
        };
        // Newest first, as most platforms list.
        for seen in shown.iter().rev().skip(start).take(2) {
            let mut as_told = (*seen).clone();
            if seen.part.is_some() {
                as_told.by = SERVICE.into();
            }
            let reactions = seen.reactors.iter().map(|(by, emoji)| ReactionState {
                account: by.as_str().into(),
                emoji: Emoji::Unicode(emoji.clone()),
            });
            let reactions =
                EventKind::Reactions { message: seen.id.clone(), reactions: reactions.collect() };
            page.threads.push(seen.id.clone());
            let edited = Timestamp::from_microsecond(seen.revision.0).unwrap();
            let said = (self.said(&as_told, seen.revision), seen.posted_at.max(edited));
            // Who reacted is told as it is now.
            for (kind, at) in [said, (reactions, self.clock.now())] {
                let conversation = request.conversation.clone();
                page.events.push(Event { conversation, at, kind });
            }
        }
        Ok(page)
    }

    async fn account(&self, id: &RemoteId) -> Result<Option<Account>, ReadError> {
        Ok(Some(Account {
            id: id.clone(),
            name: id.as_str().into(),
            email: Some(format!("{id}@acme.example")),
            avatar_url: None,
            kind: AccountKind::Person,
        }))
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, ReadError> {
        let name = email.trim_end_matches("@acme.example");
        self.account(&name.into()).await
    }

    async fn open(&self, _: &Attachment) -> Result<FileBody, FileError> {
        Err(FileError::Refused("there are no files".into()))
    }

    async fn avatar(&self, _: &RemoteId) -> Result<Option<FileBody>, ReadError> {
        Ok(None)
    }

    async fn conversations(&self, _: Option<&str>) -> Result<Page<Conversation>, ReadError> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn conversation(&self, id: &RemoteId) -> Result<Option<Conversation>, ReadError> {
        Ok(Some(Conversation {
            id: id.clone(),
            name: id.as_str().into(),
            kind: ConversationKind::Channel,
            parent: None,
            private: false,
            archived: false,
            joined: true,
            topic: None,
        }))
    }

    async fn parents(&self) -> Result<Vec<(RemoteId, String)>, ReadError> {
        Ok(Vec::new())
    }

    async fn create_conversation(&self, _: &NewConversation) -> Result<Conversation, SetupError> {
        Err(SetupError::Refused("not here".into()))
    }

    async fn direct(&self, account: &RemoteId) -> Result<RemoteId, SendError> {
        Ok(format!("direct-{account}").into())
    }

    async fn join(&self, _: &RemoteId) -> Result<(), SetupError> {
        Ok(())
    }

    fn render(&self, outgoing: &Outgoing) -> Vec<Part> {
        let mut text = outgoing.content.text.clone();
        assert!(!text.plain_text().contains("unspeakable"), "a defect");
        if outgoing.notes.contains(&Note::ReplyToUnknown) {
            text.blocks.insert(
                0,
                Block::Paragraph(RichText::plain("(reply)").blocks.remove(0).into_line()),
            );
        }
        let limit = self.manifest.capabilities.text.max;
        let pieces = split(&text, &|piece| piece.plain_text().chars().count() <= limit);
        let part = |(index, piece): (usize, RichText)| {
            let text = piece.plain_text();
            Part {
                key: PartKey::Text(u16::try_from(index).unwrap()),
                body: serde_json::to_string(&(&outgoing.author.name, &text)).unwrap(),
                files: Vec::new(),
                fingerprint: Fingerprint(text),
                in_thread: true,
            }
        };
        pieces.into_iter().enumerate().map(part).collect()
    }

    async fn upload(&self, _: &RemoteId, _: &Attachment, _: FileBody) -> Result<String, FileError> {
        Err(FileError::Refused("there are no files".into()))
    }

    async fn post(&self, post: &Post<'_>, begun: &Begun) -> Result<RemoteId, SendError> {
        // Somebody else may run while a call is under way.
        let process = self.process();
        process.step().await;
        let (by, text): (String, String) = serde_json::from_str(&post.part.body).unwrap();
        if let Some(root) = post.thread
            && find(&mut self.state.lock(), post.to.as_str(), root).is_none()
        {
            return Err(SendError::NoThread("the thread is gone".into()));
        }
        let result = self.call(format!("post {text}"), |state| {
            state.next += 1;
            let id = RemoteId::from(format!("{}-{}", self.manifest.name, state.next));
            let seen = Seen {
                id: id.clone(),
                thread: post.thread.cloned(),
                thread_began: None,
                by,
                text,
                reactions: Vec::new(),
                deleted: false,
                posted_at: self.clock.now(),
                revision: Revision(0),
                reactors: Vec::new(),
                part: Some((begun.delivery().to_string(), post.part.fingerprint.clone())),
            };
            let mut as_service = seen.clone();
            as_service.by = SERVICE.into();
            state.own_events.push(self.event(post.to.as_str(), &as_service, Revision(0)));
            state.conversations.entry(post.to.clone()).or_default().push(seen);
            id
        });
        let slowness = self.state.lock().slowness;
        tokio::time::sleep(slowness).await;
        process.step().await;
        result
    }

    async fn find_sent(&self, post: &Post<'_>, begun: &Begun) -> Result<Vec<RemoteId>, SendError> {
        let process = self.process();
        process.step().await;
        let found = self.call(format!("look up {}", post.part.fingerprint.0), |state| {
            let lag = state.lag;
            let all = state.conversations.get(post.to).map(Vec::as_slice).unwrap_or_default();
            let same = |seen: &&Seen| match &seen.part {
                Some((delivery, fingerprint)) => {
                    *fingerprint == post.part.fingerprint
                        && seen.posted_at >= begun.at()
                        && seen.posted_at + lag <= self.clock.now()
                        && (!self.marks || *delivery == begun.delivery().to_string())
                }
                None => false,
            };
            all.iter().filter(same).map(|seen| seen.id.clone()).collect()
        });
        // Long enough for a webhook or a sweep to tell of the post meanwhile.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        process.step().await;
        found
    }

    async fn change(&self, to: &RemoteId, change: &MessageChange<'_>) -> Result<(), SendError> {
        let process = self.process();
        process.step().await;
        let (message, what) = match change {
            MessageChange::Edit { message, .. } => (*message, "edit"),
            MessageChange::Delete { message, .. } => (*message, "delete"),
            MessageChange::React { message, .. } => (*message, "react"),
            MessageChange::Unreact { message, .. } => (*message, "unreact"),
        };
        let found = self.call(what.into(), |state| {
            let seen = find(state, to.as_str(), message)?;
            match change {
                MessageChange::Edit { part, .. } => {
                    let (_, text): (String, String) = serde_json::from_str(&part.body).unwrap();
                    seen.text = text;
                }
                MessageChange::Delete { .. } => seen.deleted = true,
                MessageChange::React { emoji, .. } if seen.reactions.contains(&emoji.as_text()) => {
                }
                MessageChange::React { emoji, .. } => seen.reactions.push(emoji.as_text()),
                MessageChange::Unreact { emoji, .. } => {
                    seen.reactions.retain(|it| *it != emoji.as_text());
                }
            }
            Some(())
        });
        let is_deletion = matches!(change, MessageChange::Delete { .. });
        let changed = match found {
            Ok(None) if !is_deletion => Err(SendError::Permanent("the message is gone".into())),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        process.step().await;
        changed
    }

    async fn nest(&self, _: &[RemoteId], _: bool) -> Result<Nest, SetupError> {
        Err(SetupError::Refused("there are no private channels".into()))
    }

    async fn upkeep(&self, _: &[RemoteId]) -> Result<Upkeep, ReadError> {
        Ok(Upkeep::default())
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }
}

trait IntoLine {
    fn into_line(self) -> Vec<rialto_model::Inline>;
}

impl IntoLine for Block {
    fn into_line(self) -> Vec<rialto_model::Inline> {
        match self {
            Self::Paragraph(line) => line,
            _ => Vec::new(),
        }
    }
}

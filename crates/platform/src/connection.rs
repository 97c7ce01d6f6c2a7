//! One authorized workspace.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rialto_model::{Account, Attachment, Begun, Conversation, Event, RemoteId};

use crate::{
    FileBody, FileError, HistoryPage, HistoryRequest, MessageChange, Outgoing, Part, Post,
    ReadError, SendError, SetupError, nest::Nest,
};

/// A conversation to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConversation {
    /// Its name; the connector fits it to the platform's rules.
    pub name: String,
    /// The team to make it in, where the platform needs one.
    pub parent: Option<RemoteId>,
    /// Whether only members see it.
    pub private: bool,
    /// Who is in it from the start, besides the service identity.
    pub members: Vec<RemoteId>,
    /// Its topic or description.
    pub topic: Option<String>,
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to ask for next; `None` at the end. Unused after a change of connection.
    pub next: Option<String>,
}

/// Something that lets Rialto in for a time. Its secret is elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What it is: `access token`.
    pub name: &'static str,
    /// When it ends unless it is renewed; `None`: it does not.
    pub expires_at: Option<Timestamp>,
    /// A renewal that is still to come when less than this is left has failed before.
    pub overdue: SignedDuration,
}

/// What looking after a connection brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// When it must be looked after again, at the latest.
    pub again_by: Option<Timestamp>,
    /// Conversations in which events may have been lost. Empty id: in all.
    pub gaps: Vec<RemoteId>,
    /// Heard conversations that have another id now: the old one, the new one.
    pub moved: Vec<(RemoteId, RemoteId)>,
    /// What an admin should know, with the mend.
    pub problems: Vec<String>,
    /// What lets Rialto in.
    pub credentials: Vec<Credential>,
    /// Heard conversations as they are now, as far as they were seen: their names are followed.
    pub seen: Vec<Conversation>,
}

impl Upkeep {
    /// When a connection that must be looked at this often, and whose token is to be renewed then, is
    /// looked after next. A renewal that is due and did not work is tried again soon.
    pub fn next(
        now: Timestamp,
        every: SignedDuration,
        renew: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let look = now.checked_add(every).ok();
        let soon = now.checked_add(SignedDuration::from_mins(1)).ok();
        [look, renew.max(soon.filter(|_| renew.is_some()))].into_iter().flatten().min()
    }
}

/// A check of a connection, for `rialto doctor`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    /// What was checked: `scope channels:history`.
    pub subject: String,
    /// Whether all is well.
    pub level: FindingLevel,
    /// What was found, why it matters, how to mend it.
    pub detail: String,
}

impl Finding {
    /// What was checked, whether all is well, and what was found.
    pub fn new(subject: impl Into<String>, level: FindingLevel, detail: impl Into<String>) -> Self {
        Self { subject: subject.into(), level, detail: detail.into() }
    }
}

/// Whether all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingLevel {
    /// It is.
    Ok,
    /// Something is missing that some features need.
    Warning,
    /// It does not work.
    Error,
}

/// One authorized workspace. Every method may be called from many tasks at once.
#[async_trait]
pub trait Connection: Send + Sync + 'static {
    /// Whether an account is the one through which we speak and listen.
    async fn is_own(&self, account: &RemoteId) -> Result<bool, ReadError>;

    // ---- in

    /// Makes canonical events of what `Platform::receive` took. May call the platform. Names and
    /// pictures that the payload lacks stay empty: the relay completes them.
    async fn normalize(&self, payload: &[u8]) -> Result<Vec<Event>, ReadError>;

    /// Reads the past of a conversation, a page at a time: at most one call of the platform's API.
    async fn history(&self, request: HistoryRequest<'_>) -> Result<HistoryPage, ReadError>;

    /// An account; `None` when there is none.
    async fn account(&self, id: &RemoteId) -> Result<Option<Account>, ReadError>;

    /// The account with this verified e-mail address.
    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, ReadError>;

    /// Opens a file that came with a message.
    async fn open(&self, attachment: &Attachment) -> Result<FileBody, FileError>;

    /// An account's picture where it needs a token to be fetched; `None` when there is none.
    async fn avatar(&self, account: &RemoteId) -> Result<Option<FileBody>, ReadError>;

    // ---- conversations

    /// Channels that exist, those the service identity is not in included.
    async fn conversations(&self, page: Option<&str>) -> Result<Page<Conversation>, ReadError>;

    /// One of them; `None` when it does not exist or cannot be seen.
    async fn conversation(&self, id: &RemoteId) -> Result<Option<Conversation>, ReadError>;

    /// Where conversations can be made in: id and name. Empty where the platform has no parents.
    async fn parents(&self) -> Result<Vec<(RemoteId, String)>, ReadError>;

    /// Makes a conversation, with the service identity in it.
    async fn create_conversation(&self, new: &NewConversation) -> Result<Conversation, SetupError>;

    /// Makes the service identity a member, so that it hears and may write; no error when it is.
    async fn join(&self, conversation: &RemoteId) -> Result<(), SetupError>;

    /// Our own conversation with an account: opened when there is none.
    async fn direct(&self, account: &RemoteId) -> Result<RemoteId, SendError>;

    // ---- out

    /// The posts that a message takes, at least one. Pure.
    fn render(&self, outgoing: &Outgoing) -> Vec<Part>;

    /// Uploads a file for a conversation without showing it yet; gives what `post` needs.
    async fn upload(
        &self,
        to: &RemoteId,
        attachment: &Attachment,
        body: FileBody,
    ) -> Result<String, FileError>;

    /// Makes a post. Gives its id.
    async fn post(&self, post: &Post<'_>, begun: &Begun) -> Result<RemoteId, SendError>;

    /// Posts of ours in the conversation that may be this one, not older than `begun.at()`, oldest
    /// first. An error when that could not be looked up: then nothing is known.
    async fn find_sent(&self, post: &Post<'_>, begun: &Begun) -> Result<Vec<RemoteId>, SendError>;

    /// Changes something we posted.
    async fn change(&self, to: &RemoteId, change: &MessageChange<'_>) -> Result<(), SendError>;

    // ---- upkeep

    /// The canary's nest: remembered, found, or made near what is `heard`. `anew`: the remembered
    /// one does not work.
    async fn nest(&self, heard: &[RemoteId], anew: bool) -> Result<Nest, SetupError>;

    /// Makes sure that we hear these conversations and that tokens stay fresh: subscribes, renews,
    /// recreates, unsubscribes from others. Called at start, on signals, on change, and by
    /// `Upkeep::again_by`.
    async fn upkeep(&self, heard: &[RemoteId]) -> Result<Upkeep, ReadError>;

    /// Checks what can be checked by asking.
    async fn check(&self) -> Vec<Finding>;
}

//! One tenant.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rialto_model::{Account, Attachment, Begun, Conversation, Event, RemoteId};
use rialto_platform::{
    ActedAs, Cabinet, ConnectContext, Connection, FileBody, FileError, Finding, HistoryPage,
    HistoryRequest, MessageChange, Nest, NewConversation, Outgoing, Page, Part, Post, ReadError,
    SendError, SetupError, Toolkit, Upkeep,
};

use tokio::sync::OnceCell;

use crate::{
    api::Graph, certificate::Certificate, fault::Fault, place::Place, render, sender::Senders,
    settings::Settings, upload::Folder,
};

/// What is waited at most when Graph asks to wait in the middle of something.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// A tenant, as its service user and as the application.
pub(crate) struct TeamsConnection {
    pub(crate) graph: Graph,
    pub(crate) senders: Senders,
    pub(crate) cabinet: Arc<dyn Cabinet>,
    pub(crate) workspace: RemoteId,
    ours: OnceCell<ActedAs>,
    pub(crate) upkeep: tokio::sync::Mutex<()>,
    pub(crate) folders: Mutex<HashMap<Place, Folder>>,
    pub(crate) certificates: Mutex<HashMap<String, Certificate>>,
}

impl TeamsConnection {
    pub(crate) fn new(toolkit: Toolkit, context: ConnectContext) -> Result<Self, SetupError> {
        let settings = Arc::new(Settings::of(&context.app)?);
        Ok(Self {
            graph: Graph::new(toolkit.clone(), settings.clone(), context.cabinet.clone()),
            senders: Senders::new(toolkit, settings),
            cabinet: context.cabinet,
            workspace: context.workspace,
            ours: OnceCell::new(),
            upkeep: tokio::sync::Mutex::default(),
            folders: Mutex::default(),
            certificates: Mutex::default(),
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.graph.toolkit.clock.now()
    }

    /// The service user, and former ones: all as whom Rialto has acted.
    pub(crate) async fn ours(&self) -> Result<&ActedAs, Fault> {
        self.ours
            .get_or_try_init(|| async {
                let own = self.graph.tokens.account().await?;
                Ok(ActedAs::with(self.cabinet.as_ref(), &[&own]).await?)
            })
            .await
    }

    /// Waits until Graph wants to be asked again, but not for long.
    pub(crate) async fn wait_for(&self, until: Option<Timestamp>) {
        let second = SignedDuration::from_secs(1);
        let pause = until.map_or(second, |until| until.duration_since(self.now()));
        let pause = pause.clamp(SignedDuration::ZERO, LONGEST_PAUSE);
        tokio::time::sleep(Duration::try_from(pause).unwrap_or_default()).await;
    }
}

#[async_trait]
impl Connection for TeamsConnection {
    async fn is_own(&self, account: &RemoteId) -> Result<bool, ReadError> {
        Ok(self.ours().await.map_err(|fault| fault.to_read())?.has(account.as_str()))
    }

    async fn normalize(&self, payload: &[u8]) -> Result<Vec<Event>, ReadError> {
        self.events(payload).await
    }

    async fn history(&self, request: HistoryRequest<'_>) -> Result<HistoryPage, ReadError> {
        self.past(request).await
    }

    async fn account(&self, id: &RemoteId) -> Result<Option<Account>, ReadError> {
        self.find_account(id).await
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, ReadError> {
        self.find_by_email(email).await
    }

    async fn open(&self, attachment: &Attachment) -> Result<FileBody, FileError> {
        self.open_file(attachment).await
    }

    async fn avatar(&self, account: &RemoteId) -> Result<Option<FileBody>, ReadError> {
        self.picture(account).await
    }

    async fn conversations(&self, page: Option<&str>) -> Result<Page<Conversation>, ReadError> {
        self.list_conversations(page).await
    }

    async fn conversation(&self, id: &RemoteId) -> Result<Option<Conversation>, ReadError> {
        self.find_conversation(id).await
    }

    async fn parents(&self) -> Result<Vec<(RemoteId, String)>, ReadError> {
        self.teams().await
    }

    async fn create_conversation(&self, new: &NewConversation) -> Result<Conversation, SetupError> {
        self.make_conversation(new).await
    }

    async fn join(&self, conversation: &RemoteId) -> Result<(), SetupError> {
        self.make_member(conversation).await
    }

    async fn direct(&self, account: &RemoteId) -> Result<RemoteId, SendError> {
        self.chat_with(account).await
    }

    fn render(&self, outgoing: &Outgoing) -> Vec<Part> {
        render::render(outgoing)
    }

    async fn upload(
        &self,
        to: &RemoteId,
        attachment: &Attachment,
        body: FileBody,
    ) -> Result<String, FileError> {
        self.upload_file(to, attachment, body).await
    }

    async fn post(&self, post: &Post<'_>, _begun: &Begun) -> Result<RemoteId, SendError> {
        self.make_post(post).await
    }

    async fn find_sent(&self, post: &Post<'_>, begun: &Begun) -> Result<Vec<RemoteId>, SendError> {
        self.look_for(post, begun).await
    }

    async fn change(&self, to: &RemoteId, change: &MessageChange<'_>) -> Result<(), SendError> {
        self.make_change(to, change).await
    }

    async fn nest(&self, heard: &[RemoteId], anew: bool) -> Result<Nest, SetupError> {
        self.find_or_make_nest(heard, anew).await
    }

    async fn upkeep(&self, heard: &[RemoteId]) -> Result<Upkeep, ReadError> {
        self.keep_subscriptions(heard).await
    }

    async fn check(&self) -> Vec<Finding> {
        self.findings().await
    }
}

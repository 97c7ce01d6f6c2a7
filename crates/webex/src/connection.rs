//! One authorized organization: the port's verbs, each handed to the file that knows it.

use std::sync::Arc;

use async_trait::async_trait;
use rialto_model::{Account, Attachment, Begun, Conversation, Emoji, Event, RemoteId};
use rialto_platform::{
    ActedAs, Cabinet, ConnectContext, Connection, FileBody, FileError, Finding, FindingLevel,
    HistoryPage, HistoryRequest, MessageChange, Nest, NewConversation, Outgoing, Page, Part, Post,
    ReadError, SendError, SetupError, Toolkit, Upkeep,
};
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;

use crate::{
    api::{Api, Identity},
    connect, directory,
    edits::Edits,
    files, history,
    hooks::Wanted,
    moves::Spaces,
    nest,
    normalize::Reader,
    place, render,
    replies::{About, Replies},
    send,
    spool::Waiting,
    upkeep,
};

/// An organization on Webex.
pub(crate) struct WebexConnection {
    api: Api,
    cabinet: Arc<dyn Cabinet>,
    hooks: Option<Wanted>,
    identity: OnceCell<Identity>,
    files: files::Known,
    edits: Edits,
    waiting: Waiting,
    replies: Replies,
    spaces: Spaces,
}

impl WebexConnection {
    /// Makes it; calls nobody.
    pub fn new(toolkit: Toolkit, context: &ConnectContext) -> Result<Self, SetupError> {
        let client = connect::client(&context.app)?;
        let cabinet = Arc::clone(&context.cabinet);
        Ok(Self {
            api: Api::new(toolkit, client, Arc::clone(&cabinet)),
            hooks: Wanted::of(&context.app),
            identity: OnceCell::new(),
            files: files::Known::default(),
            edits: Edits::default(),
            waiting: Waiting::default(),
            replies: Replies::new(Arc::clone(&cabinet)),
            spaces: Spaces::new(Arc::clone(&cabinet)),
            cabinet,
        })
    }

    /// Who we are, as it was kept when the organization was authorized.
    async fn identity(&self) -> Result<&Identity, ReadError> {
        self.identity
            .get_or_try_init(|| async {
                let kept = self.cabinet.get(connect::IDENTITY).await?;
                let kept = kept.and_then(|text| serde_json::from_str(text.expose_secret()).ok());
                let mut own: Identity =
                    kept.ok_or_else(|| ReadError::Revoked("nobody has signed in".into()))?;
                let ids = [own.person_id.as_str()];
                own.acted_as = ActedAs::with(self.cabinet.as_ref(), &ids).await?;
                Ok(own)
            })
            .await
    }

    /// Our reaction comes, or goes. Webex has none: in the canary's nest it is a message, and elsewhere
    /// a reply.
    async fn react(
        &self,
        to: &RemoteId,
        message: &RemoteId,
        emoji: &Emoji,
        present: bool,
    ) -> Result<(), SendError> {
        let (api, own) = (&self.api, self.identity().await?);
        let nest = Nest::remembered(self.cabinet.as_ref()).await?;
        let nest = nest.is_some_and(|nest| nest.conversation == *to && nest.message == *message);
        match (nest, present) {
            (true, true) => nest::sing(api, to, &emoji.as_text()).await,
            (true, false) => nest::hush(api, own, to, message).await,
            (false, true) => send::react(api, own, &self.replies, message, emoji).await,
            (false, false) => {
                let about = About::Reaction(emoji);
                self.replies.forget(api, own, message.as_str(), about).await
            }
        }
    }
}

#[async_trait]
impl Connection for WebexConnection {
    async fn is_own(&self, account: &RemoteId) -> Result<bool, ReadError> {
        Ok(self.identity().await?.has_been(account.as_str()))
    }

    async fn normalize(&self, payload: &[u8]) -> Result<Vec<Event>, ReadError> {
        let own = self.identity().await?;
        let (files, edits, spaces) = (&self.files, &self.edits, &self.spaces);
        Reader { api: &self.api, own, files, edits, spaces }.read(payload).await
    }

    async fn history(&self, request: HistoryRequest<'_>) -> Result<HistoryPage, ReadError> {
        let own = self.identity().await?;
        history::page(&self.api, own, &self.files, &self.edits, request).await
    }

    async fn account(&self, id: &RemoteId) -> Result<Option<Account>, ReadError> {
        directory::account(&self.api, self.identity().await?, id).await
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, ReadError> {
        directory::account_by_email(&self.api, self.identity().await?, email).await
    }

    async fn open(&self, attachment: &Attachment) -> Result<FileBody, FileError> {
        files::open(&self.api, attachment).await
    }

    /// Webex's pictures can be fetched by anybody.
    async fn avatar(&self, _account: &RemoteId) -> Result<Option<FileBody>, ReadError> {
        Ok(None)
    }

    async fn conversations(&self, page: Option<&str>) -> Result<Page<Conversation>, ReadError> {
        directory::conversations(&self.api, page).await
    }

    async fn conversation(&self, id: &RemoteId) -> Result<Option<Conversation>, ReadError> {
        directory::conversation(&self.api, self.identity().await?, id).await
    }

    async fn parents(&self) -> Result<Vec<(RemoteId, String)>, ReadError> {
        directory::teams(&self.api).await
    }

    async fn create_conversation(&self, new: &NewConversation) -> Result<Conversation, SetupError> {
        directory::create(&self.api, self.identity().await?, new).await
    }

    async fn join(&self, conversation: &RemoteId) -> Result<(), SetupError> {
        directory::join(&self.api, self.identity().await?, conversation).await
    }

    /// A conversation with one person is opened by what is said in it.
    async fn direct(&self, account: &RemoteId) -> Result<RemoteId, SendError> {
        Ok(place::with(account.as_str()))
    }

    fn render(&self, outgoing: &Outgoing) -> Vec<Part> {
        render::parts(outgoing)
    }

    async fn upload(
        &self,
        _to: &RemoteId,
        attachment: &Attachment,
        body: FileBody,
    ) -> Result<String, FileError> {
        files::upload(&self.api, &self.waiting, attachment, body).await
    }

    async fn post(&self, post: &Post<'_>, _begun: &Begun) -> Result<RemoteId, SendError> {
        send::post(&self.api, &self.waiting, post).await
    }

    async fn find_sent(&self, post: &Post<'_>, begun: &Begun) -> Result<Vec<RemoteId>, SendError> {
        send::find_sent(&self.api, self.identity().await?, post, begun).await
    }

    async fn change(&self, to: &RemoteId, change: &MessageChange<'_>) -> Result<(), SendError> {
        let own = self.identity().await?;
        match change {
            MessageChange::Edit { message, part, .. } => {
                send::edit(&self.api, own, &self.replies, to, message, part).await
            }
            MessageChange::Delete { message, .. } => {
                send::delete(&self.api, own, &self.replies, message).await
            }
            MessageChange::React { message, emoji, .. } => {
                self.react(to, message, emoji, true).await
            }
            MessageChange::Unreact { message, emoji, .. } => {
                self.react(to, message, emoji, false).await
            }
        }
    }

    async fn nest(&self, _heard: &[RemoteId], anew: bool) -> Result<Nest, SetupError> {
        nest::nest(&self.api, self.cabinet.as_ref(), self.identity().await?, anew).await
    }

    async fn upkeep(&self, heard: &[RemoteId]) -> Result<Upkeep, ReadError> {
        let own = self.identity().await?;
        upkeep::upkeep(&self.api, own, self.hooks.as_ref(), &self.spaces, heard).await
    }

    async fn check(&self) -> Vec<Finding> {
        match self.identity().await {
            Ok(own) => upkeep::check(&self.api, own, self.hooks.as_ref()).await,
            Err(error) => vec![Finding {
                subject: "service user".to_owned(),
                level: FindingLevel::Error,
                detail: format!("{error}. Connect the organization again."),
            }],
        }
    }
}

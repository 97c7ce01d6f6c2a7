//! One authorized workspace: the port's verbs, each handed to the file that knows it.

use std::sync::Arc;

use async_trait::async_trait;
use rialto_model::{Account, Attachment, Begun, Conversation, Event, RemoteId};
use rialto_platform::{
    ActedAs, Cabinet, ConnectContext, Connection, FileBody, FileError, Finding, HistoryPage,
    HistoryRequest, MessageChange, Nest, NewConversation, Outgoing, Page, Part, Post, ReadError,
    SendError, SetupError, Toolkit, Upkeep,
};
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;

use crate::{
    api::{self, Api, Identity},
    connect, directory, files, history, nest, normalize, render, send, upkeep,
};

/// A workspace on Slack.
pub(crate) struct SlackConnection {
    api: Api,
    cabinet: Arc<dyn Cabinet>,
    identity: OnceCell<Identity>,
}

impl SlackConnection {
    /// Makes it; calls nobody.
    pub fn new(toolkit: Toolkit, context: &ConnectContext) -> Result<Self, SetupError> {
        let credentials = connect::credentials(&context.app)?;
        let cabinet = Arc::clone(&context.cabinet);
        Ok(Self {
            api: Api::new(toolkit, credentials, Arc::clone(&cabinet)),
            cabinet,
            identity: OnceCell::new(),
        })
    }

    /// Who we are: what was kept when the workspace was authorized, else what Slack says.
    async fn identity(&self) -> Result<&Identity, ReadError> {
        self.identity
            .get_or_try_init(|| async {
                let kept = self.cabinet.get(connect::IDENTITY).await?;
                let kept = kept.and_then(|text| serde_json::from_str(text.expose_secret()).ok());
                let mut own: Identity = match kept {
                    Some(identity) => identity,
                    None => self.asked().await?,
                };
                let ids = [own.user_id.as_str(), own.bot_id.as_str()];
                own.acted_as = ActedAs::with(self.cabinet.as_ref(), &ids).await?;
                Ok(own)
            })
            .await
    }

    async fn asked(&self) -> Result<Identity, ReadError> {
        let token = self.api.tokens.current().await?.access;
        let (who, _) = api::auth_test(&self.api.toolkit, &self.api.base, &token).await?;
        Ok(Identity {
            user_id: who.user_id.unwrap_or_default(),
            bot_id: who.bot_id.unwrap_or_default(),
            app_id: who.app_id,
            ..Identity::default()
        })
    }
}

#[async_trait]
impl Connection for SlackConnection {
    async fn is_own(&self, account: &RemoteId) -> Result<bool, ReadError> {
        Ok(self.identity().await?.has_been(account.as_str()))
    }

    async fn normalize(&self, payload: &[u8]) -> Result<Vec<Event>, ReadError> {
        normalize::normalize(payload, self.identity().await?)
    }

    async fn history(&self, request: HistoryRequest<'_>) -> Result<HistoryPage, ReadError> {
        history::page(&self.api, self.identity().await?, request).await
    }

    async fn account(&self, id: &RemoteId) -> Result<Option<Account>, ReadError> {
        directory::account(&self.api, id).await
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, ReadError> {
        directory::account_by_email(&self.api, email).await
    }

    async fn open(&self, attachment: &Attachment) -> Result<FileBody, FileError> {
        files::open(&self.api, attachment).await
    }

    /// Slack's pictures can be fetched by anybody.
    async fn avatar(&self, _account: &RemoteId) -> Result<Option<FileBody>, ReadError> {
        Ok(None)
    }

    async fn conversations(&self, page: Option<&str>) -> Result<Page<Conversation>, ReadError> {
        directory::conversations(&self.api, page).await
    }

    async fn conversation(&self, id: &RemoteId) -> Result<Option<Conversation>, ReadError> {
        directory::conversation(&self.api, id).await
    }

    async fn parents(&self) -> Result<Vec<(RemoteId, String)>, ReadError> {
        Ok(Vec::new())
    }

    async fn create_conversation(&self, new: &NewConversation) -> Result<Conversation, SetupError> {
        let own = self.identity().await.cloned().unwrap_or_default();
        directory::create(&self.api, &own, new).await
    }

    async fn join(&self, conversation: &RemoteId) -> Result<(), SetupError> {
        directory::join(&self.api, conversation).await
    }

    async fn direct(&self, account: &RemoteId) -> Result<RemoteId, SendError> {
        directory::direct(&self.api, account).await
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
        files::upload(&self.api, attachment, body).await
    }

    async fn post(&self, post: &Post<'_>, begun: &Begun) -> Result<RemoteId, SendError> {
        send::post(&self.api, post, begun).await
    }

    async fn find_sent(&self, post: &Post<'_>, begun: &Begun) -> Result<Vec<RemoteId>, SendError> {
        send::find_sent(&self.api, self.identity().await?, post, begun).await
    }

    async fn change(&self, to: &RemoteId, change: &MessageChange<'_>) -> Result<(), SendError> {
        send::change(&self.api, to, change).await
    }

    async fn nest(&self, _heard: &[RemoteId], anew: bool) -> Result<Nest, SetupError> {
        let own = self.identity().await.cloned().unwrap_or_default();
        nest::nest(&self.api, self.cabinet.as_ref(), &own, anew).await
    }

    async fn upkeep(&self, heard: &[RemoteId]) -> Result<Upkeep, ReadError> {
        upkeep::upkeep(&self.api, heard).await
    }

    async fn check(&self) -> Vec<Finding> {
        upkeep::check(&self.api).await
    }
}

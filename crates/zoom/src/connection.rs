//! One authorized account: the port's verbs, each handed to the file that knows it.

use std::sync::Arc;

use async_trait::async_trait;
use rialto_model::{Account, Attachment, Begun, Conversation, Event, RemoteId};
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
    files, history, nest, normalize,
    people::People,
    place, render, send, upkeep,
};

/// An account on Zoom.
pub(crate) struct ZoomConnection {
    api: Api,
    cabinet: Arc<dyn Cabinet>,
    identity: OnceCell<Identity>,
    people: People,
    edits: Edits,
}

impl ZoomConnection {
    /// Makes it; calls nobody.
    pub fn new(toolkit: Toolkit, context: &ConnectContext) -> Result<Self, SetupError> {
        let (bases, client) = (connect::bases(&context.app)?, connect::client(&context.app)?);
        let cabinet = Arc::clone(&context.cabinet);
        Ok(Self {
            api: Api::new(toolkit, bases, client, Arc::clone(&cabinet)),
            cabinet,
            identity: OnceCell::new(),
            people: People::default(),
            edits: Edits::default(),
        })
    }

    /// Who we are, as it was kept when the account was authorized.
    async fn identity(&self) -> Result<&Identity, ReadError> {
        self.identity
            .get_or_try_init(|| async {
                let kept = self.cabinet.get(connect::IDENTITY).await?;
                let kept = kept.and_then(|text| serde_json::from_str(text.expose_secret()).ok());
                let mut own: Identity =
                    kept.ok_or_else(|| ReadError::Revoked("nobody has signed in".into()))?;
                let member = own.member_id.as_deref().unwrap_or_default();
                let ids = [own.user_id.as_str(), member, own.email.as_str()];
                own.acted_as = ActedAs::with(self.cabinet.as_ref(), &ids).await?;
                Ok(own)
            })
            .await
    }
}

#[async_trait]
impl Connection for ZoomConnection {
    async fn is_own(&self, account: &RemoteId) -> Result<bool, ReadError> {
        Ok(self.identity().await?.has_been(account.as_str()))
    }

    async fn normalize(&self, payload: &[u8]) -> Result<Vec<Event>, ReadError> {
        let own = self.identity().await?;
        let told = normalize::normalize(payload, own)?;
        self.people.learn(&told.by);
        told.written.iter().for_each(|id| self.api.spellings.hear(id));
        if let Some((id, reading, revision)) = told.edited {
            self.edits.told(&id, reading, revision);
        }
        Ok(told.events)
    }

    async fn history(&self, request: HistoryRequest<'_>) -> Result<HistoryPage, ReadError> {
        history::page(&self.api, self.identity().await?, &self.people, &self.edits, request).await
    }

    async fn account(&self, id: &RemoteId) -> Result<Option<Account>, ReadError> {
        directory::account(&self.api, id.as_str()).await
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, ReadError> {
        let found = directory::account(&self.api, email).await?;
        // Only an address that Zoom has confirmed says who somebody is.
        Ok(found.filter(|it| it.email.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(email))))
    }

    async fn open(&self, attachment: &Attachment) -> Result<FileBody, FileError> {
        files::open(&self.api, attachment).await
    }

    /// Zoom's pictures can be fetched by anybody.
    async fn avatar(&self, _account: &RemoteId) -> Result<Option<FileBody>, ReadError> {
        Ok(None)
    }

    async fn conversations(&self, page: Option<&str>) -> Result<Page<Conversation>, ReadError> {
        directory::conversations(&self.api, self.identity().await?, page).await
    }

    async fn conversation(&self, id: &RemoteId) -> Result<Option<Conversation>, ReadError> {
        directory::conversation(&self.api, self.identity().await?, id).await
    }

    async fn parents(&self) -> Result<Vec<(RemoteId, String)>, ReadError> {
        Ok(Vec::new())
    }

    async fn create_conversation(&self, new: &NewConversation) -> Result<Conversation, SetupError> {
        directory::create(&self.api, self.identity().await?, new).await
    }

    async fn join(&self, conversation: &RemoteId) -> Result<(), SetupError> {
        directory::join(&self.api, self.identity().await?, conversation).await
    }

    /// A conversation with one person needs no opening.
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
        let own = self
            .identity()
            .await
            .map_err(|error| FileError::Transient { reason: error.to_string(), after: None })?;
        files::upload(&self.api, own, attachment, body).await
    }

    async fn post(&self, post: &Post<'_>, _begun: &Begun) -> Result<RemoteId, SendError> {
        send::post(&self.api, self.identity().await?, &self.people, post).await
    }

    async fn find_sent(&self, post: &Post<'_>, begun: &Begun) -> Result<Vec<RemoteId>, SendError> {
        send::find_sent(&self.api, self.identity().await?, post, begun).await
    }

    async fn change(&self, to: &RemoteId, change: &MessageChange<'_>) -> Result<(), SendError> {
        send::change(&self.api, self.identity().await?, to, change).await
    }

    async fn nest(&self, _heard: &[RemoteId], anew: bool) -> Result<Nest, SetupError> {
        nest::nest(&self.api, self.cabinet.as_ref(), self.identity().await?, anew).await
    }

    async fn upkeep(&self, heard: &[RemoteId]) -> Result<Upkeep, ReadError> {
        upkeep::upkeep(&self.api, self.identity().await?, heard).await
    }

    async fn check(&self) -> Vec<Finding> {
        match self.identity().await {
            Ok(own) => upkeep::check(&self.api, own).await,
            Err(error) => vec![Finding {
                subject: "service user".to_owned(),
                level: FindingLevel::Error,
                detail: format!("{error}. Connect the account again."),
            }],
        }
    }
}

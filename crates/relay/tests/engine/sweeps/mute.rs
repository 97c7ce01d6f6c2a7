//! A network on which nobody says anything, for what an engine tells of its workspaces.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rialto_model::{Account, Attachment, Begun, Conversation, Event, RemoteId};
use rialto_platform::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, ConnectContext, Connection,
    Credential, FileBody, FileError, Finding, HistoryPage, HistoryRequest, Manifest, MessageChange,
    Nest, NewConversation, Outgoing, Page, Part, Platform, Post, ReadError, Received, SendError,
    SetupError, Upkeep, WebhookAnswer, WebhookRequest,
};
use secrecy::SecretString;

/// The network. Cheap to clone.
#[derive(Clone)]
pub struct Mute {
    manifest: Manifest,
    how: Arc<Mutex<How>>,
}

/// How it is today.
#[derive(Clone, Default)]
pub struct How {
    /// There is no private channel for the canary.
    pub has_no_nest: bool,
    /// Nobody may read the past, which takes so long to say.
    pub past_refused_after: Option<Duration>,
    /// When what lets Rialto in ends.
    pub credential_ends: Option<Timestamp>,
}

impl Mute {
    pub fn new(manifest: Manifest) -> Self {
        Self { manifest, how: Arc::default() }
    }

    pub fn is(&self, how: How) {
        *self.how.lock() = how;
    }

    fn how(&self) -> How {
        self.how.lock().clone()
    }
}

#[async_trait]
impl Platform for Mute {
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
impl Connection for Mute {
    async fn is_own(&self, _: &RemoteId) -> Result<bool, ReadError> {
        Ok(false)
    }

    async fn normalize(&self, _: &[u8]) -> Result<Vec<Event>, ReadError> {
        Ok(Vec::new())
    }

    async fn history(&self, _: HistoryRequest<'_>) -> Result<HistoryPage, ReadError> {
        let Some(after) = self.how().past_refused_after else { return Ok(HistoryPage::default()) };
        tokio::time::sleep(after).await;
        Err(ReadError::Permanent("missing_scope".into()))
    }

    async fn account(&self, _: &RemoteId) -> Result<Option<Account>, ReadError> {
        Ok(None)
    }

    async fn account_by_email(&self, _: &str) -> Result<Option<Account>, ReadError> {
        Ok(None)
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

    async fn conversation(&self, _: &RemoteId) -> Result<Option<Conversation>, ReadError> {
        Ok(None)
    }

    async fn parents(&self) -> Result<Vec<(RemoteId, String)>, ReadError> {
        Ok(Vec::new())
    }

    async fn create_conversation(&self, _: &NewConversation) -> Result<Conversation, SetupError> {
        Err(SetupError::Refused("not here".into()))
    }

    async fn join(&self, _: &RemoteId) -> Result<(), SetupError> {
        Ok(())
    }

    async fn direct(&self, account: &RemoteId) -> Result<RemoteId, SendError> {
        Ok(account.clone())
    }

    fn render(&self, _: &Outgoing) -> Vec<Part> {
        Vec::new()
    }

    async fn upload(&self, _: &RemoteId, _: &Attachment, _: FileBody) -> Result<String, FileError> {
        Err(FileError::Refused("there are no files".into()))
    }

    async fn post(&self, _: &Post<'_>, _: &Begun) -> Result<RemoteId, SendError> {
        Err(SendError::Permanent("nothing is said here".into()))
    }

    async fn find_sent(&self, _: &Post<'_>, _: &Begun) -> Result<Vec<RemoteId>, SendError> {
        Ok(Vec::new())
    }

    /// No webhook tells of it.
    async fn change(&self, _: &RemoteId, _: &MessageChange<'_>) -> Result<(), SendError> {
        Ok(())
    }

    async fn nest(&self, _: &[RemoteId], _: bool) -> Result<Nest, SetupError> {
        if self.how().has_no_nest {
            return Err(SetupError::Refused("there are no private channels".into()));
        }
        Ok(Nest { conversation: "nest".into(), message: "egg".into() })
    }

    async fn upkeep(&self, _: &[RemoteId]) -> Result<Upkeep, ReadError> {
        let credentials = self.how().credential_ends.map(|ends| Credential {
            name: "token",
            expires_at: Some(ends),
            overdue: SignedDuration::ZERO,
        });
        Ok(Upkeep { credentials: credentials.into_iter().collect(), ..Upkeep::default() })
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }
}

//! A pretended network with a real platform's capabilities and a strict model of its limits. Calls take
//! as long as calls do, and some very long.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rialto_model::{
    Account, Attachment, Begun, Conversation, Event, Fingerprint, PartKey, RemoteId,
};
use rialto_platform::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, ConnectContext, Connection,
    FileBody, FileError, Finding, HistoryPage, HistoryRequest, HoldScope, Manifest, MessageChange,
    Nest, NewConversation, Outgoing, Page, Part, Platform, Post, ReadError, Received, SendError,
    SetupError, Upkeep, WebhookAnswer, WebhookRequest,
};
use secrecy::SecretString;
use tokio::time::Instant;

use crate::limits::{Model, Published};

/// A post that was made.
#[derive(Clone, Debug)]
pub struct Made {
    pub to: String,
    pub text: String,
    /// When the engine called, and when the call arrived, since the beginning.
    pub called: Duration,
    pub arrived: Duration,
}

struct State {
    channels: HashMap<RemoteId, Model>,
    posts: Vec<Made>,
    refused: usize,
    random: StdRng,
}

/// The network. Cheap to clone.
#[derive(Clone)]
pub struct Network {
    manifest: Arc<Manifest>,
    published: Published,
    state: Arc<Mutex<State>>,
    clock: Arc<dyn rialto_platform::Clock>,
    start: Instant,
}

impl Network {
    pub fn new(
        manifest: &Manifest,
        published: Published,
        clock: Arc<dyn rialto_platform::Clock>,
        start: Instant,
    ) -> Self {
        let random = StdRng::seed_from_u64(7);
        let state = State { channels: HashMap::new(), posts: Vec::new(), refused: 0, random };
        Self {
            manifest: Arc::new(manifest.clone()),
            published,
            state: Arc::new(Mutex::new(state)),
            clock,
            start,
        }
    }

    pub fn name(&self) -> &'static str {
        self.manifest.name
    }

    pub fn published(&self) -> &Published {
        &self.published
    }

    pub fn posts(&self) -> Vec<Made> {
        self.state.lock().posts.clone()
    }

    pub fn refused(&self) -> usize {
        self.state.lock().refused
    }

    /// How long half of a call takes: usually some ten milliseconds, one in two hundred more than a second.
    fn way(&self) -> Duration {
        let random = &mut self.state.lock().random;
        let slow = random.random_ratio(1, 200);
        Duration::from_millis(random.random_range(if slow { 1_000..2_000 } else { 5..80 }))
    }
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
        Err(not_here())
    }

    async fn authorize(
        &self,
        _: &AppConfig,
        _: AuthorizationAnswer,
    ) -> Result<Authorized, SetupError> {
        Err(not_here())
    }

    async fn adopt(&self, _: &AppConfig, _: SecretString) -> Result<Authorized, SetupError> {
        Err(not_here())
    }

    fn connect(&self, _: ConnectContext) -> Result<Arc<dyn Connection>, SetupError> {
        Ok(Arc::new(self.clone()))
    }
}

fn not_here() -> SetupError {
    SetupError::Refused("not here".into())
}

#[async_trait]
impl Connection for Network {
    async fn is_own(&self, _: &RemoteId) -> Result<bool, ReadError> {
        Ok(false)
    }

    async fn normalize(&self, payload: &[u8]) -> Result<Vec<Event>, ReadError> {
        Ok(vec![serde_json::from_slice(payload).unwrap()])
    }

    async fn history(&self, _: HistoryRequest<'_>) -> Result<HistoryPage, ReadError> {
        Ok(HistoryPage::default())
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
        Err(not_here())
    }

    async fn join(&self, _: &RemoteId) -> Result<(), SetupError> {
        Ok(())
    }

    async fn direct(&self, account: &RemoteId) -> Result<RemoteId, SendError> {
        Ok(account.clone())
    }

    fn render(&self, outgoing: &Outgoing) -> Vec<Part> {
        let text = outgoing.content.text.plain_text();
        let fingerprint = Fingerprint(text.clone());
        let key = PartKey::Text(0);
        vec![Part { key, body: text, files: Vec::new(), fingerprint, in_thread: true }]
    }

    async fn upload(&self, _: &RemoteId, _: &Attachment, _: FileBody) -> Result<String, FileError> {
        Err(FileError::Refused("there are no files".into()))
    }

    async fn post(&self, post: &Post<'_>, _: &Begun) -> Result<RemoteId, SendError> {
        let called = self.start.elapsed();
        tokio::time::sleep(self.way()).await;
        let made = {
            let arrived = self.start.elapsed();
            let state = &mut *self.state.lock();
            let model = state.channels.entry(post.to.clone());
            if model.or_insert_with(|| self.published.model()).post(arrived) {
                let (to, text) = (post.to.to_string(), post.part.body.clone());
                state.posts.push(Made { to, text, called, arrived });
                Ok(format!("{}-{}", self.name(), state.posts.len()).into())
            } else {
                state.refused += 1;
                let until = self.clock.now() + Duration::from_secs(10);
                Err(SendError::RateLimited { until, scope: HoldScope::Conversation })
            }
        };
        tokio::time::sleep(self.way()).await;
        made
    }

    async fn find_sent(&self, _: &Post<'_>, _: &Begun) -> Result<Vec<RemoteId>, SendError> {
        Ok(Vec::new())
    }

    async fn change(&self, _: &RemoteId, _: &MessageChange<'_>) -> Result<(), SendError> {
        Ok(())
    }

    async fn nest(&self, _: &[RemoteId], _: bool) -> Result<Nest, SetupError> {
        Err(not_here())
    }

    async fn upkeep(&self, _: &[RemoteId]) -> Result<Upkeep, ReadError> {
        Ok(Upkeep::default())
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }
}

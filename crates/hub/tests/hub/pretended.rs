//! A platform that exists in these tests alone. Its webhooks carry the secret in a header and are
//! `WORKSPACE CONVERSATION KEY`.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use axum::http::StatusCode;
use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_model::{
    Abilities, Ability, Account, Attachment, Begun, Capabilities, Conversation, ConversationKind,
    Event, FileLimits, LengthUnit, Pacing, PlatformId, RemoteId, TextLimit,
};
use rialto_platform::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, ConnectContext, Connection,
    Consented, Field, FileBody, FileError, Finding, HistoryPage, HistoryRequest, Inbound, Manifest,
    MessageChange, Nest, NewConversation, Outgoing, Page, Part, Platform, Post, ReadError,
    Received, Refusal, SendError, SetupError, Upkeep, Verified, WebhookAnswer, WebhookRequest,
    verify,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub struct Pretended {
    manifest: Manifest,
    channels: Arc<Channels>,
}

/// The channels of all workspaces.
#[derive(Default)]
pub struct Channels {
    pub all: Mutex<Vec<Conversation>>,
    pub joined: Mutex<Vec<RemoteId>>,
    pub refuse_joins: AtomicBool,
}

/// Text, such as `C1 general`.
pub fn channel(text: &str) -> Conversation {
    let (id, name) = text.split_once(' ').unwrap();
    Conversation {
        id: id.into(),
        name: name.into(),
        kind: ConversationKind::Channel,
        parent: None,
        private: name.starts_with("secret"),
        archived: name.ends_with("archived"),
        joined: false,
        topic: None,
    }
}

impl Pretended {
    pub fn new(channels: Arc<Channels>) -> Self {
        let field = |name, secret| Field { name, help: "", secret, required: true, default: None };
        let manifest = Manifest {
            id: PlatformId::new("pretended"),
            name: "Pretended",
            capabilities: Capabilities {
                text: TextLimit { max: 1_000, unit: LengthUnit::Characters },
                longest: TextLimit { max: 1_000, unit: LengthUnit::Characters },
                max_edits: None,
                reactions_in_replies: false,
                files: FileLimits { max_bytes: 1, per_message: 1 },
                abilities: Abilities::new(|_| Ability::NATIVE),
                pacing: Pacing::default(),
            },
            fields: vec![field("client_id", false), field("webhook_secret", true)],
            steps: &["Do something."],
            permissions: Vec::new(),
            needs_parent: true,
            webhook_window: None,
        };
        Self { manifest, channels }
    }
}

#[async_trait]
impl Platform for Pretended {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn receive(&self, app: &AppConfig, request: &WebhookRequest<'_>, _: Timestamp) -> Received {
        if let Some(challenge) = request.query.strip_prefix("challenge=") {
            return Received::Handshake(WebhookAnswer {
                status: StatusCode::OK,
                content_type: Some("text/html"),
                body: challenge.into(),
            });
        }
        let given = request.headers.get("x-secret").and_then(|it| it.to_str().ok());
        let secret = app.secrets.get("webhook_secret").map_or("", |it| it.expose_secret());
        let Some(proof) = verify::shared_secret(secret, given.unwrap_or_default()) else {
            return Received::Refused(Refusal::unproven("the secret is wrong"));
        };
        let text = String::from_utf8_lossy(request.body).into_owned();
        let words: Vec<_> = text.split(' ').collect();
        let [workspace, conversation, key] = words[..] else {
            return Received::Refused(Refusal::malformed("three words are needed"));
        };
        let inbound = Inbound {
            workspace: workspace.into(),
            conversation: conversation.into(),
            key: key.into(),
            payload: request.body.to_vec(),
        };
        Received::Inbound {
            inbound: vec![Verified::by(proof, inbound)],
            answer: WebhookAnswer::status(StatusCode::ACCEPTED),
        }
    }

    fn app_manifest(&self, _: &AppConfig) -> Option<String> {
        None
    }

    fn authorization_start(
        &self,
        app: &AppConfig,
        state: &str,
    ) -> Result<AuthorizationStart, SetupError> {
        let client = app.setting("client_id")?;
        let url = format!("https://vendor.test/authorize?client_id={client}&state={state}");
        Ok(AuthorizationStart { url: Url::parse(&url).unwrap(), secret: "verifier".into() })
    }

    fn consented(&self, _: &AppConfig, query: &BTreeMap<String, String>) -> Option<Consented> {
        let granted = query.contains_key("granted");
        let said = if granted { "<all> of it" } else { "no" };
        let next_steps = vec!["ask the boss".to_owned()];
        Some(Consented { granted, said: said.into(), next_steps })
    }

    async fn authorize(
        &self,
        _: &AppConfig,
        answer: AuthorizationAnswer,
    ) -> Result<Authorized, SetupError> {
        match answer.query.get("code").map(String::as_str) {
            Some("good") => Ok(authorized()),
            _ => Err(SetupError::Refused("the <code> is not good".into())),
        }
    }

    async fn adopt(&self, _: &AppConfig, token: SecretString) -> Result<Authorized, SetupError> {
        match token.expose_secret() {
            "fake-token" => Ok(authorized()),
            _ => Err(SetupError::Refused("the token is not known".into())),
        }
    }

    fn connect(&self, _: ConnectContext) -> Result<Arc<dyn Connection>, SetupError> {
        Ok(Arc::new(PretendedConnection(self.channels.clone())))
    }
}

fn authorized() -> Authorized {
    Authorized {
        workspace: "acme".into(),
        name: "Acme".into(),
        cabinet: vec![("token".into(), "fake-token".into())],
        warnings: vec!["a scope is missing".into()],
        next_steps: Vec::new(),
    }
}

struct PretendedConnection(Arc<Channels>);

#[async_trait]
impl Connection for PretendedConnection {
    async fn is_own(&self, _: &RemoteId) -> Result<bool, ReadError> {
        Ok(false)
    }

    async fn normalize(&self, _: &[u8]) -> Result<Vec<Event>, ReadError> {
        Ok(Vec::new())
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

    async fn avatar(&self, account: &RemoteId) -> Result<Option<FileBody>, ReadError> {
        let mime = match account.as_str() {
            "pictured" => "image/png",
            "scripted" => "image/svg+xml",
            _ => return Ok(None),
        };
        let bytes = bytes::Bytes::from_static(b"png");
        let stream = Box::pin(futures_util::stream::iter([Ok(bytes)]));
        Ok(Some(FileBody { size: Some(3), mime: Some(mime.into()), stream }))
    }

    async fn conversations(&self, _: Option<&str>) -> Result<Page<Conversation>, ReadError> {
        Ok(Page { items: self.0.all.lock().clone(), next: None })
    }

    async fn conversation(&self, id: &RemoteId) -> Result<Option<Conversation>, ReadError> {
        Ok(self.0.all.lock().iter().find(|it| it.id == *id).cloned())
    }

    async fn parents(&self) -> Result<Vec<(RemoteId, String)>, ReadError> {
        Ok(vec![("T1".into(), "Engineering".into())])
    }

    async fn create_conversation(&self, new: &NewConversation) -> Result<Conversation, SetupError> {
        let mut all = self.0.all.lock();
        let mut made = channel(&format!("N{} {}", all.len(), new.name));
        made.private = new.private;
        all.push(made.clone());
        Ok(made)
    }

    async fn direct(&self, account: &RemoteId) -> Result<RemoteId, SendError> {
        Ok(format!("direct-{account}").into())
    }

    async fn join(&self, conversation: &RemoteId) -> Result<(), SetupError> {
        if self.0.refuse_joins.load(Ordering::SeqCst) {
            return Err(SetupError::Refused("nobody may join today".into()));
        }
        self.0.joined.lock().push(conversation.clone());
        Ok(())
    }

    fn render(&self, _: &Outgoing) -> Vec<Part> {
        Vec::new()
    }

    async fn upload(&self, _: &RemoteId, _: &Attachment, _: FileBody) -> Result<String, FileError> {
        Err(FileError::Refused("there are no files".into()))
    }

    async fn post(&self, _: &Post<'_>, _: &Begun) -> Result<RemoteId, SendError> {
        Err(SendError::Permanent("nothing is posted".into()))
    }

    async fn find_sent(&self, _: &Post<'_>, _: &Begun) -> Result<Vec<RemoteId>, SendError> {
        Ok(Vec::new())
    }

    async fn change(&self, _: &RemoteId, _: &MessageChange<'_>) -> Result<(), SendError> {
        Ok(())
    }

    async fn nest(&self, _: &[RemoteId], _: bool) -> Result<Nest, SetupError> {
        Ok(Nest { conversation: "nest".into(), message: "1".into() })
    }

    async fn upkeep(&self, _: &[RemoteId]) -> Result<Upkeep, ReadError> {
        Ok(Upkeep::default())
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }
}

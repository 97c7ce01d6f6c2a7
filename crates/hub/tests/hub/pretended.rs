//! A platform that exists in these tests alone. Its webhooks carry the secret in a header and are
//! `WORKSPACE CONVERSATION KEY`.

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::StatusCode;
use jiff::Timestamp;
use rialto_model::{
    AuthorStyle, Capabilities, FileLimits, LengthUnit, Pacing, PlatformId, ReactionSupport,
    Support, TextLimit,
};
use rialto_platform::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, ConnectContext, Connection,
    Field, Inbound, Manifest, Platform, Received, Refusal, SetupError, Verified, WebhookAnswer,
    WebhookRequest, verify,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub struct Pretended(Manifest);

impl Pretended {
    pub fn new() -> Self {
        let field =
            |name, secret| Field { name, help: "", secret, required: true, default: None };
        let native = Support::Native;
        Self(Manifest {
            id: PlatformId::new("pretended"),
            name: "Pretended",
            capabilities: Capabilities {
                text: TextLimit { max: 1_000, unit: LengthUnit::Characters },
                author: AuthorStyle::Native,
                edits: native,
                max_edits: None,
                deletes: native,
                threads: native,
                broadcast: native,
                reactions: ReactionSupport { unicode: native, custom: native },
                files: FileLimits { support: native, max_bytes: 1, per_message: 1 },
                everyone_mentions: native,
                memberships: native,
                pacing: Pacing::default(),
            },
            fields: vec![field("client_id", false), field("webhook_secret", true)],
            steps: &["Do something."],
            needs_parent: false,
        })
    }
}

#[async_trait]
impl Platform for Pretended {
    fn manifest(&self) -> &Manifest {
        &self.0
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
        Err(SetupError::Refused("nobody connects in these tests".into()))
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

//! The Slack connector: Events API in, Web API out.
//!
//! Guarantees: nothing is taken from a webhook whose signature was not checked over the raw bytes;
//! unknown event, block and field types are data with a reason and never a crash; what people type
//! goes out as `rich_text` blocks, so that no text can become a mention, a link or a style by
//! accident; a rotated token pair is on disk before it is used.
//!
//! Deliberately absent: Socket Mode (webhooks are durable on our side before they are answered),
//! direct messages, slash commands and buttons. The connector keeps nothing but what its cabinet
//! holds and a cached token.

mod api;
mod capabilities;
mod connect;
mod connection;
mod directory;
mod files;
#[cfg(test)]
mod fuzz;
mod history;
mod manifest;
mod nest;
mod normalize;
mod render;
mod send;
mod upkeep;
mod webhook;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use rialto_platform::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, ConnectContext, Connection,
    Manifest, Platform, Received, SetupError, Toolkit, WebhookRequest,
};
use secrecy::SecretString;

/// Slack, as a kind of network.
#[derive(Debug)]
pub struct Slack {
    manifest: Manifest,
    toolkit: Toolkit,
}

impl Slack {
    /// Makes the platform; calls nobody.
    pub fn new(toolkit: Toolkit) -> Self {
        Self { manifest: manifest::manifest(), toolkit }
    }
}

#[async_trait]
impl Platform for Slack {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn receive(&self, app: &AppConfig, request: &WebhookRequest<'_>, now: Timestamp) -> Received {
        webhook::receive(app, request, now)
    }

    fn app_manifest(&self, app: &AppConfig) -> Option<String> {
        Some(manifest::app_manifest(app))
    }

    fn authorization_start(
        &self,
        app: &AppConfig,
        state: &str,
    ) -> Result<AuthorizationStart, SetupError> {
        connect::authorization_start(app, state)
    }

    async fn authorize(
        &self,
        app: &AppConfig,
        answer: AuthorizationAnswer,
    ) -> Result<Authorized, SetupError> {
        connect::authorize(&self.toolkit, app, &answer).await
    }

    async fn adopt(&self, app: &AppConfig, token: SecretString) -> Result<Authorized, SetupError> {
        connect::adopt(&self.toolkit, app, token).await
    }

    fn connect(&self, context: ConnectContext) -> Result<Arc<dyn Connection>, SetupError> {
        Ok(Arc::new(connection::SlackConnection::new(self.toolkit.clone(), &context)?))
    }
}

//! The Zoom Team Chat connector: event subscriptions in, the chat API out.
//!
//! Guarantees: nothing is taken from a call whose signature was not checked over the raw bytes;
//! unknown events, formats and fields are data with a reason and never a crash; what people type can
//! become a mention, a link or a style only by a range that names it; a rotated token pair is on
//! disk before it is used; tokens go to Zoom alone.
//!
//! Deliberately absent: chatbots and their cards, direct messages but those that tell people what did
//! not arrive, scheduled messages, shared spaces. Everything is said by the service user, since a
//! post needs a member of the channel.

mod api;
mod capabilities;
mod connect;
mod connection;
mod directory;
mod edits;
mod files;
mod fingerprint;
mod history;
mod ids;
mod manifest;
mod nest;
mod normalize;
mod people;
mod place;
mod reaction;
mod render;
mod send;
#[cfg(test)]
mod tests;
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

/// Zoom Team Chat, as a kind of network.
#[derive(Debug)]
pub struct Zoom {
    manifest: Manifest,
    toolkit: Toolkit,
}

impl Zoom {
    /// Makes the platform; calls nobody.
    pub fn new(toolkit: Toolkit) -> Self {
        Self { manifest: manifest::manifest(), toolkit }
    }
}

#[async_trait]
impl Platform for Zoom {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn receive(&self, app: &AppConfig, request: &WebhookRequest<'_>, now: Timestamp) -> Received {
        webhook::receive(app, request, now)
    }

    /// Apps are made in the Zoom App Marketplace's own pages: there is no manifest to paste.
    fn app_manifest(&self, _app: &AppConfig) -> Option<String> {
        None
    }

    fn authorization_start(
        &self,
        app: &AppConfig,
        state: &str,
    ) -> Result<AuthorizationStart, SetupError> {
        connect::authorization_start(&self.toolkit, app, state)
    }

    async fn authorize(
        &self,
        app: &AppConfig,
        answer: AuthorizationAnswer,
    ) -> Result<Authorized, SetupError> {
        connect::authorize(&self.toolkit, app, &answer).await
    }

    async fn adopt(&self, app: &AppConfig, token: SecretString) -> Result<Authorized, SetupError> {
        connect::adopt(&self.toolkit, app, &token).await
    }

    fn connect(&self, context: ConnectContext) -> Result<Arc<dyn Connection>, SetupError> {
        Ok(Arc::new(connection::ZoomConnection::new(self.toolkit.clone(), &context)?))
    }
}

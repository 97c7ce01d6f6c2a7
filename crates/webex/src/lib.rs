//! The Webex connector: webhooks in, the messaging API out.
//!
//! Guarantees: nothing is taken from a call whose signature was not checked over the raw bytes;
//! unknown resources, events and fields are data with a reason and never a crash; what people type
//! can become a mention, a link or a style only where it was one; a renewed token pair is on disk
//! before it is used; the token goes to Webex alone.
//!
//! Deliberately absent: bots, which hear only what mentions them; cards; people's reactions, which
//! the API does not have; direct messages but those that tell people what did not arrive. Everything is said
//! by the service user.

mod api;
mod capabilities;
mod connect;
mod connection;

mod directory;
mod edits;
mod files;
mod fingerprint;
mod history;
mod hooks;
mod html;
mod manifest;
mod moves;
mod nest;
mod normalize;
mod place;
mod render;
mod replies;
mod send;
mod spool;
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

/// Webex, as a kind of network.
#[derive(Debug)]
pub struct Webex {
    manifest: Manifest,
    toolkit: Toolkit,
}

impl Webex {
    /// Makes the platform; calls nobody.
    pub fn new(toolkit: Toolkit) -> Self {
        Self { manifest: manifest::manifest(), toolkit }
    }
}

#[async_trait]
impl Platform for Webex {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn receive(&self, app: &AppConfig, request: &WebhookRequest<'_>, now: Timestamp) -> Received {
        webhook::receive(app, request, now)
    }

    /// Integrations are made in Webex's own pages: there is no manifest to paste.
    fn app_manifest(&self, _app: &AppConfig) -> Option<String> {
        None
    }

    /// Webex signs webhooks with whatever secret their maker names.
    fn initial_secrets(&self) -> Vec<(String, SecretString)> {
        let mut bytes = [0; 32];
        self.toolkit.random.fill(&mut bytes);
        vec![(manifest::WEBHOOK_SECRET.to_owned(), hex::encode(bytes).into())]
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
        connect::adopt(&self.toolkit, app, token).await
    }

    fn connect(&self, context: ConnectContext) -> Result<Arc<dyn Connection>, SetupError> {
        Ok(Arc::new(connection::WebexConnection::new(self.toolkit.clone(), &context)?))
    }
}

//! The Microsoft Teams connector: channels of a tenant, over Microsoft Graph.
//!
//! Guarantees: what `receive` gives carried our client state; content of a rich notification is
//! used only after its sender's token and its HMAC were checked; tokens go to Graph and to the
//! sign-in service alone; nothing that Graph or a user says can make it panic, and text of others is
//! read in linear time.
//!
//! Deliberately absent: chats (their ids are kept free), bots, and every kind of sending but as the
//! service user, whom Graph demands.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use rialto_platform::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, ConnectContext, Connection,
    Consented, Manifest, Platform, Received, SetupError, Toolkit, WebhookRequest,
};
use secrecy::SecretString;

mod api;
mod capabilities;
mod cards;
mod certificate;
mod check;
mod connect;
mod connection;
mod consent;
mod conversations;
mod crypto;
mod download;
mod fault;
mod fingerprint;
mod history;
mod html;
mod manifest;
mod markup;
mod message;
mod nest;
mod normalize;
mod people;
mod permissions;
mod place;
mod remote;
mod render;
mod said;
mod send;
mod sender;
mod settings;
mod subscription;
mod tokens;
mod upload;
mod webhook;
mod wire;

#[cfg(test)]
mod tests;

pub use manifest::ID;

/// Microsoft Teams.
#[derive(Debug)]
pub struct Teams {
    manifest: Manifest,
    toolkit: Toolkit,
}

impl Teams {
    /// The platform, with the clock, randomness and HTTP client that it shall use.
    pub fn new(toolkit: Toolkit) -> Self {
        Self { manifest: manifest::manifest(), toolkit }
    }
}

#[async_trait]
impl Platform for Teams {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn receive(&self, app: &AppConfig, request: &WebhookRequest<'_>, now: Timestamp) -> Received {
        webhook::receive(app, request, now)
    }

    /// Entra's app registrations are made in its own pages: there is no manifest to paste.
    fn app_manifest(&self, _app: &AppConfig) -> Option<String> {
        None
    }

    /// The client state that subscriptions carry: 64 characters of the 128 that Graph takes.
    fn initial_secrets(&self) -> Vec<(String, SecretString)> {
        let mut bytes = [0; 32];
        self.toolkit.random.fill(&mut bytes);
        vec![("client_state".into(), SecretString::from(hex::encode(bytes)))]
    }

    fn authorization_start(
        &self,
        app: &AppConfig,
        state: &str,
    ) -> Result<AuthorizationStart, SetupError> {
        Ok(connect::start(&self.toolkit, &settings::Settings::of(app)?, state))
    }

    async fn authorize(
        &self,
        app: &AppConfig,
        answer: AuthorizationAnswer,
    ) -> Result<Authorized, SetupError> {
        connect::finish(&self.toolkit, &settings::Settings::of(app)?, &answer).await
    }

    fn consented(&self, app: &AppConfig, query: &BTreeMap<String, String>) -> Option<Consented> {
        Some(consent::answered(&settings::Settings::of(app).ok()?, query))
    }

    async fn adopt(
        &self,
        _app: &AppConfig,
        _token: SecretString,
    ) -> Result<Authorized, SetupError> {
        Err(SetupError::Refused(
            "Teams has no tokens to paste: connect, and sign in as the service user".into(),
        ))
    }

    fn connect(&self, context: ConnectContext) -> Result<Arc<dyn Connection>, SetupError> {
        Ok(Arc::new(connection::TeamsConnection::new(self.toolkit.clone(), context)?))
    }
}

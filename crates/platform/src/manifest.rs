//! A kind of network: what it is, how it is set up, how its webhooks are read.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rialto_model::{Capabilities, ConnectionId, PlatformId, RemoteId};
use secrecy::SecretString;

use crate::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, Cabinet, Connection, Consented,
    Received, SetupError, WebhookRequest,
};

/// What a platform is, as data.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The short name: a word in URLs, files and commands.
    pub id: PlatformId,
    /// The name for people.
    pub name: &'static str,
    /// What it can do.
    pub capabilities: Capabilities,
    /// What an app needs to be told.
    pub fields: Vec<Field>,
    /// What an admin does at the vendor before connecting, one step a line.
    pub steps: &'static [&'static str],
    /// What an admin grants the app by hand; empty where an application manifest says it.
    pub permissions: Vec<Permission>,
    /// Whether a conversation is made inside a parent (a Teams team).
    pub needs_parent: bool,
    /// How far from now the time of a webhook may be; `None` where webhooks have none, so that one
    /// that was seen before is told by its key alone.
    pub webhook_window: Option<SignedDuration>,
}

/// A setting of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in commands and in the API: `client_id`.
    pub name: &'static str,
    /// What it is and where to find it.
    pub help: &'static str,
    /// Whether it must never be shown.
    pub secret: bool,
    /// Whether one cannot do without.
    pub required: bool,
    /// Its value when not given.
    pub default: Option<&'static str>,
}

/// A permission that an admin grants an app at the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The vendor's word for its kind: `delegated`.
    pub kind: &'static str,
    /// The vendor's name for it.
    pub name: &'static str,
    /// What cannot be done without it.
    pub needed_for: &'static str,
}

/// What a connection is made from.
#[derive(Clone)]
pub struct ConnectContext {
    /// Its id.
    pub connection: ConnectionId,
    /// The application.
    pub app: AppConfig,
    /// The workspace.
    pub workspace: RemoteId,
    /// What the connector remembers.
    pub cabinet: Arc<dyn Cabinet>,
}

/// A kind of network.
#[async_trait]
pub trait Platform: Send + Sync + 'static {
    /// What it is.
    fn manifest(&self) -> &Manifest;

    /// Reads a webhook: checks who sent it and when, splits it, or answers a handshake. Pure: no
    /// I/O, no panic on any input. An app whose secret is not known yet answers handshakes only.
    fn receive(&self, app: &AppConfig, request: &WebhookRequest<'_>, now: Timestamp) -> Received;

    /// The application manifest that an admin pastes at the vendor; `None` where there is none.
    fn app_manifest(&self, app: &AppConfig) -> Option<String>;

    /// Settings that Rialto makes itself for a new app (a random secret that webhooks carry).
    fn initial_secrets(&self) -> Vec<(String, SecretString)> {
        Vec::new()
    }

    /// Where to send an admin to authorize a workspace.
    ///
    /// # Errors
    /// `Setting` when the app lacks something.
    fn authorization_start(
        &self,
        app: &AppConfig,
        state: &str,
    ) -> Result<AuthorizationStart, SetupError>;

    /// Finishes what `authorization_start` began.
    ///
    /// # Errors
    /// `Refused` when the admin or the vendor declined.
    async fn authorize(
        &self,
        app: &AppConfig,
        answer: AuthorizationAnswer,
    ) -> Result<Authorized, SetupError>;

    /// Reads what came back from a link that carried [`AppConfig::consent_state`]; `None` where the
    /// vendor has no such links.
    fn consented(&self, _app: &AppConfig, _query: &BTreeMap<String, String>) -> Option<Consented> {
        None
    }

    /// Takes a token that an admin pasted.
    ///
    /// # Errors
    /// `Refused` when the platform has no such tokens or does not know this one.
    async fn adopt(&self, app: &AppConfig, token: SecretString) -> Result<Authorized, SetupError>;

    /// Makes a connection; reads nothing and calls nobody yet.
    ///
    /// # Errors
    /// `Setting` when the app lacks something.
    fn connect(&self, context: ConnectContext) -> Result<Arc<dyn Connection>, SetupError>;
}

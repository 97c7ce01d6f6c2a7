//! Whoever runs networks of one kind: a platform, as the engine sees it.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use rialto_model::RemoteId;
use rialto_platform::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, ConnectContext, Connection,
    Manifest, Platform, Received, SetupError, WebhookAnswer, WebhookRequest,
};
use secrecy::SecretString;

use super::Network;

/// All networks of one kind, by the names of their workspaces.
pub struct Vendor {
    manifest: Arc<Manifest>,
    workspaces: BTreeMap<RemoteId, Network>,
}

impl Vendor {
    /// One that has this network so far.
    pub fn of(workspace: RemoteId, network: &Network) -> Self {
        let workspaces = BTreeMap::from([(workspace, network.clone())]);
        Self { manifest: network.manifest.clone(), workspaces }
    }

    pub fn takes(&mut self, workspace: RemoteId, network: &Network) {
        self.workspaces.insert(workspace, network.clone());
    }
}

#[async_trait]
impl Platform for Vendor {
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

    fn connect(&self, context: ConnectContext) -> Result<Arc<dyn Connection>, SetupError> {
        match self.workspaces.get(&context.workspace) {
            Some(network) => Ok(Arc::new(network.clone())),
            None => Err(SetupError::Refused("there is no such workspace".into())),
        }
    }
}

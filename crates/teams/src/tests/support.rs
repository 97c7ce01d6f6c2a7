//! What tests share: an app, a clock that stands still, a cabinet in memory.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rialto_model::{AppId, ConnectionId};
use rialto_platform::{
    AppConfig, Cabinet, CabinetError, Clock, ConnectContext, Random, Toolkit, http::client,
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::{
    connection::TeamsConnection,
    tokens::{SERVICE_TOKEN, ServiceToken, sealed},
};

pub(super) const TENANT: &str = "8afd02d6-ebdd-4270-a515-c749898ea5c5";
pub(super) const OWN: &str = "11111111-aaaa-4bbb-8ccc-222222222222";
pub(super) const CLIENT_ID: &str = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f";
pub(super) const CLIENT_STATE: &str = "fake-client-state";

#[derive(Debug)]
pub(super) struct StoppedClock(pub Mutex<Timestamp>);

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

#[derive(Debug)]
struct NoRandomness;

impl Random for NoRandomness {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

#[derive(Default)]
pub(crate) struct Drawer(pub Mutex<BTreeMap<String, String>>);

#[async_trait]
impl Cabinet for Drawer {
    async fn get(&self, key: &str) -> Result<Option<SecretString>, CabinetError> {
        Ok(self.0.lock().get(key).cloned().map(SecretString::from))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<(String, SecretString)>, CabinetError> {
        let all = self.0.lock().clone();
        Ok(all
            .into_iter()
            .filter(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key, SecretString::from(value)))
            .collect())
    }

    async fn put(&self, key: &str, value: SecretString) -> Result<(), CabinetError> {
        self.0.lock().insert(key.into(), value.expose_secret().into());
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), CabinetError> {
        self.0.lock().remove(key);
        Ok(())
    }
}

/// A connection, and what it stands on.
pub(super) struct Desk {
    pub connection: TeamsConnection,
    pub clock: Arc<StoppedClock>,
    pub cabinet: Arc<Drawer>,
}

impl Desk {
    pub fn forward(&self, by: SignedDuration) {
        let mut now = self.clock.0.lock();
        *now = now.checked_add(by).unwrap();
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

pub(super) fn app(server: &str) -> AppConfig {
    let setting = |name: &str, value: String| (name.to_owned(), value);
    AppConfig {
        id: AppId::new(Uuid::from_u128(1)),
        settings: [
            setting("tenant", TENANT.into()),
            setting("client_id", CLIENT_ID.into()),
            setting("graph_url", format!("{server}/v1.0/")),
            setting("login_url", format!("{server}/login/")),
            setting("listening", "channels".into()),
        ]
        .into(),
        secrets: [
            ("client_secret".to_owned(), SecretString::from("fake-client-secret")),
            ("client_state".to_owned(), SecretString::from(CLIENT_STATE)),
        ]
        .into(),
        webhook_url: "https://rialto.example/webhooks/teams/app_1".parse().unwrap(),
        redirect_url: "https://rialto.example/oauth/callback".parse().unwrap(),
    }
}

pub(super) fn toolkit(clock: Arc<StoppedClock>) -> Toolkit {
    Toolkit { http: client().unwrap(), clock, random: Arc::new(NoRandomness) }
}

/// A connection whose service user has signed in.
pub(super) fn desk(app: AppConfig) -> Desk {
    let clock = Arc::new(StoppedClock(Mutex::new(now())));
    let cabinet = Arc::new(Drawer::default());
    let token = ServiceToken {
        access_token: "fake-access".into(),
        refresh_token: Some("fake-refresh".into()),
        expires_at: now() + SignedDuration::from_hours(1),
        renewed_at: now(),
        scope: crate::permissions::scopes(),
        account: OWN.into(),
        name: "Rialto".into(),
    };
    let token = sealed(&token).expose_secret().to_owned();
    cabinet.0.lock().insert(SERVICE_TOKEN.into(), token);
    let context = ConnectContext {
        connection: ConnectionId::new(Uuid::from_u128(2)),
        app,
        workspace: TENANT.into(),
        cabinet: cabinet.clone(),
    };
    let connection = TeamsConnection::new(toolkit(clock.clone()), context).unwrap();
    Desk { connection, clock, cabinet }
}

/// The contracts' fixtures of Graph; says so and gives `None` where they are not.
pub(super) fn fixtures() -> Option<PathBuf> {
    let root = std::env::var_os("RIALTO_CONTRACTS").unwrap_or("../shared/contracts".into());
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(root);
    let fixtures = root.join("graph/fixtures");
    if fixtures.is_dir() {
        return Some(fixtures);
    }
    eprintln!("SKIPPED: the contracts are not at {} (RIALTO_CONTRACTS)", root.display());
    None
}

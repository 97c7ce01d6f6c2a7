//! What tests share: an app, a clock that stands still, a cabinet in memory.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rialto_model::{AppId, ConnectionId};
use rialto_platform::{
    AppConfig, ConnectContext, Random, Toolkit,
    http::client,
    testing::{Drawer, StoppedClock},
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
struct NoRandomness;

impl Random for NoRandomness {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

/// A connection, and what it stands on.
pub(super) struct Desk {
    pub connection: TeamsConnection,
    pub clock: Arc<StoppedClock>,
    pub cabinet: Arc<Drawer>,
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
    let clock = Arc::new(StoppedClock::at(now()));
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
    cabinet.entries.lock().insert(SERVICE_TOKEN.into(), token);
    let context = ConnectContext {
        connection: ConnectionId::new(Uuid::from_u128(2)),
        app,
        workspace: TENANT.into(),
        cabinet: cabinet.clone(),
    };
    let connection = TeamsConnection::new(toolkit(clock.clone()), context).unwrap();
    Desk { connection, clock, cabinet }
}

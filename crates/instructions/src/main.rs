//! Receives, normalizes, plans and renders one Slack message so many times: `cargo xtask test` runs it
//! under callgrind, twice, and holds the difference against a ceiling. Instructions are the same on
//! every machine, however busy it is.
//!
//! Deliberately absent: the store, HTTP and everything else that waits.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use aws_lc_rs::hmac;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use rialto_model::{
    AppId, Capabilities, ChannelSync, ChannelSyncId, ChannelSyncState, ConnectionId,
    ConversationRef, Direction, Endpoint, EndpointId, Event, OrganizationId, SyncSettings, Work,
};
use rialto_platform::{
    AppConfig, Cabinet, CabinetError, Clock, ConnectContext, Connection, Outgoing, Platform,
    Received, SystemRandom, Toolkit, WebhookRequest,
};
use rialto_relay::{Scene, plan};
use rialto_slack::Slack;
use rialto_teams::Teams;
use secrecy::SecretString;
use serde_json::json;
use url::Url;
use uuid::Uuid;

const SECRET: &str = "instructions";
const NOW: i64 = 1_800_000_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let rounds: u64 = std::env::args().nth(1).context("how many messages?")?.parse()?;
    let world = World::new()?;
    for number in 0..rounds {
        world.message(number).await?;
    }
    Ok(())
}

#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(NOW).unwrap_or_default()
    }
}

/// Who the Slack application is, and nothing else.
struct Identity;

#[async_trait]
impl Cabinet for Identity {
    async fn get(&self, key: &str) -> Result<Option<SecretString>, CabinetError> {
        let identity = json!({"user_id": "UOWN", "bot_id": "BOWN", "app_id": "AOWN"});
        Ok((key == "identity").then(|| identity.to_string().into()))
    }

    async fn list(&self, _: &str) -> Result<Vec<(String, SecretString)>, CabinetError> {
        Ok(Vec::new())
    }

    async fn put(&self, _: &str, _: SecretString) -> Result<(), CabinetError> {
        Ok(())
    }

    async fn remove(&self, _: &str) -> Result<(), CabinetError> {
        Ok(())
    }
}

/// A Slack channel kept in step with another one and with a Teams channel.
struct World {
    slack: Slack,
    teams: Teams,
    app: AppConfig,
    ends: [Arc<dyn Connection>; 2],
    sync: ChannelSync,
    now: Timestamp,
}

impl World {
    fn new() -> Result<Self> {
        let toolkit = Toolkit {
            http: rialto_platform::http::client()?,
            clock: Arc::new(StoppedClock),
            random: Arc::new(SystemRandom),
        };
        let (slack, teams) = (Slack::new(toolkit.clone()), Teams::new(toolkit));
        let app = app(&slack, [("signing_secret", SECRET), ("client_secret", SECRET)])?;
        let of_teams = app_of_teams(&teams)?;
        let connect = |platform: &dyn Platform, app: &AppConfig, number| {
            let context = ConnectContext {
                connection: connection(number),
                app: app.clone(),
                workspace: "T1".into(),
                cabinet: Arc::new(Identity),
            };
            platform.connect(context).map_err(|error| anyhow::anyhow!("{error}"))
        };
        let ends = [connect(&slack, &app, 1)?, connect(&teams, &of_teams, 2)?];
        let now = StoppedClock.now();
        let sync = ChannelSync {
            id: ChannelSyncId::new(Uuid::from_u128(1)),
            organization: OrganizationId::new(Uuid::from_u128(1)),
            name: "general".into(),
            state: ChannelSyncState::Active,
            settings: SyncSettings::default(),
            created_at: now,
            endpoints: vec![
                endpoint(1, 1, "C1", now),
                endpoint(2, 1, "C2", now),
                endpoint(3, 2, "T/C", now),
            ],
        };
        Ok(Self { slack, teams, app, ends, sync, now })
    }

    /// From a webhook's bytes to what is posted in both other conversations.
    async fn message(&self, number: u64) -> Result<()> {
        let body = body(number);
        let headers = signed(body.as_bytes())?;
        let request = WebhookRequest {
            method: &Method::POST,
            tail: "",
            query: "",
            headers: &headers,
            body: body.as_bytes(),
        };
        let Received::Inbound { inbound, .. } = self.slack.receive(&self.app, &request, self.now)
        else {
            bail!("the webhook was not taken");
        };
        for inbound in inbound {
            let inbound = inbound.into_inner();
            for event in self.ends[0].normalize(&inbound.payload).await? {
                let posts = self.posts(number, &event)?;
                anyhow::ensure!(posts == 2, "{posts} posts");
            }
        }
        Ok(())
    }

    fn posts(&self, number: u64, event: &Event) -> Result<usize> {
        let capabilities = |id: ConnectionId| -> Option<&Capabilities> {
            let of_slack = id == connection(1);
            let platform: &dyn Platform = if of_slack { &self.slack } else { &self.teams };
            Some(&platform.manifest().capabilities)
        };
        let next = std::cell::Cell::new(u128::from(number) << 8);
        let scene = Scene {
            sync: &self.sync,
            here: &self.sync.endpoints[0],
            known: None,
            root: None,
            capabilities: &capabilities,
            now: self.now,
            ids: &|| {
                next.set(next.get() + 1);
                Uuid::from_u128(next.get())
            },
        };
        let mut posts = 0;
        for delivery in plan(event, &scene).deliveries {
            let Work::Post { author, content, .. } = delivery.work else { bail!("no post") };
            let end = usize::from(delivery.to.connection != connection(1));
            let parts = self.ends[end].render(&Outgoing {
                delivery: delivery.id,
                to: delivery.to.conversation,
                thread: None,
                broadcast: false,
                author,
                said_on: "Slack",
                content,
                notes: Vec::new(),
            });
            posts += std::hint::black_box(parts).len();
        }
        Ok(posts)
    }
}

fn connection(number: u128) -> ConnectionId {
    ConnectionId::new(Uuid::from_u128(number))
}

fn endpoint(number: u128, at: u128, conversation: &str, since: Timestamp) -> Endpoint {
    Endpoint {
        id: EndpointId::new(Uuid::from_u128(number)),
        at: ConversationRef { connection: connection(at), conversation: conversation.into() },
        name: conversation.into(),
        direction: Direction::Both,
        since,
    }
}

fn app<const N: usize>(platform: &dyn Platform, secrets: [(&str, &str); N]) -> Result<AppConfig> {
    let fields = platform.manifest().fields.iter();
    let defaults = fields.filter_map(|it| Some((it.name.to_owned(), it.default?.to_owned())));
    let mut settings: BTreeMap<_, _> = defaults.collect();
    settings.insert("client_id".into(), "instructions".into());
    Ok(AppConfig {
        id: AppId::new(Uuid::from_u128(1)),
        settings,
        secrets: secrets.into_iter().map(|(name, it)| (name.to_owned(), it.into())).collect(),
        webhook_url: Url::parse("https://rialto.example/webhooks")?,
        redirect_url: Url::parse("https://rialto.example/oauth/callback")?,
    })
}

fn app_of_teams(teams: &Teams) -> Result<AppConfig> {
    let mut app = app(teams, [("client_secret", SECRET)])?;
    app.settings.insert("tenant".into(), "bench.example".into());
    Ok(app)
}

fn body(number: u64) -> String {
    let text = format!("Message {number}: the quick brown fox jumps over the lazy dog");
    json!({
        "type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event_time": NOW,
        "authorizations": [{"team_id": "T1", "user_id": "UOWN", "is_bot": true}],
        "event": {
            "type": "message", "channel": "C1", "user": "U1", "text": text,
            "ts": format!("{NOW}.{number:06}"), "event_ts": format!("{NOW}.{number:06}"),
            "blocks": [{"type": "rich_text", "elements": [
                {"type": "rich_text_section", "elements": [
                    {"type": "text", "text": text},
                    {"type": "text", "text": " and ", "style": {"bold": true}},
                    {"type": "link", "url": "https://example.com/", "text": "a link"},
                    {"type": "emoji", "name": "tada"},
                ]},
                {"type": "rich_text_list", "style": "bullet", "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]},
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "two"}]},
                ]},
            ]}],
        },
    })
    .to_string()
}

fn signed(body: &[u8]) -> Result<HeaderMap> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let base = [format!("v0:{NOW}:").as_bytes(), body].concat();
    let mut headers = HeaderMap::new();
    let signature = format!("v0={}", hex::encode(hmac::sign(&key, &base)));
    headers.insert("x-slack-signature", signature.parse()?);
    headers.insert("x-slack-request-timestamp", NOW.to_string().parse()?);
    Ok(headers)
}

//! The real binary on the server's core, connected to the pretended API, with as many channel syncs
//! as a figure needs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use rialto_testkit::Api;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

use crate::{
    api::SlackApi,
    event::{self, Events, SIGNING_SECRET, SlackEvents, TEAMS},
    graph::{self, GraphApi, GraphEvents},
    pin::{Pinned, free_port},
};

/// Calls to the admin API at a time while channel syncs are made.
const AT_ONCE: usize = 128;

/// It is quiet when it uses less of its core than this, in percent, for two looks.
const QUIET: f64 = 2.0;
const LOOK: Duration = Duration::from_millis(500);
const PATIENCE: usize = 600;

/// What is kept in step with what.
#[derive(Clone, Copy)]
pub enum Pair<'a> {
    /// A Slack workspace with another one.
    Slack,
    /// People write in Slack, it is relayed to Teams.
    ToTeams(&'a GraphApi),
    /// People write in Teams, it is relayed to Slack.
    FromTeams(&'a GraphApi),
}

/// A workspace and its channels.
struct End {
    connection: String,
    channel: Box<dyn Fn(usize) -> String>,
}

impl End {
    fn channel(&self, number: usize) -> Value {
        json!({"connection": self.connection, "conversation": (self.channel)(number)})
    }
}

/// A Rialto that runs.
pub struct Server {
    /// The process.
    pub process: Pinned,
    /// Its admin API.
    pub admin: Api,
    /// What it calls.
    pub slack: SlackApi,
    /// Makes webhooks for it.
    pub events: Arc<dyn Events>,
    /// How long making them took.
    pub setup: Duration,
    binary: PathBuf,
    folder: TempDir,
}

impl Server {
    /// Starts with an empty database in a new folder.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(binary: &Path, base: &Path, slack: SlackApi) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("rialto-bench-").tempdir_in(base)?;
        let process = run(binary, folder.path(), free_port()?).await?;
        let token = std::fs::read_to_string(folder.path().join("admin.token"))?;
        let url = format!("http://127.0.0.1:{}", process.port);
        Ok(Self {
            admin: Api::new(url, Some(token.trim().to_owned())),
            events: Arc::new(SlackEvents::new("/")),
            setup: Duration::ZERO,
            binary: binary.into(),
            process,
            slack,
            folder,
        })
    }

    /// Connects two workspaces and makes channel syncs between them.
    ///
    /// # Errors
    /// When Rialto refuses.
    pub async fn connect(&mut self, pair: Pair<'_>, syncs: usize) -> Result<()> {
        let began = Instant::now();
        self.slack.has_channels(syncs);
        let (from, to) = match pair {
            Pair::Slack => {
                let app = self.slack_app().await?;
                self.events = Arc::new(SlackEvents::new(&webhook_path(&app)?));
                (self.slack_end(&app, 0).await?, self.slack_end(&app, 1).await?)
            }
            Pair::ToTeams(graph) => {
                let app = self.slack_app().await?;
                self.events = Arc::new(SlackEvents::new(&webhook_path(&app)?));
                (self.slack_end(&app, 0).await?, self.teams_end(graph, syncs).await?.1)
            }
            Pair::FromTeams(graph) => {
                let (app, end) = self.teams_end(graph, syncs).await?;
                let slack = self.slack_app().await?;
                self.events = Arc::new(GraphEvents::new(graph.clone(), &webhook_path(&app)?));
                (end, self.slack_end(&slack, 1).await?)
            }
        };
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        let mut calls = JoinSet::new();
        for number in 0..syncs {
            let body = json!({"endpoints": [from.channel(number), to.channel(number)]});
            let (admin, at_once) = (self.admin.clone(), at_once.clone());
            calls.spawn(async move {
                let _place = at_once.acquire().await?;
                admin.post("/api/v1/channel-syncs/connect", body).await?;
                anyhow::Ok(())
            });
        }
        while let Some(made) = calls.join_next().await {
            made??;
        }
        self.setup = began.elapsed();
        Ok(())
    }

    async fn slack_app(&self) -> Result<Value> {
        let app = json!({"platform": "slack", "values": {
            "client_id": "bench", "client_secret": "bench", "signing_secret": SIGNING_SECRET,
            "api_url": format!("{}/api/", self.slack.url),
        }});
        Ok(self.admin.post("/api/v1/apps", app).await?)
    }

    async fn slack_end(&self, app: &Value, side: usize) -> Result<End> {
        let token = json!({"token": format!("xoxb-{}", TEAMS[side])});
        let path = format!("/api/v1/apps/{}/tokens", text(app, "id")?);
        let made = self.admin.post(&path, token).await?;
        let connection = text(&made["connection"], "id")?;
        Ok(End { connection, channel: Box::new(move |number| event::channel(side, number)) })
    }

    /// The application and the tenant's end.
    async fn teams_end(&self, graph: &GraphApi, channels: usize) -> Result<(Value, End)> {
        graph.has_channels(channels);
        let app = json!({"platform": "teams", "values": {
            "tenant": graph::TENANT, "client_id": graph::CLIENT, "client_secret": "bench",
            "graph_url": format!("{}/v1.0/", graph.url), "login_url": format!("{}/", graph.url),
            // One subscription, however many channels.
            "listening": "tenant",
        }});
        let app = self.admin.post("/api/v1/apps", app).await?;
        let path = format!("/api/v1/apps/{}/authorizations", text(&app, "id")?);
        let state = text(&self.admin.post(&path, json!({})).await?, "state")?;
        let back = format!("{}?code=bench&state={state}", text(&app, "redirect_url")?);
        let (status, page) = self.admin.open(&back).await?;
        anyhow::ensure!(status == 200, "the tenant is not connected: {page}");
        let outcome = self.admin.get(&format!("/api/v1/authorizations/{state}")).await?;
        let connection = text(&outcome["connected"]["connection"], "id")?;
        Ok((app, End { connection, channel: Box::new(graph::channel) }))
    }

    /// Ends it as a power cut would, and starts it on what it left.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(self) -> Result<Self> {
        let Self { process, admin, slack, events, setup, binary, folder } = self;
        let port = process.port;
        process.kill().await?;
        let process = run(&binary, folder.path(), port).await?;
        Ok(Self { process, admin, slack, events, setup, binary, folder })
    }

    /// Waits until it does nothing any more.
    ///
    /// # Errors
    /// When it is never quiet.
    pub async fn quiet(&self) -> Result<()> {
        let mut quiet = 0;
        for _ in 0..PATIENCE {
            let before = self.process.used()?;
            tokio::time::sleep(LOOK).await;
            let percent = self.process.used()?.percent_since(before);
            quiet = if percent < QUIET { quiet + 1 } else { 0 };
            if quiet == 2 {
                return Ok(());
            }
        }
        anyhow::bail!("Rialto is never quiet")
    }

    /// Bytes of the database, without its log, which is empty when it is quiet.
    ///
    /// # Errors
    /// When there is none.
    pub fn database_bytes(&self) -> Result<u64> {
        Ok(std::fs::metadata(self.folder.path().join("rialto.db"))?.len())
    }
}

async fn run(binary: &Path, folder: &Path, port: u16) -> Result<Pinned> {
    let url = format!("http://127.0.0.1:{port}");
    let environment = [
        ("RIALTO_DATA_FOLDER", folder.display().to_string()),
        ("RIALTO_LISTEN", format!("127.0.0.1:{port}")),
        ("RIALTO_PUBLIC_URL", url),
        // The pretended API has no limits but those that a figure sets.
        ("RIALTO_DELIVERIES_PACING", "false".to_owned()),
    ];
    let log = folder.join("rialto.log");
    Pinned::start(binary, &["serve"], &environment, &log, port, "/readyz").await
}

fn webhook_path(app: &Value) -> Result<String> {
    let address = text(app, "webhook_url")?;
    let at = address.find("/webhooks/").context("webhook_url")?;
    Ok(address[at..].to_owned())
}

fn text(value: &Value, name: &str) -> Result<String> {
    Ok(value[name].as_str().with_context(|| format!("no {name} in {value}"))?.to_owned())
}

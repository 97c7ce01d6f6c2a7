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
    event::{self, Events, SIGNING_SECRET, TEAMS},
    pin::{Pinned, free_port},
};

/// Calls to the admin API at a time while channel syncs are made.
const AT_ONCE: usize = 32;

/// It is quiet when it uses less of its core than this, in percent, for two looks.
const QUIET: f64 = 2.0;
const LOOK: Duration = Duration::from_millis(500);
const PATIENCE: usize = 600;

/// A Rialto that runs.
pub struct Server {
    /// The process.
    pub process: Pinned,
    /// Its admin API.
    pub admin: Api,
    /// What it calls.
    pub slack: SlackApi,
    /// Makes webhooks for it.
    pub events: Arc<Events>,
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
            events: Arc::new(Events::new("127.0.0.1", "/")),
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
    pub async fn connect(&mut self, syncs: usize) -> Result<()> {
        let began = Instant::now();
        let app = json!({"platform": "slack", "values": {
            "client_id": "bench", "client_secret": "bench", "signing_secret": SIGNING_SECRET,
            "api_url": format!("{}/api/", self.slack.url),
        }});
        let app = self.admin.post("/api/v1/apps", app).await?;
        let id = text(&app, "id")?;
        self.slack.has_channels(syncs);
        let mut connections = Vec::new();
        for team in TEAMS {
            let token = json!({"token": format!("xoxb-{team}")});
            let made = self.admin.post(&format!("/api/v1/apps/{id}/tokens"), token).await?;
            connections.push(text(&made["connection"], "id")?);
        }
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        let mut calls = JoinSet::new();
        for number in 0..syncs {
            let endpoint = |side: usize| json!({"connection": connections[side], "conversation": event::channel(side, number)});
            let body = json!({"endpoints": [endpoint(0), endpoint(1)]});
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
        let address = text(&app, "webhook_url")?;
        let path = address.find("/webhooks/").map(|at| &address[at..]).context("webhook_url")?;
        self.events = Arc::new(Events::new("127.0.0.1", path));
        self.setup = began.elapsed();
        Ok(())
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

fn text(value: &Value, name: &str) -> Result<String> {
    Ok(value[name].as_str().with_context(|| format!("no {name} in {value}"))?.to_owned())
}

//! The real binary on the server's core, connected to pretended platforms.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use rialto_testkit::Api;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::{
    connect::{self, Route},
    event::Events,
    pin::{Pinned, free_port},
    pretended::{Platforms, SlackEvents},
};

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
    pub async fn start(binary: &Path, base: &Path) -> Result<Self> {
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
            folder,
        })
    }

    /// Connects the workspaces of a route and makes channel syncs between them.
    ///
    /// # Errors
    /// When Rialto refuses.
    pub async fn connect(
        &mut self,
        platforms: &Platforms,
        route: Route,
        syncs: usize,
    ) -> Result<()> {
        let began = Instant::now();
        self.events = connect::connect(&self.admin, platforms, route, syncs).await?;
        self.setup = began.elapsed();
        Ok(())
    }

    /// Ends it as a power cut would, and starts it on what it left.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(self) -> Result<Self> {
        let Self { process, admin, events, setup, binary, folder } = self;
        let port = process.port;
        process.kill().await?;
        let process = run(&binary, folder.path(), port).await?;
        Ok(Self { process, admin, events, setup, binary, folder })
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
        // The pretended platforms have no limits but those that a figure sets.
        ("RIALTO_DELIVERIES_PACING", "false".to_owned()),
    ];
    let log = folder.join("rialto.log");
    Pinned::start(binary, &["serve"], &environment, &log, port, "/readyz").await
}

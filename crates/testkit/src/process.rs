//! The real binary, as a process that can be killed.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::{
    process::{Child, Command},
    time::Instant,
};

use crate::Api;

/// How long a start may take.
const START: Duration = Duration::from_secs(30);

/// A Rialto that runs, or was killed and can run again on the same data.
pub struct Rialto {
    binary: PathBuf,
    folder: PathBuf,
    port: u16,
    environment: Vec<(String, String)>,
    child: Option<Child>,
}

impl Rialto {
    /// Starts the binary on a folder of its own, with its embedded defaults but for the port.
    ///
    /// # Errors
    /// When it does not start; the error has its log.
    pub async fn start(
        binary: &Path,
        folder: &Path,
        environment: Vec<(String, String)>,
    ) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut rialto =
            Self { binary: binary.into(), folder: folder.into(), port, environment, child: None };
        rialto.run().await?;
        Ok(rialto)
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its admin API.
    ///
    /// # Errors
    /// When it has not written its token.
    pub fn api(&self) -> Result<Api> {
        let token =
            std::fs::read_to_string(self.folder.join("admin.token")).context("the admin token")?;
        Ok(Api::new(self.url(), Some(token.trim().to_owned())))
    }

    /// A command of the same binary, pointed at this server.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env("RIALTO_URL", self.url())
            .env("RIALTO_TOKEN_FILE", self.folder.join("admin.token"))
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    /// Sets one of its settings, from its next start on.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.environment.retain(|(known, _)| known != variable);
        self.environment.push((variable.into(), value.into()));
    }

    fn spawn(&self) -> Result<Child> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("rialto.log"))?;
        let mut command = Command::new(&self.binary);
        command
            .arg("serve")
            .current_dir(&self.folder)
            .env("RIALTO_DATA_FOLDER", &self.folder)
            .env("RIALTO_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("RIALTO_PUBLIC_URL", self.url())
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        command.spawn().context("the binary does not start")
    }

    /// Runs it, after it was killed, and kills it again so soon that it may not be ready yet.
    ///
    /// # Errors
    /// When it cannot be started or killed.
    pub async fn run_for(&mut self, time: Duration) -> Result<()> {
        let mut child = self.spawn()?;
        tokio::time::sleep(time).await;
        child.kill().await?;
        Ok(())
    }

    /// Runs it, after it was killed.
    ///
    /// # Errors
    /// When it does not start; the error has its log.
    pub async fn run(&mut self) -> Result<()> {
        let mut child = self.spawn()?;
        let probe = Api::new(self.url(), None);
        let end = Instant::now() + START;
        loop {
            if probe.get("/readyz").await.is_ok() {
                self.child = Some(child);
                return Ok(());
            }
            if let Some(status) = child.try_wait()? {
                bail!("Rialto ended: {status}\n{}", self.log());
            }
            if Instant::now() > end {
                bail!("Rialto is not ready after {START:?}\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it as a power cut would: SIGKILL.
    ///
    /// # Errors
    /// When it was not running.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.take().context("it does not run")?.kill().await?;
        Ok(())
    }

    /// What a command of the same binary prints.
    ///
    /// # Errors
    /// When it fails; the error has what it said.
    pub async fn says(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments).output().await?;
        if !output.status.success() {
            bail!("rialto {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Stops it where it is, as a machine does that is out of breath; `false` lets it go on.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn freeze(&self, still: bool) -> Result<()> {
        self.signal(if still { "-STOP" } else { "-CONT" }).await
    }

    /// Stops it as a service manager does: SIGTERM, and waits.
    ///
    /// # Errors
    /// When it does not run, or does not end well.
    pub async fn stop(&mut self) -> Result<()> {
        self.signal("-TERM").await?;
        let status = self.child.take().context("it does not run")?.wait().await?;
        if status.success() { Ok(()) } else { bail!("Rialto ended: {status}\n{}", self.log()) }
    }

    async fn signal(&self, signal: &str) -> Result<()> {
        let id = self.child.as_ref().and_then(Child::id).context("it does not run")?;
        let status = Command::new("kill").args([signal, &id.to_string()]).status().await?;
        if status.success() { Ok(()) } else { bail!("kill {signal}: {status}") }
    }

    /// Bytes of memory that it has in RAM; `None` where the system does not tell.
    pub fn memory(&self) -> Option<u64> {
        let id = self.child.as_ref()?.id()?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
    }

    /// The end of its log.
    pub fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("rialto.log")).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

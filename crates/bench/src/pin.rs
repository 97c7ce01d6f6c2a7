//! Processes on cores: what is measured on one, what measures on another.

use std::{
    net::TcpListener,
    path::Path,
    process::{Command as StdCommand, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

use crate::clock;

/// Where the server runs.
pub const SERVER: usize = 0;
/// How long a start may take.
const START: Duration = Duration::from_secs(60);

/// Puts this process, which has one thread yet, on the generator's core: another than the server's,
/// if there is one. Gives the core.
///
/// # Errors
/// When there is no `taskset` (util-linux).
pub fn pin_generator() -> Result<usize> {
    let core = std::thread::available_parallelism().map_or(1, usize::from).min(2) - 1;
    let done = StdCommand::new("taskset")
        .args(["-cp", &core.to_string(), &std::process::id().to_string()])
        .stdout(Stdio::null())
        .status()
        .context("`taskset` (util-linux) is needed")?;
    if !done.success() {
        bail!("taskset: {done}");
    }
    Ok(core)
}

/// A port that was free a moment ago.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A process on the server's core.
pub struct Pinned {
    child: Child,
    id: u32,
    /// Where it listens.
    pub port: u16,
    /// From being started to being ready.
    pub start: Duration,
}

/// What a process has used.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// Processor time, in seconds.
    cpu: f64,
    /// When, in nanoseconds.
    at: u64,
}

impl Pinned {
    /// Starts a program on the server's core; `ready` is a path that answers 200 once it is.
    ///
    /// # Errors
    /// When it ends or is not ready in time; its log tells why.
    pub async fn start(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, String)],
        log: &Path,
        port: u16,
        ready: &str,
    ) -> Result<Self> {
        let file = std::fs::File::options().create(true).append(true).open(log)?;
        let began = clock::nanos();
        let mut child = Command::new("taskset")
            .args(["-c", &SERVER.to_string()])
            .arg(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .context("`taskset` (util-linux) is needed")?;
        let id = child.id().context("it has ended")?;
        let request = format!("GET {ready} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
        loop {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                let mut wire = crate::wire::Wire::open(port).await?;
                if wire.call(request.as_bytes()).await.is_ok_and(|status| status == 200) {
                    let start = Duration::from_nanos(clock::nanos() - began);
                    return Ok(Self { child, id, port, start });
                }
            }
            if let Some(status) = child.try_wait()? {
                bail!("{} ended: {status}\n{}", program.display(), tail(log));
            }
            if Duration::from_nanos(clock::nanos() - began) > START {
                bail!("{} is not ready after {START:?}\n{}", program.display(), tail(log));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Ends it as a power cut would.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// What it has used until now.
    ///
    /// # Errors
    /// When it has ended.
    pub fn used(&self) -> Result<Used> {
        used(&self.id.to_string())
    }

    /// Bytes of memory that it has in RAM.
    ///
    /// # Errors
    /// When it has ended.
    pub fn memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
        let kilobytes: u64 = line.split_whitespace().nth(1).context("VmRSS")?.parse()?;
        Ok(kilobytes * 1024)
    }
}

/// What this process has used until now.
///
/// # Errors
/// Where there is no `/proc`.
pub fn own() -> Result<Used> {
    used("self")
}

/// Ticks of `/proc/PID/stat` a second: a constant of Linux's interface.
const TICKS: f64 = 100.0;

fn used(id: &str) -> Result<Used> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The program's name may hold anything but ends with the last parenthesis.
    let (_, fields) = stat.rsplit_once(')').context("stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |at: usize| -> Result<f64> { Ok(fields.get(at).context("stat")?.parse()?) };
    Ok(Used { cpu: (ticks(11)? + ticks(12)?) / TICKS, at: clock::nanos() })
}

impl Used {
    /// Seconds of processor time since an earlier look.
    pub fn cpu_since(self, before: Self) -> f64 {
        self.cpu - before.cpu
    }

    /// Seconds since an earlier look.
    pub fn seconds_since(self, before: Self) -> f64 {
        self.at.saturating_sub(before.at) as f64 / 1e9
    }

    /// How busy its core was with it, in percent.
    pub fn percent_since(self, before: Self) -> f64 {
        100.0 * self.cpu_since(before) / self.seconds_since(before)
    }
}

/// What a core has done until now, whoever it was for.
///
/// # Errors
/// Where there is no `/proc`.
pub fn core(number: usize) -> Result<Used> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let name = format!("cpu{number} ");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name)).context("/proc/stat")?;
    let ticks: Vec<f64> = line.split_whitespace().filter_map(|it| it.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; the guests' are in the first two.
    let busy: f64 = [0, 1, 2, 5, 6, 7].iter().filter_map(|it| ticks.get(*it)).sum();
    Ok(Used { cpu: busy / TICKS, at: clock::nanos() })
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

//! From a webhook to its post at a modest rate, beside what a commit on this disk takes meanwhile.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use rusqlite::Connection;

use super::{Bench, CONVERSATIONS, How, Percentiles, Target};
use crate::{
    clock, ledger,
    load::Pace,
    report::{Figure, Run},
    server::Server,
};

/// Messages a second, and over how many conversations.
pub(super) const RATE: f64 = 400.0;
pub(super) const OVER: usize = 100;
/// How often a commit is timed.
const PROBE_EVERY: Duration = Duration::from_millis(50);

pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    if !bench.wants("latency") {
        return Ok(());
    }
    let server = bench.server(CONVERSATIONS).await?;
    let runs = bench.runs(async || run(bench, &server).await).await?;
    server.process.kill().await?;
    let figure = Figure::new("latency", "webhook in → API call out at 400/s, p50", "ms", runs);
    let (p50, p99) = (figure.value, figure.seen("p99 ms"));
    let commit = figure.seen("commit p50 ms");
    let absolute = p50 <= 4.0 && p99 <= 15.0;
    let relative = p50 <= 3.0 * commit && p99 <= 6.0 * commit;
    let goal = "p50 ≤ 4 ms and p99 ≤ 15 ms, or p50 ≤ 3 × and p99 ≤ 6 × the commit time";
    bench.add(figure.less_is_better().goal(goal, absolute || relative));
    Ok(())
}

async fn run(bench: &Bench, server: &Server) -> Result<Run> {
    let probe = Probe::start(bench)?;
    let how = How::new(Pace::Rate(RATE), OVER);
    let seen = bench.load(&Target::from(server), how).await?;
    let commit = Percentiles::of(&probe.stop().await?);
    let run = seen.run(seen.through.p50);
    Ok(run
        .with("p99 ms", seen.through.p99)
        .with("max ms", seen.through.max)
        .with("commit p50 ms", commit.p50)
        .with("commit p99 ms", commit.p99)
        .with("CPU µs each", seen.cpu * 1e6 / seen.arrived as f64))
}

/// Commits of one small row with fsync, one after the other, on the disk that is measured.
struct Probe {
    stop: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<Result<Histogram<u64>>>,
}

impl Probe {
    fn start(bench: &Bench) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("rialto-bench-").tempdir_in(&bench.folder)?;
        let (stop, stopped) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let database = Connection::open(folder.path().join("probe.db"))?;
            database.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE probe (at INTEGER NOT NULL);",
            )?;
            let mut histogram = ledger::histogram();
            while stopped
                .recv_timeout(PROBE_EVERY)
                .is_err_and(|it| it == std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                let began = clock::nanos();
                database.execute("INSERT INTO probe (at) VALUES (1)", [])?;
                histogram.saturating_record((clock::nanos() - began) / 1_000);
            }
            Ok(histogram)
        });
        Ok(Self { stop, thread })
    }

    async fn stop(self) -> Result<Histogram<u64>> {
        drop(self.stop);
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await?;
        joined.map_err(|_| anyhow::anyhow!("the probe failed"))?
    }
}

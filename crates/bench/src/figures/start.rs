//! From starting the process to `/readyz`.

use anyhow::Result;

use super::{Bench, CONVERSATIONS, How, Target};
use crate::{
    load::{self, Pace},
    pretended::Behaviour,
    report::{Figure, Run},
    server::Server,
};

pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    if bench.wants("start-empty") {
        let runs = bench.runs(async || empty(bench).await).await?;
        let title = "start-up to ready, empty";
        let figure = Figure::new("start-empty", title, "ms", runs).less_is_better();
        let met = figure.value <= 200.0;
        bench.add(figure.goal("≤ 0.2 s", met));
    }
    if bench.wants("start-pending") {
        let runs = bench.runs(async || pending(bench).await).await?;
        let title = format!("start-up to ready, {} deliveries wait", bench.budget.pending);
        let figure = Figure::new("start-pending", &title, "ms", runs).less_is_better();
        let met = figure.value <= 500.0;
        bench.add(figure.goal("≤ 0.5 s", met));
    }
    Ok(())
}

/// The very first start, which makes the database and the keys; and the one after it.
async fn empty(bench: &Bench) -> Result<Run> {
    let server = Server::start(&bench.binary, &bench.folder).await?;
    let first = millis(&server);
    let server = server.restart().await?;
    let second = millis(&server);
    server.process.kill().await?;
    Ok(Run::of(first).with("the next start ms", second))
}

/// Killed while the API answers nothing.
async fn pending(bench: &Bench) -> Result<Run> {
    let count = bench.budget.pending;
    let server = bench.server(CONVERSATIONS).await?;
    let behaviour = Behaviour { silent: true, ..Behaviour::default() };
    let how = How { behaviour, ..How::new(Pace::Flat, CONVERSATIONS) };
    let ledger = bench.pour(&Target::from(&server), count, how).await?;
    server.quiet().await?;
    bench.platforms.slack_behaves(Behaviour::default());
    let server = server.restart().await?;
    let start = millis(&server);
    // None may be lost on the way.
    load::settle(&ledger, super::under_load::SETTLED).await;
    server.process.kill().await?;
    let faults = ledger.faults(true);
    Ok(Run { faults, ..Run::of(start) }.with("waiting", count as f64))
}

fn millis(server: &Server) -> f64 {
    server.process.start.as_secs_f64() * 1_000.0
}

//! What Rialto takes of memory and disk: idle, with many conversations, with many messages.

use std::time::Duration;

use anyhow::Result;

use super::{Bench, CONVERSATIONS, How, Target, note};
use crate::{
    load::{self, Pace},
    report::{Figure, Run},
    server::Server,
};

const MEGABYTE: f64 = 1_000_000.0;
/// What memory may grow by, whatever number of messages is mapped: what one start differs from the
/// next.
const NOISE: f64 = 2.0;
/// After a start the past is compared over many connections, which keep what the largest answers took
/// until they are closed: reqwest closes what is idle for 90 s.
const UNTIL_CLOSED: Duration = Duration::from_secs(95);

pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    if bench.wants("memory-idle") || bench.wants("memory-conversation") {
        conversations(bench).await?;
    }
    if bench.wants("memory-messages") || bench.wants("database") {
        messages(bench).await?;
    }
    Ok(())
}

async fn conversations(bench: &mut Bench) -> Result<()> {
    let empty = Server::start(&bench.binary, &bench.folder).await?;
    empty.quiet().await?;
    let idle = empty.process.memory()? as f64;
    empty.process.kill().await?;
    let run = Run { limited_by: "RSS after the start".into(), ..Run::of(idle / MEGABYTE) };
    let figure = Figure::new("memory-idle", "memory, idle", "MB", vec![run]).less_is_better();
    let met = figure.value <= 25.0;
    bench.add(figure.goal("≤ 25 MB", met));
    if !bench.wants("memory-conversation") {
        return Ok(());
    }
    let many = bench.budget.many;
    let server = bench.server(many).await?;
    server.quiet().await?;
    let made = server.process.memory()? as f64;
    let server = server.restart().await?;
    server.quiet().await?;
    let restarted = server.process.memory()? as f64;
    server.process.kill().await?;
    let each = |bytes: f64| (bytes - idle) / (2 * many) as f64;
    let run = Run { limited_by: "RSS after a restart".into(), ..Run::of(each(restarted)) }
        .with("conversations", (2 * many) as f64)
        .with("MB", restarted / MEGABYTE)
        .with("MB before the restart", made / MEGABYTE);
    let title = "memory per idle mapped conversation";
    let figure = Figure::new("memory-conversation", title, "bytes", vec![run]).less_is_better();
    let met = figure.value <= 1_000.0;
    bench.add(figure.goal("≤ 1 kB", met));
    Ok(())
}

/// What is in memory when nothing is left of the start.
async fn settled(server: &Server) -> Result<f64> {
    server.quiet().await?;
    tokio::time::sleep(UNTIL_CLOSED).await;
    Ok(server.process.memory()? as f64)
}

async fn messages(bench: &mut Bench) -> Result<()> {
    let count = bench.budget.messages;
    let server = bench.server(CONVERSATIONS).await?.restart().await?;
    let before = (settled(&server).await?, server.database_bytes()? as f64);
    let how = How::new(Pace::Window, CONVERSATIONS);
    let ledger = bench.pour(&Target::from(&server), count, how).await?;
    load::settle(&ledger, super::under_load::SETTLED).await;
    server.quiet().await?;
    let busy = server.process.memory()? as f64;
    note(&format!("{count} messages relayed"));
    let server = server.restart().await?;
    let after = (settled(&server).await?, server.database_bytes()? as f64);
    server.process.kill().await?;
    let faults = ledger.faults(true);
    let run = Run {
        limited_by: "RSS after a restart".into(),
        faults: faults.clone(),
        ..Run::of((after.0 - before.0) / MEGABYTE)
    }
    .with("messages", count as f64)
    .with("MB before", before.0 / MEGABYTE)
    .with("MB when they had crossed", busy / MEGABYTE);
    let title = format!("memory for {count} mapped messages");
    let figure = Figure::new("memory-messages", &title, "MB", vec![run]).less_is_better();
    let met = figure.value <= NOISE;
    bench.add(figure.goal("none, to 2 MB", met));
    let each = (after.1 - before.1) / count as f64;
    let run = Run { limited_by: "what is remembered for good".into(), faults, ..Run::of(each) }
        .with("MB per million", each)
        .with("messages", count as f64);
    let title = "database per message, settled";
    bench.add(Figure::new("database", title, "bytes", vec![run]).less_is_better());
    Ok(())
}

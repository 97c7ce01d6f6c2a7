//! When the API takes its time: how much still gets through, and whether webhooks are answered
//! meanwhile.

use std::time::Duration;

use anyhow::Result;

use super::{Bench, CONVERSATIONS, How, Target};
use crate::{
    load::Pace,
    pretended::Behaviour,
    report::{Figure, Run},
    server::Server,
};

pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    let (slow, slower) = (bench.wants("slow-50"), bench.wants("slow-150"));
    if !slow && !slower {
        return Ok(());
    }
    let server = bench.server(CONVERSATIONS).await?;
    if slow {
        let runs = bench.runs(async || run(bench, &server, 50, Pace::Window).await).await?;
        let title = "relayed Slack→Slack, the API answers in 50 ms";
        let figure = Figure::new("slow-50", title, "messages/s", runs);
        let met = figure.value >= 2_000.0;
        bench.add(figure.goal("≥ 2 000/s", met));
    }
    if slower {
        let pace = Pace::Rate(1_000.0);
        let once = async || {
            let run = run(bench, &server, 150, pace).await?;
            let p99 = run.detail["webhook p99 ms"];
            Ok(Run { value: p99, ..run.clone() }.with("relayed/s", run.value))
        };
        let runs = bench.runs(once).await?;
        let title = "webhooks at 1 000/s, the API answers in 150 ms, p99";
        let figure = Figure::new("slow-150", title, "ms", runs).less_is_better();
        let met = figure.value <= 250.0;
        bench.add(figure.goal("≤ 250 ms", met));
    }
    server.process.kill().await
}

async fn run(bench: &Bench, server: &Server, millis: u64, pace: Pace) -> Result<Run> {
    let latency = Duration::from_millis(millis);
    let behaviour = Behaviour { latency, ..Behaviour::default() };
    let how = How { behaviour, ..How::new(pace, CONVERSATIONS) };
    let seen = bench.load(&Target::from(server), how).await?;
    let run = seen.run(seen.arrived as f64 / seen.seconds);
    Ok(run
        .with("webhook p99 ms", seen.webhook.p99)
        .with("webhook max ms", seen.webhook.max)
        .with("CPU µs each", seen.cpu * 1e6 / seen.arrived as f64))
}

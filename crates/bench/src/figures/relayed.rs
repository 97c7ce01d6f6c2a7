//! Messages relayed from one Slack workspace to another: the post has arrived at the API.

use anyhow::Result;

use super::{Bench, CONVERSATIONS, How, Seen, Target};
use crate::{
    ceilings::Ceiling,
    event::Events,
    load::Pace,
    report::{Figure, Run},
};

pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    let mut few = None;
    for syncs in [10, CONVERSATIONS, bench.budget.many] {
        let name = format!("relayed-{syncs}-");
        if !bench.wants(&name) {
            continue;
        }
        if syncs == CONVERSATIONS {
            let runs = bench.runs(async || bare_relay(bench).await).await?;
            bench.add(Figure::new("ceiling-relay", "ceiling: the bare relay", "messages/s", runs));
        }
        let server = bench.server(syncs).await?;
        let target = Target::from(&server);
        let how = || How::new(Pace::Window, syncs.min(CONVERSATIONS));
        let runs = bench.runs(async || Ok(run(bench.load(&target, how()).await?))).await?;
        server.process.kill().await?;
        let title = format!("relayed Slack→Slack, {syncs} channel syncs");
        let figure = Figure::new(&name, &title, "messages/s", runs);
        let (value, cpu) = (figure.value, figure.seen("CPU µs each"));
        let figure = match (syncs, few) {
            (CONVERSATIONS, _) => figure
                .part_of(bench.figure("ceiling-relay"), 0.5)
                .goal("≥ 2 500/s", value >= 2_500.0)
                .goal("≤ 400 µs CPU each", cpu <= 400.0),
            (_, None) => figure,
            // A tenth is within what one run differs from the next.
            (_, Some(few)) => figure.goal("no slower than with 10", value >= 0.9 * few),
        };
        few = few.or(Some(value));
        bench.add(figure);
    }
    Ok(())
}

async fn bare_relay(bench: &Bench) -> Result<Run> {
    let (process, _folder) = bench.ceiling(Ceiling::Relay).await?;
    let events = std::sync::Arc::new(Events::new("127.0.0.1", "/webhook"));
    let target = Target { process: &process, events: &events, slack: &bench.slack };
    let seen = bench.load(&target, How::new(Pace::Window, CONVERSATIONS)).await?;
    process.kill().await?;
    Ok(run(seen))
}

fn run(seen: Seen) -> Run {
    let run = Run {
        value: seen.arrived as f64 / seen.seconds,
        limited_by: seen.limited_by,
        faults: seen.faults,
        ..Run::default()
    };
    run.with("CPU µs each", seen.cpu * 1e6 / seen.arrived as f64)
        .with("webhook p99 ms", seen.webhook.p99)
        .with("through p50 ms", seen.through.p50)
}

//! Messages relayed from one workspace to another: the post has arrived at the API.

use anyhow::Result;

use super::{Bench, CONVERSATIONS, How, Seen, Target, webhooks};
use crate::{
    ceilings::Ceiling,
    load::Pace,
    report::{Figure, Run},
    server::Pair,
};

pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    if [10, CONVERSATIONS, bench.budget.many].iter().any(|it| bench.wants(&name("slack", *it))) {
        let runs = bench.runs(async || bare_relay(bench).await).await?;
        bench.add(Figure::new("ceiling-relay", "ceiling: the bare relay", "messages/s", runs));
    }
    let graph = bench.graph.clone();
    direction(bench, Pair::Slack, "slack", "Slack→Slack", 2_500.0).await?;
    direction(bench, Pair::ToTeams(&graph), "to-teams", "Slack→Teams", 2_000.0).await?;
    direction(bench, Pair::FromTeams(&graph), "from-teams", "Teams→Slack", 500.0).await
}

fn name(direction: &str, syncs: usize) -> String {
    format!("relayed-{direction}-{syncs}-")
}

/// With few, with a thousand and with many channel syncs, over a thousand of them at most.
async fn direction(
    bench: &mut Bench,
    pair: Pair<'_>,
    word: &str,
    shown: &str,
    at_least: f64,
) -> Result<()> {
    let mut few = None;
    for syncs in [10, CONVERSATIONS, bench.budget.many] {
        let name = name(word, syncs);
        if !bench.wants(&name) {
            continue;
        }
        let server = bench.server_of(pair, syncs).await?;
        let target = Target::from(&server);
        let how = || How::new(Pace::Window, syncs.min(CONVERSATIONS));
        let runs = bench.runs(async || Ok(run(&bench.load(&target, how()).await?))).await?;
        server.process.kill().await?;
        let title = format!("relayed {shown}, {syncs} channel syncs");
        let mut figure = Figure::new(name.trim_end_matches('-'), &title, "messages/s", runs);
        let (value, cpu) = (figure.value, figure.seen("CPU µs each"));
        if syncs == CONVERSATIONS {
            if matches!(pair, Pair::Slack) {
                figure = figure
                    .part_of(bench.figure("ceiling-relay"), 0.5)
                    .goal("≤ 400 µs CPU each", cpu <= 400.0);
            }
            let goal = format!("≥ {}/s", crate::report::number(at_least));
            figure = figure.goal(goal, value >= at_least);
        }
        if let (true, Some(few)) = (syncs > CONVERSATIONS, few) {
            // A tenth is within what one run differs from the next.
            figure = figure.goal("no slower than with 10", value >= 0.9 * few);
        }
        few = few.or(Some(value));
        bench.add(figure);
    }
    Ok(())
}

async fn bare_relay(bench: &Bench) -> Result<Run> {
    let (process, _folder) = bench.ceiling(Ceiling::Relay).await?;
    let events = webhooks();
    let target = Target { process: &process, events: &events, slack: &bench.slack };
    let seen = bench.load(&target, How::new(Pace::Window, CONVERSATIONS)).await?;
    process.kill().await?;
    Ok(run(&seen))
}

fn run(seen: &Seen) -> Run {
    let run = seen.run(seen.arrived as f64 / seen.seconds);
    run.with("CPU µs each", seen.cpu * 1e6 / seen.arrived as f64)
        .with("webhook p99 ms", seen.webhook.p99)
        .with("through p50 ms", seen.through.p50)
}

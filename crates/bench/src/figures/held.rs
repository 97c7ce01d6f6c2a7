//! One conversation is held to a message each so many seconds: the others must not notice.

use std::time::Duration;

use anyhow::Result;

use super::{
    Bench, How, Target,
    latency::{OVER, RATE},
};
use crate::{
    load::Pace,
    pretended::{Behaviour, Held},
    report::{Figure, Run},
};

/// The conversation that is held.
const HELD: usize = 0;

pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    for seconds in [1, 30] {
        let name = format!("held-{seconds}-");
        // Half a minute is waited twice at least: too long for a quick look.
        if !bench.wants(&name) || (seconds > 1 && bench.budget.runs == 1) {
            continue;
        }
        let runs = bench.runs(async || run(bench, seconds).await).await?;
        let title = format!("others' p99 while one is held by Retry-After {seconds}");
        let figure = Figure::new(name.trim_end_matches('-'), &title, "ms", runs).less_is_better();
        let (p99, without) = (figure.value, figure.seen("p99 without ms"));
        let reached = figure.seen("held reached %");
        bench.add(
            figure
                .goal("≤ 2 × theirs without it", p99 <= 2.0 * without)
                .goal("≤ 50 ms", p99 <= 50.0)
                .goal("the held one reaches ≥ 95 % of its rate", reached >= 95.0),
        );
    }
    Ok(())
}

async fn run(bench: &Bench, seconds: u64) -> Result<Run> {
    // What waits behind the held one at the end must not be the next run's: a server for each.
    let server = bench.server(2 * OVER).await?;
    let target = Target::from(&server);
    let how = || How { apart: Some(HELD), ..How::new(Pace::Rate(RATE), OVER) };
    let without = bench.load(&target, how()).await?;
    let every = Duration::from_secs(seconds);
    let held = Held::new(HELD, every);
    let long = Duration::from_secs(2 * seconds + 5);
    let measure = (long > bench.budget.measure).then_some(long);
    let behaviour = Behaviour { held: Some(held.clone()), ..Behaviour::default() };
    // The held one's own do not arrive in time, by intention.
    let how = How { behaviour, measure, arrives: false, ..how() };
    let with = bench.load(&target, how).await?;
    let (taken, refused, part) = held.outcome();
    server.process.kill().await?;
    let run = Run {
        value: with.through.p99,
        limited_by: with.limited_by,
        faults: [without.faults, with.faults].concat(),
        ..Run::default()
    };
    Ok(run
        .with("p99 without ms", without.through.p99)
        .with("held reached %", 100.0 * part)
        .with("held took", taken as f64)
        .with("held refused", refused as f64))
}

//! Webhooks accepted: answered with 200 when they are on disk.

use std::time::Duration;

use anyhow::Result;

use super::{Bench, CONVERSATIONS, How, Target, webhooks};
use crate::{
    ceilings::Ceiling,
    load::Pace,
    report::{Figure, Run},
};

/// The platforms' patience.
const NEVER_OVER: Duration = Duration::from_secs(3);

pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    if !bench.wants("webhooks") {
        return Ok(());
    }
    for (ceiling, title) in [
        (Ceiling::Bare, "ceiling: handler, signature, JSON"),
        (Ceiling::Kept, "ceiling: … kept by group commit before the 200"),
    ] {
        let runs = bench.runs(async || ceiling_run(bench, ceiling).await).await?;
        let name = format!("ceiling-{}", ceiling.word());
        bench.add(Figure::new(&name, title, "webhooks/s", runs));
    }
    let server = bench.server(CONVERSATIONS).await?;
    let target = Target::from(&server);
    let runs = bench
        .runs(async || {
            let seen = bench.load(&target, How::new(Pace::Flat, CONVERSATIONS)).await?;
            let run = seen.run(seen.answered as f64 / seen.seconds);
            Ok(run
                .with("relayed/s meanwhile", seen.arrived as f64 / seen.seconds)
                .with("p50 ms", seen.webhook.p50)
                .with("p99 ms", seen.webhook.p99)
                .with("max ms", seen.webhook.max))
        })
        .await?;
    let flat = Figure::new("webhooks", "webhooks accepted", "webhooks/s", runs)
        .part_of(bench.figure("ceiling-kept"), 0.6);
    let never = flat.seen("max ms") <= NEVER_OVER.as_secs_f64() * 1_000.0;
    let flat = flat.goal("never over 3 s", never);
    let half = flat.value / 2.0;
    bench.add(flat);
    let runs = bench
        .runs(async || {
            let seen = bench.load(&target, How::new(Pace::Rate(half), CONVERSATIONS)).await?;
            let run = seen.run(seen.webhook.p99);
            Ok(run
                .with("rate", seen.answered as f64 / seen.seconds)
                .with("p50 ms", seen.webhook.p50)
                .with("max ms", seen.webhook.max))
        })
        .await?;
    let half = Figure::new("webhooks-half", "webhooks at half that rate, p99", "ms", runs);
    let met = half.value <= 25.0;
    bench.add(half.less_is_better().goal("≤ 25 ms", met));
    server.process.kill().await
}

async fn ceiling_run(bench: &Bench, ceiling: Ceiling) -> Result<Run> {
    let (process, _folder) = bench.ceiling(ceiling).await?;
    let events = webhooks();
    let target = Target { process: &process, events: &events };
    let how = How { arrives: false, ..How::new(Pace::Flat, CONVERSATIONS) };
    let seen = bench.load(&target, how).await?;
    process.kill().await?;
    let run = seen.run(seen.answered as f64 / seen.seconds);
    Ok(run
        .with("CPU µs each", seen.cpu * 1e6 / seen.answered as f64)
        .with("p99 ms", seen.webhook.p99))
}

//! One message to everywhere: channel syncs of four, one on each platform.

use anyhow::Result;

use super::{Bench, How, Target};
use crate::{
    connect::Route,
    load::Pace,
    pretended::Platform::{Slack, Teams, Webex, Zoom},
    report::Figure,
};

/// Channel syncs, each of four channels.
const SYNCS: usize = 250;
const ROUTE: Route = Route { from: Slack, to: &[Teams, Webex, Zoom] };
/// Copies of each message.
const COPIES: u32 = 3;

pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    let name = format!("fan-out-{SYNCS}");
    if !bench.wants(&name) {
        return Ok(());
    }
    let server = bench.server_of(ROUTE, SYNCS).await?;
    let target = Target::from(&server);
    let how = || How { copies: COPIES, ..How::new(Pace::Window, SYNCS) };
    let once = async || {
        let seen = bench.load(&target, how()).await?;
        let copies = seen.arrived as f64;
        let messages = copies / f64::from(COPIES);
        Ok(seen
            .run(copies / seen.seconds)
            .with("messages/s", messages / seen.seconds)
            .with("CPU µs a message", seen.cpu * 1e6 / messages)
            .with("CPU µs a copy", seen.cpu * 1e6 / copies)
            .with("webhook p99 ms", seen.webhook.p99)
            .with("through p50 ms", seen.through.p50))
    };
    let runs = bench.runs(once).await?;
    server.process.kill().await?;
    let title = format!("fanned out {}, {SYNCS} channel syncs", ROUTE.words());
    bench.add(Figure::new(&name, &title, "copies/s", runs));
    Ok(())
}

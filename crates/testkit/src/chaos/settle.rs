//! The faults are off: platforms send again what they still owe, sweeps find the rest, lanes empty.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, bail};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::admin::is_well;
use crate::World;

const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// How long it may take until nothing waits any more.
const PATIENCE: Duration = Duration::from_secs(180);

/// Steps of the emulated clock, of 65 s: together longer than Zoom's five minutes, after which the last
/// of them sends again.
const STEPS: usize = 6;

/// Lets platforms make the attempts that they still owe: the emulated clock is moved on, each time by
/// less than what makes Slack's signatures stale.
pub(super) async fn let_platforms_retry(world: &World) -> Result<()> {
    for _ in 0..STEPS {
        world.control.post("/clock", json!({"advance_ms": 65_000})).await?;
        world.control.get("/idle?timeout_ms=20000").await?;
    }
    Ok(())
}

/// Restarts the process, which sweeps everything, and waits until all is checked and nothing waits.
pub(super) async fn sweep(world: &Arc<World>) -> Result<()> {
    {
        let mut rialto = world.rialto.lock().await;
        rialto.kill().await?;
        rialto.run().await?;
    }
    let end = Instant::now() + PATIENCE;
    loop {
        let status = world.api.get("/api/v1/status").await?;
        match waits_for(&status) {
            None => return Ok(()),
            Some(what) if Instant::now() > end => {
                let log = world.rialto.lock().await.log();
                bail!("after {PATIENCE:?} without faults it still waits for {what}\n{log}");
            }
            Some(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
}

/// What is not done yet since the start.
fn waits_for(status: &Value) -> Option<String> {
    let time = |value: &Value| value.as_str()?.parse::<jiff::Timestamp>().ok();
    let started = time(&status["started_at"]);
    if let Some(ill) = status["connections"].as_array()?.iter().find(|it| !is_well(it)) {
        return Some(format!("a connection: {ill}"));
    }
    if status["lanes_waiting"] != 0 {
        return Some(format!("{} lanes", status["lanes_waiting"]));
    }
    for sync in status["channel_syncs"].as_array()? {
        let traffic = &sync["traffic"];
        let checked = time(&traffic["checked_until"]);
        if checked.is_none() || checked < started || traffic["missing"] != 0 {
            return Some(format!("the sweep of {}: {traffic}", sync["name"]));
        }
        if traffic["pending"] != 0 {
            return Some(format!("deliveries of {}: {traffic}", sync["name"]));
        }
    }
    None
}

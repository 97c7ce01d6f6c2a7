//! `rialto status`.

use rialto_relay::admin::{ConnectionView, StatusView};

use super::channel_sync::table;
use crate::{
    client::Client,
    failure::Failure,
    output::{Output, span},
};

pub async fn run(client: &Client, out: Output) -> Result<(), Failure> {
    let status: StatusView = client.get("status").await?;
    if out.json(&status)? {
        return Ok(());
    }
    out.line(format!(
        "Rialto {} at {}, up {}",
        status.version,
        status.public_url,
        span(status.uptime)
    ))?;
    match &status.database.problem {
        None => out.line("Database: works")?,
        Some(problem) => out.line(format!("Database: {problem}"))?,
    }
    let waiting = match (status.lanes_waiting, status.lanes_held) {
        (0, _) => "Waiting: nothing".to_owned(),
        (waiting, 0) => format!("Waiting: deliveries to {waiting} channel(s)"),
        (waiting, held) => format!(
            "Waiting: deliveries to {waiting} channel(s), {held} of them because the platform asked \
             to wait"
        ),
    };
    out.line(waiting)?;
    out.line("\nWORKSPACES")?;
    connections(out, &status.connections)?;
    out.line("\nCHANNEL SYNCS")?;
    table(out, &status.channel_syncs)?;
    if !status.drops.is_empty() {
        out.line("\nNOT RELAYED")?;
        let rows =
            status.drops.iter().map(|it| [it.count.to_string(), it.reason.clone()]).collect();
        out.table(["COUNT", "REASON"], rows, "")?;
    }
    Ok(())
}

/// Workspaces as a table.
pub fn connections(out: Output, connections: &[ConnectionView]) -> Result<(), Failure> {
    let rows = connections
        .iter()
        .map(|it| {
            [
                it.name.clone(),
                it.platform.clone(),
                it.id.to_string(),
                it.endpoints.to_string(),
                match (&it.problem, it.deaf_since) {
                    (Some(problem), _) => problem.clone(),
                    (None, Some(_)) => "deaf".into(),
                    (None, None) => "works".into(),
                },
            ]
        })
        .collect();
    let header = ["WORKSPACE", "PLATFORM", "ID", "CHANNELS SYNCED", "HEALTH"];
    out.table(header, rows, "none is connected yet: run `rialto connect`")?;
    for it in connections {
        for problem in &it.problems {
            out.line(format!("! {}: {problem}", it.name))?;
        }
    }
    Ok(())
}

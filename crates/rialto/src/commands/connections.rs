//! `rialto connections`.

use clap::{Args, Subcommand};
use rialto_platform::FindingLevel;
use rialto_relay::admin::{ConnectionView, FindingView, ParentView};

use super::{names, status};
use crate::{client::Client, failure::Failure, output::Output};

/// List, check or remove connected workspaces
#[derive(Debug, Args)]
pub struct Connections {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them (also without a word)
    List,
    /// Ask the platform whether everything is there that Rialto needs
    Check {
        /// Name, id, or platform when only one is connected
        workspace: String,
    },
    /// List the teams that channels can be made in
    Teams {
        /// Name, id, or platform when only one is connected
        workspace: String,
    },
    /// Remove one and its credentials
    Remove {
        /// Name, id, or platform when only one is connected
        workspace: String,
    },
}

impl Connections {
    pub async fn run(&self, client: &Client, out: Output) -> Result<(), Failure> {
        match &self.command {
            None | Some(Command::List) => {
                let all: Vec<ConnectionView> = client.get("connections").await?;
                if out.json(&all)? {
                    return Ok(());
                }
                status::connections(out, &all)
            }
            Some(Command::Check { workspace }) => {
                let workspace = names::workspace(client, workspace).await?;
                let findings = check(client, &workspace).await?;
                if !out.json(&findings)? {
                    findings_table(out, &findings)?;
                }
                ended(&findings)
            }
            Some(Command::Teams { workspace }) => {
                let workspace = names::workspace(client, workspace).await?;
                let path = format!("connections/{}/parents", workspace.id);
                let teams: Vec<ParentView> = client.get(&path).await?;
                if out.json(&teams)? {
                    return Ok(());
                }
                let rows = teams.into_iter().map(|it| [it.name, it.id.to_string()]).collect();
                out.table(["TEAM", "ID"], rows, "this platform makes channels outside of teams")
            }
            Some(Command::Remove { workspace }) => {
                let workspace = names::workspace(client, workspace).await?;
                client.delete(&format!("connections/{}", workspace.id)).await?;
                if !out.json(&workspace)? {
                    out.line(format!("{} is not connected any more", workspace.name))?;
                }
                Ok(())
            }
        }
    }
}

/// Checks one workspace.
pub async fn check(
    client: &Client,
    workspace: &ConnectionView,
) -> Result<Vec<FindingView>, Failure> {
    client.post(&format!("connections/{}/check", workspace.id)).await
}

/// Findings as a table.
pub fn findings_table(out: Output, findings: &[FindingView]) -> Result<(), Failure> {
    let rows = findings
        .iter()
        .map(|it| {
            let level = match it.level {
                FindingLevel::Ok => "ok",
                FindingLevel::Warning => "WARNING",
                FindingLevel::Error => "ERROR",
            };
            [level.into(), it.subject.clone(), it.detail.clone()]
        })
        .collect();
    out.table(["", "CHECKED", "FOUND"], rows, "nothing could be checked")
}

/// Fails when something does not work.
pub fn ended(findings: &[FindingView]) -> Result<(), Failure> {
    match findings.iter().filter(|it| it.level == FindingLevel::Error).count() {
        0 => Ok(()),
        errors => Err(Failure::failed(format!("{errors} check(s) found what does not work"))),
    }
}

//! `rialto doctor`: everything that can be checked, from here and by the server.

mod retention;

use std::{env, time::Duration};

use clap::{Args, Subcommand};
use rialto_platform::{FindingLevel, Toolkit};
use rialto_relay::admin::{ConnectionView, FindingView, StatusView};

use self::retention::Retention;
use super::connections::{check, ended, findings_table};
use crate::{
    cli::Global,
    client::Client,
    config::{self, Settings},
    failure::Failure,
    output::Output,
    serve,
};

/// How long the public address may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Check configuration, key, database, public address and every workspace
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Retention(Retention),
}

impl Doctor {
    pub async fn run(
        &self,
        global: &Global,
        out: Output,
        toolkit: &Toolkit,
    ) -> Result<(), Failure> {
        match &self.command {
            None => everything(global, out, toolkit).await,
            Some(Command::Retention(command)) => {
                let loaded = config::load(global.config.as_deref(), env::vars())?;
                command.run(&loaded.settings, toolkit, out).await
            }
        }
    }
}

async fn everything(global: &Global, out: Output, toolkit: &Toolkit) -> Result<(), Failure> {
    let mut findings = Vec::new();
    let settings = configuration(global, &mut findings);
    if let Some(settings) = &settings {
        key(settings, &mut findings);
    }
    let client = Client::new(global)?;
    match client.get::<StatusView>("status").await {
        Ok(status) => {
            findings.push(finding(
                "server",
                FindingLevel::Ok,
                format!("Rialto {} answers at {}", status.version, client.url()),
            ));
            findings.push(match &status.database.problem {
                None => finding("database", FindingLevel::Ok, "can be written"),
                Some(problem) => finding("database", FindingLevel::Error, problem),
            });
            findings.push(public_address(&status.public_url, toolkit).await);
            let connections: Vec<ConnectionView> = client.get("connections").await?;
            for connection in &connections {
                out.note(format!("Checking {} …", connection.name));
                for mut found in check(&client, connection).await? {
                    found.subject = format!("{}: {}", connection.name, found.subject);
                    findings.push(found);
                }
            }
            if connections.is_empty() {
                let detail = "none is connected yet: run `rialto connect`";
                findings.push(finding("workspaces", FindingLevel::Warning, detail));
            }
        }
        Err(failure) => {
            let unreachable = failure.is_unreachable();
            findings.push(finding("server", FindingLevel::Error, failure.to_string()));
            if let (true, Some(settings)) = (unreachable, &settings) {
                findings.push(database(settings, toolkit).await);
            }
        }
    }
    if !out.json(&findings)? {
        findings_table(out, &findings)?;
    }
    ended(&findings)
}

fn finding(subject: &str, level: FindingLevel, detail: impl Into<String>) -> FindingView {
    FindingView { subject: subject.into(), level, detail: detail.into() }
}

fn configuration(global: &Global, findings: &mut Vec<FindingView>) -> Option<Settings> {
    match config::load(global.config.as_deref(), env::vars()) {
        Ok(loaded) => {
            let from = match &loaded.file {
                Some(file) => format!("{} is right", file.display()),
                None => "the defaults (there is no rialto.toml here)".into(),
            };
            findings.push(finding("configuration", FindingLevel::Ok, from));
            Some(loaded.settings)
        }
        Err(error) => {
            findings.push(finding("configuration", FindingLevel::Error, error.to_string()));
            None
        }
    }
}

fn key(settings: &Settings, findings: &mut Vec<FindingView>) {
    let file = settings.key_file();
    findings.push(match serve::vault(settings) {
        Ok(_) => finding("key", FindingLevel::Ok, "is there; is a copy of it somewhere safe?"),
        Err(failure) if settings.database_file().exists() => {
            finding("key", FindingLevel::Error, failure.to_string())
        }
        Err(_) => finding(
            "key",
            FindingLevel::Warning,
            "there is none here yet; the first `rialto serve` makes it",
        ),
    });
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(&file) {
        use std::os::unix::fs::PermissionsExt as _;
        if metadata.permissions().mode() & 0o077 != 0 {
            let detail = format!("others may read it: run `chmod 600 {}`", file.display());
            findings.push(finding("key file", FindingLevel::Warning, detail));
        }
    }
}

/// While no server runs, the database can be opened from here.
async fn database(settings: &Settings, toolkit: &Toolkit) -> FindingView {
    if !settings.database_file().exists() {
        let detail = "there is none here yet; the first `rialto serve` makes it";
        return finding("database", FindingLevel::Warning, detail);
    }
    let opened = async {
        let _held = serve::DataFolder::open(settings)?;
        let store = serve::open_store(settings, serve::vault(settings)?, toolkit).await?;
        store.close().await;
        Ok::<_, Failure>(())
    };
    match opened.await {
        Ok(()) => finding("database", FindingLevel::Ok, "opens with the key and can be written"),
        Err(failure) => finding("database", FindingLevel::Error, failure.to_string()),
    }
}

async fn public_address(public_url: &str, toolkit: &Toolkit) -> FindingView {
    let subject = "public address";
    let url = format!("{}/healthz", public_url.trim_end_matches('/'));
    let answer = toolkit.http.get(&url).timeout(PATIENCE).send().await;
    match answer {
        Ok(answer) if answer.status().is_success() && public_url.starts_with("https://") => {
            finding(subject, FindingLevel::Ok, format!("{public_url} answers"))
        }
        Ok(answer) if answer.status().is_success() => finding(
            subject,
            FindingLevel::Warning,
            format!(
                "{public_url} answers, but is not https: platforms send events to https addresses \
                 only. Set `public_url`"
            ),
        ),
        Ok(answer) => finding(
            subject,
            FindingLevel::Error,
            format!(
                "{url} answers {}: the reverse proxy must hand everything on to Rialto",
                answer.status()
            ),
        ),
        Err(error) => finding(
            subject,
            FindingLevel::Error,
            format!(
                "{url} does not answer from here ({}): vendors could not reach it either, unless \
                 this machine's network differs",
                rialto_platform::http::describe(&error)
            ),
        ),
    }
}

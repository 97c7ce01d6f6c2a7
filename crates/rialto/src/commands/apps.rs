//! `rialto apps` and `rialto manifest`.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use reqwest::Method;
use rialto_hub::ManifestView;
use rialto_relay::admin::{AppChange, AppView, NewApp};
use serde_json::json;

use super::{connect, names};
use crate::{client::Client, failure::Failure, output::Output};

/// List, change or remove the applications registered with vendors
#[derive(Debug, Args)]
pub struct Apps {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them (also without a word)
    List,
    /// Show one with its settings
    Show {
        /// Id, name, or platform when there is only one
        app: String,
    },
    /// Change settings; secrets are given by `rialto connect`
    Set {
        /// Id, name, or platform when there is only one
        app: String,
        /// A new name
        #[arg(long)]
        name: Option<String>,
        /// A setting, such as `api_url=https://slack.com/api/`; nothing after `=` takes it back
        #[arg(value_name = "FIELD=VALUE")]
        settings: Vec<String>,
    },
    /// Remove one
    Remove {
        /// Id, name, or platform when there is only one
        app: String,
    },
}

/// Print what to set up at a vendor: the application manifest to paste, or steps and permissions
#[derive(Debug, Args)]
#[command(
    after_help = "The application gets its webhook address here, before it exists at the vendor.\n\nExamples:\n  rialto manifest slack > manifest.json\n  rialto manifest slack --new --name \"Second workspace\""
)]
pub struct Manifest {
    /// The platform
    platform: String,
    /// The application, when there are several
    #[arg(long)]
    app: Option<String>,
    /// Another application, besides those there are
    #[arg(long, conflicts_with = "app")]
    new: bool,
    /// Its name, when it is new
    #[arg(long)]
    name: Option<String>,
}

impl Apps {
    pub async fn run(&self, client: &Client, out: Output) -> Result<(), Failure> {
        match &self.command {
            None | Some(Command::List) => {
                let apps: Vec<AppView> = client.get("apps").await?;
                if out.json(&apps)? {
                    return Ok(());
                }
                let rows = apps
                    .iter()
                    .map(|it| {
                        [
                            it.name.clone(),
                            it.platform.clone(),
                            it.id.to_string(),
                            it.connections.to_string(),
                            it.missing.join(", "),
                        ]
                    })
                    .collect();
                let header = ["APP", "PLATFORM", "ID", "WORKSPACES", "STILL MISSING"];
                out.table(header, rows, "there is none yet: run `rialto connect`")
            }
            Some(Command::Show { app }) => show(out, &names::app(client, app).await?),
            Some(Command::Set { app, name, settings }) => {
                let mut values = BTreeMap::new();
                for setting in settings {
                    let (field, value) = setting.split_once('=').ok_or_else(|| {
                        Failure::usage(format!("`{setting}` is not a setting: write FIELD=VALUE"))
                    })?;
                    values.insert(field.to_owned(), value.to_owned());
                }
                let app = names::app(client, app).await?;
                let platform = connect::platform(client, &app.platform).await?;
                if let Some(secret) =
                    platform.fields.iter().find(|it| it.secret && values.contains_key(&it.name))
                {
                    return Err(Failure::usage(format!(
                        "`{}` is a secret and does not belong on a command line: use `rialto \
                         connect {} --{}-file FILE`",
                        secret.name,
                        app.platform,
                        secret.name.replace('_', "-")
                    )));
                }
                let change = AppChange { name: name.clone(), values };
                let path = format!("apps/{}", app.id);
                show(out, &client.send(Method::PATCH, &path, &change).await?)
            }
            Some(Command::Remove { app }) => {
                let app = names::app(client, app).await?;
                client.delete(&format!("apps/{}", app.id)).await?;
                if !out.json(&app)? {
                    out.line(format!("{} is removed", app.name))?;
                }
                Ok(())
            }
        }
    }
}

fn show(out: Output, app: &AppView) -> Result<(), Failure> {
    if out.json(app)? {
        return Ok(());
    }
    let mut rows = vec![
        ["id".into(), app.id.to_string()],
        ["name".into(), app.name.clone()],
        ["platform".into(), app.platform.clone()],
        ["webhook address".into(), app.webhook_url.clone()],
        ["redirect address".into(), app.redirect_url.clone()],
        ["workspaces".into(), app.connections.to_string()],
    ];
    rows.extend(app.settings.iter().map(|(name, value)| [name.clone(), value.clone()]));
    rows.extend(app.secrets.iter().map(|name| [name.clone(), "(set)".into()]));
    rows.extend(app.missing.iter().map(|name| [name.clone(), "(MISSING)".into()]));
    out.table(["SETTING", "VALUE"], rows, "")
}

impl Manifest {
    pub async fn run(&self, client: &Client, out: Output) -> Result<(), Failure> {
        let platform = connect::platform(client, &self.platform).await?;
        let apps: Vec<AppView> = client.get("apps").await?;
        let known = apps.iter().any(|it| it.platform == platform.id);
        let app = match &self.app {
            Some(app) => names::app(client, app).await?,
            None if known && !self.new => names::app(client, &platform.id).await?,
            None => {
                let new = NewApp {
                    platform: platform.id.clone(),
                    name: self.name.clone(),
                    values: BTreeMap::new(),
                };
                client.send(Method::POST, "apps", &new).await?
            }
        };
        let manifest: ManifestView = client.get(&format!("apps/{}/manifest", app.id)).await?;
        let shown = json!({
            "manifest": manifest.manifest, "app": app, "steps": platform.steps,
            "permissions": platform.permissions,
        });
        if out.json(&shown)? {
            return Ok(());
        }
        let Some(manifest) = manifest.manifest else {
            out.line(format!("{} has no application manifest. Do this instead:\n", platform.name))?;
            return out.line(connect::by_hand(&platform, &app));
        };
        out.line(manifest.trim_end())?;
        out.note(format!(
            "\nThis is the manifest of `{}` ({}). What to do with it:",
            app.name, app.id
        ));
        connect::steps(out, &platform);
        Ok(())
    }
}

//! Acme's four workspaces, and a Rialto between them.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use rialto_sandbox::{Sandbox, SandboxOptions, Urls};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::Mutex, time::Instant};

use crate::{Api, Place, Rialto, Side};

/// How long something may take to arrive.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// How a world is made.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// The `rialto` binary.
    pub binary: PathBuf,
    /// The sandbox's ports, seed and clock.
    pub sandbox: SandboxOptions,
    /// Settings of Rialto, as environment variables.
    pub environment: Vec<(String, String)>,
}

impl WorldOptions {
    /// A world around this binary.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self { binary: binary.into(), sandbox: SandboxOptions::default(), environment: Vec::new() }
    }
}

/// The world.
pub struct World {
    /// The real binary.
    pub rialto: Mutex<Rialto>,
    /// Its admin API.
    pub api: Api,
    /// The sandbox's control API.
    pub control: Api,
    urls: Urls,
    /// Where Rialto finds the platforms: not where they are when something stands in front of them.
    addresses: [String; 4],
    workspaces: [String; 4],
    connections: Mutex<[Option<String>; 4]>,
    sandbox: Sandbox,
    folder: TempDir,
}

impl World {
    /// Starts everything; nothing is connected yet.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(options: WorldOptions) -> Result<Self> {
        let given = options.sandbox.clone();
        let sandbox = Sandbox::start(options.sandbox).await?;
        let urls = sandbox.urls().clone();
        let addresses = [
            given.slack_url.unwrap_or_else(|| urls.slack.clone()),
            given.graph_url.unwrap_or_else(|| urls.graph.clone()),
            given.webex_url.unwrap_or_else(|| urls.webex.clone()),
            given.zoom_url.unwrap_or_else(|| urls.zoom.clone()),
        ];
        let control = Api::new(&urls.control, None);
        let mut workspaces: [String; 4] = Default::default();
        for side in Side::ALL {
            workspaces[side as usize] = found(&control, side, side.workspace()).await?;
        }
        let folder = TempDir::new()?;
        let rialto = Rialto::start(&options.binary, folder.path(), options.environment).await?;
        let api = rialto.api()?;
        Ok(Self {
            rialto: Mutex::new(rialto),
            api,
            control,
            urls,
            addresses,
            workspaces,
            connections: Mutex::default(),
            sandbox,
            folder,
        })
    }

    /// Ends everything.
    pub async fn stop(self) {
        let _ = self.rialto.lock().await.kill().await;
        self.sandbox.stop().await;
    }

    /// The sandbox's id of a workspace.
    pub fn workspace(&self, side: Side) -> &str {
        &self.workspaces[side as usize]
    }

    /// Where Rialto finds a platform, without a slash at the end.
    pub(crate) fn address(&self, side: Side) -> &str {
        &self.addresses[side as usize]
    }

    /// Rialto's data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The emulated platforms themselves: their clock and their journals.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Where the sandbox's services are.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// Connects a workspace by OAuth, as an admin does in a browser.
    ///
    /// # Errors
    /// When a step fails.
    pub async fn connect(&self, side: Side) -> Result<()> {
        let app = side.register(self, self.workspace(side)).await?;
        self.authorize(side, &app).await
    }

    /// Sends the admin through the vendor's page once more: a first time, or to reconnect.
    ///
    /// # Errors
    /// When a step fails.
    pub async fn authorize(&self, side: Side, app: &str) -> Result<()> {
        self.authorize_as(side, app, side.signs_in()).await
    }

    /// The same, with somebody else signing in.
    ///
    /// # Errors
    /// When a step fails.
    pub async fn authorize_as(&self, side: Side, app: &str, person: &str) -> Result<()> {
        let connection = self.authorize_in(side, app, self.workspace(side), person).await?;
        self.connections.lock().await[side as usize] = Some(connection);
        Ok(())
    }

    /// Connects another workspace of a side's platform, with people of the same names. Gives a place in
    /// it, and the connection.
    ///
    /// # Errors
    /// When a step fails.
    pub async fn connect_another(&self, side: Side, channel: &str) -> Result<(Place, String)> {
        let research = side.workspace().to_string().replace("acme.example", "research.example");
        let mut research: Value = serde_json::from_str(&research)?;
        research["name"] = json!("Acme Research");
        let workspace = found(&self.control, side, research).await?;
        let app = match side.shares_its_app() {
            true => self.app(side).await?,
            false => side.register(self, &workspace).await?,
        };
        let connection = self.authorize_in(side, &app, &workspace, side.signs_in()).await?;
        Ok((Place { side, workspace, channel: side.place(channel) }, connection))
    }

    async fn authorize_in(
        &self,
        side: Side,
        app: &str,
        workspace: &str,
        person: &str,
    ) -> Result<String> {
        let begun = self.api.post(&format!("/api/v1/apps/{app}/authorizations"), json!({})).await?;
        let consent = json!({
            "authorize_url": begun["url"], "workspace": workspace, "as": person,
            "approve": true,
        });
        let answer = self.control.post(&format!("/{}/consent", side.word()), consent).await?;
        let back = answer["redirect_to"].as_str().context("redirect_to")?;
        let (status, page) = self.api.open(back).await?;
        if status != 200 {
            bail!("the callback answered {status}: {page}");
        }
        let state = begun["state"].as_str().context("state")?;
        let outcome = self.api.get(&format!("/api/v1/authorizations/{state}")).await?;
        // The applications are registered as the documents say: nothing may be missing.
        let warnings = &outcome["connected"]["warnings"];
        if warnings.as_array().is_some_and(|all| !all.is_empty()) {
            bail!("connected with warnings: {warnings}");
        }
        let connection = outcome["connected"]["connection"]["id"].as_str();
        Ok(connection.with_context(|| format!("not connected: {outcome}"))?.to_owned())
    }

    /// The application of a side.
    ///
    /// # Errors
    /// When there is none.
    pub async fn app(&self, side: Side) -> Result<String> {
        let all = self.api.get("/api/v1/apps").await?;
        let found = all.as_array().into_iter().flatten().find(|it| it["platform"] == side.word());
        let id = found.and_then(|it| it["id"].as_str());
        Ok(id.with_context(|| format!("no app of {side:?}"))?.to_owned())
    }

    /// Changes settings of an application.
    ///
    /// # Errors
    /// When Rialto refuses.
    pub async fn change_app(&self, id: &str, values: Value) -> Result<()> {
        let path = format!("/api/v1/apps/{id}");
        self.api.call(reqwest::Method::PATCH, &path, Some(json!({"values": values}))).await?;
        Ok(())
    }

    /// The connection of a side.
    ///
    /// # Errors
    /// When it is not connected.
    pub async fn connection(&self, side: Side) -> Result<String> {
        let connections = self.connections.lock().await;
        connections[side as usize].clone().with_context(|| format!("{side:?} is not connected"))
    }

    /// The platform's id of a channel, found by its name as an admin would.
    ///
    /// # Errors
    /// When there is none.
    pub async fn conversation(&self, side: Side, name: &str) -> Result<String> {
        self.conversation_of(&self.connection(side).await?, name).await
    }

    /// Likewise, of any connection.
    ///
    /// # Errors
    /// When there is none.
    pub async fn conversation_of(&self, connection: &str, name: &str) -> Result<String> {
        let path = format!("/api/v1/connections/{connection}/conversations");
        let all = self.api.get(&path).await?;
        let found = all.as_array().into_iter().flatten().find(|it| it["name"] == name);
        let id = found.and_then(|it| it["id"].as_str());
        Ok(id.with_context(|| format!("no {name} in {all}"))?.to_owned())
    }

    /// Waits until something holds.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while !holds().await? {
            if Instant::now() > end {
                bail!("{what}: not in {PATIENCE:?}");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// The account of a person in a workspace, as the sandbox knows it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn account(&self, side: Side, name: &str) -> Result<String> {
        let all = self.control.get(&format!("/{}/workspaces", side.word())).await?;
        find_person(&all, name).with_context(|| format!("no {name} in {}: {all}", side.name()))
    }
}

/// Makes a workspace; its id.
async fn found(control: &Api, side: Side, workspace: Value) -> Result<String> {
    let made = control.post(&format!("/{}/workspaces", side.word()), workspace).await?;
    let id = made["id"].as_str().or_else(|| made["workspace"].as_str());
    Ok(id.with_context(|| format!("no id in {made}"))?.to_owned())
}

/// The id of whoever has this name, wherever in the listing they are.
fn find_person(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(map) => {
            let named = ["name", "real_name", "displayName", "display_name"]
                .iter()
                .any(|key| map.get(*key).is_some_and(|it| it == name));
            match map.get("id").and_then(Value::as_str) {
                Some(id) if named => Some(id.to_owned()),
                _ => map.values().find_map(|value| find_person(value, name)),
            }
        }
        Value::Array(items) => items.iter().find_map(|value| find_person(value, name)),
        _ => None,
    }
}

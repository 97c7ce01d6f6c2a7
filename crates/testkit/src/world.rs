//! Acme's Slack and Teams, and a Rialto between them.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use rialto_sandbox::{Sandbox, SandboxOptions, Urls};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::Mutex, time::Instant};

use crate::{Api, Message, Rialto, SLACK_PEOPLE, TEAMS_PEOPLE, company};

/// How long something may take to arrive.
const PATIENCE: Duration = Duration::from_secs(40);
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// One of the two workspaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Acme's engineers.
    Slack,
    /// Acme's sales people.
    Teams,
}

impl Side {
    /// The word in the sandbox's paths.
    pub fn word(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Teams => "teams",
        }
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Slack => Self::Teams,
            Self::Teams => Self::Slack,
        }
    }

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slack => "Slack",
            Self::Teams => "Teams",
        }
    }
}

/// A pair of channels in step, by what the sandbox calls them.
#[derive(Clone, Debug)]
pub struct Channels {
    /// The Slack channel.
    pub slack: String,
    /// The Teams channel.
    pub teams: String,
    /// The channel sync.
    pub sync: String,
}

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
    /// Where Rialto finds Slack: not where it is when something stands in front of it.
    slack_url: String,
    workspaces: [String; 2],
    connections: Mutex<[Option<String>; 2]>,
    sandbox: Sandbox,
    folder: TempDir,
}

impl World {
    /// Starts everything; nothing is connected yet.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(options: WorldOptions) -> Result<Self> {
        let in_front = options.sandbox.slack_url.clone();
        let sandbox = Sandbox::start(options.sandbox).await?;
        let urls = sandbox.urls().clone();
        let slack_url = in_front.unwrap_or_else(|| urls.slack.clone());
        let control = Api::new(&urls.control, None);
        let slack = control.post("/slack/workspaces", company::slack()).await?;
        let teams = control.post("/teams/workspaces", company::teams()).await?;
        let id = |made: &Value| -> Result<String> {
            let id = made["id"].as_str().or_else(|| made["workspace"].as_str());
            Ok(id.with_context(|| format!("no id in {made}"))?.to_owned())
        };
        let workspaces = [id(&slack)?, id(&teams)?];
        let folder = TempDir::new()?;
        let rialto = Rialto::start(&options.binary, folder.path(), options.environment).await?;
        let api = rialto.api()?;
        Ok(Self {
            rialto: Mutex::new(rialto),
            api,
            control,
            urls,
            slack_url,
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
        let app = match side {
            Side::Slack => self.register_slack().await?,
            Side::Teams => self.register_teams().await?,
        };
        self.authorize(side, &app).await
    }

    /// Sends the admin through the vendor's page once more: a first time, or to reconnect.
    ///
    /// # Errors
    /// When a step fails.
    pub async fn authorize(&self, side: Side, app: &str) -> Result<()> {
        let begun = self.api.post(&format!("/api/v1/apps/{app}/authorizations"), json!({})).await?;
        let signs_in = match side {
            Side::Slack => SLACK_PEOPLE[0].0,
            Side::Teams => TEAMS_PEOPLE[1],
        };
        let consent = json!({"authorize_url": begun["url"], "as": signs_in, "approve": true});
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
        let connection = connection.with_context(|| format!("not connected: {outcome}"))?;
        self.connections.lock().await[side as usize] = Some(connection.to_owned());
        Ok(())
    }

    async fn register_slack(&self) -> Result<String> {
        let values = json!({
            "api_url": format!("{}/api/", self.slack_url),
            "authorize_url": format!("{}/oauth/v2/authorize", self.slack_url),
        });
        let app = json!({"platform": "slack", "values": values});
        let app = self.api.post("/api/v1/apps", app).await?;
        let id = app["id"].as_str().context("the app's id")?.to_owned();
        let manifest = self.api.get(&format!("/api/v1/apps/{id}/manifest")).await?;
        let manifest = manifest["manifest"].as_str().context("the manifest")?;
        let manifest: Value = serde_json::from_str(manifest).context("the manifest is JSON")?;
        let made = self.control.post("/slack/apps", json!({"manifest": manifest})).await?;
        let values = json!({
            "client_id": made["client_id"],
            "client_secret": made["client_secret"],
            "signing_secret": made["signing_secret"],
        });
        self.change_app(&id, values).await?;
        Ok(id)
    }

    async fn register_teams(&self) -> Result<String> {
        let app = json!({"platform": "teams", "values": {
            "tenant": self.workspaces[1],
            "graph_url": format!("{}/v1.0/", self.urls.graph),
            "login_url": format!("{}/", self.urls.login),
        }});
        let app = self.api.post("/api/v1/apps", app).await?;
        let id = app["id"].as_str().context("the app's id")?.to_owned();
        let registration = json!({
            "name": "Rialto",
            "redirect_uris": [app["redirect_url"]],
            "delegated": [
                "User.Read", "User.ReadBasic.All", "ChannelMessage.Send", "ChannelMessage.Read.All",
                "ChannelMessage.ReadWrite", "Channel.ReadBasic.All", "Channel.Create",
                "ChannelMember.Read.All", "Team.ReadBasic.All", "TeamMember.ReadWrite.All",
                "Files.ReadWrite.All", "Chat.ReadWrite", "openid", "profile", "offline_access",
            ],
            "application": [
                "Team.ReadBasic.All", "Channel.ReadBasic.All", "ChannelMember.ReadWrite.All",
                "TeamMember.ReadWriteNonOwnerRole.All", "User.Read.All", "ChannelMessage.Read.All",
            ],
        });
        let made = self.control.post("/teams/apps", registration).await?;
        let values =
            json!({"client_id": made["client_id"], "client_secret": made["client_secret"]});
        self.change_app(&id, values).await?;
        let consent = json!({
            "authorize_url": format!(
                "{}/{}/adminconsent?client_id={}&redirect_uri={}",
                self.urls.login,
                self.workspaces[1],
                made["client_id"].as_str().unwrap_or_default(),
                app["redirect_url"].as_str().unwrap_or_default(),
            ),
            "as": TEAMS_PEOPLE[0],
            "approve": true,
        });
        self.control.post("/teams/consent", consent).await?;
        Ok(id)
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
        let connection = self.connection(side).await?;
        let path = format!("/api/v1/connections/{connection}/conversations");
        let all = self.api.get(&path).await?;
        let found = all.as_array().into_iter().flatten().find(|it| it["name"] == name);
        let id = found.and_then(|it| it["id"].as_str());
        Ok(id.with_context(|| format!("no {name} in {all}"))?.to_owned())
    }

    /// *Connect*: two channels that exist.
    ///
    /// # Errors
    /// When Rialto refuses.
    pub async fn connect_channels(&self, slack: &str, teams: &str) -> Result<Channels> {
        let endpoint = async |side: Side, name: &str| -> Result<Value> {
            Ok(json!({
                "connection": self.connection(side).await?,
                "conversation": self.conversation(side, name).await?,
            }))
        };
        let endpoints =
            json!([endpoint(Side::Slack, slack).await?, endpoint(Side::Teams, teams).await?]);
        let body = json!({"endpoints": endpoints});
        let made = self.api.post("/api/v1/channel-syncs/connect", body).await?;
        Ok(Channels {
            slack: slack.into(),
            teams: format!("Projects/{teams}"),
            sync: made["id"].as_str().context("the channel sync's id")?.to_owned(),
        })
    }

    /// *Add*: makes a Teams channel for a Slack channel, in the team Projects.
    ///
    /// # Errors
    /// When Rialto refuses.
    pub async fn add_channel(&self, slack: &str) -> Result<Channels> {
        let teams = self.connection(Side::Teams).await?;
        let parents = self.api.get(&format!("/api/v1/connections/{teams}/parents")).await?;
        let parent = parents.as_array().into_iter().flatten().find(|it| it["name"] == "Projects");
        let body = json!({
            "source": {
                "connection": self.connection(Side::Slack).await?,
                "conversation": self.conversation(Side::Slack, slack).await?,
            },
            "target": {
                "connection": teams,
                "parent": parent.map(|it| it["id"].clone()),
                "members": [company::email("Megan Bowen"), company::email("Lee Gu")],
            },
        });
        let made = self.api.post("/api/v1/channel-syncs/add", body).await?;
        let name = made["conversation"].as_str().context("the conversation's name")?;
        Ok(Channels {
            slack: slack.into(),
            teams: format!("Projects/{name}"),
            sync: made["channel_sync"]["id"].as_str().context("the sync's id")?.to_owned(),
        })
    }

    /// A person does something in a channel.
    ///
    /// # Errors
    /// When the platform would not let them.
    pub async fn act(
        &self,
        side: Side,
        channels: &Channels,
        person: &str,
        what: &str,
        mut more: Value,
    ) -> Result<Value> {
        more["workspace"] = json!(self.workspaces[side as usize]);
        more["as"] = json!(person);
        more["do"] = json!(what);
        more["channel"] = json!(channels.on(side));
        Ok(self.control.post(&format!("/{}/act", side.word()), more).await?)
    }

    /// What a side shows.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn read(&self, side: Side, channels: &Channels) -> Result<Vec<Message>> {
        let mut url = url::Url::parse(self.control.base())?;
        url.query_pairs_mut()
            .append_pair("workspace", &self.workspaces[side as usize])
            .append_pair("channel", channels.on(side));
        let query = url.query().unwrap_or_default();
        let view = self.control.get(&format!("/{}/view?{query}", side.word())).await?;
        Ok(serde_json::from_value(view["messages"].clone())?)
    }

    /// Waits until a side shows something, and gives it.
    ///
    /// # Errors
    /// When it does not in time: with what it shows instead.
    pub async fn wait<T>(
        &self,
        side: Side,
        channels: &Channels,
        what: &str,
        look: impl Fn(&[Message]) -> Option<T>,
    ) -> Result<T> {
        let end = Instant::now() + PATIENCE;
        loop {
            let messages = self.read(side, channels).await?;
            if let Some(found) = look(&messages) {
                return Ok(found);
            }
            if Instant::now() > end {
                let last = &messages[messages.len().saturating_sub(6)..];
                let lines: Vec<_> = last.iter().map(Message::line).collect();
                return Err(anyhow!(
                    "{} does not show {what}; it shows\n    {}",
                    side.name(),
                    lines.join("\n    ")
                ));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
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

impl Channels {
    /// What a side calls its channel.
    pub fn on(&self, side: Side) -> &str {
        match side {
            Side::Slack => &self.slack,
            Side::Teams => &self.teams,
        }
    }
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

//! Channel syncs, made as an admin makes them: applications, workspaces, then as many channels of each
//! as a figure needs, put together.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use rialto_testkit::Api;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    event::Events,
    pretended::{Platform, Platforms, Side},
};

/// Calls to the admin API at a time while channel syncs are made.
const AT_ONCE: usize = 128;
/// How long it may take until a platform is told where to send its webhooks.
const HEARD: Duration = Duration::from_secs(60);

/// Where people write, and where it is relayed to.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Where people write.
    pub from: Platform,
    /// To each of these; of Slack to another workspace.
    pub to: &'static [Platform],
}

impl Route {
    /// From one Slack workspace to another.
    pub const SLACK: Self = Self { from: Platform::Slack, to: &[Platform::Slack] };

    /// For people.
    pub fn words(self) -> String {
        let to: Vec<_> = self.to.iter().map(|platform| platform.name()).collect();
        format!("{}→{}", self.from.name(), to.join(", "))
    }
}

/// A workspace that is connected.
struct End {
    platform: Platform,
    side: Side,
    connection: String,
}

/// Connects all workspaces of a route, makes channel syncs between them, and waits until the platform
/// where people write knows whom to tell. Gives what makes its webhooks.
///
/// # Errors
/// When Rialto refuses, or does not listen in time.
pub async fn connect(
    admin: &Api,
    platforms: &Platforms,
    route: Route,
    syncs: usize,
) -> Result<Arc<dyn Events>> {
    let mut apps = HashMap::new();
    let mut ends = Vec::new();
    let to = route.to.iter().map(|platform| (*platform, Side::To));
    for (platform, side) in std::iter::once((route.from, Side::From)).chain(to) {
        let app = match apps.entry(platform) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                platforms.of(platform).starts_anew(syncs);
                place.insert(app(admin, platforms, platform).await?)
            }
        };
        let connection = match platforms.of(platform).token(side) {
            Some(token) => adopt(admin, app, &token).await?,
            None => sign_in(admin, app).await?,
        };
        ends.push(End { platform, side, connection });
    }
    put_together(admin, platforms, &ends, syncs).await?;
    let events = platforms.of(route.from).events(&webhook_path(&apps[&route.from])?);
    let heard = async {
        while !events.is_heard() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(HEARD, heard).await.context("Rialto does not listen")?;
    Ok(events)
}

async fn app(admin: &Api, platforms: &Platforms, platform: Platform) -> Result<Value> {
    let app = json!({"platform": platform.id(), "values": platforms.of(platform).app()});
    Ok(admin.post("/api/v1/apps", app).await?)
}

/// Connects a workspace by a token.
async fn adopt(admin: &Api, app: &Value, token: &str) -> Result<String> {
    let path = format!("/api/v1/apps/{}/tokens", text(app, "id")?);
    let made = admin.post(&path, json!({"token": token})).await?;
    text(&made["connection"], "id")
}

/// Connects a workspace as somebody who signs in.
async fn sign_in(admin: &Api, app: &Value) -> Result<String> {
    let path = format!("/api/v1/apps/{}/authorizations", text(app, "id")?);
    let state = text(&admin.post(&path, json!({})).await?, "state")?;
    let back = format!("{}?code=bench&state={state}", text(app, "redirect_url")?);
    let (status, page) = admin.open(&back).await?;
    anyhow::ensure!(status == 200, "the workspace is not connected: {page}");
    let outcome = admin.get(&format!("/api/v1/authorizations/{state}")).await?;
    text(&outcome["connected"]["connection"], "id")
}

/// A channel sync of the first channels of all ends, one of the second ones, and so on.
async fn put_together(
    admin: &Api,
    platforms: &Platforms,
    ends: &[End],
    syncs: usize,
) -> Result<()> {
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let mut calls = JoinSet::new();
    for number in 0..syncs {
        let endpoint = |end: &End| {
            let channel = platforms.of(end.platform).channel(end.side, number);
            json!({"connection": end.connection, "conversation": channel})
        };
        let endpoints: Vec<Value> = ends.iter().map(endpoint).collect();
        let (admin, at_once) = (admin.clone(), at_once.clone());
        calls.spawn(async move {
            let _place = at_once.acquire().await?;
            let body = json!({"endpoints": endpoints});
            admin.post("/api/v1/channel-syncs/connect", body).await?;
            anyhow::Ok(())
        });
    }
    while let Some(made) = calls.join_next().await {
        made??;
    }
    Ok(())
}

fn webhook_path(app: &Value) -> Result<String> {
    let address = text(app, "webhook_url")?;
    let at = address.find("/webhooks/").context("webhook_url")?;
    Ok(address[at..].to_owned())
}

fn text(value: &Value, name: &str) -> Result<String> {
    Ok(value[name].as_str().with_context(|| format!("no {name} in {value}"))?.to_owned())
}

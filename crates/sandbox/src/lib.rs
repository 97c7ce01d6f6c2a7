//! Emulators of the chat platforms, with a human side and faults on demand.
//!
//! Guarantees: each emulator obeys its vendor's published contract, including its refusals, its rate limits and
//! its webhook retries, on an emulated clock; the same seed gives the same ids and the same faults; every call
//! and every webhook can be read back.
//!
//! Deliberately absent: persistence (a stopped sandbox forgets), real authentication of people, and any type
//! shared with a connector: if client and emulator shared a wrong type, they would agree on the mistake.

pub mod core;
mod server;
pub mod slack;
pub mod teams;
pub mod webex;
pub mod zoom;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::core::{Core, Emulator};

/// How a sandbox is started. Port 0 takes any free port.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Fixes ids, tokens and which calls a fault with a probability hits.
    pub seed: u64,
    /// Emulated seconds per real second; 1.0 is real time.
    pub clock_speed: f64,
    /// Port of the control API.
    pub control_port: u16,
    /// Port of the Slack emulator.
    pub slack_port: u16,
    /// Port of the Microsoft Graph emulator.
    pub graph_port: u16,
    /// Port of the Entra sign-in emulator.
    pub login_port: u16,
    /// Port of the Webex emulator.
    pub webex_port: u16,
    /// Port of the Zoom emulator.
    pub zoom_port: u16,
    /// What Slack's answers and events call its address, when something stands in front of it.
    pub slack_url: Option<String>,
    /// The same for Microsoft Graph.
    pub graph_url: Option<String>,
    /// The same for Webex.
    pub webex_url: Option<String>,
    /// The same for Zoom.
    pub zoom_url: Option<String>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            clock_speed: 1.0,
            control_port: 0,
            slack_port: 0,
            graph_port: 0,
            login_port: 0,
            webex_port: 0,
            zoom_port: 0,
            slack_url: None,
            graph_url: None,
            webex_url: None,
            zoom_url: None,
        }
    }
}

/// Where the running services are, each as `http://127.0.0.1:PORT` without a closing slash.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Urls {
    /// The control API.
    pub control: String,
    /// Slack: `/api/METHOD`, `/oauth/v2/authorize`, uploads and downloads.
    pub slack: String,
    /// Microsoft Graph, with its upload and download paths.
    pub graph: String,
    /// Entra sign-in.
    pub login: String,
    /// Webex: `/v1`, with OAuth and downloads.
    pub webex: String,
    /// Zoom: `/v2`, `/oauth`, downloads.
    pub zoom: String,
}

/// A running sandbox. Dropping it stops it; [`Sandbox::stop`] also waits.
pub struct Sandbox {
    urls: Urls,
    core: Arc<Core>,
    slack: Arc<slack::Slack>,
    teams: Arc<teams::Teams>,
    webex: Arc<webex::Webex>,
    zoom: Arc<zoom::Zoom>,
    servers: Vec<tokio::task::JoinHandle<()>>,
}

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port could not be bound.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder for uploaded files, or the HTTP client for webhooks, could not be made.
    #[error("cannot prepare the sandbox: {0}")]
    Prepare(String),
}

impl Sandbox {
    /// Binds the listeners on 127.0.0.1 and starts serving.
    ///
    /// # Errors
    /// [`StartError`] when a port is taken or the temporary folder cannot be made.
    pub async fn start(options: SandboxOptions) -> Result<Self, StartError> {
        let ports = [
            options.control_port,
            options.slack_port,
            options.graph_port,
            options.login_port,
            options.webex_port,
            options.zoom_port,
        ];
        let mut listeners = Vec::with_capacity(ports.len());
        for port in ports {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let listener = tokio::net::TcpListener::bind(address)
                .await
                .map_err(|source| StartError::Listen { port, source })?;
            let url = format!(
                "http://{}",
                listener.local_addr().map_err(|source| StartError::Listen { port, source })?
            );
            listeners.push((listener, url));
        }
        let urls = Urls {
            control: listeners[0].1.clone(),
            slack: listeners[1].1.clone(),
            graph: listeners[2].1.clone(),
            login: listeners[3].1.clone(),
            webex: listeners[4].1.clone(),
            zoom: listeners[5].1.clone(),
        };
        let core = Core::new(options.seed, options.clock_speed)
            .map_err(|why| StartError::Prepare(why.to_string()))?;
        let mut named = urls.clone();
        named.slack = options.slack_url.unwrap_or(named.slack);
        named.graph = options.graph_url.unwrap_or(named.graph);
        named.webex = options.webex_url.unwrap_or(named.webex);
        named.zoom = options.zoom_url.unwrap_or(named.zoom);
        let slack = slack::Slack::new(core.clone(), &named);
        let teams = teams::Teams::new(core.clone(), &named);
        let webex = webex::Webex::new(core.clone(), &named);
        let zoom = zoom::Zoom::new(core.clone(), &named);
        let emulators: Vec<Arc<dyn Emulator>> =
            vec![slack.clone(), teams.clone(), webex.clone(), zoom.clone()];
        let routers = [
            core::control::router(core.clone(), emulators, &urls),
            slack.clone().router(),
            teams.clone().graph_router(),
            teams.clone().login_router(),
            webex.clone().router(),
            zoom.clone().router(),
        ];
        let servers = listeners
            .into_iter()
            .zip(routers)
            .map(|((listener, _), router)| server::spawn(listener, router, core.stopping.clone()))
            .collect();
        Ok(Self { urls, core, slack, teams, webex, zoom, servers })
    }

    /// Where the services listen.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// Clock, faults, limits, journals: what control shows, for tests in the same process.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The Slack emulator.
    pub fn slack(&self) -> &Arc<slack::Slack> {
        &self.slack
    }

    /// The Microsoft Teams emulator.
    pub fn teams(&self) -> &Arc<teams::Teams> {
        &self.teams
    }

    /// The Webex emulator.
    pub fn webex(&self) -> &Arc<webex::Webex> {
        &self.webex
    }

    /// The Zoom emulator.
    pub fn zoom(&self) -> &Arc<zoom::Zoom> {
        &self.zoom
    }

    /// Stops listening and sending, and waits until the open answers are finished (at most 2 seconds).
    pub async fn stop(mut self) {
        self.core.stopping.cancel();
        for server in std::mem::take(&mut self.servers) {
            let abort = server.abort_handle();
            if tokio::time::timeout(std::time::Duration::from_secs(2), server).await.is_err() {
                abort.abort();
            }
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.core.stopping.cancel();
    }
}

/// Starts a sandbox, prints its addresses on standard output as one line of JSON, and runs until `until` ends.
///
/// # Errors
/// [`StartError`], as [`Sandbox::start`].
pub async fn run(
    options: SandboxOptions,
    until: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let sandbox = Sandbox::start(options).await?;
    let urls = serde_json::json!(sandbox.urls());
    #[expect(clippy::print_stdout, reason = "the addresses are this command's answer")]
    {
        println!("{urls}");
    }
    until.await;
    sandbox.stop().await;
    Ok(())
}

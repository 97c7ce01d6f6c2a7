//! `rialto sandbox`.

use clap::Args;
use rialto_sandbox::SandboxOptions;

use crate::failure::Failure;

/// Run emulators of the chat platforms, for trying out and for tests
#[derive(Debug, Args)]
#[command(
    after_help = "Prints its addresses as one line of JSON. The control API tells at `/` what it can do.\n\nExample:\n  rialto sandbox --seed 7 --speed 60"
)]
pub struct Sandbox {
    /// Fixes ids, tokens and which calls a fault hits
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Emulated seconds per real second
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Port of the control API
    #[arg(long, default_value_t = 8480)]
    control_port: u16,
    /// Port of the Slack emulator
    #[arg(long, default_value_t = 8481)]
    slack_port: u16,
    /// Port of the Microsoft Graph emulator
    #[arg(long, default_value_t = 8482)]
    graph_port: u16,
    /// Port of the Entra sign-in emulator
    #[arg(long, default_value_t = 8483)]
    login_port: u16,
    /// Port of the Webex emulator
    #[arg(long, default_value_t = 8484)]
    webex_port: u16,
    /// Port of the Zoom emulator
    #[arg(long, default_value_t = 8485)]
    zoom_port: u16,
    /// What Slack's answers and events call its address, when something stands in front of it
    #[arg(long, value_name = "URL")]
    slack_url: Option<String>,
    /// The same for Microsoft Graph
    #[arg(long, value_name = "URL")]
    graph_url: Option<String>,
    /// The same for Webex
    #[arg(long, value_name = "URL")]
    webex_url: Option<String>,
    /// The same for Zoom
    #[arg(long, value_name = "URL")]
    zoom_url: Option<String>,
}

impl Sandbox {
    pub async fn run(&self) -> Result<(), Failure> {
        if !(self.speed.is_finite() && self.speed > 0.0) {
            return Err(Failure::usage("--speed must be more than 0"));
        }
        let options = SandboxOptions {
            seed: self.seed,
            clock_speed: self.speed,
            control_port: self.control_port,
            slack_port: self.slack_port,
            graph_port: self.graph_port,
            login_port: self.login_port,
            webex_port: self.webex_port,
            zoom_port: self.zoom_port,
            slack_url: self.slack_url.clone(),
            graph_url: self.graph_url.clone(),
            webex_url: self.webex_url.clone(),
            zoom_url: self.zoom_url.clone(),
        };
        let until = async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        rialto_sandbox::run(options, until).await.map_err(|error| {
            Failure::failed(format!("{error}: is it taken? Choose another port (see --help)"))
        })
    }
}

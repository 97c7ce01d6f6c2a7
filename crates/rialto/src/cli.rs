//! The command line.

use std::{env, path::PathBuf};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use rialto_platform::Toolkit;
use rialto_relay::Platforms;
use url::Url;

use crate::{
    client::Client,
    commands::{
        apps, audit, channel_sync, channels, compatibility, connect, connections, deliveries,
        doctor, keys, sandbox, status,
    },
    config, demo,
    failure::Failure,
    output::Output,
    serve,
};

/// Lets Slack, Microsoft Teams, Webex and Zoom Team Chat talk to each other.
#[derive(Debug, Parser)]
#[command(
    name = "rialto",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "First steps:\n  \
        rialto serve                                    # in one terminal\n  \
        rialto manifest slack                           # paste it at the vendor, make the app\n  \
        rialto connect slack                            # authorize the workspace\n  \
        rialto connect teams --tenant example.com       # and the tenant\n  \
        rialto channel-sync add slack:general --to teams --parent Engineering\n\n\
        Exit codes: 0 done, 1 it did not work, 2 wrong command or configuration, 3 no server \
        answers, 4 wrong admin token."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Where the server is [default: where `listen` says, on this machine]
    #[arg(long, global = true, env = "RIALTO_URL", hide_env_values = true, display_order = 900)]
    pub url: Option<Url>,
    /// File of the admin token [default: RIALTO_TOKEN, else the one in the server's data folder]
    #[arg(long = "admin-token-file", global = true, value_name = "FILE", display_order = 901)]
    pub token_file: Option<PathBuf>,
    /// Answer in JSON, for programs
    #[arg(long, global = true, display_order = 902)]
    pub json: bool,
    /// Configuration file [default: rialto.toml, if it is here]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "RIALTO_CONFIG",
        hide_env_values = true,
        display_order = 903
    )]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    #[command(
        display_order = 1,
        after_help = "Everything is kept in ./rialto-data unless rialto.toml or the environment says otherwise; docs/configuration.md describes every setting."
    )]
    Serve,
    /// Show how things are: workspaces, channel syncs, what waits, what was dropped
    #[command(display_order = 6)]
    Status,
    /// Check configuration, key, database, public address and every workspace
    #[command(display_order = 7)]
    Doctor(doctor::Doctor),
    /// List the channels of a workspace
    #[command(display_order = 3)]
    Channels(channels::Channels),
    /// Keep channels in step
    #[command(display_order = 4, alias = "channel-syncs")]
    ChannelSync(channel_sync::ChannelSync),
    /// List deliveries, or show one with the calls made for it
    #[command(display_order = 8)]
    Deliveries(deliveries::Deliveries),
    /// Try parked deliveries again
    #[command(display_order = 9)]
    Retry(deliveries::Retry),
    /// List, check or remove connected workspaces
    #[command(display_order = 10, alias = "connection")]
    Connections(connections::Connections),
    /// List, change or remove the applications registered with vendors
    #[command(display_order = 11, alias = "app")]
    Apps(apps::Apps),
    /// Print what to set up at a vendor: the application manifest, or steps and permissions
    #[command(display_order = 12)]
    Manifest(apps::Manifest),
    /// Show who changed what
    #[command(display_order = 13)]
    Audit(audit::Audit),
    /// Make the key that content and tokens are sealed with, or put an older one out of use
    #[command(display_order = 14)]
    Keys(keys::Keys),
    /// Run emulators of the chat platforms, for trying out and for tests
    #[command(display_order = 15)]
    Sandbox(sandbox::Sandbox),
    /// Print what crosses between the platforms, and how: docs/compatibility.md
    #[command(hide = true)]
    Compatibility,
    /// Show everything at work, on emulated platforms
    #[command(display_order = 16)]
    Demo {
        /// Tell the story headless, print how all crossed as a matrix, and exit 0 only if it is as it should be
        #[arg(long)]
        once: bool,
        /// Only the rows whose name contains this
        #[arg(
            long,
            value_name = "WORDS",
            requires = "once",
            default_value = "",
            hide_default_value = true
        )]
        only: String,
    },
}

/// The whole command line; `connect` is made from what the platforms' apps need to be told.
pub fn command(platforms: &Platforms) -> clap::Command {
    Cli::command().subcommand(connect::command(platforms).display_order(2))
}

/// Does what the command line says.
pub async fn run(platforms: Platforms, toolkit: Toolkit) -> Result<(), Failure> {
    let matches = command(&platforms).get_matches();
    if let Some(("connect", connect)) = matches.subcommand() {
        let global = Global::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let out = Output { json: global.json };
        return connect::run(&Client::new(&global)?, out, &platforms, connect).await;
    }
    let Cli { global, command } =
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let out = Output { json: global.json };
    let client = || Client::new(&global);
    let load = || config::load(global.config.as_deref(), env::vars());
    match command {
        Command::Serve => serve::run(load()?, platforms, toolkit).await,
        Command::Status => status::run(&client()?, out).await,
        Command::Doctor(command) => command.run(&global, out, &toolkit).await,
        Command::Channels(command) => command.run(&client()?, out).await,
        Command::ChannelSync(command) => command.run(&client()?, out).await,
        Command::Deliveries(command) => command.run(&client()?, out).await,
        Command::Retry(command) => command.run(&client()?, out).await,
        Command::Connections(command) => command.run(&client()?, out).await,
        Command::Apps(command) => command.run(&client()?, out).await,
        Command::Manifest(command) => command.run(&client()?, out).await,
        Command::Audit(command) => command.run(&client()?, out).await,
        Command::Keys(command) => command.run(&load()?.settings, &toolkit, out).await,
        Command::Sandbox(command) => command.run().await,
        Command::Compatibility => compatibility::run(&platforms, out),
        Command::Demo { once, only } => demo::run(once, &only).await,
    }
}

//! What the machine could do at best: servers that do a part of Rialto's work and nothing else. Each
//! is a process of its own, pinned as Rialto is.

mod accept;
mod kept;
mod relay;

use std::path::PathBuf;

use anyhow::Result;
use axum::{Router, routing::get};
use tokio::net::TcpListener;

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Ceiling {
    /// A handler that checks the signature and reads the JSON.
    Bare,
    /// Likewise, and the event is in SQLite, by group commit, before the 200.
    Kept,
    /// Likewise, and it is posted, in order per conversation, and marked as delivered.
    Relay,
}

impl Ceiling {
    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Kept => "kept",
            Self::Relay => "relay",
        }
    }
}

/// How it runs.
#[derive(clap::Args)]
pub struct Options {
    /// Which one
    pub ceiling: Ceiling,
    /// Port of this machine to listen at
    #[arg(long)]
    pub port: u16,
    /// Folder for the database
    #[arg(long)]
    pub folder: PathBuf,
    /// Where posts are made
    #[arg(long, default_value = "")]
    pub api: String,
}

/// Serves until it is killed.
///
/// # Errors
/// When it cannot listen or keep.
pub async fn serve(options: &Options) -> Result<()> {
    let router = match options.ceiling {
        Ceiling::Bare => accept::bare(),
        Ceiling::Kept => accept::kept(kept::Writer::start(&options.folder)?),
        Ceiling::Relay => {
            let writer = kept::Writer::start(&options.folder)?;
            relay::router(writer, &options.api)?
        }
    };
    let router = Router::new().route("/readyz", get(|| async {})).merge(router);
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    Ok(axum::serve(listener, router).await?)
}

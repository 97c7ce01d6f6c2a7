//! `rialto keys`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::{config::Settings, failure::Failure, output::Output, serve};

/// Make the key that content and tokens are sealed with
#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key, in a file that must not exist yet
    #[command(
        after_help = "Example:\n  rialto keys init --file /etc/rialto/rialto.key\n\nThen set `keys.file` (or RIALTO_KEY_FILE) to that file, and keep a copy apart from the database."
    )]
    Init {
        /// The file [default: `keys.file`, else rialto.key in the data folder]
        #[arg(long)]
        file: Option<PathBuf>,
    },
}

impl Keys {
    pub fn run(&self, settings: &Settings, out: Output) -> Result<(), Failure> {
        let Command::Init { file } = &self.command;
        let file = file.clone().unwrap_or_else(|| settings.key_file());
        serve::write_key(&file, &serve::new_key())?;
        if out.json(&json!({ "file": file }))? {
            return Ok(());
        }
        out.line(format!("made the key {}", file.display()))?;
        out.note(
            "Keep a copy of it apart from the database: without the key the database is worth \
             nothing.",
        );
        Ok(())
    }
}

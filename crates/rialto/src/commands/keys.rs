//! `rialto keys`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use rialto_platform::Toolkit;
use rialto_store::{AuditEntry, Store as _};
use serde_json::json;

use crate::{
    config::Settings,
    failure::Failure,
    output::Output,
    serve::{self, DataFolder},
};

/// Make the key that content and tokens are sealed with, or put an older one out of use
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
    /// Seal everything anew with the key in use, so that older ones can be put away
    #[command(
        after_help = "The server must be stopped. What was interrupted goes on when it is run again.\n\nExample, with rialto stopped:\n  rialto keys init --file /etc/rialto/rialto-2.key\n  (in rialto.toml: `keys.file` to that file, `keys.older` to the one before)\n  rialto keys rotate\n  (in rialto.toml: take `keys.older` out)"
    )]
    Rotate,
}

/// Values that are sealed anew in one transaction.
const BATCH: u32 = 500;

impl Keys {
    pub async fn run(
        &self,
        settings: &Settings,
        toolkit: &Toolkit,
        out: Output,
    ) -> Result<(), Failure> {
        match &self.command {
            Command::Init { file } => init(settings, file.as_ref(), out),
            Command::Rotate => rotate(settings, toolkit, out).await,
        }
    }
}

fn init(settings: &Settings, file: Option<&PathBuf>, out: Output) -> Result<(), Failure> {
    let file = file.cloned().unwrap_or_else(|| settings.key_file());
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

async fn rotate(settings: &Settings, toolkit: &Toolkit, out: Output) -> Result<(), Failure> {
    if !settings.database_file().exists() {
        let shown = settings.database_file();
        return Err(Failure::failed(format!("there is no database {} yet", shown.display())));
    }
    // Held to the end: a server that runs would not know that its older keys are gone.
    let folder = DataFolder::open(settings)?;
    let store = serve::open_store(settings, serve::vault(settings)?, toolkit).await?;
    let mut count = 0;
    let sealed = loop {
        match store.reseal(BATCH).await {
            Ok(0) => break Ok(()),
            Ok(now) => {
                count += u64::from(now);
                out.note(format!("{count} values sealed anew …"));
            }
            Err(error) => break Err(error),
        }
    };
    let entry = AuditEntry {
        at: toolkit.clock.now(),
        who: "whoever ran `rialto keys rotate` on the server's machine".into(),
        action: "keys.rotate".into(),
        subject: "key".into(),
        detail: json!({ "resealed": count, "done": sealed.is_ok() }),
    };
    let sealed = sealed.and(store.audit(entry).await);
    store.close().await;
    drop(folder);
    sealed.map_err(|error| {
        Failure::failed(format!(
            "stopped after {count} values: {error}. Run it again to go on; until it ends, keep all \
             keys listed"
        ))
    })?;
    if out.json(&json!({ "resealed": count }))? {
        return Ok(());
    }
    out.line(format!("everything is sealed with the key in use; {count} values were sealed anew"))?;
    if !settings.keys.older.is_empty() {
        out.note(
            "Take `keys.older` (RIALTO_KEYS_OLDER) out of the configuration and start Rialto. \
             Destroy the older keys only with the backups that were made before now: those open \
             with nothing else.",
        );
    }
    Ok(())
}

//! What is told of what happens: on standard error, without content or secrets.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::{
    config::{Log, LogFormat},
    failure::Failure,
};

pub(super) fn start(log: &Log) -> Result<(), Failure> {
    let filter: EnvFilter =
        log.level.parse().map_err(|error| Failure::usage(format!("`log.level`: {error}")))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let text = match log.format {
        LogFormat::Auto => io::stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let started = if text {
        builder.with_target(false).with_ansi(io::stderr().is_terminal()).try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
    started.map_err(|error| Failure::failed(format!("the log cannot be started: {error}")))
}

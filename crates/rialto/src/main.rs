//! The binary: the server and the command line that talks to it.
//!
//! Guarantees: whatever goes wrong is said in words with the mend, on standard error, with an exit
//! code that tells its kind ([`failure::Failure`]); standard output holds only the answer; no secret
//! is taken from or shown on a command line.
//!
//! Deliberately absent: what the server does (the relay's), and how platforms work (the
//! connectors'). [`platforms`] is the one list of them.

mod cli;
mod client;
mod commands;
mod config;
mod demo;
mod failure;
mod output;
mod platforms;
mod retention;
mod serve;

use std::process::ExitCode;

use rialto_platform::{SystemClock, SystemRandom, Toolkit};

use failure::Failure;

// Less time a message and half the memory a conversation, next to the C library's (docs/bench.md).
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn run() -> Result<(), Failure> {
    let http = rialto_platform::http::client()
        .map_err(|error| Failure::failed(format!("the HTTP client cannot be made: {error}")))?;
    let toolkit = Toolkit {
        http,
        clock: std::sync::Arc::new(SystemClock),
        random: std::sync::Arc::new(SystemRandom),
    };
    let platforms = platforms::all(&toolkit);
    cli::run(platforms, toolkit).await
}

//! Measures what the machine could do at best and what the real Rialto does, in one run, on the same
//! cores: `cargo xtask bench`. `docs/bench.md` says what each figure means.
//!
//! Guarantees: the server is the release build as it is deployed, with its defaults but for pacing
//! (the pretended platforms have no limits); a figure of a run in which a message was lost, doubled
//! or overtaken fails, however fast it was.
//!
//! Deliberately absent: TLS (everything is plain HTTP on loopback), and real platforms' latency but
//! where a figure says so.

mod ceilings;
mod clock;
mod compare;
mod connect;
mod event;
mod figures;
mod ledger;
mod load;
mod pin;
mod pretended;
mod report;
mod server;
mod wire;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result};
use clap::Parser;

use crate::{
    figures::{Bench, Budget},
    pretended::Platforms,
    report::Report,
};

/// What the figures hold for, whatever they are.
const CONDITIONS: &str = "plain HTTP on loopback, no TLS; server on one core, generator and \
    pretended APIs on another; release build; SQLite with fsync";

#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// One short run of each figure
    #[arg(long, conflicts_with = "long")]
    quick: bool,
    /// Longer runs, and a million messages
    #[arg(long)]
    long: bool,
    /// Only figures whose name holds one of these
    #[arg(long, num_args = 1.., value_name = "NAME")]
    only: Vec<String>,
    /// Write all that was seen to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Compare two such files instead of measuring; fails when something became worse
    #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"], exclusive = true)]
    compare: Vec<PathBuf>,
    /// The binary to measure
    #[arg(
        long,
        value_name = "FILE",
        env = "RIALTO_BINARY",
        default_value = "target/release/rialto"
    )]
    binary: PathBuf,
    /// Where databases go: a folder on the disk to measure
    #[arg(long, value_name = "FOLDER", env = "RIALTO_BENCH_DIR")]
    folder: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Serves a ceiling
    #[command(hide = true)]
    Ceiling(ceilings::Options),
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(Command::Ceiling(options)) = &arguments.command {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(ceilings::serve(options)).map(|()| ExitCode::SUCCESS);
    }
    if let [before, after] = &arguments.compare[..] {
        return compared(before, after);
    }
    pin::pin_generator()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(&arguments))
}

#[expect(clippy::print_stdout, reason = "the comparison is what this is for")]
fn compared(before: &Path, after: &Path) -> Result<ExitCode> {
    let (before, after) = (compare::read(before)?, compare::read(after)?);
    let (table, worse) = compare::compare(&before, &after);
    println!("{table}");
    if worse.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nworse: {}", worse.join(", "));
    Ok(ExitCode::FAILURE)
}

#[expect(clippy::print_stdout, reason = "the figures are what this is for")]
async fn measure(arguments: &Arguments) -> Result<ExitCode> {
    let (mode, budget) = budget(arguments);
    let binary = std::path::absolute(&arguments.binary)?;
    anyhow::ensure!(binary.is_file(), "there is no {}: build it first", binary.display());
    let mut bench = Bench {
        budget,
        platforms: Platforms::start().await?,
        binary,
        folder: arguments.folder.clone().unwrap_or_else(std::env::temp_dir),
        only: arguments.only.clone(),
        figures: Vec::new(),
    };
    bench.run().await?;
    let report = Report {
        mode: mode.into(),
        conditions: CONDITIONS.into(),
        measured_at: clock::unix_micros() / 1_000_000,
        figures: bench.figures,
    };
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, text + "\n").with_context(|| file.display().to_string())?;
    }
    println!("{}\n\n{}", report.table(), report.conditions);
    Ok(ExitCode::SUCCESS)
}

fn budget(arguments: &Arguments) -> (&'static str, Budget) {
    let seconds = Duration::from_secs;
    match (arguments.quick, arguments.long) {
        (true, _) => (
            "quick",
            Budget {
                runs: 1,
                warm_up: seconds(1),
                measure: seconds(3),
                many: 2_000,
                messages: 20_000,
                pending: 2_000,
            },
        ),
        (_, true) => (
            "long",
            Budget {
                runs: 3,
                warm_up: seconds(5),
                measure: seconds(30),
                many: 10_000,
                messages: 1_000_000,
                pending: 10_000,
            },
        ),
        _ => (
            "normal",
            Budget {
                runs: 3,
                warm_up: seconds(2),
                measure: seconds(10),
                many: 10_000,
                messages: 100_000,
                pending: 10_000,
            },
        ),
    }
}

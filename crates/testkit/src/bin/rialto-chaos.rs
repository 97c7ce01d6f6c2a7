//! The chaos run from the command line: `cargo xtask chaos --seed 1`.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use clap::Parser;
use rialto_testkit::chaos::{self, Options};

/// People talk on both sides while everything goes wrong, and Rialto is killed again and again.
#[derive(Parser)]
#[command(name = "cargo xtask chaos")]
struct Arguments {
    /// What everything follows from
    #[arg(long, default_value_t = 1, conflicts_with = "seeds")]
    seed: u64,
    /// Several runs: `1..5` or `1..=5`
    #[arg(long, value_parser = range)]
    seeds: Option<(u64, u64)>,
    /// How much people do
    #[arg(long, default_value_t = 2_000)]
    messages: usize,
    /// How often Rialto is killed
    #[arg(long, default_value_t = 50)]
    kills: usize,
    /// For how many seconds people talk
    #[arg(long, default_value_t = 75)]
    seconds: u64,
    /// Say nothing of runs in which all is well but that it is
    #[arg(long)]
    quiet: bool,
    /// How many stories of lost messages are told
    #[arg(long, default_value_t = 3)]
    stories: usize,
    /// The `rialto` binary [default: the one beside this program]
    #[arg(long, env = "RIALTO_BINARY")]
    binary: Option<PathBuf>,
}

fn range(text: &str) -> Result<(u64, u64), String> {
    let (from, to) = text.split_once("..").ok_or("not FROM..TO")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| error.to_string());
    let to = match to.strip_prefix('=') {
        Some(last) => number(last)? + 1,
        None => number(to)?,
    };
    Ok((number(from)?, to))
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "what came of it is this command's answer")]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let binary = match arguments.binary {
        Some(binary) => binary,
        None => std::env::current_exe()?.parent().context("a folder")?.join("rialto"),
    };
    let (from, to) = arguments.seeds.unwrap_or((arguments.seed, arguments.seed + 1));
    let mut failed = 0;
    for seed in from..to {
        let options = Options {
            binary: binary.clone(),
            seed,
            acts: arguments.messages,
            kills: arguments.kills,
            talk: Duration::from_secs(arguments.seconds),
            stories: arguments.stories,
        };
        let outcome = chaos::run(&options).await.with_context(|| format!("seed {seed}"));
        let again = format!(
            "cargo xtask chaos --seed {seed} --messages {} --kills {} --seconds {}",
            arguments.messages, arguments.kills, arguments.seconds
        );
        match outcome {
            Ok(outcome) if outcome.wrong.is_empty() => {
                println!("seed {seed}: all is well, in {} s", outcome.took.as_secs());
                if !arguments.quiet {
                    println!("  {}", outcome.figures);
                }
            }
            Ok(outcome) => {
                failed += 1;
                println!("seed {seed}: {} things are wrong", outcome.wrong.len());
                outcome.wrong.iter().for_each(|wrong| println!("  ✗ {wrong}"));
                println!("  {}\n", outcome.figures);
                outcome.stories.iter().for_each(|story| println!("{story}"));
                println!("again: {again}");
            }
            Err(error) => {
                failed += 1;
                println!("seed {seed}: {error:#}\nagain: {again}");
            }
        }
    }
    if to > from + 1 {
        println!("{} of {} seeds are well", to - from - failed, to - from);
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! Developer commands: everything that has to be known to build, try and check Rialto.

mod chaos;
mod check;
mod contracts;
mod instructions;
mod run;

use std::ffi::OsString;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

/// What a developer of Rialto does, in one word each.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds Rialto and shows it at work between two emulated workspaces.
    Demo(Demo),
    /// Lets people talk on both sides while everything goes wrong and Rialto is killed, and compares
    /// what is seen in the end with what was said.
    Chaos(chaos::Options),
    /// Writes `docs/compatibility.md`, which the connectors' tables make.
    Compatibility,
    /// Runs every check that CI runs.
    Test(check::Options),
    /// Runs the quick checks only: format, lints, dependencies.
    Lint,
    /// Builds a release and measures it against raw ceilings; `docs/bench.md` tells of the options.
    #[command(disable_help_flag = true)]
    Bench(Bench),
}

#[derive(clap::Args)]
struct Demo {
    /// Tell the story headless, print what crossed, and exit 0 only if all did.
    #[arg(long)]
    once: bool,
}

#[derive(clap::Args)]
struct Bench {
    /// Handed to the bench
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Demo(Demo { once }) => {
            run::step("build", run::cargo(["build", "--package", "rialto"]))?;
            let mut demo = run::program("target/debug/rialto");
            demo.arg("demo").args(once.then_some("--once"));
            run::step("demo", demo)
        }
        Command::Chaos(options) => chaos::run(&options),
        Command::Compatibility => {
            run::step("build", run::cargo(["build", "--package", "rialto"]))?;
            let mut page = run::program("target/debug/rialto");
            let output = page.arg("compatibility").output().context("rialto compatibility")?;
            ensure!(output.status.success(), "rialto compatibility failed: {}", output.status);
            Ok(std::fs::write(run::root().join("docs/compatibility.md"), output.stdout)?)
        }
        Command::Test(options) => check::all(&options),
        Command::Lint => check::lint(),
        Command::Bench(Bench { arguments }) => {
            let packages = ["--package", "rialto", "--package", "rialto-bench"];
            run::step("build", run::cargo([&["build", "--release"][..], &packages].concat()))?;
            let mut bench = run::program("target/release/rialto-bench");
            bench.env("RIALTO_BINARY", run::target().join("release/rialto")).args(arguments);
            run::step("bench", bench)
        }
    }
}

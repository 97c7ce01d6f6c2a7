//! The chaos run: `crates/testkit/src/chaos`.

use anyhow::Result;

use crate::run::{cargo, program, step};

/// How the chaos run is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Build and run without debugging aids, as a release is built
    #[arg(long)]
    release: bool,
    /// `--seed N`, `--seeds FROM..TO`, `--messages N`, `--kills N`, `--seconds N`, `--stories N`, `--quiet`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    more: Vec<String>,
}

/// Builds the binary and the run, and starts it.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut build = cargo(["build", "--package", "rialto", "--package", "rialto-testkit"]);
    build.args(options.release.then_some("--release"));
    step("build", build)?;
    let folder = if options.release { "release" } else { "debug" };
    let mut chaos = program(&format!("target/{folder}/rialto-chaos"));
    chaos.args(&options.more);
    step("chaos", chaos)
}

/// The seeds that CI runs, or those of `--long`. The binary is built.
pub(crate) fn check(long: bool) -> Result<()> {
    let seeds = if long { "1..=20" } else { "1..=2" };
    run(&Options { release: false, more: vec!["--seeds".into(), seeds.into()] })
}

//! Every check that CI runs, cheapest first.

use anyhow::Result;

use crate::{
    chaos, contracts, instructions,
    run::{cargo, program, step, target, works},
};

/// How thorough to be.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Try many more seeds of the simulation and of the chaos run, kill the process more often, and
    /// fuzz for longer: hours.
    #[arg(long)]
    long: bool,
}

/// Seeds of the simulation: CI's, and those of `--long`.
const SEEDS: [&str; 2] = ["300", "20000"];
/// Kills of the real process.
const KILLS: [&str; 2] = ["6", "60"];
/// Seconds of each fuzz target.
const FUZZ_SECONDS: [&str; 2] = ["5", "600"];
/// Webhooks of the burst.
const BURST: [&str; 2] = ["6000", "50000"];

pub(crate) fn all(options: &Options) -> Result<()> {
    lint()?;
    contracts::announce();
    let budget = usize::from(options.long);
    let mut tests = if works(cargo(["nextest", "--version"])) {
        cargo(["nextest", "run", "--workspace", "--no-fail-fast"])
    } else {
        cargo(["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"])
    };
    tests.env("RIALTO_SEEDS", SEEDS[budget]).env("RIALTO_KILLS", KILLS[budget]);
    tests.env("RIALTO_BURST", BURST[budget]).env("RIALTO_FUZZ_SECONDS", FUZZ_SECONDS[budget]);
    step("tests", tests)?;
    step("documentation tests", cargo(["test", "--workspace", "--doc", "--quiet"]))?;
    contracts::sdks()?;
    contracts::prism()?;
    instructions::count()?;
    let mut demo = program("target/debug/rialto");
    demo.args(["demo", "--once"]);
    step("demo", demo)?;
    chaos::check(options.long)
}

/// Format, lints, dependencies.
pub(crate) fn lint() -> Result<()> {
    step("format", cargo(["fmt", "--all", "--check"]))?;
    step(
        "lints",
        cargo(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]),
    )?;
    deny()
}

/// Licences and sources of dependencies. Advisories are not looked at: they change without the code.
/// `cargo deny check advisories` asks for them.
fn deny() -> Result<()> {
    let tools = target().join("tools");
    let installed = tools.join("bin/cargo-deny");
    let arguments = ["check", "--hide-inclusion-graph", "licenses", "bans", "sources"];
    if works(cargo(["deny", "--version"])) {
        let mut deny = cargo(["deny"]);
        deny.args(arguments);
        return step("dependencies", deny);
    }
    if !installed.exists() {
        let mut install = cargo(["install", "--quiet", "--locked", "cargo-deny", "--version"]);
        install.args(["0.20.2", "--root"]).arg(&tools);
        step("install cargo-deny", install)?;
    }
    let mut deny = program(&installed.to_string_lossy());
    deny.args(arguments);
    step("dependencies", deny)
}

//! How many instructions a message costs from its webhook to its posts: counted by callgrind, which
//! gives the same number on every machine of a kind, and held against a ceiling.

use anyhow::{Context, Result, bail};

use crate::run::{cargo, program, step, works};

/// Instructions of one message at most: received, normalized, planned, rendered for Slack and Teams.
/// Raise it only with a reason in the commit.
const CEILING: u64 = 570_000;
/// Messages of the two runs, whose difference has no start in it.
const FEW: u64 = 100;
const MANY: u64 = 1_100;

#[expect(clippy::print_stderr, reason = "a green run must not look like more than it was")]
pub(crate) fn count() -> Result<()> {
    let mut valgrind = program("valgrind");
    valgrind.arg("--version");
    if !works(valgrind) {
        eprintln!("\nSKIPPED: instructions of a message: there is no valgrind here");
        return Ok(());
    }
    step(
        "build what is counted",
        cargo(["build", "--release", "--package", "rialto-instructions"]),
    )?;
    let each = (run(MANY)? - run(FEW)?) / (MANY - FEW);
    eprintln!("\n── instructions: {each} a message, at most {CEILING}");
    if each > CEILING {
        bail!("a message costs {each} instructions, more than {CEILING}");
    }
    Ok(())
}

/// Instructions of a run of so many messages.
fn run(messages: u64) -> Result<u64> {
    let binary = program("target/release/rialto-instructions");
    let mut valgrind = program("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(binary.get_program()).arg(messages.to_string());
    let output = valgrind.output().context("valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("valgrind: {said}");
    }
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.with_context(|| format!("valgrind counted nothing: {said}"))?;
    count.trim().parse().with_context(|| format!("valgrind counted {count:?}"))
}

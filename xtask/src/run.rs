//! Running programs from the project's folder, so that a failure says which step it was.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// The folder for what is built.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A program, run in the project's folder. `target/…` is looked for where things are built.
pub(crate) fn program(name: &str) -> Command {
    let path = match name.strip_prefix("target/") {
        Some(built) => target().join(built),
        None => PathBuf::from(name),
    };
    let mut command = Command::new(path);
    command.current_dir(root());
    command
}

/// Cargo, with the toolchain that runs this.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = program(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    command.args(arguments);
    command
}

/// Runs a step and says how long it took.
#[expect(clippy::print_stderr, reason = "a developer waits for this")]
#[expect(clippy::disallowed_methods, reason = "measures how long a developer waited")]
pub(crate) fn step(name: &str, mut command: Command) -> Result<()> {
    eprintln!("\n── {name}");
    let start = Instant::now();
    let status = command
        .status()
        .with_context(|| format!("{name}: `{}` does not start", command.get_program().display()))?;
    if !status.success() {
        bail!("{name} failed: {status}");
    }
    eprintln!("── {name}: done in {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Whether a program is there and works.
pub(crate) fn works(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|it| it.success())
}

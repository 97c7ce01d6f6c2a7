//! Checks against things that nobody here wrote: the vendors' SDKs and API descriptions.

use anyhow::{Context, Result};

use crate::run::{program, root, step, target, works};

/// Says which tests will pass without having been made: runners do not show what passing tests say.
#[expect(clippy::print_stderr, reason = "a green run must not look like more than it was")]
pub(crate) fn announce() {
    let given = std::env::var_os("RIALTO_CONTRACTS").unwrap_or("../shared/contracts".into());
    let folder = root().join(given);
    for vendor in ["slack", "graph", "webex", "zoom"] {
        if !folder.join(vendor).is_dir() {
            eprintln!(
                "\nSKIPPED: tests against {vendor}'s own descriptions and payloads: there are none at {} \
                 (set RIALTO_CONTRACTS)",
                folder.display()
            );
        }
    }
}

/// The vendors' SDKs against the sandbox.
pub(crate) fn sdks() -> Result<()> {
    let venv = target().join("venv");
    let python = venv.join("bin/python");
    let requirements = root().join("tests/sdk/requirements.txt");
    let stamp = venv.join("requirements.txt");
    let wanted = std::fs::read(&requirements).context("tests/sdk/requirements.txt")?;
    if std::fs::read(&stamp).ok().as_deref() != Some(&wanted[..]) {
        let mut create = program("python3");
        create.args(["-m", "venv"]).arg(&venv);
        step("python environment", create)?;
        let mut install = program(&python.to_string_lossy());
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        install.arg("--requirement").arg(&requirements);
        step("vendors' SDKs", install)?;
        std::fs::write(&stamp, &wanted)?;
    }
    let mut pytest = program(&python.to_string_lossy());
    pytest.args(["-m", "pytest", "-q", "tests/sdk"]);
    pytest.env("RIALTO_BINARY", target().join("debug/rialto"));
    step("SDKs against the sandbox", pytest)
}

/// Prism between Rialto and the sandbox.
pub(crate) fn prism() -> Result<()> {
    let folder = root().join("tests/prism");
    let installed = folder.join("node_modules/.package-lock.json");
    let mut prism = program("node_modules/.bin/prism");
    prism.current_dir(&folder).arg("--version");
    if !installed.exists() || !works(prism) {
        let mut install = program("npm");
        install.current_dir(&folder).args(["ci", "--no-audit", "--no-fund", "--silent"]);
        step("install Prism", install)?;
    }
    let mut check = program("node");
    check.current_dir(&folder).arg("check.mjs");
    check.env("RIALTO_BINARY", target().join("debug/rialto"));
    step("Prism between Rialto and the sandbox", check)
}

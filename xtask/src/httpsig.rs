//! The crate httpsig beside ours: `tests/httpsig`, a workspace of its own with its own lock file.

use std::env;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::workspace::{cargo, run};

/// Its manifest.
pub(crate) const MANIFEST: &str = "tests/httpsig/Cargo.toml";

/// Lets both sign for each other, and lints what does.
pub(crate) fn interoperate() -> Result<()> {
    run(cargo().args(["fmt", "--check", "--manifest-path", MANIFEST]))?;
    run(its(&["clippy", "--all-targets"])?.args(["--", "-D", "warnings"]))?;
    run(&mut its(&["test"])?)
}

/// The benchmark of both, optimised.
pub(crate) fn bench(arguments: &[String]) -> Result<Command> {
    let mut command = its(&["run", "--quiet", "--release"])?;
    command.arg("--").args(arguments);
    Ok(command)
}

/// A cargo for it, whose files are beside those of the workspace.
fn its(verb: &[&str]) -> Result<Command> {
    let program = env::current_exe().context("cannot find this program's own file")?;
    let target = program
        .ancestors()
        .nth(2)
        .context("this program is in no target folder")?;
    let mut command = cargo();
    command
        .args(verb)
        .args(["--locked", "--manifest-path", MANIFEST, "--target-dir"])
        .arg(target.join("httpsig"));
    Ok(command)
}

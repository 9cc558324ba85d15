//! The npm package, as the other runtimes load it.

use anyhow::Result;

use crate::steps::Outcome;
use crate::workspace::{on_path, program, run};
use crate::{httpsig, module};

const PACKAGE: &str = "wasm/js";

/// Builds the module into the package, and the package. Without npm only the Rust runtimes are left,
/// and whoever needs another says so.
pub(crate) fn build() -> Result<()> {
    module::build()?;
    npm(PACKAGE, "build").map(drop)
}

/// Runs the package's own tests; npm builds it first, by its `pretest`.
pub(crate) fn test() -> Result<Outcome> {
    npm(PACKAGE, "test")
}

/// Lets ours and programs that others wrote sign for each other.
pub(crate) fn interoperate() -> Result<Outcome> {
    httpsig::interoperate()?;
    npm("tests/interop", "test")
}

fn npm(folder: &str, script: &str) -> Result<Outcome> {
    if on_path("npm").is_none() {
        let why = "there is no npm on this machine";
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    let npm = ["--prefix", folder, "--silent", "run", script];
    run(program("npm").args(npm)).map(|()| Outcome::Passed)
}

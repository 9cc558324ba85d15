//! The npm package, as the other runtimes load it.

use anyhow::Result;

use crate::module;
use crate::steps::Outcome;
use crate::workspace::{on_path, program, run};

/// Builds the module into the package, and the package. Without npm only the Rust runtimes are left,
/// and whoever needs another says so.
pub(crate) fn build() -> Result<()> {
    module::build()?;
    npm("run", "build").map(drop)
}

/// Runs the package's own tests; npm builds it first, by its `pretest`.
pub(crate) fn test() -> Result<Outcome> {
    npm("run", "test")
}

fn npm(verb: &str, script: &str) -> Result<Outcome> {
    if on_path("npm").is_none() {
        let why = "there is no npm on this machine";
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    let npm = ["--prefix", "wasm/js", "--silent", verb, script];
    run(program("npm").args(npm)).map(|()| Outcome::Passed)
}

//! `cargo xtask bench`: the two benchmark programs, optimised.

use anyhow::Result;

use crate::package;
use crate::workspace::{cargo, run};

/// Measures signatures, or policy decisions if the first argument is `policy`. The other arguments go
/// to the program.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    match arguments.split_first() {
        Some((first, rest)) if first == "policy" => {
            // One of ours runs in Node, from the package.
            package::build()?;
            let program = ["countersign-bench-policy", "--features", "peers"];
            measure(&program, rest)
        }
        _ => measure(&["countersign-conformance", "--bin", "bench"], arguments),
    }
}

fn measure(program: &[&str], arguments: &[String]) -> Result<()> {
    run(cargo()
        .args(["run", "--release", "--package"])
        .args(program)
        .arg("--")
        .args(arguments))
}

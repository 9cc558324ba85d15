//! `cargo xtask bench`: the benchmark programs, optimised.

use anyhow::Result;

use crate::workspace::{program, root, run, run_optimised};
use crate::{package, setup};

/// Measures signatures on the module and in native code; after the word `sign` in Node besides, after the
/// word `policy` decisions. The other arguments go to the program.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    match arguments.split_first() {
        Some((first, rest)) if first == "policy" => {
            // One of ours runs in Node, from the package.
            package::build()?;
            let program = ["countersign-bench-policy", "--features", "peers"];
            run_optimised(&program, rest)
        }
        Some((first, rest)) if first == "sign" => {
            package::build()?;
            run_optimised(&SIGNATURES, rest)?;
            in_node(rest)
        }
        _ => run_optimised(&SIGNATURES, arguments),
    }
}

const SIGNATURES: [&str; 3] = ["countersign-conformance", "--bin", "bench"];

/// Measures the npm package beside the libraries that people use. What is said here is not of the rows.
fn in_node(arguments: &[String]) -> Result<()> {
    let package = "tests/bench-sign";
    let peers = setup::npm(package)?;
    eprintln!("npm packages of {package}: {peers}");
    if !root().join("wasm/js/dist").exists() {
        eprintln!("skipped: signing in Node: the package isn't built");
        return Ok(());
    }
    // There is no native code here to do without something.
    let arguments = arguments
        .iter()
        .filter(|argument| *argument != "--without-soft");
    run(program("node")
        .arg("tests/bench-sign/bench.mjs")
        .args(arguments))
}

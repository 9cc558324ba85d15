//! `cargo xtask bench`: the benchmark programs, optimised.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::workspace::{optimised, program, root, run, run_optimised};
use crate::{httpsig, package, setup};

/// Measures signatures on the module and in native code; after the word `sign` beside httpsig and in Node
/// besides, after the word `policy` decisions, after `keys` the audit log and snapshots. The other arguments go to the program.
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
            let mut programs = vec![optimised(&SIGNATURES, rest), httpsig::bench(&fewer(rest))?];
            programs.extend(in_node(&fewer(rest))?);
            if rest.iter().any(|argument| argument == "--json") {
                return print_all(programs);
            }
            programs.iter_mut().try_for_each(run)
        }
        Some((first, rest)) if first == "keys" => KEYS.iter().try_for_each(|example| {
            run_optimised(&["countersign-custody", "--example", example], rest)
        }),
        _ => run_optimised(&SIGNATURES, arguments),
    }
}

/// What keys cost: the audit log, and snapshots of a keyring.
const KEYS: [&str; 2] = ["audit", "snapshot"];

const SIGNATURES: [&str; 3] = ["countersign-conformance", "--bin", "bench"];

/// The arguments without the one that only the first program has.
fn fewer(arguments: &[String]) -> Vec<String> {
    let mut arguments = arguments.to_vec();
    arguments.retain(|argument| argument != "--without-soft");
    arguments
}

/// Prints the rows of all programs, each an array of JSON, as one array.
fn print_all(programs: Vec<Command>) -> Result<()> {
    let mut rows: Vec<Value> = Vec::new();
    for mut program in programs {
        let output = program.stderr(Stdio::inherit()).output()?;
        ensure!(
            output.status.success(),
            "a benchmark failed with {}",
            output.status
        );
        rows.extend(serde_json::from_slice::<Vec<Value>>(&output.stdout)?);
    }
    println!("{}", serde_json::to_string_pretty(&rows)?);
    Ok(())
}

/// Measures the npm package beside the libraries that people use. What is said here is not of the rows.
fn in_node(arguments: &[String]) -> Result<Option<Command>> {
    let package = "tests/bench-sign";
    let peers = setup::npm(package)?;
    eprintln!("npm packages of {package}: {peers}");
    if !root().join("wasm/js/dist").exists() {
        eprintln!("skipped: signing in Node: the package isn't built");
        return Ok(None);
    }
    let mut node = program("node");
    node.arg("tests/bench-sign/bench.mjs").args(arguments);
    Ok(Some(node))
}

//! `cargo xtask bench`: the benchmark programs, optimised.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::workspace::{module_target_dir, optimised, program, root, run, run_optimised};
use crate::{httpsig, package, setup};

/// Measures signatures on the module and in native code; after the word `sign` beside httpsig and in Node
/// besides, after the word `policy` decisions, after `keys` what keys cost in custody. The other arguments go to the program.
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
            one_after_another(programs, rest)
        }
        Some((first, rest)) if first == "keys" => keys(rest),
        _ => run_optimised(&SIGNATURES, arguments),
    }
}

/// What keys cost: keyrings, the audit log, snapshots, revocation.
const KEYS: [&str; 3] = ["countersign-custody", "--example", "keys"];

const SIGNATURES: [&str; 3] = ["countersign-conformance", "--bin", "bench"];

/// Measures custody, and how long Node takes to load the snapshot that it made.
fn keys(arguments: &[String]) -> Result<()> {
    let mut only = arguments
        .iter()
        .skip_while(|argument| *argument != "--only");
    if only.nth(1).is_some_and(|part| part != "snapshot") {
        return run_optimised(&KEYS, arguments);
    }
    package::build()?;
    let snapshot = module_target_dir()?.join("bench-keys.snapshot");
    let mut ours = arguments.to_vec();
    ours.extend(["--write".to_owned(), snapshot.display().to_string()]);
    let mut programs = vec![optimised(&KEYS, &ours)];
    if is_package_built("the load of a snapshot in Node") {
        let mut node = program("node");
        node.arg("tests/bench-keys/load.mjs").arg(snapshot);
        node.args(arguments.iter().filter(|argument| *argument == "--json"));
        programs.push(node);
    }
    one_after_another(programs, arguments)
}

fn is_package_built(what: &str) -> bool {
    let built = root().join("wasm/js/dist").exists();
    if !built {
        eprintln!("skipped: {what}: the package isn't built");
    }
    built
}

/// Runs the programs: each prints its table, or all of them one array of rows.
fn one_after_another(mut programs: Vec<Command>, arguments: &[String]) -> Result<()> {
    if arguments.iter().any(|argument| argument == "--json") {
        return print_all(programs);
    }
    programs.iter_mut().try_for_each(run)
}

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
    if !is_package_built("signing in Node") {
        return Ok(None);
    }
    let mut node = program("node");
    node.arg("tests/bench-sign/bench.mjs").args(arguments);
    Ok(Some(node))
}

//! Runs the vectors through every runtime, or what others published through one.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use countersign_conformance::{Runtime, cedar, compare, signing, vectors};

/// Runs one set of vectors through every runtime and compares the answers byte for byte.
#[derive(Parser)]
struct Arguments {
    /// `native`, `wasmtime`, `node`, `workerd`, `chromium` or `all`.
    #[arg(long, default_value = "all")]
    runtime: String,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Runs Cedar's conformance data, from any folder in their format.
    Cedar {
        /// The folder; those below it and `.tar.xz` archives count as well.
        path: PathBuf,
        /// `native`.
        #[arg(long, default_value = "native")]
        runtime: String,
    },
    /// Runs signing vectors that others published, from any folder in their format.
    Signing {
        /// The folder; those below it count as well.
        path: PathBuf,
        /// `native`, `wasmtime`, `node`, `workerd` or `chromium`.
        #[arg(long, default_value = "native")]
        runtime: String,
    },
}

fn main() -> ExitCode {
    match perform(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(arguments: Arguments) -> Result<bool> {
    match arguments.verb {
        Some(Verb::Cedar { path, runtime }) => {
            let tally = cedar::run(&path, named(&runtime)?)?;
            println!("{tally}");
            Ok(tally.is_good())
        }
        Some(Verb::Signing { path, runtime }) => {
            let tally = signing::run(&path, named(&runtime)?)?;
            println!("{tally}");
            Ok(tally.is_good())
        }
        None if arguments.runtime == "all" => vectors(&Runtime::ALL),
        None => vectors(&[named(&arguments.runtime)?]),
    }
}

fn named(runtime: &str) -> Result<Runtime> {
    Runtime::parse(runtime).with_context(|| format!("there is no runtime `{runtime}`"))
}

fn vectors(runtimes: &[Runtime]) -> Result<bool> {
    let cases = vectors::all()?;
    println!("{} cases", cases.len());
    let report = compare::compare(&cases, runtimes)?;
    print!("{}", report.text);
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    if in_ci && report.skipped > 0 {
        println!("in CI no runtime may be skipped");
    }
    Ok(report.differences == 0 && !(in_ci && report.skipped > 0))
}

//! Runs the vectors through every runtime, or what others published through one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use countersign_conformance::{Runtime, cedar, compare, signing, vectors};
use countersign_wasm_build::Variant;

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
    /// Runs signing vectors that others published, from any folder in their format, through every runtime.
    Signing {
        /// The folder; those below it count as well.
        path: PathBuf,
        /// `native`, `wasmtime`, `node`, `workerd`, `chromium` or `all`.
        #[arg(long, default_value = "all")]
        runtime: String,
        /// `countersign-complete`, or a module that has fewer verbs: what it hasn't is skipped.
        #[arg(long, default_value = "countersign-complete")]
        module: String,
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
        Some(Verb::Signing {
            path,
            runtime,
            module,
        }) => signing(&path, &chosen(&runtime)?, &module),
        None => vectors(&chosen(&arguments.runtime)?),
    }
}

fn chosen(runtime: &str) -> Result<Vec<Runtime>> {
    match runtime {
        "all" => Ok(Runtime::ALL.to_vec()),
        name => Ok(vec![named(name)?]),
    }
}

fn signing(path: &Path, runtimes: &[Runtime], module: &str) -> Result<bool> {
    let module = Variant::ALL.into_iter().find(|one| one.name() == module);
    let module = module.context("there is no such module")?;
    let (mut is_good, mut skipped) = (true, 0);
    for runtime in runtimes {
        match signing::run(path, *runtime, module)? {
            signing::Report::Counted(tally) => {
                println!("{tally}\n");
                is_good &= tally.is_good();
            }
            signing::Report::Skipped(why) => {
                println!("{runtime}\nskipped: {why}\n");
                skipped += 1;
            }
        }
    }
    Ok(is_good && may_be_skipped(skipped))
}

fn named(runtime: &str) -> Result<Runtime> {
    Runtime::parse(runtime).with_context(|| format!("there is no runtime `{runtime}`"))
}

fn vectors(runtimes: &[Runtime]) -> Result<bool> {
    let cases = vectors::all()?;
    println!("{} cases", cases.len());
    let report = compare::compare(&cases, runtimes)?;
    print!("{}", report.text);
    Ok(report.differences == 0 && may_be_skipped(report.skipped))
}

/// Whether so many runtimes may be skipped here.
fn may_be_skipped(skipped: usize) -> bool {
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    if in_ci && skipped > 0 {
        println!("in CI no runtime may be skipped");
    }
    !(in_ci && skipped > 0)
}

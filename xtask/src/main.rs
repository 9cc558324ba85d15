//! The project's own tools: `cargo xtask VERB`. Every step of CI is one of these verbs.

mod bench;
mod dependencies;
mod httpsig;
mod module;
mod msrv;
mod package;
mod setup;
mod size;
mod steps;
mod test;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::workspace::{cargo, run, run_optimised};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own tools")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Measure signatures, after the word `sign` in Node too, after `policy` decisions, after `keys` the audit log and snapshots; the arguments go to the program
    #[command(disable_help_flag = true)]
    Bench(Passed),
    /// Build the module and its JavaScript glue into wasm/js/generated
    Build {
        /// Build it twice, in two folders, and fail unless the bytes are the same
        #[arg(long)]
        check: bool,
    },
    /// What CI runs: `test`, where a skipped step fails
    Ci,
    /// Run the vectors through every runtime; the arguments go to the runner
    #[command(disable_help_flag = true)]
    Conformance(Passed),
    /// Look for a secret in how long a verification takes; the arguments go to the program
    #[command(disable_help_flag = true)]
    ConstantTime(Passed),
    /// Set up, then show the whole on this machine; the arguments go to `countersign demo`
    #[command(disable_help_flag = true)]
    Demo(Passed),
    /// Compare core with Cedar on made-up policies; the arguments go to the program
    #[command(disable_help_flag = true)]
    Differential(Passed),
    /// Format every Rust file
    Fmt,
    /// Prepare this machine: compiler for the module, npm packages, browser
    Setup,
    /// Weigh the module against its budget
    Size {
        /// Print rows of JSON
        #[arg(long)]
        json: bool,
    },
    /// Check everything: format, lints, licences, versions, tests, size, every runtime
    Test,
}

#[derive(clap::Args)]
struct Passed {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

fn main() -> ExitCode {
    match perform(Arguments::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(verb: Verb) -> Result<()> {
    match verb {
        Verb::Bench(Passed { arguments }) => bench::bench(&arguments),
        Verb::Build { check: false } => module::build(),
        Verb::Build { check: true } => module::check(),
        Verb::Ci => test::test(true),
        Verb::Conformance(Passed { arguments }) => {
            package::build()?;
            conformance(&arguments)
        }
        Verb::Demo(Passed { arguments }) => {
            setup::setup()?;
            package::build()?;
            let demo = ["run", "--quiet", "--bin", "countersign", "--", "demo"];
            run(cargo()
                .args(demo)
                .args(["--runtimes", "tests/runtimes"])
                .args(arguments))
        }
        Verb::ConstantTime(Passed { arguments }) => {
            run_optimised(&["countersign-constant-time"], &arguments)
        }
        Verb::Differential(Passed { arguments }) => {
            run_optimised(&["countersign-differential"], &arguments)
        }
        Verb::Fmt => run(cargo().args(["fmt", "--all"])),
        Verb::Setup => setup::setup(),
        Verb::Size { json } => size::size(json),
        Verb::Test => test::test(std::env::var("CI").as_deref() == Ok("true")),
    }
}

/// Runs the vectors through every runtime that this machine has.
///
/// By the program's name alone, here and for the demo: with `--package`, features would be chosen for that package only, and
/// Cedar and wasmtime compiled a second time.
fn conformance(arguments: &[String]) -> Result<()> {
    let program = ["run", "--quiet", "--bin", "conformance", "--"];
    run(cargo().args(program).args(arguments))
}

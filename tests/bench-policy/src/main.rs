//! Measures a policy decision beside those of Cedar, of Rego, and of a hand-written check, side by
//! side in one run. `docs/benchmarks.md` says what the rows mean.

mod case;
mod cedar;
mod compare;
mod contender;
mod floor;
mod goal;
mod measure;
mod node;
mod oopsla;
mod ours;
#[cfg(feature = "peers")]
mod rego;
mod table;
mod wasmtime;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::case::{Case, Shape};
use crate::compare::Comparison;
use crate::table::Report;

/// Measures policy decisions.
#[derive(Parser)]
struct Arguments {
    /// Prints the rows as JSON.
    #[arg(long)]
    json: bool,
    /// How many batches every contender does; the median counts.
    #[arg(long, default_value_t = 101)]
    rounds: usize,
    /// Measures only the cases whose names begin so.
    #[arg(long, default_value = "")]
    only: String,
    /// Writes each case, compiled, into a folder, for the program `native`.
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let mut report = Report::new(arguments.json);
    let mut comparison = Comparison::new(arguments.rounds, arguments.write.clone(), &mut report)?;
    for shape in [Shape::Selective, Shape::Dense] {
        for &size in shape.sizes() {
            let case = Case::new(shape, size);
            if case.name().starts_with(&arguments.only) {
                comparison.case(&case, &mut report)?;
            }
        }
    }
    match oopsla::folder() {
        Some(folder) => {
            for application in oopsla::APPLICATIONS {
                for size in oopsla::SIZES {
                    if format!("oopsla/{application}/{size}").starts_with(&arguments.only) {
                        oopsla::measure(
                            &folder,
                            (application, size),
                            arguments.write.as_deref(),
                            &mut report,
                        )?;
                    }
                }
            }
        }
        None => report.skip(
            "oopsla",
            "shared/vectors/cedar-oopsla is not beside the project",
        ),
    }
    report.end()
}

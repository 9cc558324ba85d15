//! Measures the module against native code, and native code against the hashing that it can't do
//! without, side by side in one run. `docs/benchmarks.md` says what the rows mean.

mod host;
mod measure;
mod soft;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use countersign_bench::{Floor, Native, Task};
use countersign_policies::{compile, packs};

use crate::host::Host;
use crate::measure::{Row, measure};
use crate::soft::Soft;

/// Measures verification, decisions and start-up.
#[derive(Parser)]
struct Arguments {
    /// Prints the rows as JSON.
    #[arg(long)]
    json: bool,
    /// How many batches of each task every contender does; the median counts.
    #[arg(long, default_value_t = 201)]
    rounds: usize,
    /// Leaves out native code without the processor's SHA instructions, which is compiled first.
    #[arg(long)]
    without_soft: bool,
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
    let bundle = compile(&packs::trading_api())?.into_bytes();
    let mut native = Native::new(&bundle)?;
    let mut floor = Floor::new()?;
    let mut host = Host::new(&bundle)?;
    let mut soft = if arguments.without_soft {
        None
    } else {
        Some(Soft::start(&bundle)?)
    };
    let mut rows: Vec<Row> = Vec::new();
    for task in Task::ALL {
        rows.extend(match task {
            Task::Instantiate | Task::Load => {
                measure(task, arguments.rounds, &mut [("wasmtime", &mut host)], &[])?
            }
            Task::Spend | Task::Decide => {
                let contenders: &mut [(&str, &mut dyn countersign_bench::Contender)] =
                    &mut [("native", &mut native), ("wasmtime", &mut host)];
                measure(
                    task,
                    arguments.rounds,
                    contenders,
                    &[("wasmtime", "native")],
                )?
            }
            _ => match &mut soft {
                Some(soft) => measure(
                    task,
                    arguments.rounds,
                    &mut [
                        ("floor", &mut floor),
                        ("native", &mut native),
                        ("wasmtime", &mut host),
                        ("native-soft", soft),
                    ],
                    &[
                        ("native", "floor"),
                        ("wasmtime", "native"),
                        ("wasmtime", "native-soft"),
                    ],
                )?,
                None => measure(
                    task,
                    arguments.rounds,
                    &mut [
                        ("floor", &mut floor),
                        ("native", &mut native),
                        ("wasmtime", &mut host),
                    ],
                    &[("native", "floor"), ("wasmtime", "native")],
                )?,
            },
        });
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        table::print(&rows, host.sha256());
    }
    Ok(())
}

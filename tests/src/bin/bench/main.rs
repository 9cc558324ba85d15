//! Measures the module against native code, and native code against the hashing that it can't do
//! without, side by side in one run. `docs/benchmarks.md` says what the rows mean.

mod host;
mod measure;
mod soft;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use countersign_bench::{Contender, Floor, Native, Task};
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
    let host = Host::new(&bundle)?;
    let module = host.sha256().to_owned();
    let mut contenders: Vec<(&'static str, Box<dyn Contender>)> = vec![
        ("floor", Box::new(Floor::new()?)),
        ("native", Box::new(Native::new(&bundle)?)),
        ("wasmtime", Box::new(host)),
    ];
    if !arguments.without_soft {
        contenders.push(("native-soft", Box::new(Soft::start(&bundle)?)));
    }
    let mut rows: Vec<Row> = Vec::new();
    for task in Task::ALL {
        rows.extend(measure(
            task,
            arguments.rounds,
            &mut contenders,
            pairs(task),
        )?);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        table::print(&rows, &module);
    }
    Ok(())
}

/// Who is compared with whom; only they take turns. Without a second name the time counts by itself.
fn pairs(task: Task) -> &'static [(&'static str, Option<&'static str>)] {
    match task {
        Task::VerifyGet | Task::VerifySmall | Task::VerifyLarge => &[
            ("native", Some("floor")),
            ("wasmtime", Some("native")),
            ("wasmtime", Some("native-soft")),
        ],
        // Beside wasmtime the platform hashes by the instructions that `native-soft` does without.
        Task::VerifyHashed => &[("native", Some("floor")), ("wasmtime", Some("native"))],
        Task::Spend | Task::Decide => &[("native", None), ("wasmtime", Some("native"))],
        Task::Instantiate | Task::Load => &[("wasmtime", None)],
    }
}

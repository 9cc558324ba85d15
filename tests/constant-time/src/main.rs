//! Looks for a secret in how long a verification takes, as dudect does (Reparaz, Balasch and
//! Verbauwhede, "Dude, is my code constant time?", 2017).
//!
//! Each subject is run on inputs of two classes, drawn at random. If the mean times of the classes
//! differ, by Welch's t-test, the time tells which class an input was of. A comparison that stops at
//! the first difference is measured too: where that one isn't caught, the test proves nothing.

mod control;
mod measure;
mod on_wasmtime;
mod samples;
mod verification;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::measure::{LEAK, Subject, measure};
use crate::samples::{Pair, Samples};

/// Looks for a secret in how long a verification takes.
#[derive(Parser)]
struct Arguments {
    /// How often each subject is measured.
    #[arg(long, default_value_t = 1_000_000)]
    measurements: u32,
    /// Look at an edge's ring too, which `docs/constant-time.md` says is told apart by some nanoseconds.
    #[arg(long)]
    edge: bool,
    /// The seed of the order of the classes and of all that is drawn; printed.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether no subject leaks and the control does.
fn run(arguments: &Arguments) -> Result<bool> {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}, {} measurements each", arguments.measurements);
    println!(
        "{:<44} {:<9} {:>9} {:>8}",
        "the two classes", "runtime", "mean ns", "|t|"
    );
    let mut good = true;
    for mut subject in subjects(arguments.edge)? {
        let mut random = fastrand::Rng::with_seed(seed);
        let found = measure(subject.as_mut(), arguments.measurements, &mut random)?;
        let leaks = found.t >= LEAK;
        let as_it_should = leaks == subject.must_leak();
        good &= as_it_should;
        println!(
            "{:<44} {:<9} {:>9.0} {:>8.2}  {}",
            subject.classes(),
            subject.runtime(),
            found.mean,
            found.t,
            match (leaks, as_it_should) {
                (false, true) => "not told apart",
                (true, true) => "told apart, as the control must be",
                (true, false) => "TOLD APART",
                (false, false) => "NOT TOLD APART, though it leaks: the test is blind",
            }
        );
    }
    Ok(good)
}

fn subjects(edge: bool) -> Result<Vec<Box<dyn Subject>>> {
    let mut subjects: Vec<Box<dyn Subject>> = vec![Box::new(control::EarlyExit::new())];
    for pair in [Pair::WrongByte, Pair::UnknownKey] {
        subjects.push(Box::new(verification::Native::new(Samples::new(pair)?)?));
        subjects.push(Box::new(on_wasmtime::OnWasmtime::new(Samples::new(pair)?)?));
    }
    // The library's module takes no snapshots.
    if edge {
        let samples = Samples::new(Pair::UnknownAtEdge)?;
        subjects.push(Box::new(verification::Native::new(samples)?));
    }
    Ok(subjects)
}

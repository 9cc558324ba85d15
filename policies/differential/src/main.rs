//! A run of the differential test from the command line.

use core::time::Duration;
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::Parser;
use countersign_differential::{Outcome, Until, replay, run};

/// Compares core's answers with Cedar's on made-up policies and requests.
#[derive(Parser)]
struct Arguments {
    /// How long to go on, in minutes.
    #[arg(long, default_value_t = 1)]
    minutes: u64,
    /// Go on until there are this many cases, instead.
    #[arg(long, conflicts_with = "minutes")]
    cases: Option<u64>,
    /// What the run is made from; by default the clock.
    #[arg(long)]
    seed: Option<u64>,
    /// Compare the one world of this seed, as a divergence names it.
    #[arg(long, conflicts_with_all = ["minutes", "cases", "seed"])]
    world: Option<u64>,
}

fn main() -> ExitCode {
    match perform(&Arguments::parse()) {
        Ok(outcome) if outcome.divergences.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(arguments: &Arguments) -> Result<Outcome> {
    let start = Instant::now();
    let outcome = if let Some(world) = arguments.world {
        let mut outcome = Outcome::default();
        replay(world, &mut outcome)?;
        show(&outcome, 0);
        outcome
    } else {
        let seed = arguments.seed.unwrap_or_else(clock);
        println!("seed {seed}");
        let until = match arguments.cases {
            Some(cases) => Until::Cases(cases),
            None => Until::Time(Duration::from_secs(60 * arguments.minutes)),
        };
        let (mut shown, mut told) = (0, Instant::now());
        run(seed, until, |outcome| {
            shown = show(outcome, shown);
            if told.elapsed() > Duration::from_mins(1) {
                told = Instant::now();
                println!("{:>6} s  {}", start.elapsed().as_secs(), outcome.tally);
            }
        })?
    };
    println!("{}", outcome.tally);
    println!(
        "{} divergences, {:.1} s",
        outcome.divergences.len(),
        start.elapsed().as_secs_f64()
    );
    Ok(outcome)
}

/// Prints the divergences that weren't shown yet; how many are.
fn show(outcome: &Outcome, shown: usize) -> usize {
    for divergence in outcome.divergences.iter().skip(shown) {
        println!("{divergence}");
    }
    outcome.divergences.len()
}

fn clock() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since.as_secs()
}

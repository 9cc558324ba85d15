//! A hundred thousand cases, and none on which core and Cedar part.

use std::thread;

use anyhow::{Result, anyhow, ensure};
use countersign_differential::{Outcome, Tally, Until, run};

const CASES: u64 = 100_000;
/// Each worker has a seed of its own, always the same.
const SEEDS: [u64; 2] = [1, 2];

#[test]
fn core_answers_as_cedar() -> Result<()> {
    let workers = SEEDS.map(|seed| {
        let cases = Until::Cases(CASES / SEEDS.len() as u64);
        thread::spawn(move || run(seed, cases, |_| ()))
    });
    let mut tally = Tally::default();
    let mut divergences = Vec::new();
    for worker in workers {
        let outcome: Outcome = worker.join().map_err(|_| anyhow!("a worker panicked"))??;
        tally += outcome.tally;
        divergences.extend(outcome.divergences);
    }
    println!("{tally}");
    for divergence in &divergences {
        println!("{divergence}");
    }
    ensure!(divergences.is_empty(), "core and Cedar part, see above");
    ensure!(tally.cases() >= CASES, "too few cases");
    ensure!(tally.rarest() >= 100, "a kind of answer is missing");
    Ok(())
}

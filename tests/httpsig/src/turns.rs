//! Times works that take turns: a batch each, and each round begins with another of them.

use core::time::Duration;
use std::time::Instant;

use anyhow::{Result, ensure};

/// A name, and what is done; false when it failed, which ends the run.
pub(crate) type Work<'a> = (&'static str, &'a mut dyn FnMut() -> bool);

/// How long a batch takes: short, so that few are interrupted.
const BATCH: Duration = Duration::from_micros(250);
/// Nothing is timed before a work has been done for so long.
const WARM_UP: Duration = Duration::from_millis(50);

/// The median of all batches, in nanoseconds for one time.
pub(crate) fn medians<const COUNT: usize>(
    works: [Work<'_>; COUNT],
    rounds: usize,
) -> Result<Vec<(&'static str, f64)>> {
    let mut turns = Vec::with_capacity(COUNT);
    for (name, work) in works {
        let (start, mut done) = (Instant::now(), 0_u32);
        while start.elapsed() < WARM_UP {
            ensure!(work(), "{name} failed");
            done += 1;
        }
        let one = start.elapsed() / done;
        let times = u32::try_from(BATCH.as_nanos() / one.as_nanos().max(1))?.max(1);
        turns.push((name, work, times, Vec::with_capacity(rounds)));
    }
    for _ in 0..rounds {
        for (name, work, times, batches) in &mut turns {
            let start = Instant::now();
            let mut good = true;
            for _ in 0..*times {
                good &= work();
            }
            let took = start.elapsed();
            ensure!(good, "{name} failed");
            batches.push(took.as_secs_f64() * 1e9 / f64::from(*times));
        }
        turns.rotate_left(1);
    }
    Ok(turns
        .into_iter()
        .map(|(name, _, _, batches)| (name, median(batches)))
        .collect())
}

fn median(mut batches: Vec<f64>) -> f64 {
    batches.sort_unstable_by(f64::total_cmp);
    batches.get(batches.len() / 2).copied().unwrap_or(f64::NAN)
}

//! A run over many worlds.

use core::time::Duration;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::compare::{Divergence, compare};
use crate::countersign::compile;
use crate::generate::world;
use crate::shrink::shrink;
use crate::tally::Tally;

/// A divergence ends a run only when there are this many.
const ENOUGH: usize = 20;

/// When a run is over.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After that many cases.
    Cases(u64),
    /// After that time.
    Time(Duration),
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was seen.
    pub tally: Tally,
    /// The divergences, minimised.
    pub divergences: Vec<Divergence>,
}

/// Makes up worlds from `seed` and compares, until it is over. `watch` sees each world's outcome.
///
/// # Errors
/// A world that Cedar or the compiler doesn't take, by its seed: the generator or the compiler is at
/// fault.
pub fn run(seed: u64, until: Until, mut watch: impl FnMut(&Outcome)) -> Result<Outcome> {
    let start = Instant::now();
    let mut outcome = Outcome::default();
    for number in 0.. {
        let over = match until {
            Until::Cases(cases) => outcome.tally.cases() >= cases,
            Until::Time(time) => start.elapsed() >= time,
        };
        if over || outcome.divergences.len() >= ENOUGH {
            break;
        }
        replay(seed_of(seed, number), &mut outcome)?;
        watch(&outcome);
    }
    Ok(outcome)
}

/// Compares the world of that seed again.
///
/// # Errors
/// Those of [`run`].
pub fn replay(seed: u64, outcome: &mut Outcome) -> Result<()> {
    let found =
        compare(&world(seed), &mut outcome.tally).with_context(|| format!("world {seed}"))?;
    outcome.divergences.extend(found.map(shrink));
    Ok(())
}

/// The bundle of the world of that seed.
///
/// # Errors
/// A world that the compiler doesn't take.
pub fn bundle(seed: u64) -> Result<Vec<u8>> {
    compile(&world(seed))
}

/// The seed of a run's world, by `SplitMix64`.
fn seed_of(run: u64, number: u64) -> u64 {
    let mut mixed = run.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

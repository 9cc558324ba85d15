//! The clock: contenders take turns, and the median of many batches counts.

use core::time::Duration;

use anyhow::Result;
use countersign_bench_policy::quantile;

use crate::contender::Contender;

/// A batch takes about so long: enough that the look at the clock doesn't count, and that what the
/// others left in the caches doesn't either.
const BATCH: Duration = Duration::from_micros(500);

/// Nanoseconds of one decision by each contender: its median over `rounds` batches.
pub(crate) fn measure(contenders: &mut [Box<dyn Contender>], rounds: usize) -> Result<Vec<f64>> {
    let mut turns = Vec::with_capacity(contenders.len());
    for contender in contenders.iter_mut() {
        let times = calibrate(contender.as_mut())?;
        turns.push((times, Vec::with_capacity(rounds)));
    }
    for round in 0..rounds {
        // Nobody always comes after the same one.
        let count = contenders.len();
        for turn in 0..count {
            let at = (turn + round) % count;
            if let (Some(contender), Some((times, taken))) =
                (contenders.get_mut(at), turns.get_mut(at))
            {
                let took = contender.time(*times)?;
                taken.push(took.as_secs_f64() * 1e9 / f64::from(*times));
            }
        }
    }
    Ok(turns
        .into_iter()
        .map(|(_, mut taken)| quantile(&mut taken, 0.5))
        .collect())
}

/// How many decisions fill a batch; this warms the caches too.
fn calibrate(contender: &mut dyn Contender) -> Result<u32> {
    let mut times = 1;
    loop {
        let took = contender.time(times)?;
        if took >= BATCH || times >= 1 << 20 {
            return Ok(times);
        }
        times *= 2;
    }
}

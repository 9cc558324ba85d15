//! Times ours alone on cases that `bench-policy --write FOLDER` prepared: `native FOLDER [PREFIX]`. It is
//! built in seconds, for whoever changes the evaluator, and good under a profiler.

use core::time::Duration;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use countersign_bench_policy::{Native, Prepared, quantile};

/// A batch takes about so long: short enough that most of them are never interrupted.
const BATCH: Duration = Duration::from_micros(20);
/// How long a case is timed.
const TIME: Duration = Duration::from_millis(500);

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("usage: native FOLDER [PREFIX]")?;
    let prefix = arguments.next().unwrap_or_default();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    println!(
        "{:<24} {:>9} {:>9} {:>9}  {:>12}",
        "case", "least ns", "p50 ns", "p99 ns", "strings p50"
    );
    for file in files {
        let prepared = Prepared::read(&file)?;
        if prepared.case.starts_with(&prefix) {
            time(&prepared)?;
        }
    }
    Ok(())
}

/// A request's time is its median, by both ways of asking.
fn time(prepared: &Prepared) -> Result<()> {
    let mut native = Native::new(&prepared.bundle, &prepared.entities)?;
    let mut rows = Vec::new();
    for requested in &prepared.requests {
        let query = native.prebuild(requested)?;
        let one = native.time(&query, 10) / 10;
        let times = BATCH.as_nanos() / one.as_nanos().max(1);
        let times = u32::try_from(times).unwrap_or(u32::MAX).max(1);
        rows.push((requested, query, times, Vec::new(), Vec::new()));
    }
    let start = Instant::now();
    while start.elapsed() < TIME {
        for (requested, query, times, evaluated, linked) in &mut rows {
            let of_one = |took: Duration| took.as_secs_f64() * 1e9 / f64::from(*times);
            evaluated.push(of_one(native.time(query, *times)));
            linked.push(of_one(native.time_strings(requested, *times)?));
        }
    }
    let mut of_requests = |at| -> (Vec<f64>, Vec<f64>) {
        rows.iter_mut()
            .map(|(_, _, _, evaluated, linked)| (quantile(evaluated, at), quantile(linked, at)))
            .unzip()
    };
    let (mut least, _) = of_requests(0.0);
    let (mut evaluated, mut linked) = of_requests(0.5);
    println!(
        "{:<24} {:>9.1} {:>9.1} {:>9.1}  {:>12.1}",
        prepared.case,
        quantile(&mut least, 0.5),
        quantile(&mut evaluated, 0.5),
        quantile(&mut evaluated, 0.99),
        quantile(&mut linked, 0.5),
    );
    Ok(())
}

//! The clock: contenders take turns, and the median of many batches counts.

use anyhow::{Context as _, Result};
use countersign_bench::{Contender, Task};
use serde::Serialize;

/// One figure beside what it is compared with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    /// `verify`, `spend`, `decide` or `start`.
    pub(crate) bench: &'static str,
    /// The task.
    pub(crate) case: &'static str,
    /// Who does it.
    pub(crate) runtime: &'static str,
    /// Nanoseconds for one time: the median of all batches.
    pub(crate) ours_ns: f64,
    /// Whom it is compared with; empty where there is only a limit.
    pub(crate) baseline: &'static str,
    /// The nanoseconds of that one, from the same turns.
    pub(crate) baseline_ns: Option<f64>,
    /// `baseline_ns / ours_ns`: above 1 ours is faster.
    pub(crate) speedup: Option<f64>,
    /// What is aimed at.
    pub(crate) goal: Option<&'static str>,
    /// Whether it is reached.
    pub(crate) reached: Option<bool>,
}

/// Times a task for those who are to be compared.
pub(crate) fn measure(
    task: Task,
    rounds: usize,
    contenders: &mut [(&'static str, Box<dyn Contender>)],
    pairs: &[(&'static str, Option<&'static str>)],
) -> Result<Vec<Row>> {
    let takes_part = |name: &str| {
        pairs
            .iter()
            .any(|(ours, baseline)| *ours == name || *baseline == Some(name))
    };
    let mut turns: Vec<(&'static str, &mut Box<dyn Contender>, Vec<f64>)> = contenders
        .iter_mut()
        .filter(|(name, _)| takes_part(name))
        .map(|(name, contender)| (*name, contender, Vec::with_capacity(rounds)))
        .collect();
    // What runs first finds cold caches and an idle clock.
    for _ in 0..rounds.div_ceil(20) {
        for (name, contender, _) in &mut turns {
            let named = || format!("{name}, {}", task.as_str());
            contender.time(task, task.batch()).with_context(named)?;
        }
    }
    for _ in 0..rounds {
        for (_, contender, times) in &mut turns {
            let took = contender.time(task, task.batch())?;
            times.push(took.as_secs_f64() * 1e9 / f64::from(task.batch()));
        }
        // Nobody always comes after the same one.
        turns.rotate_left(1);
    }
    let medians: Vec<(&'static str, f64)> = turns
        .iter_mut()
        .map(|(name, _, times)| (*name, median(times)))
        .collect();
    let of = |name: &str| {
        medians
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, time)| *time)
    };
    Ok(pairs
        .iter()
        .filter_map(|(ours, baseline)| match baseline {
            Some(baseline) => Some(row(task, ours, of(ours)?, baseline, Some(of(baseline)?))),
            None => Some(row(task, ours, of(ours)?, "", None)),
        })
        .collect())
}

fn row(
    task: Task,
    runtime: &'static str,
    ours: f64,
    baseline: &'static str,
    baseline_time: Option<f64>,
) -> Row {
    let slowdown = baseline_time.map(|time| ours / time);
    let goal = goal(task, runtime, baseline);
    Row {
        bench: match task {
            Task::Spend => "spend",
            Task::Decide => "decide",
            Task::Instantiate | Task::Load => "start",
            _ => "verify",
        },
        case: task.as_str(),
        runtime,
        ours_ns: ours,
        baseline,
        baseline_ns: baseline_time,
        speedup: slowdown.map(f64::recip),
        goal: goal.map(|(text, _)| text),
        reached: goal.map(|(_, most)| slowdown.unwrap_or(ours) <= most),
    }
}

/// What is aimed at: at most so many times the baseline, or so many nanoseconds.
fn goal(task: Task, runtime: &str, baseline: &str) -> Option<(&'static str, f64)> {
    match (task, runtime, baseline) {
        (Task::VerifyGet, "native", "floor") => Some(("<= 2x floor", 2.0)),
        (Task::VerifyGet, "wasmtime", "native") => Some(("<= 4x native", 4.0)),
        (Task::VerifyGet, "wasmtime", "native-soft") => Some(("<= 1.5x native-soft", 1.5)),
        (Task::VerifyHashed, "wasmtime", "native") => Some(("<= 1.3x native", 1.3)),
        (Task::Instantiate, ..) => Some(("< 10 us", 10e3)),
        (Task::Load, ..) => Some(("< 1 ms", 1e6)),
        _ => None,
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

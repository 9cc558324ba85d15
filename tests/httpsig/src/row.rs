//! The rows, with the columns of every benchmark of the project.

use serde::Serialize;

/// Ours beside one other.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    bench: &'static str,
    case: String,
    runtime: &'static str,
    ours_ns: f64,
    baseline: &'static str,
    baseline_ns: f64,
    speedup: f64,
    goal: Option<&'static str>,
    reached: Option<bool>,
}

impl Row {
    /// A row for each but ours; `counts` where there are goals.
    pub(crate) fn all(case: &str, medians: &[(&'static str, f64)], counts: bool) -> Vec<Row> {
        let of = |wanted: &str| {
            medians
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, time)| *time)
        };
        let Some(ours_ns) = of("native") else {
            return Vec::new();
        };
        ["httpsig", "floor"]
            .into_iter()
            .filter_map(|baseline| {
                let baseline_ns = of(baseline)?;
                let speedup = baseline_ns / ours_ns;
                let (goal, least) = match baseline {
                    "floor" => ("<= 2x floor", 0.5),
                    _ => (">= 4x", 4.0),
                };
                Some(Row {
                    bench: "rfc9421",
                    case: case.to_owned(),
                    runtime: "native",
                    ours_ns,
                    baseline,
                    baseline_ns,
                    speedup,
                    goal: counts.then_some(goal),
                    reached: counts.then_some(speedup >= least),
                })
            })
            .collect()
    }
}

/// Prints the rows as a table.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "{:<8} {:<12} {:<8} {:>9}  {:<9} {:>11} {:>8}  goal",
        "bench", "case", "runtime", "ours ns", "baseline", "baseline ns", "speedup"
    );
    for row in rows {
        let goal = match (row.goal, row.reached) {
            (Some(goal), Some(true)) => format!("{goal}: reached"),
            (Some(goal), _) => format!("{goal}: missed"),
            (None, _) => String::new(),
        };
        println!(
            "{:<8} {:<12} {:<8} {:>9.0}  {:<9} {:>11.0} {:>8.2}  {goal}",
            row.bench,
            row.case,
            row.runtime,
            row.ours_ns,
            row.baseline,
            row.baseline_ns,
            row.speedup
        );
    }
}

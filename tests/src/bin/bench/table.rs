//! The rows as a table, under the machine that they were measured on.

use crate::measure::Row;

pub(crate) fn print(rows: &[Row], module: &str) {
    println!(
        "processor: {}",
        processor().unwrap_or_else(|| "unknown".to_owned())
    );
    println!(
        "SHA instructions: {}",
        if has_sha_instructions() { "yes" } else { "no" }
    );
    println!("module: {module}\n");
    println!(
        "{:<8} {:<24} {:<10} {:>12}  {:<12} {:>12} {:>8}  goal",
        "bench", "case", "runtime", "ours ns", "baseline", "baseline ns", "speedup"
    );
    for row in rows {
        let or_dash = |number: Option<f64>, digits: usize| {
            number.map_or_else(|| "-".to_owned(), |number| format!("{number:.digits$}"))
        };
        let goal = match (row.goal, row.reached) {
            (Some(goal), Some(true)) => format!("{goal}: reached"),
            (Some(goal), _) => format!("{goal}: missed"),
            (None, _) => String::new(),
        };
        println!(
            "{:<8} {:<24} {:<10} {:>12.0}  {:<12} {:>12} {:>8}  {goal}",
            row.bench,
            row.case,
            row.runtime,
            row.ours_ns,
            if row.baseline.is_empty() {
                "-"
            } else {
                row.baseline
            },
            or_dash(row.baseline_ns, 0),
            or_dash(row.speedup, 2),
        );
    }
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, model) = text
        .lines()
        .find(|line| line.starts_with("model name"))?
        .split_once(": ")?;
    Some(model.to_owned())
}

#[cfg(target_arch = "x86_64")]
fn has_sha_instructions() -> bool {
    std::arch::is_x86_feature_detected!("sha")
}

#[cfg(target_arch = "aarch64")]
fn has_sha_instructions() -> bool {
    std::arch::is_aarch64_feature_detected!("sha2")
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn has_sha_instructions() -> bool {
    false
}

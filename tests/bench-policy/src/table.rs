//! The rows, for a person and for a program.

use core::fmt;

use anyhow::Result;
use serde::Serialize;

use crate::goal::Goal;

/// One figure beside what it is compared with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    /// `policy`.
    pub(crate) bench: &'static str,
    /// The case.
    pub(crate) case: String,
    /// Which of ours decided.
    pub(crate) runtime: &'static str,
    /// Nanoseconds for one decision.
    pub(crate) ours_ns: f64,
    /// Whom it is compared with.
    pub(crate) baseline: String,
    /// The nanoseconds of that one, from the same run.
    pub(crate) baseline_ns: f64,
    /// `baseline_ns / ours_ns`: above 1 ours is faster.
    pub(crate) speedup: f64,
    /// What is aimed at.
    pub(crate) goal: Option<String>,
    /// Whether it is reached.
    pub(crate) reached: Option<bool>,
}

impl Row {
    pub(crate) fn new(
        case: String,
        (runtime, ours_ns): (&'static str, f64),
        (baseline, baseline_ns): (&str, f64),
    ) -> Self {
        let speedup = baseline_ns / ours_ns;
        let goal = Goal::of(&case, runtime, baseline);
        Row {
            bench: "policy",
            runtime,
            ours_ns,
            baseline: baseline.to_owned(),
            baseline_ns,
            speedup,
            reached: goal.map(|goal| goal.is_reached(ours_ns, speedup)),
            goal: goal.map(|goal| goal.to_string()),
            case,
        }
    }
}

/// The rows so far. A table is printed row by row: a run takes minutes.
pub(crate) struct Report {
    json: bool,
    rows: Vec<Row>,
}

impl Report {
    /// A table, or JSON at the end.
    pub(crate) fn new(json: bool) -> Self {
        if !json {
            println!(
                "{:<8} {:<24} {:<13} {:>9}  {:<18} {:>12} {:>10}  goal",
                "bench", "case", "runtime", "ours ns", "baseline", "baseline ns", "speedup"
            );
        }
        Report {
            json,
            rows: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, row: Row) {
        if !self.json {
            println!("{row}");
        }
        self.rows.push(row);
    }

    /// Says that something can't be measured here, and why.
    pub(crate) fn skip(&mut self, what: &str, why: &str) {
        if self.json {
            eprintln!("skipped: {what}: {why}");
        } else {
            println!("skipped: {what}: {why}");
        }
    }

    /// Prints what hasn't been printed.
    ///
    /// # Errors
    /// None that rows can cause.
    pub(crate) fn end(self) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(&self.rows)?);
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<8} {:<24} {:<13} {:>9.0}  {:<18} {:>12.0} {:>10.2}",
            self.bench,
            self.case,
            self.runtime,
            self.ours_ns,
            self.baseline,
            self.baseline_ns,
            self.speedup,
        )?;
        match (&self.goal, self.reached) {
            (Some(goal), Some(true)) => write!(f, "  {goal}: reached"),
            (Some(goal), _) => write!(f, "  {goal}: missed"),
            (None, _) => Ok(()),
        }
    }
}

//! A run of steps: each with a heading, its time, and a line in the summary.

use core::time::Duration;
use std::time::Instant;

use anyhow::{Result, bail};

/// How a step ended, when it did not fail.
pub(crate) enum Outcome {
    Passed,
    /// It could not run here; why.
    Skipped(String),
    /// What it runs on is no part of the project, and is not here; what that is.
    Absent(String),
}

/// The steps so far.
pub(crate) struct Steps {
    strict: bool,
    rows: Vec<(&'static str, Duration, String)>,
}

impl Steps {
    /// No steps yet. When `strict`, a skipped step fails.
    pub(crate) fn new(strict: bool) -> Self {
        Self {
            strict,
            rows: Vec::new(),
        }
    }

    /// Runs a step that either passes or fails.
    pub(crate) fn run(
        &mut self,
        name: &'static str,
        step: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        self.try_run(name, || step().map(|()| Outcome::Passed))
    }

    /// Runs a step that may find that it can't run here.
    pub(crate) fn try_run(
        &mut self,
        name: &'static str,
        step: impl FnOnce() -> Result<Outcome>,
    ) -> Result<()> {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = step();
        let line = match &outcome {
            Ok(Outcome::Passed) => "passed".to_owned(),
            Ok(Outcome::Skipped(why) | Outcome::Absent(why)) => format!("skipped: {why}"),
            Err(error) => format!("FAILED: {error:#}"),
        };
        println!("{line} ({:.1} s)", start.elapsed().as_secs_f64());
        self.rows.push((name, start.elapsed(), line));
        match outcome? {
            Outcome::Skipped(why) if self.strict => {
                bail!("in CI nothing may be skipped, but {name} was: {why}")
            }
            _ => Ok(()),
        }
    }

    /// Prints a line for each step.
    pub(crate) fn summarise(&self) {
        println!("\n== Summary");
        for (name, time, line) in &self.rows {
            println!("{name:<28} {:>7.1} s  {line}", time.as_secs_f64());
        }
    }
}

//! The count of a run, and its report.

use core::fmt;
use std::collections::BTreeMap;

use super::{Reason, Verdict};

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// What came of a run. Its `Display` ends with one line: `N passed, N failed, N skipped`.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    families: BTreeMap<String, Row>,
    reasons: BTreeMap<Reason, usize>,
    failures: Vec<String>,
    /// Files that could not be read, each with the place.
    pub malformed: Vec<String>,
}

impl Tally {
    pub(super) fn count(&mut self, family: &str, name: &str, verdict: Verdict) {
        let row = self.families.entry(family.to_owned()).or_default();
        match verdict {
            Verdict::Passed => row.passed += 1,
            Verdict::Failed(why) => {
                row.failed += 1;
                self.failures.push(format!("{name}: {why}"));
            }
            Verdict::Skipped(reason) => {
                row.skipped += 1;
                *self.reasons.entry(reason).or_default() += 1;
            }
        }
    }

    /// Cases that came out as published.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.families.values().map(|row| row.passed).sum()
    }

    /// Cases that didn't.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failures.len()
    }

    /// Cases that are not for this module.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.reasons.values().sum()
    }

    /// Whether no case failed and every file could be read.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.failures.is_empty() && self.malformed.is_empty()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(f, "FAILED  {failure}")?;
        }
        for file in &self.malformed {
            writeln!(f, "MALFORMED  {file}")?;
        }
        writeln!(
            f,
            "{:<20} {:>7} {:>7} {:>7}",
            "family", "passed", "failed", "skipped"
        )?;
        for (family, row) in &self.families {
            writeln!(
                f,
                "{family:<20} {:>7} {:>7} {:>7}",
                row.passed, row.failed, row.skipped
            )?;
        }
        writeln!(f, "\nskipped because of")?;
        for (reason, count) in &self.reasons {
            writeln!(f, "{count:>7}  {}", reason.sentence())?;
        }
        let (passed, failed, skipped) = (self.passed(), self.failed(), self.skipped());
        writeln!(f, "\n{} cases", passed + failed + skipped)?;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

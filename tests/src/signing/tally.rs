//! The count of a run, and its report.

use core::fmt;
use std::collections::BTreeMap;

use super::Verdict;

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    passed: usize,
    stricter: usize,
    failed: usize,
    skipped: usize,
}

/// What came of a run. Its `Display` ends with one line: `N passed, N stricter, N failed, N skipped`.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    title: String,
    families: BTreeMap<String, Row>,
    stricter: Vec<String>,
    failures: Vec<String>,
    skipped: BTreeMap<&'static str, usize>,
    /// Files that could not be read, each with the place.
    pub malformed: Vec<String>,
}

impl Tally {
    pub(super) fn new(title: String) -> Self {
        Tally {
            title,
            ..Tally::default()
        }
    }

    pub(super) fn count(&mut self, family: &str, name: &str, verdict: Verdict) {
        let row = self.families.entry(family.to_owned()).or_default();
        match verdict {
            Verdict::Passed => row.passed += 1,
            Verdict::Stricter(why) => {
                row.stricter += 1;
                self.stricter.push(format!("{name}: {why}"));
            }
            Verdict::Failed(why) => {
                row.failed += 1;
                self.failures.push(format!("{name}: {why}"));
            }
            Verdict::Skipped(why) => {
                row.skipped += 1;
                *self.skipped.entry(why).or_default() += 1;
            }
        }
    }

    /// Cases that came out as published.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.families.values().map(|row| row.passed).sum()
    }

    /// Cases that we refuse on purpose.
    #[must_use]
    pub fn stricter(&self) -> usize {
        self.stricter.len()
    }

    /// Cases that came out unlike published.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failures.len()
    }

    /// Cases that are not for this module.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped.values().sum()
    }

    /// Whether no case failed and every file could be read.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.failures.is_empty() && self.malformed.is_empty()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for failure in &self.failures {
            writeln!(f, "FAILED  {failure}")?;
        }
        for file in &self.malformed {
            writeln!(f, "MALFORMED  {file}")?;
        }
        let columns = ["passed", "stricter", "failed", "skipped"];
        write!(f, "{:<20}", "family")?;
        columns
            .iter()
            .try_for_each(|name| write!(f, " {name:>8}"))?;
        writeln!(f)?;
        for (family, row) in &self.families {
            write!(f, "{family:<20}")?;
            for count in [row.passed, row.stricter, row.failed, row.skipped] {
                write!(f, " {count:>8}")?;
            }
            writeln!(f)?;
        }
        if !self.stricter.is_empty() {
            writeln!(f, "stricter on purpose")?;
            for case in &self.stricter {
                writeln!(f, "  {case}")?;
            }
        }
        if !self.skipped.is_empty() {
            writeln!(f, "skipped because of")?;
            for (why, count) in &self.skipped {
                writeln!(f, "{count:>7}  {why}")?;
            }
        }
        let (passed, stricter) = (self.passed(), self.stricter());
        let (failed, skipped) = (self.failed(), self.skipped());
        writeln!(f, "{} cases", passed + stricter + failed + skipped)?;
        write!(
            f,
            "{passed} passed, {stricter} stricter, {failed} failed, {skipped} skipped"
        )
    }
}

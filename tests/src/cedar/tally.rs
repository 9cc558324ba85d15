//! Holds the answers to what is expected.

use core::fmt;
use std::path::Path;

use super::data::{Answer, Case};

/// At most this many failures are shown.
const SHOWN: usize = 20;

/// What came of the cases.
#[derive(Debug, Default)]
pub struct Tally {
    cases: usize,
    requests: usize,
    /// Policies that are valid though the data, which are older, say that they aren't.
    newly_valid: usize,
    failures: Vec<String>,
}

impl Tally {
    /// Takes in a case with the answers to its requests, or what was wrong with it.
    pub(crate) fn count(&mut self, file: &Path, asked: Result<(Case, Vec<Answer>), String>) {
        self.cases += 1;
        let (case, answers) = match asked {
            Ok(asked) => asked,
            Err(error) => return self.fail(file, &error),
        };
        match (case.is_valid, case.should_be_valid) {
            (false, Some(true)) => self.fail(file, "the policies should be valid, but aren't"),
            (true, Some(false)) => self.newly_valid += 1,
            _ => {}
        }
        if answers.len() != case.requests.len() {
            self.fail(file, "there is an answer too many or too few");
        }
        for (request, answer) in case.requests.iter().zip(&answers) {
            self.requests += 1;
            if *answer != request.expected {
                let (description, expected) = (&request.description, &request.expected);
                self.fail(
                    file,
                    &format!("{description}: {answer:?} instead of {expected:?}"),
                );
            }
        }
    }

    /// Adds what came of other cases.
    pub(crate) fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.requests += other.requests;
        self.newly_valid += other.newly_valid;
        self.failures.extend(other.failures);
    }

    /// Whether there were requests, and each was answered as expected.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.requests > 0 && self.failures.is_empty()
    }

    fn fail(&mut self, file: &Path, why: &str) {
        self.failures.push(format!("{}: {why}", file.display()));
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in self.failures.iter().take(SHOWN) {
            writeln!(f, "failed: {failure}")?;
        }
        writeln!(
            f,
            "{} sets of policies valid by a newer validator only",
            self.newly_valid
        )?;
        write!(
            f,
            "{} cases, {} requests, {} failures",
            self.cases,
            self.requests,
            self.failures.len()
        )
    }
}

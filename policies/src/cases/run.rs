//! Runs the cases of a pack.

use super::{Answer, Case, CaseError, Difference, Question, compare};
use crate::diagnostics::Diagnostics;
use crate::sources::Source;

/// What came of the cases of a pack.
#[derive(Clone, Debug)]
pub struct Run {
    /// The files, in the order in which they were given.
    pub files: Vec<FileRun>,
}

/// What came of the cases of a file.
#[derive(Clone, Debug)]
pub struct FileRun {
    /// The file's name.
    pub name: String,
    /// Its cases, in order.
    pub cases: Vec<CaseRun>,
}

/// What came of a case.
#[derive(Clone, Debug)]
pub struct CaseRun {
    /// The case.
    pub case: Case,
    /// The answer, or why there is none.
    pub answer: Result<Answer, CaseError>,
    /// The parts of the answer that are not as expected.
    pub differences: Vec<Difference>,
}

impl CaseRun {
    /// Whether the answer is as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.answer.is_ok() && self.differences.is_empty()
    }
}

impl Run {
    /// Puts the cases of `files` to `ask`, which answers those that have a route; `route` leads a case
    /// to its question.
    ///
    /// # Errors
    /// `case_malformed` if a file isn't a list of cases.
    pub fn new(
        files: &[Source],
        route: impl Fn(&Case) -> Option<Question>,
        mut ask: impl FnMut(&Question) -> Result<Answer, CaseError>,
    ) -> Result<Self, Diagnostics> {
        let mut runs = Vec::new();
        for file in files {
            let cases = Case::read(file)?.into_iter().map(|case| {
                let answer =
                    route(&case).map_or_else(|| Ok(Answer::no_route()), |question| ask(&question));
                let differences = match &answer {
                    Ok(answer) => compare(&case.expected, answer),
                    Err(_) => Vec::new(),
                };
                CaseRun {
                    case,
                    answer,
                    differences,
                }
            });
            runs.push(FileRun {
                cases: cases.collect(),
                name: file.name().to_owned(),
            });
        }
        Ok(Self { files: runs })
    }

    /// All cases.
    pub fn cases(&self) -> impl Iterator<Item = &CaseRun> {
        self.files.iter().flat_map(|file| &file.cases)
    }

    /// How many passed, and how many didn't.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let passed = self.cases().filter(|case| case.passed()).count();
        (passed, self.cases().count() - passed)
    }
}

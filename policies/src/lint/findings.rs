//! One thing that lint says, and the list of them.

use super::subject::Rules;
use crate::diagnostics::Problem;
use core::error::Error;
use core::fmt;
use miette::{Diagnostic, LabeledSpan, SourceCode};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may be meant.
    Warning,
    /// It can't be meant.
    Error,
}

impl Severity {
    /// `warning` or `error`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What lint says of one place. A [`miette`] diagnostic, shown in its source.
#[derive(Debug)]
pub struct Finding {
    severity: Severity,
    problem: Problem,
}

impl Finding {
    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Code, sentence and place.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl Error for Finding {}

impl Diagnostic for Finding {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Diagnostic::code(&self.problem)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Diagnostic::help(&self.problem)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.problem.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.problem.labels()
    }
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    pub(super) fn error(&mut self, problem: Problem) {
        self.list.push(Finding {
            severity: Severity::Error,
            problem,
        });
    }

    pub(super) fn warning(&mut self, problem: Problem) {
        self.list.push(Finding {
            severity: Severity::Warning,
            problem,
        });
    }

    /// A warning about a policy, which may have allowed it.
    pub(super) fn policy_warning(&mut self, rules: &Rules<'_>, problem: Problem) {
        if !rules.allows(problem.code()) {
            self.warning(problem);
        }
    }

    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        self.list.sort_by(|a, b| {
            let key = |finding: &Finding| {
                let problem = finding.problem();
                (
                    problem.source_name().to_owned(),
                    problem.span(),
                    problem.code(),
                )
            };
            key(a).cmp(&key(b))
        });
        self.list
    }
}

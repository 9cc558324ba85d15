//! What is wrong with a pack, and where.

use crate::sources::Source;
use core::error::Error;
use core::fmt;
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};
use std::sync::Arc;

/// Why a pack doesn't compile: one problem or more.
///
/// A [`miette`] diagnostic; with its reporter each problem is shown in its source.
#[derive(Debug)]
pub struct Diagnostics {
    problems: Vec<Problem>,
}

impl Diagnostics {
    /// The problems, in the order in which they were found.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// `value`, unless there are problems.
    pub(crate) fn unless<T>(problems: Vec<Problem>, value: T) -> Result<T, Self> {
        if problems.is_empty() {
            Ok(value)
        } else {
            Err(Self { problems })
        }
    }
}

impl From<Problem> for Diagnostics {
    fn from(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => problem.fmt(f),
            problems => write!(f, "the pack has {} problems", problems.len()),
        }
    }
}

impl Error for Diagnostics {}

impl Diagnostic for Diagnostics {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let problems = self.problems.iter();
        Some(Box::new(problems.map(|problem| problem as &dyn Diagnostic)))
    }
}

/// One thing that is wrong.
#[derive(Debug)]
pub struct Problem {
    code: &'static str,
    message: String,
    help: Option<String>,
    source: Box<NamedSource<Arc<str>>>,
    span: Option<SourceSpan>,
}

impl Problem {
    pub(crate) fn new(code: &'static str, source: &Source, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            help: None,
            source: Box::new(NamedSource::new(source.name(), source.shared_text())),
            span: None,
        }
    }

    pub(crate) fn at(mut self, span: Option<SourceSpan>) -> Self {
        self.span = span;
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Takes over what Cedar reports, with the first place that it names.
    pub(crate) fn cedar(code: &'static str, source: &Source, report: &dyn Diagnostic) -> Self {
        let span = first_span(report);
        let mut problem = Self::new(code, source, report.to_string()).at(span);
        problem.help = report.help().map(|help| help.to_string());
        problem
    }

    /// The stable code of the problem, such as `unsupported_expression`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The name of the source at fault.
    #[must_use]
    pub fn source_name(&self) -> &str {
        self.source.name()
    }

    /// The place in the source: offset and length in bytes.
    #[must_use]
    pub fn span(&self) -> Option<(usize, usize)> {
        self.span.map(|span| (span.offset(), span.len()))
    }

    /// The text at that place.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let (offset, len) = self.span()?;
        self.source.inner().get(offset..offset.checked_add(len)?)
    }
}

fn first_span(report: &dyn Diagnostic) -> Option<SourceSpan> {
    let own = report
        .labels()
        .and_then(|mut labels| labels.next())
        .map(|label| *label.inner());
    own.or_else(|| report.related()?.find_map(first_span))
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&*self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::underline(self.span?);
        Some(Box::new(core::iter::once(label)))
    }
}

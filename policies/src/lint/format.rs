//! The one form of policies, as Cedar's own formatter writes it.

use super::findings::Findings;
use super::subject::{Rules, Subject};
use crate::diagnostics::{Diagnostics, Problem};
use crate::sources::Source;
use cedar_policy_formatter::{Config, policies_str_to_pretty};

/// The widths of the packs that come with the compiler.
const CONFIG: Config = Config {
    line_width: 80,
    indent_width: 4,
};

/// The policies in the formatter's form. It keeps their meaning, their comments and their order, and
/// a blank line after a comment.
///
/// # Errors
/// `policy_syntax` if they aren't policies.
pub fn format(policies: &Source) -> Result<String, Diagnostics> {
    match policies_str_to_pretty(policies.text(), &CONFIG) {
        Ok(formatted) => Ok(with_gaps(&formatted, policies.text())),
        Err(report) => {
            let report: &dyn miette::Diagnostic = report.as_ref();
            Err(Problem::cedar("policy_syntax", policies, report).into())
        }
    }
}

/// Puts back the blank lines after comments of `original`, which Cedar's formatter takes away: a
/// comment on the whole file would become one on the first policy.
fn with_gaps(formatted: &str, original: &str) -> String {
    let mut gaps: Vec<&str> = Vec::new();
    let mut lines = original.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("//") && lines.peek() == Some(&"") {
            gaps.push(line);
        }
    }
    let mut gaps = gaps.into_iter().peekable();
    let mut text = String::with_capacity(original.len());
    let mut lines = formatted.lines().peekable();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        if gaps.next_if_eq(&line.trim()).is_some()
            && lines.peek().is_some_and(|next| !next.is_empty())
        {
            text.push('\n');
        }
    }
    text
}

/// Finds policies that aren't in that form, at the first line that would change.
pub(super) fn policies_unformatted(
    subject: &Subject<'_>,
    _: &[Rules<'_>],
    findings: &mut Findings,
) {
    let source = &subject.sources.policies;
    let Ok(formatted) = format(source) else {
        return;
    };
    if formatted == source.text() {
        return;
    }
    let mut offset = 0;
    let mut lines = formatted.split_inclusive('\n');
    let mut length = 0;
    for line in source.text().split_inclusive('\n') {
        if lines.next() != Some(line) {
            length = line.trim_end().len();
            break;
        }
        offset += line.len();
    }
    let problem = Problem::new(
        "policies_unformatted",
        source,
        "the policies aren't formatted",
    );
    findings.warning(
        problem
            .at(Some((offset, length).into()))
            .help("`countersign policy check --fix` rewrites them"),
    );
}

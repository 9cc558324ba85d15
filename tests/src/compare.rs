//! Holds the answers of the runtimes against what is expected and against each other.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::Value;

use crate::case::{Answer, Case};
use crate::runtime::{Outcome, Run, Runtime};

/// What came of a comparison.
#[derive(Clone, Debug)]
pub struct Report {
    /// A line for each runtime, then one for each difference.
    pub text: String,
    /// Differences, of any kind.
    pub differences: usize,
    /// Runtimes that are not on this machine.
    pub skipped: usize,
}

/// Runs the cases through the runtimes and compares: every member that a case expects, every answer
/// with that of the first runtime, and the SHA-256 of the module.
///
/// # Errors
/// A runtime that breaks is a difference, not an error; to fail is left to what writes the report.
pub fn compare(cases: &[Case], runtimes: &[Runtime]) -> Result<Report> {
    let mut report = Report {
        text: String::new(),
        differences: 0,
        skipped: 0,
    };
    let mut details = String::new();
    let mut first: Option<(Runtime, Outcome)> = None;
    let mut module: Option<(Runtime, String)> = None;
    for &runtime in runtimes {
        match runtime.run(cases) {
            Ok(Run::Done(outcome)) => {
                let (found, unlike) = against_expectations(runtime, cases, &outcome, &mut details)?;
                let other = match &first {
                    Some(first) => against_first(first, runtime, cases, &outcome, &mut details)?,
                    None => 0,
                };
                let hash = same_module(&mut module, runtime, &outcome, &mut details)?;
                report.differences += unlike + other + hash;
                writeln!(
                    report.text,
                    "{runtime:<10} {:<24} {found:>4} as expected, {unlike} not, {other} unlike {}; module {}",
                    outcome.version,
                    first.as_ref().map_or(runtime, |(first, _)| *first),
                    outcome.sha256.as_deref().unwrap_or("none"),
                )?;
                first.get_or_insert((runtime, outcome));
            }
            Ok(Run::Skipped(why)) => {
                report.skipped += 1;
                writeln!(report.text, "{runtime:<10} skipped: {why}")?;
            }
            Err(error) => {
                report.differences += 1;
                writeln!(report.text, "{runtime:<10} broke: {error:#}")?;
            }
        }
    }
    report.text.push_str(&details);
    Ok(report)
}

fn against_expectations(
    runtime: Runtime,
    cases: &[Case],
    outcome: &Outcome,
    details: &mut String,
) -> Result<(usize, usize)> {
    let mut unlike = 0;
    for (case, answer) in cases.iter().zip(&outcome.results) {
        let missed: Vec<&String> = case
            .expect
            .iter()
            .filter(|(member, expected)| answer.get(*member) != Some(*expected))
            .map(|(member, _)| member)
            .collect();
        if !missed.is_empty() {
            unlike += 1;
            write_difference(details, runtime, case, &case.expect, answer)?;
        }
    }
    Ok((cases.len() - unlike, unlike))
}

fn against_first(
    (first, expected): &(Runtime, Outcome),
    runtime: Runtime,
    cases: &[Case],
    outcome: &Outcome,
    details: &mut String,
) -> Result<usize> {
    let mut unlike = 0;
    for ((case, one), other) in cases.iter().zip(&expected.results).zip(&outcome.results) {
        if one != other {
            unlike += 1;
            writeln!(details, "\n{runtime} differs from {first}:")?;
            write_difference(details, runtime, case, one, other)?;
        }
    }
    Ok(unlike)
}

fn same_module(
    module: &mut Option<(Runtime, String)>,
    runtime: Runtime,
    outcome: &Outcome,
    details: &mut String,
) -> Result<usize> {
    let Some(sha256) = &outcome.sha256 else {
        return Ok(0);
    };
    let (first, expected) = module.get_or_insert_with(|| (runtime, sha256.clone()));
    if expected == sha256 {
        return Ok(0);
    }
    writeln!(
        details,
        "\n{runtime} ran module {sha256}, {first} ran {expected}"
    )?;
    Ok(1)
}

/// Shows the members that differ.
fn write_difference(
    details: &mut String,
    runtime: Runtime,
    case: &Case,
    expected: &Answer,
    answer: &Answer,
) -> Result<()> {
    writeln!(details, "\n{runtime}: case `{}`", case.id)?;
    let names = expected
        .keys()
        .chain(answer.keys().filter(|name| !expected.contains_key(*name)));
    for name in names {
        let (one, other) = (expected.get(name), answer.get(name));
        if one != other {
            let show = |value: Option<&Value>| value.map_or("absent".to_owned(), Value::to_string);
            writeln!(
                details,
                "  {name}: expected {}\n  {name}: answered {}",
                show(one),
                show(other)
            )?;
        }
    }
    Ok(())
}

//! `countersign policy test`

mod human;
mod junit;
mod tap;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use countersign_policies::cases::{CaseRun, Run};
use countersign_policies::coverage::{self, Coverage, Gap};
use serde_json::{Value, json};

use super::{Done, Failure, case_files};
use crate::cli::pack;

#[derive(Debug, Args)]
pub(super) struct TestArguments {
    /// A starter pack's name, or a folder with a pack and its cases in `tests`.
    pack: PathBuf,
    /// How the results are written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Fail if less of the policies and of their conditions' branches is reached.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100))]
    coverage_threshold: Option<u8>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// Test Anything Protocol, version 14.
    Tap,
    /// the XML of JUnit.
    Junit,
}

/// What was found, for whoever writes it.
struct Report<'r> {
    pack: &'r str,
    /// The file of the policies.
    policies: &'r str,
    run: &'r Run,
    coverage: &'r Coverage,
    threshold: Option<u8>,
}

pub(super) fn run(arguments: &TestArguments) -> Result<Done, Failure> {
    let sources = pack::sources(&arguments.pack)?;
    let files = case_files::find(&arguments.pack)?;
    let (run, coverage) = coverage::run(&sources, &files)?;
    let report = Report {
        pack: &arguments.pack.display().to_string(),
        policies: sources.policies.name(),
        run: &run,
        coverage: &coverage,
        threshold: arguments.coverage_threshold,
    };
    let text = match arguments.format {
        Format::Human => human::write(&report),
        Format::Tap => tap::write(&report),
        Format::Junit => junit::write(&report)?,
    };
    Ok(Done {
        text,
        json: report.to_json(),
        success: report.success(),
    })
}

impl Report<'_> {
    fn success(&self) -> bool {
        self.run.counts().1 == 0 && self.is_covered()
    }

    /// Whether the threshold, if there is one, is reached.
    fn is_covered(&self) -> bool {
        let threshold = self.threshold.map_or(0, usize::from);
        self.coverage.percent() >= threshold
    }

    /// `coverage 97 %: 9 of 9 policies decided a case, 55 of 58 branches taken`.
    fn coverage_line(&self) -> String {
        let (decided, policies) = self.coverage.decided();
        let (taken, branches) = self.coverage.branches();
        format!(
            "coverage {} %: {decided} of {policies} policies decided a case, {taken} of {branches} branches taken",
            self.coverage.percent()
        )
    }

    /// What no case reaches: `policies.cedar:92:7: withdraw-...: `...` is never true`.
    fn gap_line(&self, gap: &Gap<'_>) -> String {
        match gap.place() {
            Some((line, column)) => format!("{}:{line}:{column}: {gap}", self.policies),
            None => format!("{}: {gap}", self.policies),
        }
    }

    fn to_json(&self) -> Value {
        let (passed, failed) = self.run.counts();
        let cases = self
            .run
            .files
            .iter()
            .flat_map(|file| file.cases.iter().map(|case| case_to_json(&file.name, case)));
        let (decided, policies) = self.coverage.decided();
        let (taken, branches) = self.coverage.branches();
        let gaps: Vec<Value> = self.coverage.gaps().iter().map(gap_to_json).collect();
        json!({
            "ok": self.success(),
            "pack": self.pack,
            "passed": passed,
            "failed": failed,
            "cases": cases.collect::<Vec<_>>(),
            "coverage": {
                "percent": self.coverage.percent(),
                "threshold": self.threshold,
                "policies": { "decided": decided, "of": policies },
                "branches": { "taken": taken, "of": branches },
                "gaps": gaps,
            },
        })
    }
}

fn case_to_json(file: &str, case: &CaseRun) -> Value {
    let differences: Vec<Value> = case
        .differences
        .iter()
        .map(|one| json!({"part": one.part, "missing": one.missing, "unexpected": one.unexpected}))
        .collect();
    let error = case
        .answer
        .as_ref()
        .err()
        .map(|error| json!({"code": error.code(), "message": error.to_string()}));
    json!({
        "file": file,
        "description": case.case.description,
        "ok": case.passed(),
        "differences": differences,
        "error": error,
    })
}

fn gap_to_json(gap: &Gap<'_>) -> Value {
    let (policy, condition, never) = match gap {
        Gap::NeverDecides(policy) => (policy, None, "decides"),
        Gap::NeverTrue(policy, condition) => (policy, Some(condition), "true"),
        Gap::NeverFalse(policy, condition) => (policy, Some(condition), "false"),
    };
    json!({
        "policy": policy.id,
        "never": never,
        "condition": condition.map(|one| &one.text),
        "line": condition.map(|one| one.place.0),
        "column": condition.map(|one| one.place.1),
        "offset": condition.map(|one| one.span.offset()),
        "length": condition.map(|one| one.span.len()),
    })
}

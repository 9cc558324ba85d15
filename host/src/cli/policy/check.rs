//! `countersign policy check`

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_policies::Problem;
use countersign_policies::lint::{Finding, Severity, format, lint};
use miette::Diagnostic;
use serde_json::{Value, json};

use super::{Done, Failure, write};
use crate::cli::failure::{problem_json, render};
use crate::cli::{pack, with};

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// A folder, or the name of a shipped pack (`trading-api`).
    pack: PathBuf,
    /// Rewrite policies.cedar in the formatter's form first.
    #[arg(long)]
    fix: bool,
    /// Take warnings for errors.
    #[arg(long)]
    deny_warnings: bool,
}

pub(super) fn run(arguments: &CheckArguments) -> Result<Done, Failure> {
    let mut report = Report::default();
    if arguments.fix {
        match fix(&arguments.pack)? {
            Ok(fixed) => report.fixed = fixed,
            Err(diagnostics) => {
                report.problems(diagnostics.problems());
                return Ok(report.done(arguments));
            }
        }
    }
    match lint(&pack::sources(&arguments.pack)?) {
        Ok(findings) => report.findings(&findings),
        Err(diagnostics) => report.problems(diagnostics.problems()),
    }
    Ok(report.done(arguments))
}

/// Rewrites the policies; says whether that changed them.
fn fix(folder: &Path) -> Result<Result<bool, countersign_policies::Diagnostics>, Failure> {
    if pack::shipped(folder).is_some() {
        let message = "a shipped pack can't be rewritten";
        return Err(Failure::usage("pack_shipped", message).with_help("copy it to a folder"));
    }
    let policies = pack::folder(folder)?.policies;
    let formatted = match format(&policies) {
        Ok(formatted) => formatted,
        Err(diagnostics) => return Ok(Err(diagnostics)),
    };
    let changes = formatted != policies.text();
    if changes {
        write::replace(&folder.join("policies.cedar"), formatted.as_bytes())?;
    }
    Ok(Ok(changes))
}

#[derive(Default)]
struct Report {
    text: String,
    json: Vec<Value>,
    errors: usize,
    warnings: usize,
    fixed: bool,
}

impl Report {
    /// What keeps the pack from compiling.
    fn problems(&mut self, problems: &[Problem]) {
        for problem in problems {
            self.add(Severity::Error, problem, problem);
        }
    }

    fn findings(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.add(finding.severity(), finding, finding.problem());
        }
    }

    fn add(&mut self, severity: Severity, shown: &dyn Diagnostic, problem: &Problem) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        self.text.push_str(&render(shown));
        self.text.push('\n');
        let json = with(problem_json(problem), "severity", severity.as_str());
        self.json.push(json);
    }

    fn done(mut self, arguments: &CheckArguments) -> Done {
        let success = self.errors == 0 && (self.warnings == 0 || !arguments.deny_warnings);
        if self.fixed {
            self.text.push_str("rewrote policies.cedar\n");
        }
        self.text.push_str(&format!(
            "{}: {}, {}\n",
            arguments.pack.display(),
            count(self.errors, "error"),
            count(self.warnings, "warning"),
        ));
        let json = json!({
            "ok": success,
            "errors": self.errors,
            "warnings": self.warnings,
            "fixed": self.fixed,
            "findings": self.json,
        });
        Done {
            text: self.text,
            json,
            success,
        }
    }
}

fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

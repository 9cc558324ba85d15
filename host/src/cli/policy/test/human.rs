//! The results for people.

use super::Report;
use countersign_policies::cases::{CaseRun, Difference};

pub(super) fn write(report: &Report<'_>) -> String {
    let (passed, failed) = report.run.counts();
    let mut text = String::new();
    for file in &report.run.files {
        for case in file.cases.iter().filter(|case| !case.passed()) {
            text.push_str(&format!("{}: {}\n", file.name, case.case.description));
            for line in failure_lines(case) {
                text.push_str(&format!("    {line}\n"));
            }
            text.push('\n');
        }
    }
    text.push_str(&format!(
        "{}: {} cases, {passed} passed, {failed} failed\n{}\n",
        report.pack,
        passed + failed,
        report.coverage_line()
    ));
    for gap in report.coverage.gaps() {
        text.push_str(&format!("    {}\n", report.gap_line(&gap)));
    }
    if let (Some(threshold), false) = (report.threshold, report.is_covered()) {
        text.push_str(&format!("the threshold is {threshold} %\n"));
    }
    text
}

/// What was expected, beside what came; one thing a line.
pub(super) fn failure_lines(case: &CaseRun) -> Vec<String> {
    let mut lines = Vec::new();
    if let Err(error) = &case.answer {
        lines.push(format!("could not be asked: {}: {error}", error.code()));
    }
    for Difference {
        part,
        missing,
        unexpected,
    } in &case.differences
    {
        let marked = missing
            .iter()
            .map(|text| ("- expected", text))
            .chain(unexpected.iter().map(|text| ("+ found   ", text)));
        for (at, (mark, text)) in marked.enumerate() {
            let part = if at == 0 { part } else { "" };
            lines.push(format!("{part:<12}{mark} {text}"));
        }
    }
    lines
}

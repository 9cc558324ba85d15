//! The results in the Test Anything Protocol, version 14.

use super::Report;
use super::human::failure_lines;
use serde_json::Value;

pub(super) fn write(report: &Report<'_>) -> String {
    let points = report.run.cases().count() + usize::from(report.threshold.is_some());
    let mut text = format!("TAP version 14\n1..{points}\n");
    let mut number = 0;
    for file in &report.run.files {
        for case in &file.cases {
            number += 1;
            let ok = ok(case.passed());
            let description = escape(&case.case.description);
            text.push_str(&format!("{ok} {number} - {description}\n"));
            if case.passed() {
                continue;
            }
            // A JSON string is a YAML string.
            text.push_str(&format!(
                "  ---\n  file: {}\n  differences:\n",
                Value::from(file.name.as_str())
            ));
            for line in failure_lines(case) {
                text.push_str(&format!("    - {}\n", Value::from(line)));
            }
            text.push_str("  ...\n");
        }
    }
    text.push_str(&format!("# {}\n", report.coverage_line()));
    for gap in report.coverage.gaps() {
        text.push_str(&format!("# {}\n", report.gap_line(&gap)));
    }
    if let Some(threshold) = report.threshold {
        let ok = ok(report.is_covered());
        text.push_str(&format!("{ok} {points} - coverage of {threshold} %\n"));
    }
    text
}

const fn ok(yes: bool) -> &'static str {
    if yes { "ok" } else { "not ok" }
}

/// `#` would begin a directive, and a line break another line.
fn escape(description: &str) -> String {
    description
        .replace('\\', "\\\\")
        .replace('#', "\\#")
        .replace(['\n', '\r'], " ")
}

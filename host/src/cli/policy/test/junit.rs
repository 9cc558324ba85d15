//! The results in the XML of JUnit.

use super::Report;
use super::human::failure_lines;
use crate::cli::failure::Failure;
use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

pub(super) fn write(report: &Report<'_>) -> Result<String, Failure> {
    let mut junit = Junit::new(report.pack);
    for file in &report.run.files {
        let mut suite = TestSuite::new(file.name.as_str());
        for case in &file.cases {
            let status = if case.passed() {
                TestCaseStatus::success()
            } else {
                let kind = match case.answer {
                    Ok(_) => NonSuccessKind::Failure,
                    Err(_) => NonSuccessKind::Error,
                };
                let lines = failure_lines(case);
                let mut status = TestCaseStatus::non_success(kind);
                status.set_message(lines.first().map_or("", String::as_str));
                status.set_description(lines.join("\n"));
                status
            };
            let mut test = TestCase::new(case.case.description.as_str(), status);
            test.set_classname(report.pack);
            suite.add_test_case(test);
        }
        junit.add_test_suite(suite);
    }
    junit.add_test_suite(coverage(report));
    junit
        .to_string()
        .map_err(|error| Failure::usage("report_unwritable", error.to_string()))
}

/// The coverage as a case of its own, which fails below the threshold.
fn coverage(report: &Report<'_>) -> TestSuite {
    let gaps: Vec<String> = report
        .coverage
        .gaps()
        .iter()
        .map(|gap| report.gap_line(gap))
        .collect();
    let status = if report.is_covered() {
        TestCaseStatus::success()
    } else {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(report.coverage_line());
        status.set_description(gaps.join("\n"));
        status
    };
    let mut case = TestCase::new("coverage", status);
    case.set_classname(report.pack);
    case.set_system_out(format!("{}\n{}", report.coverage_line(), gaps.join("\n")));
    let mut suite = TestSuite::new("coverage");
    suite.add_test_case(case);
    suite
}

//! What was expected, beside what was answered.

use super::{Answer, Expected};
use std::collections::BTreeSet;

/// A part of an answer that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which part: `decision`, `reasons`, `errors` or `obligations`.
    pub part: &'static str,
    /// What was expected and isn't there.
    pub missing: Vec<String>,
    /// What is there and wasn't expected.
    pub unexpected: Vec<String>,
}

/// The parts of `answer` that are not as expected; none if the case passes.
#[must_use]
pub fn compare(expected: &Expected, answer: &Answer) -> Vec<Difference> {
    let mut differences = Vec::new();
    if expected.outcome != answer.outcome {
        differences.push(Difference {
            part: "decision",
            missing: vec![expected.outcome.to_string()],
            unexpected: vec![answer.outcome.to_string()],
        });
    }
    let own = |id: &String| id.clone();
    if let Some(reasons) = &expected.reasons {
        differences.extend(sets("reasons", reasons, &answer.reasons, own));
    }
    let errors: BTreeSet<String> = answer.errors.keys().cloned().collect();
    differences.extend(sets(
        "errors",
        &expected.errors,
        &errors,
        |id| match answer.errors.get(id) {
            Some(message) => format!("{id}: {message}"),
            None => id.clone(),
        },
    ));
    if let Some(obligations) = &expected.obligations {
        let show = |(name, value): &(String, String)| format!("@{name}({value:?})");
        differences.extend(sets("obligations", obligations, &answer.obligations, show));
    }
    differences
}

fn sets<T: Ord>(
    part: &'static str,
    expected: &BTreeSet<T>,
    found: &BTreeSet<T>,
    show: impl Fn(&T) -> String,
) -> Option<Difference> {
    let missing: Vec<String> = expected.difference(found).map(&show).collect();
    let unexpected: Vec<String> = found.difference(expected).map(&show).collect();
    (!missing.is_empty() || !unexpected.is_empty()).then_some(Difference {
        part,
        missing,
        unexpected,
    })
}

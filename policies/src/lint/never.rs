//! Policies that no request satisfies.

use super::constant::{Constant, conjuncts, constant, contradiction};
use super::findings::Findings;
use super::subject::{Rules, Subject};
use crate::diagnostics::Problem;
use cedar_policy::ValidationWarning;
use std::collections::BTreeSet;

const CODE: &str = "policy_never_applies";

/// Finds what Cedar's validator sees by types, and what is seen by values.
pub(super) fn policy_never_applies(
    subject: &Subject<'_>,
    all: &[Rules<'_>],
    findings: &mut Findings,
) {
    let source = &subject.sources.policies;
    let mut seen = BTreeSet::new();
    for warning in &subject.warnings {
        if !matches!(
            warning,
            ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_)
        ) {
            continue;
        }
        // Of a scope that fits nothing it says both.
        let id = warning.policy_id().to_string();
        if seen.contains(&id) {
            continue;
        }
        let rules = all
            .iter()
            .find(|rules| rules.template.id().to_string() == id);
        let span = rules.and_then(Rules::span);
        findings.error(Problem::cedar(CODE, source, warning).at(span));
        seen.insert(id);
    }
    for rules in all {
        if seen.contains(&rules.template.id().to_string()) {
            continue;
        }
        let name = rules.name();
        let Some(condition) = rules.template.non_scope_constraints() else {
            continue;
        };
        let span = |expression: &cedar_policy_core::ast::Expr| {
            let own = expression.source_loc().map(|loc| loc.span);
            own.or_else(|| rules.span())
        };
        let conditions = conjuncts(condition);
        let fixed = conditions
            .iter()
            .find_map(|part| constant(part).map(|constant| (*part, constant)))
            .filter(|(_, constant)| *constant != Constant::True);
        if let Some((part, constant)) = fixed {
            let what = if constant == Constant::Errs {
                "always errs"
            } else {
                "is always false"
            };
            let message = format!("the policy `{name}` never applies: its condition {what}");
            findings.error(Problem::new(CODE, source, message).at(span(part)));
        } else if let Some((a, b)) = contradiction(&conditions) {
            let message = format!("the policy `{name}` never applies: `{b}` contradicts `{a}`");
            findings.error(Problem::new(CODE, source, message).at(span(b)));
        }
    }
}

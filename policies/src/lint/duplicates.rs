//! Policies that say the same.

use super::findings::Findings;
use super::subject::{Rules, Subject};
use crate::diagnostics::Problem;
use cedar_policy_core::ast::{ActionConstraint, Template};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

/// Finds policies with the effect, the scope and the conditions of an earlier one.
pub(super) fn policy_duplicate(subject: &Subject<'_>, all: &[Rules<'_>], findings: &mut Findings) {
    let mut known = HashMap::new();
    for rules in all {
        let earlier = match known.entry(said(rules.template)) {
            Entry::Occupied(earlier) => *earlier.get(),
            Entry::Vacant(place) => {
                place.insert(rules);
                continue;
            }
        };
        let message = format!(
            "the policy `{}` says the same as `{}`",
            rules.name(),
            Rules::name(earlier)
        );
        let problem = Problem::new("policy_duplicate", &subject.sources.policies, message)
            .at(rules.span())
            .help("remove one of them");
        findings.policy_warning(rules, problem);
    }
}

/// What a policy says, whatever it is called and however it is spaced.
fn said(template: &Template) -> [String; 5] {
    let actions = match template.action_constraint() {
        ActionConstraint::In(uids) => {
            let uids: BTreeSet<_> = uids.iter().map(ToString::to_string).collect();
            format!("in {uids:?}")
        }
        other => other.to_string(),
    };
    [
        template.effect().to_string(),
        template.principal_constraint().to_string(),
        actions,
        template.resource_constraint().to_string(),
        template
            .non_scope_constraints()
            .map(ToString::to_string)
            .unwrap_or_default(),
    ]
}

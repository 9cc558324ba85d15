//! Forbids that leave nothing.

use super::findings::Findings;
use super::permits::is_unconditional;
use super::subject::{Rules, Subject};
use crate::diagnostics::Problem;
use std::collections::BTreeSet;

/// Finds forbids without a condition that take every request for an action that a permit speaks of.
pub(super) fn forbid_shadows_everything(
    subject: &Subject<'_>,
    all: &[Rules<'_>],
    findings: &mut Findings,
) {
    let permitted: BTreeSet<_> = all
        .iter()
        .filter(|rules| rules.is_permit())
        .flat_map(|rules| rules.actions())
        .collect();
    let requests: Vec<_> = subject.schema.request_envs().collect();
    for rules in all
        .iter()
        .filter(|rules| !rules.is_permit() && is_unconditional(rules))
    {
        let shadowed: Vec<String> = permitted
            .iter()
            .filter(|action| {
                requests
                    .iter()
                    .filter(|request| request.action() == **action)
                    .all(|request| rules.covers(subject, request))
            })
            .map(|action| format!("`{}`", action.id().unescaped()))
            .collect();
        if shadowed.is_empty() {
            continue;
        }
        let message = format!(
            "the policy `{}` forbids every request for {}, which other policies permit",
            rules.name(),
            shadowed.join(", ")
        );
        findings.error(
            Problem::new(
                "forbid_shadows_everything",
                &subject.sources.policies,
                message,
            )
            .at(rules.span())
            .help("limit it by its scope or a `when`, or take the permits away"),
        );
    }
}

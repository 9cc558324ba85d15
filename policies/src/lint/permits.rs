//! Permits that permit more than they say.

use super::constant::{Constant, constant};
use super::findings::Findings;
use super::subject::{Rules, Subject};
use crate::diagnostics::Problem;
use cedar_policy::EntityUid;
use cedar_policy_core::ast::ActionConstraint;

/// Finds permits of everything to everyone.
pub(super) fn permit_without_limit(
    subject: &Subject<'_>,
    all: &[Rules<'_>],
    findings: &mut Findings,
) {
    for rules in all.iter().filter(|rules| is_unlimited(rules)) {
        let message = format!(
            "the policy `{}` permits everything to everyone",
            rules.name()
        );
        findings.error(
            Problem::new("permit_without_limit", &subject.sources.policies, message)
                .at(rules.span())
                .help("name who may do what: a group, an action, a condition"),
        );
    }
}

fn is_unlimited(rules: &Rules<'_>) -> bool {
    let template = rules.template;
    rules.is_permit()
        && template.principal_constraint().as_inner() == &ANY
        && template.resource_constraint().as_inner() == &ANY
        && matches!(template.action_constraint(), ActionConstraint::Any)
        && is_unconditional(rules)
}

const ANY: cedar_policy_core::ast::PrincipalOrResourceConstraint =
    cedar_policy_core::ast::PrincipalOrResourceConstraint::Any;

/// Whether nothing but the scope decides.
pub(super) fn is_unconditional(rules: &Rules<'_>) -> bool {
    rules
        .template
        .non_scope_constraints()
        .is_none_or(|condition| constant(condition) == Some(Constant::True))
}

/// Finds permits that open a write action by their scope alone, where no forbid with a condition
/// guards that action either.
pub(super) fn write_without_condition(
    subject: &Subject<'_>,
    all: &[Rules<'_>],
    findings: &mut Findings,
) {
    let forbids: Vec<_> = all.iter().filter(|rules| !rules.is_permit()).collect();
    let open = all
        .iter()
        .filter(|rules| rules.is_permit() && is_unconditional(rules) && !is_unlimited(rules));
    for rules in open {
        let unguarded: Vec<String> = rules
            .actions()
            .into_iter()
            .filter(|action| subject.is_write(action))
            .filter(|action| {
                !forbids
                    .iter()
                    .any(|forbid| guards(subject, forbid, rules, action))
            })
            .map(|action| format!("`{}`", action.id().unescaped()))
            .collect();
        if unguarded.is_empty() {
            continue;
        }
        let message = format!(
            "the policy `{}` opens {} by its scope alone",
            rules.name(),
            unguarded.join(", ")
        );
        let problem = Problem::new(
            "write_without_condition",
            &subject.sources.policies,
            message,
        )
        .at(rules.span())
        .help(
            "add a `when`, or a `forbid` with a condition for these actions; where a group is \
             enough, say so by `@lint_allow(\"write_without_condition\")`",
        );
        findings.policy_warning(rules, problem);
    }
}

/// Whether `forbid` asks something of every request for `action` that `permit` takes.
fn guards(
    subject: &Subject<'_>,
    forbid: &Rules<'_>,
    permit: &Rules<'_>,
    action: &EntityUid,
) -> bool {
    let (ours, theirs) = (forbid.template, permit.template);
    let same_principals = ours.principal_constraint() == theirs.principal_constraint();
    let same_resources = ours.resource_constraint() == theirs.resource_constraint();
    subject.takes(ours.action_constraint(), action)
        && permit
            .requests
            .iter()
            .filter(|request| request.action() == action)
            .all(|request| {
                (same_principals || forbid.takes_every_principal(request))
                    && (same_resources || forbid.takes_every_resource(request))
            })
}

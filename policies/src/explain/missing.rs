//! What a permit would have needed.

use super::conditions::{Evaluation, Finding, Truth};
use crate::cases::Question;
use crate::text::is_negated_comparison;
use cedar_policy_core::ast::{
    ActionConstraint, EntityReference, Expr, ExprKind, Policy, PrincipalOrResourceConstraint,
    UnaryOp,
};

/// A permit that wasn't satisfied.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// The policy's id.
    pub id: String,
    /// The sentence of its `@reason`.
    pub reason: Option<String>,
    /// All that it would have needed.
    pub missing: Vec<Missing>,
}

/// One thing that a permit would have needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A part of the scope.
    Scope {
        /// Which: `principal`, `action` or `resource`.
        part: &'static str,
        /// What is there, and what would have had to be.
        sentence: String,
    },
    /// A condition that isn't what it would have to be.
    Condition {
        /// The condition, and what it is.
        finding: Finding,
        /// What it would have to be.
        wanted: bool,
    },
    /// One of several things, each of which would have done.
    OneOf(Vec<Vec<Missing>>),
}

impl Missing {
    /// What is missing, as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Scope { sentence, .. } => sentence.clone(),
            Self::Condition { finding, wanted } => {
                let text = &finding.text;
                let error = match &finding.truth {
                    Truth::Error(message) => format!(" and is an error ({message})"),
                    _ => String::new(),
                };
                let values = finding.operands();
                format!("`{text}` would have to be {wanted}{error}{values}")
            }
            Self::OneOf(alternatives) => {
                let sentences: Vec<String> = alternatives
                    .iter()
                    .map(|parts| {
                        let parts: Vec<String> = parts.iter().map(Self::sentence).collect();
                        parts.join(", and ")
                    })
                    .collect();
                format!("one of these would have done: {}", sentences.join("; or "))
            }
        }
    }
}

/// The parts of a policy's scope that don't take the question.
pub(super) fn scope(
    policy: &Policy,
    evaluation: &Evaluation<'_>,
    question: &Question,
) -> Vec<Missing> {
    let principal = policy.principal_constraint();
    let action = policy.action_constraint();
    let resource = policy.resource_constraint();
    let parts = [
        (
            "principal",
            &question.principal,
            principal.as_expr(),
            wanted(principal.as_inner()),
        ),
        (
            "action",
            &question.action,
            action.as_expr(),
            wanted_action(action),
        ),
        (
            "resource",
            &question.resource,
            resource.as_expr(),
            wanted(resource.as_inner()),
        ),
    ];
    parts
        .into_iter()
        .filter(|(_, _, expr, _)| evaluation.truth(expr) != Truth::True)
        .map(|(part, uid, _, wanted)| Missing::Scope {
            part,
            sentence: format!("the {part} {uid} is not {wanted}"),
        })
        .collect()
}

fn wanted(constraint: &PrincipalOrResourceConstraint) -> String {
    use PrincipalOrResourceConstraint as Constraint;
    match constraint {
        Constraint::Any => "anything".to_owned(),
        Constraint::Eq(uid) => name(uid),
        Constraint::In(uid) => format!("in {}", name(uid)),
        Constraint::Is(entity_type) => format!("a `{entity_type}`"),
        Constraint::IsIn(entity_type, uid) => format!("a `{entity_type}` in {}", name(uid)),
    }
}

fn name(reference: &EntityReference) -> String {
    match reference {
        EntityReference::EUID(uid) => uid.to_string(),
        EntityReference::Slot(_) => "what the template is linked to".to_owned(),
    }
}

fn wanted_action(constraint: &ActionConstraint) -> String {
    match constraint {
        ActionConstraint::Any => "anything".to_owned(),
        ActionConstraint::Eq(uid) => uid.to_string(),
        ActionConstraint::In(uids) => {
            let uids: Vec<String> = uids.iter().map(ToString::to_string).collect();
            match uids.as_slice() {
                [uid] => format!("in {uid}"),
                uids => format!("in any of {}", uids.join(", ")),
            }
        }
    }
}

/// What `condition` would have needed to hold.
pub(super) fn conditions(condition: &Expr, evaluation: &Evaluation<'_>) -> Vec<Missing> {
    missing(condition, true, evaluation)
}

/// What `expr` would have needed to be `wanted`; nothing if it is. Each operand is looked at by
/// itself, unlike when Cedar decides, so that all that is missing is found and not the first only.
fn missing(expr: &Expr, wanted: bool, evaluation: &Evaluation<'_>) -> Vec<Missing> {
    match expr.expr_kind() {
        ExprKind::And { left, right } if wanted => all([left, right], wanted, evaluation),
        ExprKind::Or { left, right } if !wanted => all([left, right], wanted, evaluation),
        ExprKind::And { .. } | ExprKind::Or { .. } => {
            let mut alternatives = Vec::new();
            for operand in operands_of_one_kind(expr) {
                let missing = missing(operand, wanted, evaluation);
                if missing.is_empty() {
                    return missing;
                }
                alternatives.push(missing);
            }
            vec![Missing::OneOf(alternatives)]
        }
        ExprKind::UnaryApp {
            op: UnaryOp::Not,
            arg,
        } if !is_negated_comparison(expr) => missing(arg, !wanted, evaluation),
        ExprKind::If {
            test_expr,
            then_expr,
            else_expr,
        } => match evaluation.truth(test_expr) {
            Truth::True => missing(then_expr, wanted, evaluation),
            Truth::False => missing(else_expr, wanted, evaluation),
            Truth::Error(_) => vec![Missing::Condition {
                finding: evaluation.finding(test_expr),
                wanted: true,
            }],
        },
        _ => {
            let finding = evaluation.finding(expr);
            match (&finding.truth, wanted) {
                (Truth::True, true) | (Truth::False, false) => Vec::new(),
                _ => vec![Missing::Condition { finding, wanted }],
            }
        }
    }
}

/// What is missing of operands that are all needed.
fn all(operands: [&Expr; 2], wanted: bool, evaluation: &Evaluation<'_>) -> Vec<Missing> {
    let [left, right] = operands;
    let mut found = missing(left, wanted, evaluation);
    let guarded = !found.is_empty();
    for more in missing(right, wanted, evaluation) {
        // `context has a && context.a == 1`: that the second errs comes of the first.
        let follows = guarded && is_error(&more);
        if !follows && !found.contains(&more) {
            found.push(more);
        }
    }
    found
}

fn is_error(missing: &Missing) -> bool {
    match missing {
        Missing::Scope { .. } => false,
        Missing::Condition { finding, .. } => matches!(finding.truth, Truth::Error(_)),
        Missing::OneOf(alternatives) => alternatives.iter().flatten().all(is_error),
    }
}

/// `a || b || c` as a, b and c.
fn operands_of_one_kind(expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut rest = vec![expr];
    while let Some(next) = rest.pop() {
        match (expr.expr_kind(), next.expr_kind()) {
            (ExprKind::And { .. }, ExprKind::And { left, right })
            | (ExprKind::Or { .. }, ExprKind::Or { left, right }) => {
                rest.push(right);
                rest.push(left);
            }
            _ => found.push(next),
        }
    }
    found
}

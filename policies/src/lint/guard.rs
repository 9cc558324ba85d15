//! Which attributes are known to be there when an expression is evaluated.

use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use std::collections::BTreeSet;

/// Attributes and tags, each by the text of its access.
pub(super) type Known = BTreeSet<String>;

/// What is known where `condition` came out as `outcome`.
pub(super) fn known_after(condition: &Expr, outcome: bool) -> Known {
    match condition.expr_kind() {
        ExprKind::UnaryApp {
            op: UnaryOp::Not,
            arg,
        } => known_after(arg, !outcome),
        ExprKind::And { left, right } => both_or_either(left, right, outcome, outcome),
        ExprKind::Or { left, right } => both_or_either(left, right, outcome, !outcome),
        ExprKind::HasAttr { expr, attr } if outcome => [attribute(expr, attr)].into(),
        ExprKind::ExtHasAttr { expr, attrs } if outcome => {
            let mut path = expr.to_string();
            let mut known = Known::new();
            for attr in attrs {
                path = access(&path, attr);
                known.insert(path.clone());
            }
            known
        }
        ExprKind::BinaryApp {
            op: BinaryOp::HasTag,
            arg1,
            arg2,
        } if outcome => [tag(arg1, arg2)].into(),
        _ => Known::new(),
    }
}

/// Both operands came out as `outcome`, or only one is known to have.
fn both_or_either(left: &Expr, right: &Expr, outcome: bool, both: bool) -> Known {
    let (left, right) = (known_after(left, outcome), known_after(right, outcome));
    if both { &left | &right } else { &left & &right }
}

pub(super) fn attribute(expr: &Expr, attr: &str) -> String {
    access(&expr.to_string(), attr)
}

pub(super) fn tag(expr: &Expr, key: &Expr) -> String {
    format!("{expr}.getTag({key})")
}

fn access(path: &str, attr: &str) -> String {
    format!("{path}[{attr:?}]")
}

//! Expressions as text for people.

use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use std::ops::Range;

/// The expression as the policy has it, on one line; as Cedar prints it if it is in no source.
pub(crate) fn source_text(expr: &Expr) -> String {
    let own = match operator(expr) {
        // The source has the negation of this.
        Some(operator) if is_negation(operator) => None,
        _ => expr.source_loc().and_then(|loc| loc.snippet()),
    };
    let text = own.map_or_else(|| format!("{expr}"), str::to_owned);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether `expr` is `a != b`, `a > b` or `a >= b`, which Cedar keeps as the negation of `a == b`,
/// `a <= b` and `a < b`, with the place of the whole.
pub(crate) fn is_negated_comparison(expr: &Expr) -> bool {
    match expr.expr_kind() {
        ExprKind::UnaryApp {
            op: UnaryOp::Not,
            arg,
        } => operator(arg).is_some_and(is_negation),
        _ => false,
    }
}

fn is_negation(operator: &str) -> bool {
    operator.contains("!=") || operator.contains('>')
}

/// What stands between the operands of a comparison.
fn operator(expr: &Expr) -> Option<&str> {
    let ExprKind::BinaryApp {
        op: BinaryOp::Eq | BinaryOp::Less | BinaryOp::LessEq,
        arg1,
        arg2,
    } = expr.expr_kind()
    else {
        return None;
    };
    let (left, right) = (place(arg1)?, place(arg2)?);
    expr.source_loc()?.src.get(left.end..right.start)
}

fn place(expr: &Expr) -> Option<Range<usize>> {
    let span = expr.source_loc()?.span;
    Some(span.offset()..span.offset() + span.len())
}

//! What is left of a condition once something is known.

use super::known::{Known, Part};
use crate::text::{is_negated_comparison, source_text};
use cedar_policy_core::ast::{BinaryOp, EntityUID, Expr, ExprKind, Literal, UnaryOp};
use core::fmt;

/// What is left of a policy's condition, of which all such must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Cedar text that must be true.
    When(String),
    /// Cedar text that must be false.
    Unless(String),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::When(text) => write!(f, "when {text}"),
            Self::Unless(text) => write!(f, "unless {text}"),
        }
    }
}

impl From<&Expr> for Condition {
    fn from(expr: &Expr) -> Self {
        match expr.expr_kind() {
            ExprKind::UnaryApp {
                op: UnaryOp::Not,
                arg,
            } if !is_negated_comparison(expr) => Self::Unless(source_text(arg)),
            _ => Self::When(source_text(expr)),
        }
    }
}

/// The operands of `expr`, taken apart at `&&`.
pub(super) fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    let mut operands = Vec::new();
    let mut rest = vec![expr];
    while let Some(next) = rest.pop() {
        if let ExprKind::And { left, right } = next.expr_kind() {
            rest.push(right);
            rest.push(left);
        } else {
            operands.push(next);
        }
    }
    operands
}

/// What a condition comes to, as far as it can be told.
pub(super) enum Residual {
    True,
    False,
    Open(Expr),
}

impl Residual {
    fn into_expr(self) -> Expr {
        match self {
            Self::True => Expr::val(true),
            Self::False => Expr::val(false),
            Self::Open(expr) => expr,
        }
    }
}

impl From<bool> for Residual {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// When a policy with the condition `expr` can be satisfied.
pub(super) fn simplify(expr: &Expr, known: &Known<'_>) -> Residual {
    reduce(expr, true, known)
}

/// `wanted` is the value by which the policy is satisfied. It matters where an operand may err: of
/// `a && false` nothing but false or an error can come, so it can't be true; but it may be other than
/// false.
fn reduce(expr: &Expr, wanted: bool, known: &Known<'_>) -> Residual {
    match expr.expr_kind() {
        ExprKind::Lit(Literal::Bool(value)) => (*value).into(),
        ExprKind::And { left, right } => {
            match (reduce(left, wanted, known), reduce(right, wanted, known)) {
                (Residual::False, _) => Residual::False,
                (Residual::True, right) => right,
                (left, Residual::True) => left,
                (_, Residual::False) if wanted => Residual::False,
                (left, right) => unless_same(expr, [left, right], Expr::and),
            }
        }
        ExprKind::Or { left, right } => {
            match (reduce(left, wanted, known), reduce(right, wanted, known)) {
                (Residual::True, _) => Residual::True,
                (Residual::False, right) => right,
                (left, Residual::False) => left,
                (_, Residual::True) if !wanted => Residual::True,
                (left, right) => unless_same(expr, [left, right], Expr::or),
            }
        }
        ExprKind::UnaryApp {
            op: UnaryOp::Not,
            arg,
        } => match reduce(arg, !wanted, known) {
            Residual::True => Residual::False,
            Residual::False => Residual::True,
            Residual::Open(left) if left == **arg => Residual::Open(expr.clone()),
            Residual::Open(left) => Residual::Open(Expr::not(left)),
        },
        ExprKind::If {
            test_expr,
            then_expr,
            else_expr,
        } => {
            // The value of the guard may be wanted either way.
            match known.evaluate(test_expr).or_else(|| tell(test_expr, known)) {
                Some(true) => reduce(then_expr, wanted, known),
                Some(false) => reduce(else_expr, wanted, known),
                None => Residual::Open(expr.clone()),
            }
        }
        _ => match tell(expr, known).or_else(|| known.evaluate(expr)) {
            Some(value) => value.into(),
            None => Residual::Open(expr.clone()),
        },
    }
}

/// The operands put together again; where none was simplified, with their place in the source.
fn unless_same(expr: &Expr, operands: [Residual; 2], join: fn(Expr, Expr) -> Expr) -> Residual {
    let [left, right] = operands.map(Residual::into_expr);
    let joined = join(left, right);
    Residual::Open(if joined == *expr {
        expr.clone()
    } else {
        joined
    })
}

/// What the names alone tell: `principal in Group::"a"`, `resource == Order::"1"`, `resource is Order`.
fn tell(expr: &Expr, known: &Known<'_>) -> Option<bool> {
    match expr.expr_kind() {
        ExprKind::Is { expr, entity_type } => Some(known.part(expr)?.is(&entity_type.to_string())),
        ExprKind::BinaryApp {
            op: BinaryOp::Eq,
            arg1,
            arg2,
        } => match (known.part(arg1), known.part(arg2)) {
            (Some(part), None) => part.equals(uid(arg2)?),
            (None, Some(part)) => part.equals(uid(arg1)?),
            _ => None,
        },
        ExprKind::BinaryApp {
            op: BinaryOp::In,
            arg1,
            arg2,
        } => {
            let part = known.part(arg1)?;
            match arg2.expr_kind() {
                ExprKind::Set(groups) => in_any(part, groups),
                _ => part.is_in(uid(arg2)?),
            }
        }
        _ => None,
    }
}

fn in_any(part: &Part, groups: &[Expr]) -> Option<bool> {
    let mut told = Some(false);
    for group in groups {
        match part.is_in(uid(group)?) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => told = None,
        }
    }
    told
}

fn uid(expr: &Expr) -> Option<&EntityUID> {
    match expr.expr_kind() {
        ExprKind::Lit(Literal::EntityUID(uid)) => Some(uid),
        _ => None,
    }
}

//! Conditions whose answer doesn't depend on the request.

use cedar_policy::{Context, Entities, EvalResult, Expression, Request, eval_expression};
use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, Literal, UnaryOp};

/// What a condition comes to whatever the request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Constant {
    True,
    False,
    /// It errs, so its policy is skipped.
    Errs,
}

/// The constant that `condition` comes to, if it is seen to come to one.
pub(super) fn constant(condition: &Expr) -> Option<Constant> {
    use Constant::{Errs, False, True};
    match condition.expr_kind() {
        ExprKind::Lit(Literal::Bool(true)) => Some(True),
        ExprKind::Lit(Literal::Bool(false)) => Some(False),
        ExprKind::UnaryApp {
            op: UnaryOp::Not,
            arg,
        } => constant(arg).map(|constant| match constant {
            True => False,
            False => True,
            Errs => Errs,
        }),
        ExprKind::And { left, right } => match constant(left) {
            Some(True) => constant(right),
            // Whatever the left is, if it doesn't err.
            None => constant(right).filter(|right| *right == False),
            decided => decided,
        },
        ExprKind::Or { left, right } => match constant(left) {
            Some(False) => constant(right),
            decided => decided,
        },
        _ if is_closed(condition) => evaluate(condition),
        _ => None,
    }
}

/// The conditions that must all hold.
pub(super) fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    let mut all = Vec::new();
    let mut open = vec![condition];
    while let Some(next) = open.pop() {
        if let ExprKind::And { left, right } = next.expr_kind() {
            open.push(right);
            open.push(left);
        } else {
            all.push(next);
        }
    }
    all
}

/// Two of the conditions that can't both hold: one the negation of the other, or one thing equal to
/// two literals.
pub(super) fn contradiction<'e>(conjuncts: &[&'e Expr]) -> Option<(&'e Expr, &'e Expr)> {
    let pairs = conjuncts
        .iter()
        .enumerate()
        .flat_map(|(at, a)| conjuncts.iter().skip(at + 1).map(move |b| (*a, *b)));
    pairs
        .into_iter()
        .find(|(a, b)| denies(a, b) || denies(b, a) || differ(a, b))
}

fn denies(a: &Expr, b: &Expr) -> bool {
    matches!(a.expr_kind(), ExprKind::UnaryApp { op: UnaryOp::Not, arg } if arg.eq_shape(b))
}

fn differ(a: &Expr, b: &Expr) -> bool {
    let (Some((a, first)), Some((b, second))) = (fixed(a), fixed(b)) else {
        return false;
    };
    a.eq_shape(b) && first != second
}

/// What is equal to which literal.
fn fixed(condition: &Expr) -> Option<(&Expr, &Literal)> {
    let ExprKind::BinaryApp {
        op: BinaryOp::Eq,
        arg1,
        arg2,
    } = condition.expr_kind()
    else {
        return None;
    };
    match (arg1.expr_kind(), arg2.expr_kind()) {
        (_, ExprKind::Lit(literal)) => Some((arg1, literal)),
        (ExprKind::Lit(literal), _) => Some((arg2, literal)),
        _ => None,
    }
}

/// Whether it reads nothing of the request.
pub(super) fn is_closed(condition: &Expr) -> bool {
    condition.subexpressions().all(|part| {
        !matches!(
            part.expr_kind(),
            // What an entity has is known at the request only.
            ExprKind::Var(_)
                | ExprKind::Slot(_)
                | ExprKind::Unknown(_)
                | ExprKind::Lit(Literal::EntityUID(_))
        )
    })
}

fn evaluate(condition: &Expr) -> Option<Constant> {
    let anyone = "Nobody::\"\"".parse::<cedar_policy::EntityUid>().ok()?;
    let request = Request::new(
        anyone.clone(),
        anyone.clone(),
        anyone,
        Context::empty(),
        None,
    )
    .ok()?;
    let expression: Expression = condition.to_string().parse().ok()?;
    match eval_expression(&request, &Entities::empty(), &expression) {
        Ok(EvalResult::Bool(true)) => Some(Constant::True),
        Ok(EvalResult::Bool(false)) => Some(Constant::False),
        Ok(_) | Err(_) => Some(Constant::Errs),
    }
}

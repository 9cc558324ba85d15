//! A walk through the conditions of policies, with Cedar's evaluator: what a bundle's trace is held
//! against.

use super::{Posed, Reference};
use crate::cases::{CaseError, Question};
use crate::pack::STACK;
use cedar_policy_core::ast::{Expr, ExprKind, Literal, Request, UnaryOp, Value, ValueKind};
use cedar_policy_core::evaluator::Evaluator;
use cedar_policy_core::extensions::Extensions;
use std::collections::HashMap;

/// A condition as it came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The policy, by its place in the source, from 0.
    pub policy: usize,
    /// The condition: an operand of `&&`, `||` or `!`, the guard of an `if`, or a whole `when` or
    /// `unless`, that isn't made of such itself. Offset and length in bytes.
    pub place: (usize, usize),
    /// Whether it was true.
    pub truth: bool,
}

impl Reference {
    /// The steps of all policies whose scope takes the question, in the order of evaluation. What is
    /// within an operand of something else, such as a comparison, has none.
    ///
    /// # Errors
    /// `question_malformed` if Cedar doesn't take the question.
    pub fn steps(&self, question: &Question) -> Result<Vec<Step>, CaseError> {
        stacker::grow(STACK, || self.walk(question))
    }

    fn walk(&self, question: &Question) -> Result<Vec<Step>, CaseError> {
        let Posed { request, entities } = self.pose(question)?;
        let request: &Request = request.as_ref();
        let evaluator = Evaluator::new(
            request.clone(),
            entities.as_ref(),
            Extensions::all_available(),
        );
        let mut steps = Vec::new();
        for (at, (_, policy)) in self.policies().into_iter().enumerate() {
            let mut walk = Walk {
                evaluator: &evaluator,
                policy: at,
                steps: &mut steps,
            };
            let scope = [
                policy.principal_constraint().as_expr(),
                policy.action_constraint().as_expr(),
                policy.resource_constraint().as_expr(),
            ];
            if scope.iter().all(|part| walk.leaf(part) == Some(true))
                && let Some(condition) = policy.non_scope_constraints()
            {
                walk.condition(condition);
            }
        }
        Ok(steps)
    }
}

struct Walk<'w> {
    evaluator: &'w Evaluator<'w>,
    policy: usize,
    steps: &'w mut Vec<Step>,
}

impl Walk<'_> {
    /// Evaluates a condition, and notes it or what it is made of; none if it errs.
    fn condition(&mut self, expr: &Expr) -> Option<bool> {
        match expr.expr_kind() {
            ExprKind::And { left, right } => Some(self.condition(left)? && self.condition(right)?),
            ExprKind::Or { left, right } => Some(self.condition(left)? || self.condition(right)?),
            ExprKind::UnaryApp {
                op: UnaryOp::Not,
                arg,
            } => Some(!self.condition(arg)?),
            ExprKind::If { test_expr, .. } => {
                self.condition(test_expr)?;
                self.noted(expr)
            }
            _ => self.noted(expr),
        }
    }

    fn noted(&mut self, expr: &Expr) -> Option<bool> {
        let truth = self.leaf(expr)?;
        if let Some(loc) = expr.source_loc() {
            self.steps.push(Step {
                policy: self.policy,
                place: (loc.span.offset(), loc.span.len()),
                truth,
            });
        }
        Some(truth)
    }

    fn leaf(&self, expr: &Expr) -> Option<bool> {
        match self.evaluator.interpret(expr, &HashMap::new()) {
            Ok(Value {
                value: ValueKind::Lit(Literal::Bool(truth)),
                ..
            }) => Some(truth),
            _ => None,
        }
    }
}

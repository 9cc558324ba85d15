//! Which conditions of a policy decided, and by which values.

use crate::text::{is_negated_comparison, source_text};
use cedar_policy_core::ast::{
    BoundedToString, Expr, ExprKind, Literal, Request, UnaryOp, Value, ValueKind,
};
use cedar_policy_core::entities::Entities;
use cedar_policy_core::evaluator::Evaluator;
use cedar_policy_core::extensions::Extensions;
use std::collections::HashMap;

/// How many elements of a set or a record are shown.
const SHOWN: usize = 8;

/// What a condition came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It held.
    True,
    /// It didn't.
    False,
    /// It couldn't be evaluated, and why.
    Error(String),
}

impl Truth {
    fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Error(message) => Self::Error(message),
        }
    }
}

/// A condition that can't be taken apart further, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The condition, in Cedar.
    pub text: String,
    /// The line and the column where it begins, from 1.
    pub place: Option<(usize, usize)>,
    /// What it came to.
    pub truth: Truth,
    /// What its operands are: their text and their value, in Cedar.
    pub values: Vec<(String, String)>,
}

impl Finding {
    /// The finding as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let text = &self.text;
        match &self.truth {
            Truth::True => format!("`{text}` is true{}", self.operands()),
            Truth::False => format!("`{text}` is false{}", self.operands()),
            Truth::Error(message) => {
                format!("`{text}` is an error ({message}){}", self.operands())
            }
        }
    }

    /// The values, to be put at the end of a sentence.
    pub(super) fn operands(&self) -> String {
        let values: Vec<String> = self
            .values
            .iter()
            .map(|(text, value)| format!("`{text}` is {value}"))
            .collect();
        if values.is_empty() {
            String::new()
        } else {
            format!(", where {}", values.join(" and "))
        }
    }
}

/// One question, for which conditions are evaluated.
pub(super) struct Evaluation<'e> {
    evaluator: Evaluator<'e>,
}

impl<'e> Evaluation<'e> {
    pub(super) fn new(
        request: &Request,
        entities: &'e Entities,
        extensions: &'e Extensions<'e>,
    ) -> Self {
        Self {
            evaluator: Evaluator::new(request.clone(), entities, extensions),
        }
    }

    /// What `expr` comes to, and the conditions by which: those of which another
    /// would have been needed for another result, in the order in which Cedar evaluates them.
    pub(super) fn decide(&self, expr: &Expr) -> (Truth, Vec<Finding>) {
        match expr.expr_kind() {
            ExprKind::And { left, right } => self.short_circuit(&Truth::False, left, right),
            ExprKind::Or { left, right } => self.short_circuit(&Truth::True, left, right),
            ExprKind::UnaryApp {
                op: UnaryOp::Not,
                arg,
            } if !is_negated_comparison(expr) => {
                let (truth, findings) = self.decide(arg);
                (truth.negated(), findings)
            }
            ExprKind::If {
                test_expr,
                then_expr,
                else_expr,
            } => {
                let (test, mut findings) = self.decide(test_expr);
                let branch = match test {
                    Truth::True => then_expr,
                    Truth::False => else_expr,
                    Truth::Error(_) => return (test, findings),
                };
                let (truth, more) = self.decide(branch);
                findings.extend(more);
                (truth, findings)
            }
            _ => {
                let finding = self.finding(expr);
                (finding.truth.clone(), Vec::from_iter(finding.of_note(expr)))
            }
        }
    }

    fn short_circuit(&self, decided: &Truth, left: &Expr, right: &Expr) -> (Truth, Vec<Finding>) {
        let (truth, mut findings) = self.decide(left);
        if truth == *decided || matches!(truth, Truth::Error(_)) {
            return (truth, findings);
        }
        let (truth, more) = self.decide(right);
        if truth == *decided || matches!(truth, Truth::Error(_)) {
            return (truth, more);
        }
        findings.extend(more);
        (truth, findings)
    }

    /// A condition that isn't made of others, evaluated.
    pub(super) fn finding(&self, expr: &Expr) -> Finding {
        let mut values = Vec::new();
        for operand in operands(expr) {
            // Not as the source has it: there, Cedar takes a method's call for its receiver.
            let text = format!("{operand}");
            if !is_shown_by_itself(operand)
                && !values.iter().any(|(known, _)| *known == text)
                && let Ok(value) = self.value(operand)
            {
                values.push((text, value.to_string_bounded(SHOWN)));
            }
        }
        Finding {
            text: source_text(expr),
            place: place(expr),
            truth: self.truth(expr),
            values,
        }
    }

    pub(super) fn truth(&self, expr: &Expr) -> Truth {
        match self.value(expr) {
            Ok(Value {
                value: ValueKind::Lit(Literal::Bool(true)),
                ..
            }) => Truth::True,
            Ok(Value {
                value: ValueKind::Lit(Literal::Bool(false)),
                ..
            }) => Truth::False,
            Ok(other) => Truth::Error(format!(
                "it is {}, which is no boolean",
                other.to_string_bounded(SHOWN)
            )),
            Err(message) => Truth::Error(message),
        }
    }

    fn value(&self, expr: &Expr) -> Result<Value, String> {
        self.evaluator
            .interpret(expr, &HashMap::new())
            .map_err(|error| format!("{error}"))
    }
}

impl Finding {
    /// A literal decides nothing that is worth a line: Cedar puts `true` where a policy has no body.
    fn of_note(self, expr: &Expr) -> Option<Self> {
        (!matches!(expr.expr_kind(), ExprKind::Lit(_))).then_some(self)
    }
}

/// The parts of a condition whose values say why it came out as it did.
fn operands(expr: &Expr) -> Vec<&Expr> {
    match expr.expr_kind() {
        ExprKind::BinaryApp { arg1, arg2, .. } => [operand(arg1), operand(arg2)].concat(),
        ExprKind::UnaryApp { arg, .. } if is_negated_comparison(expr) => operands(arg),
        ExprKind::UnaryApp { arg, .. } => operand(arg),
        ExprKind::ExtensionFunctionApp { args, .. } => args.iter().flat_map(operand).collect(),
        ExprKind::Like { expr, .. }
        | ExprKind::Is { expr, .. }
        | ExprKind::HasAttr { expr, .. }
        | ExprKind::ExtHasAttr { expr, .. } => operand(expr),
        _ => Vec::new(),
    }
}

/// An operand itself, or what it is computed from.
fn operand(expr: &Expr) -> Vec<&Expr> {
    match expr.expr_kind() {
        ExprKind::GetAttr { .. } | ExprKind::Var(_) | ExprKind::Lit(_) => vec![expr],
        ExprKind::Set(elements) => elements.iter().flat_map(operand).collect(),
        ExprKind::ExtensionFunctionApp { args, .. }
            if args
                .iter()
                .all(|arg| matches!(arg.expr_kind(), ExprKind::Lit(_))) =>
        {
            Vec::new()
        }
        _ => {
            let mut shown = vec![expr];
            shown.extend(operands(expr));
            shown
        }
    }
}

/// Whether its text is its value, or says no more than the question does.
fn is_shown_by_itself(expr: &Expr) -> bool {
    matches!(expr.expr_kind(), ExprKind::Lit(_) | ExprKind::Var(_))
}

fn place(expr: &Expr) -> Option<(usize, usize)> {
    let loc = expr.source_loc()?;
    let before = loc.src.get(..loc.span.offset())?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    Some((line, column))
}

//! Forbids that can err. A policy that errs is skipped, and a skipped forbid forbids nothing.

use super::findings::Findings;
use super::guard::{Known, attribute, known_after, tag};
use super::subject::{Rules, Subject};
use crate::diagnostics::Problem;
use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use miette::SourceSpan;

/// Finds forbids that read what may not be there, or calculate with what may be too large.
///
/// That the schema requires an attribute isn't enough: entities and context come with the request,
/// and nobody has held them against the schema.
pub(super) fn forbid_may_err(subject: &Subject<'_>, all: &[Rules<'_>], findings: &mut Findings) {
    for rules in all.iter().filter(|rules| !rules.is_permit()) {
        let Some(condition) = rules.template.non_scope_constraints() else {
            continue;
        };
        let mut search = Search {
            subject,
            rules,
            findings,
        };
        search.visit(condition, &Known::new());
    }
}

struct Search<'a, 's> {
    subject: &'a Subject<'s>,
    rules: &'a Rules<'a>,
    findings: &'a mut Findings,
}

impl Search<'_, '_> {
    fn visit(&mut self, expr: &Expr, known: &Known) {
        match expr.expr_kind() {
            ExprKind::And { left, right } => {
                self.visit(left, known);
                self.visit(right, &(known | &known_after(left, true)));
            }
            ExprKind::Or { left, right } => {
                self.visit(left, known);
                self.visit(right, &(known | &known_after(left, false)));
            }
            ExprKind::If {
                test_expr,
                then_expr,
                else_expr,
            } => {
                self.visit(test_expr, known);
                self.visit(then_expr, &(known | &known_after(test_expr, true)));
                self.visit(else_expr, &(known | &known_after(test_expr, false)));
            }
            ExprKind::GetAttr { expr: of, attr } => {
                self.visit(of, known);
                if !known.contains(&attribute(of, attr))
                    && !matches!(of.expr_kind(), ExprKind::Record(_))
                {
                    self.found(
                        expr,
                        &format!("`{expr}` errs where the attribute isn't there"),
                        &format!("ask first: `{of} has {attr} && ..`"),
                    );
                }
            }
            ExprKind::UnaryApp { op, arg } => {
                self.visit(arg, known);
                if *op == UnaryOp::Neg {
                    self.overflow(expr);
                }
            }
            ExprKind::BinaryApp { op, arg1, arg2 } => {
                self.visit(arg1, known);
                self.visit(arg2, known);
                match op {
                    BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => self.overflow(expr),
                    BinaryOp::GetTag if !known.contains(&tag(arg1, arg2)) => self.found(
                        expr,
                        &format!("`{expr}` errs where the tag isn't there"),
                        &format!("ask first: `{arg1}.hasTag({arg2}) && ..`"),
                    ),
                    _ => {}
                }
            }
            ExprKind::ExtensionFunctionApp { fn_name, args } => {
                for arg in args.iter() {
                    self.visit(arg, known);
                }
                if ["offset", "durationSince", "toDate"].contains(&fn_name.to_string().as_str()) {
                    self.overflow(expr);
                }
            }
            ExprKind::HasAttr { expr, .. }
            | ExprKind::ExtHasAttr { expr, .. }
            | ExprKind::Like { expr, .. }
            | ExprKind::Is { expr, .. } => self.visit(expr, known),
            ExprKind::Set(parts) => parts.iter().for_each(|part| self.visit(part, known)),
            ExprKind::Record(parts) => parts.values().for_each(|part| self.visit(part, known)),
            ExprKind::Lit(_) | ExprKind::Var(_) | ExprKind::Slot(_) | ExprKind::Unknown(_) => {}
        }
    }

    fn overflow(&mut self, expr: &Expr) {
        if super::constant::is_closed(expr) {
            return;
        }
        self.found(
            expr,
            &format!("`{expr}` errs where its result is out of range"),
            "bound its operands first, or compare without calculating",
        );
    }

    fn found(&mut self, expr: &Expr, why: &str, help: &str) {
        let message = format!(
            "the policy `{}` may err, and then it forbids nothing: {why}",
            self.rules.name()
        );
        let place = expr.source_loc().map(|loc| loc.span);
        let problem = Problem::new("forbid_may_err", &self.subject.sources.policies, message)
            .at(place.or_else(|| self.rules.span()) as Option<SourceSpan>)
            .help(help);
        self.findings.policy_warning(self.rules, problem);
    }
}

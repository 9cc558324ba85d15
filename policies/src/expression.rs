//! Expressions to instructions.

use crate::program::{Constant, Instruction, Operand};
use crate::scope::entity_uid;
use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, Literal, PatternElem, UnaryOp, Var};
use countersign_core::policy::format::{Function, MAX_DEPTH, Op};
use countersign_core::policy::{Datetime, Decimal, Duration, IpRange, Record, Set, Value};
use miette::SourceSpan;

/// An expression that the bundle can't hold.
pub(crate) struct Unsupported {
    pub(crate) what: String,
    pub(crate) span: Option<SourceSpan>,
}

/// The code of a policy's conditions.
pub(crate) struct Code {
    /// It leaves their value on the stack, as a boolean.
    pub(crate) instructions: Vec<Instruction>,
    /// The instruction that takes each condition, and the condition's place in the source; only if
    /// they were asked for.
    pub(crate) conditions: Vec<(usize, SourceSpan)>,
}

/// Compiles a policy's conditions. `instrumented` code checks each condition that isn't made of
/// others by an instruction of its own, so that a trace tells how it came out.
pub(crate) fn compile(condition: &Expr, instrumented: bool) -> Result<Code, Vec<Unsupported>> {
    let mut emitter = Emitter {
        instrumented,
        ..Emitter::default()
    };
    emitter.boolean(condition, 0);
    if emitter.unsupported.is_empty() {
        Ok(Code {
            instructions: emitter.code,
            conditions: emitter.conditions,
        })
    } else {
        Err(emitter.unsupported)
    }
}

#[derive(Default)]
struct Emitter {
    instrumented: bool,
    code: Vec<Instruction>,
    conditions: Vec<(usize, SourceSpan)>,
    unsupported: Vec<Unsupported>,
}

impl Emitter {
    /// Emits `expr`, `nesting` set and record literals deep.
    fn expression(&mut self, expr: &Expr, nesting: usize) {
        if let Some(value) = constant(expr, nesting) {
            return self.push(Op::Constant, Operand::Constant(Constant::Value(value)));
        }
        match expr.expr_kind() {
            ExprKind::Lit(_) => {}
            ExprKind::Var(var) => self.push(variable(*var), Operand::None),
            ExprKind::And { left, right } => self.short_circuit(Op::And, left, right, nesting),
            ExprKind::Or { left, right } => self.short_circuit(Op::Or, left, right, nesting),
            ExprKind::If {
                test_expr,
                then_expr,
                else_expr,
            } => {
                self.condition(test_expr, nesting);
                let to_else = self.jump(Op::Unless);
                self.expression(then_expr, nesting);
                let to_end = self.jump(Op::Jump);
                self.land(to_else);
                self.expression(else_expr, nesting);
                self.land(to_end);
            }
            ExprKind::UnaryApp { op, arg } => {
                if *op == UnaryOp::Not {
                    self.condition(arg, nesting);
                } else {
                    self.expression(arg, nesting);
                }
                self.push(unary(*op), Operand::None);
            }
            ExprKind::BinaryApp { op, arg1, arg2 } => {
                self.expression(arg1, nesting);
                self.expression(arg2, nesting);
                self.push(binary(*op), Operand::None);
            }
            ExprKind::GetAttr { expr, attr } => {
                self.expression(expr, nesting);
                self.push(Op::Get, Operand::String(attr.to_string()));
            }
            ExprKind::HasAttr { expr, attr } => {
                self.expression(expr, nesting);
                self.push(Op::Has, Operand::String(attr.to_string()));
            }
            ExprKind::ExtHasAttr { expr, attrs } => {
                self.expression(expr, nesting);
                let names = attrs.iter().map(ToString::to_string).collect();
                self.push(Op::HasPath, Operand::Constant(Constant::Names(names)));
            }
            ExprKind::Like { expr, pattern } => {
                self.expression(expr, nesting);
                let pattern = segments(pattern.iter());
                self.push(Op::Like, Operand::Constant(Constant::Pattern(pattern)));
            }
            ExprKind::Is { expr, entity_type } => {
                self.expression(expr, nesting);
                self.push(Op::Is, Operand::String(entity_type.to_string()));
            }
            ExprKind::Set(_) | ExprKind::Record(_) if nesting >= MAX_DEPTH => {
                self.refuse(expr, "literals nested this deep");
            }
            ExprKind::Set(elements) => {
                for element in elements.iter() {
                    self.expression(element, nesting + 1);
                }
                self.push(Op::MakeSet, Operand::Number(elements.len()));
            }
            ExprKind::Record(fields) => {
                for field in fields.values() {
                    self.expression(field, nesting + 1);
                }
                let names = fields.keys().map(ToString::to_string).collect();
                self.push(Op::MakeRecord, Operand::Constant(Constant::Names(names)));
            }
            ExprKind::ExtensionFunctionApp { fn_name, args } => {
                let name = fn_name.to_string();
                match Function::from_name(&name) {
                    Some(function) if function.arity() == args.len() => {
                        for arg in args.iter() {
                            self.expression(arg, nesting);
                        }
                        self.push(Op::Call, Operand::Number(function as usize));
                    }
                    Some(_) => self.error(),
                    None => self.refuse(expr, &format!("the extension function `{name}`")),
                }
            }
            ExprKind::Slot(_) | ExprKind::Unknown(_) => self.refuse(expr, "slots and unknowns"),
        }
    }

    /// `left`, and `right` unless `left` decides; both must be boolean when evaluated.
    fn short_circuit(&mut self, op: Op, left: &Expr, right: &Expr, nesting: usize) {
        self.condition(left, nesting);
        let to_end = self.jump(op);
        self.boolean(right, nesting);
        self.land(to_end);
    }

    /// Emits what errs, as a call with too few or too many arguments does whatever they are. The
    /// validator refuses it.
    fn error(&mut self) {
        let number = Constant::Value(Value::Long(0));
        self.push(Op::Constant, Operand::Constant(number));
        self.push(Op::Bool, Operand::None);
    }

    /// Emits `expr`, whose value the next instruction takes as a boolean.
    fn condition(&mut self, expr: &Expr, nesting: usize) {
        if self.instrumented {
            self.boolean(expr, nesting);
        } else {
            self.expression(expr, nesting);
        }
    }

    /// Emits `expr` with a check that it is boolean, unless it can be nothing else.
    fn boolean(&mut self, expr: &Expr, nesting: usize) {
        self.expression(expr, nesting);
        let watched = self.instrumented && !is_composed(expr);
        if watched && let Some(loc) = expr.source_loc() {
            self.conditions.push((self.code.len(), loc.span));
        }
        if watched || !is_boolean(expr) {
            self.push(Op::Bool, Operand::None);
        }
    }

    fn push(&mut self, op: Op, operand: Operand) {
        self.code.push(Instruction { op, operand });
    }

    /// A jump to a place that [`land`](Self::land) fills in.
    fn jump(&mut self, op: Op) -> usize {
        self.push(op, Operand::Number(0));
        self.code.len() - 1
    }

    fn land(&mut self, jump: usize) {
        let here = self.code.len();
        if let Some(instruction) = self.code.get_mut(jump) {
            instruction.operand = Operand::Number(here);
        }
    }

    fn refuse(&mut self, expr: &Expr, what: &str) {
        self.unsupported.push(Unsupported {
            what: what.to_owned(),
            span: expr.source_loc().map(|loc| loc.span),
        });
    }
}

/// The value of `expr` if it is a literal, or a set or record of such: these can't err.
fn constant(expr: &Expr, nesting: usize) -> Option<Value> {
    if nesting > MAX_DEPTH {
        return None;
    }
    match expr.expr_kind() {
        ExprKind::Lit(Literal::Bool(value)) => Some(Value::Bool(*value)),
        ExprKind::Lit(Literal::Long(value)) => Some(Value::Long(*value)),
        ExprKind::Lit(Literal::String(value)) => Some(Value::from(value.as_str())),
        ExprKind::Lit(Literal::EntityUID(uid)) => Some(Value::Entity(entity_uid(uid))),
        ExprKind::Set(elements) => elements
            .iter()
            .map(|element| constant(element, nesting + 1))
            .collect::<Option<Set>>()
            .map(Value::Set),
        ExprKind::Record(fields) => {
            let mut record = Record::new();
            for (name, field) in fields.iter() {
                record.insert(name.as_str(), constant(field, nesting + 1)?);
            }
            Some(Value::Record(record))
        }
        // A call that fails must err when it is evaluated, and only if it is.
        ExprKind::ExtensionFunctionApp { fn_name, args } => match args.as_slice() {
            [arg] => made(&fn_name.to_string(), arg),
            _ => None,
        },
        _ => None,
    }
}

/// The value that a function makes of a literal.
fn made(function: &str, arg: &Expr) -> Option<Value> {
    let ExprKind::Lit(Literal::String(text)) = arg.expr_kind() else {
        return None;
    };
    match Function::from_name(function)? {
        Function::Decimal => Decimal::parse(text).map(Value::Decimal),
        Function::Ip => IpRange::parse(text).map(Value::Ip),
        Function::Datetime => Datetime::parse(text).map(Value::Datetime),
        Function::Duration => Duration::parse(text).map(Value::Duration),
        _ => None,
    }
}

fn variable(var: Var) -> Op {
    match var {
        Var::Principal => Op::Principal,
        Var::Action => Op::Action,
        Var::Resource => Op::Resource,
        Var::Context => Op::Context,
    }
}

fn unary(op: UnaryOp) -> Op {
    match op {
        UnaryOp::Not => Op::Not,
        UnaryOp::Neg => Op::Negate,
        UnaryOp::IsEmpty => Op::IsEmpty,
    }
}

fn binary(op: BinaryOp) -> Op {
    match op {
        BinaryOp::Eq => Op::Equal,
        BinaryOp::Less => Op::Less,
        BinaryOp::LessEq => Op::LessEqual,
        BinaryOp::Add => Op::Add,
        BinaryOp::Sub => Op::Subtract,
        BinaryOp::Mul => Op::Multiply,
        BinaryOp::In => Op::In,
        BinaryOp::Contains => Op::Contains,
        BinaryOp::ContainsAll => Op::ContainsAll,
        BinaryOp::ContainsAny => Op::ContainsAny,
        BinaryOp::GetTag => Op::GetTag,
        BinaryOp::HasTag => Op::HasTag,
    }
}

/// Whether the truth of `expr` is that of the conditions it is made of.
fn is_composed(expr: &Expr) -> bool {
    matches!(
        expr.expr_kind(),
        ExprKind::And { .. }
            | ExprKind::Or { .. }
            | ExprKind::UnaryApp {
                op: UnaryOp::Not,
                ..
            }
    )
}

/// Whether the value of `expr` is boolean, if it has one.
fn is_boolean(expr: &Expr) -> bool {
    match expr.expr_kind() {
        ExprKind::Lit(literal) => matches!(literal, Literal::Bool(_)),
        ExprKind::And { .. }
        | ExprKind::Or { .. }
        | ExprKind::HasAttr { .. }
        | ExprKind::ExtHasAttr { .. }
        | ExprKind::Like { .. }
        | ExprKind::Is { .. } => true,
        ExprKind::UnaryApp { op, .. } => *op != UnaryOp::Neg,
        ExprKind::BinaryApp { op, .. } => !matches!(
            op,
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::GetTag
        ),
        _ => false,
    }
}

/// The literal runs of a pattern, split at its wildcards.
fn segments<'p>(elements: impl Iterator<Item = &'p PatternElem>) -> Vec<String> {
    let mut segments = Vec::new();
    let mut segment = String::new();
    for element in elements {
        match element {
            PatternElem::Char(c) => segment.push(*c),
            PatternElem::Wildcard => segments.push(core::mem::take(&mut segment)),
        }
    }
    segments.push(segment);
    segments
}

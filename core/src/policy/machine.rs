//! Runs the code of a policy: a stack machine with Cedar's semantics.

use super::bundle::{Bundle, Constant, Scope};
use super::code::{Function, Instruction, Op, Receiver};
use super::evaluate::Ask;
use super::extension::{Datetime, Decimal, Duration, IpRange};
use super::layer::{Arena, EntityId, Span, Symbol, World};
use super::term::{Budget, Term, View, ip_parts};
use super::trace::TraceStep;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Why a policy errs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    Type { expected: Expected, found: Expected },
    Attribute(Symbol),
    Entity(Symbol),
    Tag,
    Extension(Function),
    Overflow,
    Limit,
    Unreachable,
}

/// Kinds of value, as messages name them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expected {
    Bool,
    Long,
    String,
    Entity,
    Set,
    Record,
    Decimal,
    Datetime,
    Duration,
    Ip,
    RecordOrEntity,
    EntityOrSet,
}

impl Expected {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Long => "long",
            Self::String => "string",
            Self::Entity => "entity",
            Self::Set => "set",
            Self::Record => "record",
            Self::Decimal => "decimal",
            Self::Datetime => "datetime",
            Self::Duration => "duration",
            Self::Ip => "ipaddr",
            Self::RecordOrEntity => "record or entity",
            Self::EntityOrSet => "entity or set of entities",
        }
    }
}

/// What a run needs, kept from one to the next so that it isn't allocated again.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    stack: Vec<Term>,
    made: Arena,
}

pub(super) struct Machine<'a> {
    bundle: &'a Bundle,
    world: World<'a>,
    ask: Ask,
    scratch: &'a mut Scratch,
    made_from: (u32, u32),
    budget: Budget,
    trace: Option<&'a mut Vec<TraceStep>>,
    /// The policy whose code runs.
    policy: u32,
}

impl<'a> Machine<'a> {
    pub(super) fn new(
        bundle: &'a Bundle,
        world: World<'a>,
        ask: Ask,
        scratch: &'a mut Scratch,
        trace: Option<&'a mut Vec<TraceStep>>,
    ) -> Self {
        Self {
            bundle,
            world,
            ask,
            scratch,
            made_from: world.made_from(),
            budget: Budget::of_a_policy(),
            trace,
            policy: 0,
        }
    }

    /// Whether the entity is what a scope asks for. Never errs.
    pub(super) fn in_scope(&self, id: EntityId, scope: Scope) -> bool {
        match scope {
            Scope::Any => true,
            Scope::Equal(other) => id == other,
            Scope::In(group) => self.is_in(id, group),
            Scope::Is(entity_type) => self.world.uid(id).0 == entity_type,
            Scope::IsIn(entity_type, group) => {
                self.world.uid(id).0 == entity_type && self.is_in(id, group)
            }
        }
    }

    /// Cedar's `in`: the entity itself or one of its ancestors. An unknown entity has none.
    pub(super) fn is_in(&self, id: EntityId, group: EntityId) -> bool {
        id == group
            || self
                .world
                .node(id)
                .is_some_and(|node| self.world.ids(node.ancestors).binary_search(&group).is_ok())
    }

    /// Runs the code of one policy: whether its conditions hold.
    pub(super) fn run(&mut self, policy: u32, code: &[Instruction]) -> Result<bool, Fault> {
        self.budget = Budget::of_a_policy();
        self.policy = policy;
        self.scratch.stack.clear();
        self.scratch.made.elements.clear();
        self.scratch.made.fields.clear();
        let mut at = 0;
        while let Some(&Instruction { op, operand }) = code.get(at) {
            self.budget.spend(1)?;
            at += 1;
            let mut value = match op {
                Op::Constant => match self.bundle.constant(operand) {
                    Some(Constant::Value(value)) => *value,
                    _ => return Err(Fault::Unreachable),
                },
                Op::Principal => Term::entity(self.ask.principal),
                Op::Action => Term::entity(self.ask.action),
                Op::Resource => Term::entity(self.ask.resource),
                Op::Context => Term::record(self.ask.context),
                Op::And | Op::Or => {
                    let decided = op == Op::Or;
                    if self.condition(at - 1)? != decided {
                        continue;
                    }
                    at = place(operand)?;
                    Term::bool(decided)
                }
                Op::Unless => {
                    if !self.condition(at - 1)? {
                        at = place(operand)?;
                    }
                    continue;
                }
                Op::Jump => {
                    at = place(operand)?;
                    continue;
                }
                Op::Bool => Term::bool(self.condition(at - 1)?),
                Op::Get => {
                    let value = self.pop()?;
                    self.get(value, Symbol(operand))?
                }
                _ => self.operate(op, operand)?,
            };
            // A path, `a.b.c`, goes on without the stack.
            while let Some(&Instruction {
                op: Op::Get,
                operand,
            }) = code.get(at)
            {
                self.budget.spend(1)?;
                at += 1;
                value = self.get(value, Symbol(operand))?;
            }
            self.scratch.stack.push(value);
        }
        self.condition(code.len())
    }

    fn view(&self) -> View<'_> {
        View {
            world: self.world,
            made: &self.scratch.made,
            made_from: self.made_from,
        }
    }

    /// The values, and the steps that comparing them costs.
    fn view_and_budget(&mut self) -> (View<'_>, &mut Budget) {
        let view = View {
            world: self.world,
            made: &self.scratch.made,
            made_from: self.made_from,
        };
        (view, &mut self.budget)
    }

    /// Runs an instruction that neither jumps nor gets.
    fn operate(&mut self, op: Op, operand: u32) -> Result<Term, Fault> {
        Ok(match op {
            Op::Not => Term::bool(!self.pop_boolean()?),
            Op::Negate => number(long(self.pop()?)?.checked_neg())?,
            Op::Is => {
                let id = entity(self.pop()?)?;
                Term::bool(self.world.uid(id).0 == Symbol(operand))
            }
            Op::Like => match (self.pop()?, self.bundle.constant(operand)) {
                (Term::String(text), Some(Constant::Pattern(pattern))) => {
                    let text = self.world.text(text.get());
                    Term::bool(pattern.matches(text, &mut self.budget)?)
                }
                (_, None) => return Err(Fault::Unreachable),
                (value, _) => return Err(mismatch(Expected::String, value)),
            },
            Op::Has => {
                let value = self.pop()?;
                Term::bool(self.attribute(value, Symbol(operand))?.is_some())
            }
            Op::HasPath => Term::bool(self.has_path(operand)?),
            Op::IsEmpty => Term::bool(set(self.pop()?)?.len == 0),
            Op::MakeSet => self.make_set(operand)?,
            Op::MakeRecord => self.make_record(operand)?,
            Op::Call => {
                let function = Function::from_number(operand).ok_or(Fault::Unreachable)?;
                self.call(function)?
            }
            _ => {
                let right = self.pop()?;
                let left = self.pop()?;
                self.binary(op, left, right)?
            }
        })
    }

    /// The operators of two operands, both evaluated before either is looked at.
    fn binary(&mut self, op: Op, left: Term, right: Term) -> Result<Term, Fault> {
        let (view, budget) = self.view_and_budget();
        Ok(Term::bool(match op {
            Op::Equal => view.equal(left, right, budget)?,
            Op::In => return self.member(left, right).map(Term::bool),
            Op::Contains => view.contains(set(left)?, right, budget)?,
            Op::ContainsAll => !holds_any(&view, set(left)?, set(right)?, false, budget)?,
            Op::ContainsAny => holds_any(&view, set(left)?, set(right)?, true, budget)?,
            Op::HasTag => self.tag(left, right)?.is_some(),
            Op::GetTag => return self.tag(left, right)?.ok_or(Fault::Tag),
            Op::Less | Op::LessEqual => {
                let order = match (left, right) {
                    (Term::Datetime(left), Term::Datetime(right))
                    | (Term::Duration(left), Term::Duration(right)) => left.cmp(&right),
                    _ => long(left)?.cmp(&long(right)?),
                };
                order.is_lt() || op == Op::LessEqual && order.is_eq()
            }
            _ => {
                let (left, right) = (long(left)?, long(right)?);
                return number(match op {
                    Op::Add => left.checked_add(right),
                    Op::Subtract => left.checked_sub(right),
                    Op::Multiply => left.checked_mul(right),
                    _ => return Err(Fault::Unreachable),
                });
            }
        }))
    }

    /// `in`, of an entity or of a set, every element of which must be an entity.
    fn member(&mut self, left: Term, right: Term) -> Result<bool, Fault> {
        let id = entity(left)?;
        let groups = match right {
            Term::Entity(group) => return Ok(self.is_in(id, group.get())),
            Term::Set(groups) => groups.get(),
            _ => return Err(mismatch(Expected::EntityOrSet, right)),
        };
        let mut found = false;
        let (mut steps, mut fault) = (0, None);
        for group in self.view().elements(groups) {
            match *group {
                Term::Entity(group) => {
                    steps += 1;
                    found = found || self.is_in(id, group.get());
                }
                other => fault = Some(mismatch(Expected::Entity, other)),
            }
        }
        self.budget.spend(steps)?;
        fault.map_or(Ok(found), Err)
    }

    /// The attribute of a record or entity, if it has it.
    fn attribute(&self, value: Term, name: Symbol) -> Result<Option<Term>, Fault> {
        match value {
            Term::Record(record) => Ok(self.view().field(record.get(), name)),
            Term::Entity(id) => Ok(self
                .world
                .node(id.get())
                .and_then(|node| self.view().field(node.attributes, name))),
            _ => Err(mismatch(Expected::RecordOrEntity, value)),
        }
    }

    fn get(&self, value: Term, name: Symbol) -> Result<Term, Fault> {
        if let Some(attribute) = self.attribute(value, name)? {
            return Ok(attribute);
        }
        Err(match value {
            Term::Entity(id) if self.world.node(id.get()).is_none() => Fault::Entity(name),
            _ => Fault::Attribute(name),
        })
    }

    fn has_path(&mut self, index: u32) -> Result<bool, Fault> {
        let Some(Constant::Names(names)) = self.bundle.constant(index) else {
            return Err(Fault::Unreachable);
        };
        let mut value = self.pop()?;
        for name in names {
            match self.attribute(value, *name)? {
                Some(attribute) => value = attribute,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The tag of an entity, if it has it.
    fn tag(&self, left: Term, right: Term) -> Result<Option<Term>, Fault> {
        let id = entity(left)?;
        let Term::String(name) = right else {
            return Err(mismatch(Expected::String, right));
        };
        let node = self.world.node(id);
        Ok(node.and_then(|node| self.view().field(node.tags, name.get())))
    }

    fn make_set(&mut self, count: u32) -> Result<Term, Fault> {
        let from = self.operands(count)?;
        let start = self.scratch.made.elements.len();
        for at in from..self.scratch.stack.len() {
            let element = *self.scratch.stack.get(at).ok_or(Fault::Unreachable)?;
            let (mut low, mut high) = (start, self.scratch.made.elements.len());
            let (view, budget) = self.view_and_budget();
            let mut there = false;
            while low < high {
                let middle = low + (high - low) / 2;
                let other = *view.made.elements.get(middle).ok_or(Fault::Unreachable)?;
                match view.compare(other, element, budget)? {
                    Ordering::Less => low = middle + 1,
                    Ordering::Greater => high = middle,
                    Ordering::Equal => {
                        there = true;
                        break;
                    }
                }
            }
            if !there {
                self.scratch.made.elements.insert(low, element);
            }
        }
        self.scratch.stack.truncate(from);
        let len = self.scratch.made.elements.len() - start;
        let set = Term::set(made(self.made_from.0, start, len)?);
        self.bounded(set)
    }

    fn make_record(&mut self, index: u32) -> Result<Term, Fault> {
        let Some(Constant::Names(names)) = self.bundle.constant(index) else {
            return Err(Fault::Unreachable);
        };
        let count = u32::try_from(names.len()).map_err(|_| Fault::Unreachable)?;
        let from = self.operands(count)?;
        let start = self.scratch.made.fields.len();
        let values = self.scratch.stack.drain(from..);
        let fields = names.iter().copied().zip(values);
        self.scratch.made.fields.extend(fields);
        let record = Term::record(made(self.made_from.1, start, names.len())?);
        self.bounded(record)
    }

    /// The value, unless it nests too deeply.
    fn bounded(&mut self, value: Term) -> Result<Term, Fault> {
        let (view, budget) = self.view_and_budget();
        view.depth(value, budget)?;
        Ok(value)
    }

    /// Calls a function of an extension type.
    fn call(&mut self, function: Function) -> Result<Term, Fault> {
        let second = match function.arity() {
            1 => None,
            _ => Some(self.pop()?),
        };
        let first = self.pop()?;
        let failed = Fault::Extension(function);
        if function.receiver() == Receiver::Text {
            let Term::String(text) = first else {
                return Err(mismatch(Expected::String, first));
            };
            let text = self.world.text(text.get());
            return match function {
                Function::Decimal => Decimal::parse(text).map(|value| Term::Decimal(value.0)),
                Function::Datetime => Datetime::parse(text).map(|value| Term::Datetime(value.0)),
                Function::Duration => Duration::parse(text).map(|value| Term::Duration(value.0)),
                _ => match IpRange::parse(text) {
                    Some(ip) => return self.make_ip(ip),
                    None => None,
                },
            }
            .ok_or(failed);
        }
        match (function.receiver(), first) {
            (Receiver::Decimal, Term::Decimal(left)) => match second {
                Some(Term::Decimal(right)) => Ok(Term::bool(match function {
                    Function::LessThan => left < right,
                    Function::LessThanOrEqual => left <= right,
                    Function::GreaterThan => left > right,
                    _ => left >= right,
                })),
                other => Err(mismatch(Expected::Decimal, other.unwrap_or(first))),
            },
            (Receiver::Ip, Term::Ip(span)) => {
                let ip = self.view().ip(span.get()).ok_or(Fault::Unreachable)?;
                Ok(Term::bool(match function {
                    Function::IsIpv4 => !ip.v6,
                    Function::IsIpv6 => ip.v6,
                    Function::IsLoopback => ip.is_loopback(),
                    Function::IsMulticast => ip.is_multicast(),
                    _ => match second {
                        Some(Term::Ip(span)) => {
                            ip.is_in_range(self.view().ip(span.get()).ok_or(Fault::Unreachable)?)
                        }
                        other => return Err(mismatch(Expected::Ip, other.unwrap_or(first))),
                    },
                }))
            }
            (Receiver::Datetime, Term::Datetime(left)) => match (function, second) {
                (Function::ToDate, _) => {
                    let date = Datetime(left).to_date().ok_or(failed)?;
                    Ok(Term::Datetime(date.0))
                }
                (Function::ToTime, _) => Ok(Term::Duration(Datetime(left).to_time().0)),
                (Function::Offset, Some(Term::Duration(right))) => {
                    left.checked_add(right).map(Term::Datetime).ok_or(failed)
                }
                (Function::DurationSince, Some(Term::Datetime(right))) => {
                    left.checked_sub(right).map(Term::Duration).ok_or(failed)
                }
                (Function::Offset, other) => {
                    Err(mismatch(Expected::Duration, other.unwrap_or(first)))
                }
                (_, other) => Err(mismatch(Expected::Datetime, other.unwrap_or(first))),
            },
            (Receiver::Duration, Term::Duration(value)) => Ok(Term::Long(match function {
                Function::ToSeconds => value / 1000,
                Function::ToMinutes => value / 60_000,
                Function::ToHours => value / 3_600_000,
                Function::ToDays => value / 86_400_000,
                _ => value,
            })),
            (receiver, _) => Err(mismatch(receiver.kind(), first)),
        }
    }

    fn make_ip(&mut self, ip: IpRange) -> Result<Term, Fault> {
        let start = self.scratch.made.elements.len();
        self.scratch.made.elements.extend(ip_parts(ip));
        made(self.made_from.0, start, 3).map(Term::ip)
    }

    /// Pops the boolean that an instruction branches on.
    fn condition(&mut self, place: usize) -> Result<bool, Fault> {
        let truth = self.pop_boolean()?;
        if let Some(trace) = &mut self.trace {
            trace.push(TraceStep {
                policy: self.policy,
                at: u32::try_from(place).unwrap_or(u32::MAX),
                truth,
            });
        }
        Ok(truth)
    }

    fn pop_boolean(&mut self) -> Result<bool, Fault> {
        match self.pop()? {
            Term::Bool(value) => Ok(value.get()),
            other => Err(mismatch(Expected::Bool, other)),
        }
    }

    fn pop(&mut self) -> Result<Term, Fault> {
        self.scratch.stack.pop().ok_or(Fault::Unreachable)
    }

    /// Where on the stack the last `count` values begin.
    fn operands(&self, count: u32) -> Result<usize, Fault> {
        usize::try_from(count)
            .ok()
            .and_then(|count| self.scratch.stack.len().checked_sub(count))
            .ok_or(Fault::Unreachable)
    }
}

/// The place of an instruction.
fn place(operand: u32) -> Result<usize, Fault> {
    usize::try_from(operand).map_err(|_| Fault::Unreachable)
}

/// The run of what was made last.
fn made(from: u32, start: usize, len: usize) -> Result<Span, Fault> {
    let start = u32::try_from(start)
        .ok()
        .and_then(|start| start.checked_add(from));
    match (start, u32::try_from(len)) {
        (Some(start), Ok(len)) => Ok(Span { start, len }),
        _ => Err(Fault::Limit),
    }
}

#[cold]
#[inline(never)]
fn mismatch(expected: Expected, found: Term) -> Fault {
    Fault::Type {
        expected,
        found: found.kind(),
    }
}

fn long(value: Term) -> Result<i64, Fault> {
    match value {
        Term::Long(value) => Ok(value),
        _ => Err(mismatch(Expected::Long, value)),
    }
}

/// Whether `set` contains, or does not, any of `elements`.
fn holds_any(
    view: &View<'_>,
    set: Span,
    elements: Span,
    contained: bool,
    budget: &mut Budget,
) -> Result<bool, Fault> {
    for element in view.elements(elements) {
        if view.contains(set, *element, budget)? == contained {
            return Ok(true);
        }
    }
    Ok(false)
}

fn number(value: Option<i64>) -> Result<Term, Fault> {
    value.map(Term::Long).ok_or(Fault::Overflow)
}

fn entity(value: Term) -> Result<EntityId, Fault> {
    match value {
        Term::Entity(id) => Ok(id.get()),
        _ => Err(mismatch(Expected::Entity, value)),
    }
}

fn set(value: Term) -> Result<Span, Fault> {
    match value {
        Term::Set(set) => Ok(set.get()),
        _ => Err(mismatch(Expected::Set, value)),
    }
}

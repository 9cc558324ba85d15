//! Runs the code of a policy: a stack machine with Cedar's semantics.

use super::bundle::{Bundle, Constant, Scope};
use super::code::{Instruction, Op};
use super::entity::Entity;
use super::evaluate::Query;
use super::format::MAX_STEPS;
use super::term::{RecordTerm, SetTerm, Term};
use super::value::EntityUid;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Why a policy errs; attributes by the index of their name.
pub(super) enum Fault {
    Type {
        expected: &'static str,
        found: &'static str,
    },
    Attribute(u32),
    Entity(u32),
    Overflow,
    Limit,
    Unreachable,
}

/// The steps that a policy has left.
pub(super) struct Budget {
    steps: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { steps: MAX_STEPS }
    }

    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Fault> {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(Fault::Limit),
        }
    }
}

pub(super) struct Machine<'a> {
    bundle: &'a Bundle,
    query: &'a Query<'a>,
    stack: Vec<Term<'a>>,
    budget: Budget,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bundle: &'a Bundle, query: &'a Query<'a>) -> Self {
        Self {
            bundle,
            query,
            stack: Vec::new(),
            budget: Budget::new(),
        }
    }

    /// Whether `uid` is what a scope asks for. Never errs.
    pub(super) fn in_scope(&self, uid: &EntityUid, scope: &Scope) -> bool {
        match scope {
            Scope::Any => true,
            Scope::Equal(other) => uid == other,
            Scope::In(group) => self.is_in(uid, group),
            Scope::Is(entity_type) => uid.entity_type() == &**entity_type,
            Scope::IsIn(entity_type, group) => {
                uid.entity_type() == &**entity_type && self.is_in(uid, group)
            }
        }
    }

    /// Cedar's `in`: `uid` itself or one of its ancestors. An unknown entity has none.
    pub(super) fn is_in(&self, uid: &EntityUid, group: &EntityUid) -> bool {
        if uid == group {
            return true;
        }
        let Some((entity, store)) = self.entity(uid) else {
            return false;
        };
        if entity.parents().binary_search(group).is_ok() {
            return true;
        }
        self.is_in_by_way_of(entity, store, group)
    }

    /// Follows the hierarchy from store to store; within one store it is closed already.
    fn is_in_by_way_of(&self, entity: &'a Entity, store: Store, group: &EntityUid) -> bool {
        let mut seen: Vec<(&'a Entity, Store)> = Vec::new();
        let mut next = Some((entity, store));
        let mut at = 0;
        while let Some((entity, store)) = next {
            for parent in entity.parents() {
                let Some((parent, home)) = self.entity(parent) else {
                    continue;
                };
                let closed = store == home && store != Store::Query;
                if closed || seen.iter().any(|(known, _)| core::ptr::eq(*known, parent)) {
                    continue;
                }
                if parent.parents().binary_search(group).is_ok() {
                    return true;
                }
                seen.push((parent, home));
            }
            next = seen.get(at).copied();
            at += 1;
        }
        false
    }

    fn entity(&self, uid: &EntityUid) -> Option<(&'a Entity, Store)> {
        let query = self.query;
        if *uid == *query.principal.uid() {
            return Some((query.principal, Store::Query));
        }
        if *uid == *query.resource.uid() {
            return Some((query.resource, Store::Query));
        }
        if let Some(entity) = self.bundle.entities.get(uid) {
            return Some((entity, Store::Bundle));
        }
        let entity = query.entities?.get(uid)?;
        Some((entity, Store::Request))
    }

    /// Runs the code of one policy: whether its conditions hold.
    pub(super) fn run(&mut self, code: &[Instruction]) -> Result<bool, Fault> {
        self.budget = Budget::new();
        self.stack.clear();
        self.stack.reserve(self.bundle.max_stack);
        let mut at = 0;
        while let Some(instruction) = code.get(at) {
            self.budget.spend(1)?;
            at += 1;
            if let Some(target) = self.step(*instruction)? {
                at = usize::try_from(target).map_err(|_| Fault::Unreachable)?;
            }
        }
        self.pop_boolean()
    }

    /// Runs one instruction; gives back the target if it jumps.
    fn step(&mut self, Instruction { op, operand }: Instruction) -> Result<Option<u32>, Fault> {
        let result = match op {
            Op::Constant => match self.bundle.constant(operand) {
                Some(Constant::Value(value)) => Term::from(value),
                _ => return Err(Fault::Unreachable),
            },
            Op::Principal => Term::Entity(self.query.principal.uid()),
            Op::Action => Term::Entity(self.query.action),
            Op::Resource => Term::Entity(self.query.resource.uid()),
            Op::Context => Term::Record(RecordTerm::Given(self.query.context)),
            Op::And | Op::Or => {
                let decided = op == Op::Or;
                if self.pop_boolean()? != decided {
                    return Ok(None);
                }
                self.stack.push(Term::Bool(decided));
                return Ok(Some(operand));
            }
            Op::Unless => {
                let held = self.pop_boolean()?;
                return Ok((!held).then_some(operand));
            }
            Op::Jump => return Ok(Some(operand)),
            Op::Bool => Term::Bool(self.pop_boolean()?),
            Op::Not => Term::Bool(!self.pop_boolean()?),
            Op::Negate => {
                let value = long(&self.pop()?)?;
                number(value.checked_neg())?
            }
            Op::Is => {
                let entity_type = self.bundle.string(operand).ok_or(Fault::Unreachable)?;
                Term::Bool(entity(&self.pop()?)?.entity_type() == entity_type)
            }
            Op::Like => {
                let value = self.pop()?;
                let Term::String(text) = value else {
                    return Err(mismatch("string", &value));
                };
                match self.bundle.constant(operand) {
                    Some(Constant::Pattern(pattern)) => {
                        Term::Bool(pattern.matches(text, &mut self.budget)?)
                    }
                    _ => return Err(Fault::Unreachable),
                }
            }
            Op::Has => {
                let name = self.bundle.string(operand).ok_or(Fault::Unreachable)?;
                let value = self.pop()?;
                Term::Bool(self.attribute(&value, name)?.is_some())
            }
            Op::HasPath => Term::Bool(self.has_path(operand)?),
            Op::Get => self.get_attribute(operand)?,
            Op::IsEmpty => Term::Bool(set(&self.pop()?)?.len() == 0),
            Op::MakeSet => {
                let values = self.pop_many(operand)?;
                Term::set(values, &mut self.budget)?
            }
            Op::MakeRecord => {
                let Some(Constant::Names(names)) = self.bundle.constant(operand) else {
                    return Err(Fault::Unreachable);
                };
                let count = u32::try_from(names.len()).map_err(|_| Fault::Unreachable)?;
                Term::record(names, self.pop_many(count)?)?
            }
            Op::Equal
            | Op::Less
            | Op::LessEqual
            | Op::In
            | Op::Add
            | Op::Subtract
            | Op::Multiply
            | Op::Contains
            | Op::ContainsAll
            | Op::ContainsAny => {
                let right = self.pop()?;
                let left = self.pop()?;
                self.binary(op, &left, &right)?
            }
        };
        self.stack.push(result);
        Ok(None)
    }

    /// The operators of two operands, both evaluated before either is looked at.
    fn binary(&mut self, op: Op, left: &Term<'a>, right: &Term<'a>) -> Result<Term<'a>, Fault> {
        let budget = &mut self.budget;
        Ok(Term::Bool(match op {
            Op::Equal => left.compare(right, budget)? == Ordering::Equal,
            Op::In => self.member(left, right)?,
            Op::Contains => set(left)?.contains(right, budget)?,
            Op::ContainsAll => !holds_any(set(left)?, set(right)?, false, budget)?,
            Op::ContainsAny => holds_any(set(left)?, set(right)?, true, budget)?,
            _ => {
                let (left, right) = (long(left)?, long(right)?);
                match op {
                    Op::Less => left < right,
                    Op::LessEqual => left <= right,
                    Op::Add => return number(left.checked_add(right)),
                    Op::Subtract => return number(left.checked_sub(right)),
                    Op::Multiply => return number(left.checked_mul(right)),
                    _ => return Err(Fault::Unreachable),
                }
            }
        }))
    }

    /// `in`, of an entity or of a set, every element of which must be an entity.
    fn member(&mut self, left: &Term<'a>, right: &Term<'a>) -> Result<bool, Fault> {
        let uid = entity(left)?;
        let groups = match right {
            Term::Entity(group) => return Ok(self.is_in(uid, group)),
            Term::Set(groups) => groups,
            _ => return Err(mismatch("entity or set of entities", right)),
        };
        for group in groups.iter() {
            entity(&group)?;
        }
        for group in groups.iter() {
            self.budget.spend(1)?;
            if self.is_in(uid, entity(&group)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The attribute of a record or entity, if it has it.
    fn attribute(&self, value: &Term<'a>, name: &str) -> Result<Option<Term<'a>>, Fault> {
        match value {
            Term::Record(record) => Ok(record.get(name)),
            Term::Entity(uid) => Ok(self
                .entity(uid)
                .and_then(|(entity, _)| entity.attributes().get(name))
                .map(Term::from)),
            _ => Err(mismatch("record or entity", value)),
        }
    }

    fn get_attribute(&mut self, index: u32) -> Result<Term<'a>, Fault> {
        let name = self.bundle.string(index).ok_or(Fault::Unreachable)?;
        let value = self.pop()?;
        if let Some(attribute) = self.attribute(&value, name)? {
            return Ok(attribute);
        }
        Err(match value {
            Term::Entity(uid) if self.entity(uid).is_none() => Fault::Entity(index),
            _ => Fault::Attribute(index),
        })
    }

    fn has_path(&mut self, index: u32) -> Result<bool, Fault> {
        let Some(Constant::Names(names)) = self.bundle.constant(index) else {
            return Err(Fault::Unreachable);
        };
        let mut value = self.pop()?;
        for name in names {
            match self.attribute(&value, name)? {
                Some(attribute) => value = attribute,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    // Called from many arms: the module is smaller when they share it.
    #[inline(never)]
    fn pop_boolean(&mut self) -> Result<bool, Fault> {
        boolean(&self.pop()?)
    }

    #[inline(never)]
    fn pop(&mut self) -> Result<Term<'a>, Fault> {
        self.stack.pop().ok_or(Fault::Unreachable)
    }

    fn pop_many(&mut self, count: u32) -> Result<Vec<Term<'a>>, Fault> {
        let at = usize::try_from(count)
            .ok()
            .and_then(|count| self.stack.len().checked_sub(count))
            .ok_or(Fault::Unreachable)?;
        Ok(self.stack.split_off(at))
    }
}

/// Where an entity is known from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Store {
    Bundle,
    Query,
    Request,
}

#[cold]
#[inline(never)]
fn mismatch(expected: &'static str, found: &Term<'_>) -> Fault {
    Fault::Type {
        expected,
        found: found.kind(),
    }
}

fn boolean(value: &Term<'_>) -> Result<bool, Fault> {
    match value {
        Term::Bool(value) => Ok(*value),
        _ => Err(mismatch("bool", value)),
    }
}

fn long(value: &Term<'_>) -> Result<i64, Fault> {
    match value {
        Term::Long(value) => Ok(*value),
        _ => Err(mismatch("long", value)),
    }
}

/// Whether `set` contains, or does not, any of `elements`.
fn holds_any<'a>(
    set: &SetTerm<'a>,
    elements: &SetTerm<'a>,
    contained: bool,
    budget: &mut Budget,
) -> Result<bool, Fault> {
    for element in elements.iter() {
        if set.contains(&element, budget)? == contained {
            return Ok(true);
        }
    }
    Ok(false)
}

fn number(value: Option<i64>) -> Result<Term<'static>, Fault> {
    value.map(Term::Long).ok_or(Fault::Overflow)
}

fn entity<'a>(value: &Term<'a>) -> Result<&'a EntityUid, Fault> {
    match value {
        Term::Entity(uid) => Ok(uid),
        _ => Err(mismatch("entity", value)),
    }
}

fn set<'t, 'a>(value: &'t Term<'a>) -> Result<&'t SetTerm<'a>, Fault> {
    match value {
        Term::Set(set) => Ok(set),
        _ => Err(mismatch("set", value)),
    }
}

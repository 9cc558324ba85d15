//! Values while a policy runs: borrowed from the bundle and the query wherever they can be.

use super::format::MAX_DEPTH;
use super::machine::{Budget, Fault};
use super::value::{EntityUid, Record, Set, Value};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// A value on the stack.
#[derive(Clone)]
pub(super) enum Term<'a> {
    Bool(bool),
    Long(i64),
    String(&'a str),
    Entity(&'a EntityUid),
    Set(SetTerm<'a>),
    Record(RecordTerm<'a>),
}

/// A set, its elements strictly ascending by [`Term::compare`].
#[derive(Clone)]
pub(super) enum SetTerm<'a> {
    Given(&'a Set),
    Made(Rc<Made<Term<'a>>>),
}

/// A record, its fields strictly ascending by name.
#[derive(Clone)]
pub(super) enum RecordTerm<'a> {
    Given(&'a Record),
    Made(Rc<Made<(&'a str, Term<'a>)>>),
}

/// The parts of a value that the policy itself put together.
pub(super) struct Made<T> {
    /// How deep such values nest, for comparison and drop go down by recursion.
    depth: usize,
    parts: Vec<T>,
}

impl<'a> From<&'a Value> for Term<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Long(value) => Self::Long(*value),
            Value::String(value) => Self::String(value),
            Value::Entity(uid) => Self::Entity(uid),
            Value::Set(set) => Self::Set(SetTerm::Given(set)),
            Value::Record(record) => Self::Record(RecordTerm::Given(record)),
        }
    }
}

impl<'a> Term<'a> {
    /// The set of `values`.
    pub(super) fn set(values: Vec<Term<'a>>, budget: &mut Budget) -> Result<Self, Fault> {
        let depth = deeper(values.iter())?;
        let mut parts: Vec<Term<'a>> = Vec::with_capacity(values.len());
        for value in values {
            if let Err(at) = search(parts.len(), |at| parts.get(at).cloned(), &value, budget)? {
                parts.insert(at, value);
            }
        }
        Ok(Self::Set(SetTerm::Made(Rc::new(Made { depth, parts }))))
    }

    /// The record of `values`, by the `names`, which the loader knows to be ascending.
    pub(super) fn record(names: &'a [Box<str>], values: Vec<Term<'a>>) -> Result<Self, Fault> {
        let depth = deeper(values.iter())?;
        let parts = names.iter().map(|name| &**name).zip(values).collect();
        Ok(Self::Record(RecordTerm::Made(Rc::new(Made {
            depth,
            parts,
        }))))
    }

    /// The name of the kind of value, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Long(_) => "long",
            Self::String(_) => "string",
            Self::Entity(_) => "entity",
            Self::Set(_) => "set",
            Self::Record(_) => "record",
        }
    }

    /// Compares as [`Value`] does.
    pub(super) fn compare(&self, other: &Self, budget: &mut Budget) -> Result<Ordering, Fault> {
        budget.spend(1)?;
        Ok(match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Long(a), Self::Long(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => {
                budget.spend(a.len().min(b.len()) / 64)?;
                a.cmp(b)
            }
            (Self::Entity(a), Self::Entity(b)) => a.cmp(b),
            (Self::Set(a), Self::Set(b)) => return a.compare(b, budget),
            (Self::Record(a), Self::Record(b)) => return a.compare(b, budget),
            _ => self.rank().cmp(&other.rank()),
        })
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Long(_) => 1,
            Self::String(_) => 2,
            Self::Set(_) => 3,
            Self::Record(_) => 4,
            Self::Entity(_) => 5,
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Set(SetTerm::Made(made)) => made.depth,
            Self::Record(RecordTerm::Made(made)) => made.depth,
            _ => 0,
        }
    }
}

impl<'a> SetTerm<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Given(set) => set.as_slice().len(),
            Self::Made(made) => made.parts.len(),
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<Term<'a>> {
        match self {
            Self::Given(set) => set.as_slice().get(at).map(Term::from),
            Self::Made(made) => made.parts.get(at).cloned(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Term<'a>> {
        (0..self.len()).map_while(|at| self.get(at))
    }

    pub(super) fn contains(&self, value: &Term<'a>, budget: &mut Budget) -> Result<bool, Fault> {
        Ok(search(self.len(), |at| self.get(at), value, budget)?.is_ok())
    }

    fn compare(&self, other: &Self, budget: &mut Budget) -> Result<Ordering, Fault> {
        for (a, b) in self.iter().zip(other.iter()) {
            let order = a.compare(&b, budget)?;
            if order.is_ne() {
                return Ok(order);
            }
        }
        Ok(self.len().cmp(&other.len()))
    }
}

impl<'a> RecordTerm<'a> {
    pub(super) fn get(&self, name: &str) -> Option<Term<'a>> {
        match self {
            Self::Given(record) => record.get(name).map(Term::from),
            Self::Made(made) => {
                let at = made.parts.binary_search_by(|part| part.0.cmp(name)).ok()?;
                made.parts.get(at).map(|part| part.1.clone())
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Given(record) => record.len(),
            Self::Made(made) => made.parts.len(),
        }
    }

    fn field(&self, at: usize) -> Option<(&'a str, Term<'a>)> {
        match self {
            Self::Given(record) => record
                .fields()
                .get(at)
                .map(|(name, value)| (&**name, Term::from(value))),
            Self::Made(made) => made.parts.get(at).cloned(),
        }
    }

    fn compare(&self, other: &Self, budget: &mut Budget) -> Result<Ordering, Fault> {
        let mut at = 0;
        while let (Some(a), Some(b)) = (self.field(at), other.field(at)) {
            let order = match a.0.cmp(b.0) {
                Ordering::Equal => a.1.compare(&b.1, budget)?,
                order => order,
            };
            if order.is_ne() {
                return Ok(order);
            }
            at += 1;
        }
        Ok(self.len().cmp(&other.len()))
    }
}

/// Where `value` is among `len` ascending parts, or where it would be.
fn search<'a>(
    len: usize,
    get: impl Fn(usize) -> Option<Term<'a>>,
    value: &Term<'a>,
    budget: &mut Budget,
) -> Result<Result<usize, usize>, Fault> {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        let part = get(middle).ok_or(Fault::Unreachable)?;
        match part.compare(value, budget)? {
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
            Ordering::Equal => return Ok(Ok(middle)),
        }
    }
    Ok(Err(low))
}

fn deeper<'t, 'a: 't>(parts: impl Iterator<Item = &'t Term<'a>>) -> Result<usize, Fault> {
    let depth = 1 + parts.map(Term::depth).max().unwrap_or(0);
    if depth > MAX_DEPTH {
        return Err(Fault::Limit);
    }
    Ok(depth)
}

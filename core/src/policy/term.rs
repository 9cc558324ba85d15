//! Values while policies run: numbers, and runs of an arena.

use super::extension::IpRange;
use super::format::{MAX_DEPTH, MAX_STEPS};
use super::layer::{Arena, EntityId, Span, Symbol, World};
use super::machine::{Expected, Fault};
use core::cmp::Ordering;
use core::marker::PhantomData;

/// A value of Cedar, to be read together with a [`View`].
///
/// Whatever its kind, it is a kind and one word, so that it is passed in two registers. Were payloads
/// of several widths, it would be written to memory in parts and read back whole, for which a
/// processor waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Term {
    Bool(Word<bool>),
    Long(i64),
    String(Word<Symbol>),
    Entity(Word<EntityId>),
    /// A run of elements, ascending and each once.
    Set(Word<Span>),
    /// A run of fields, ascending by name.
    Record(Word<Span>),
    /// Ten-thousandths.
    Decimal(i64),
    /// Milliseconds since 1970.
    Datetime(i64),
    /// Milliseconds.
    Duration(i64),
    /// A run of three elements, as [`ip_parts`] makes them.
    Ip(Word<Span>),
}

const _: () = assert!(size_of::<Term>() == 16);

/// A `T` as a word.
#[derive(Debug)]
pub(super) struct Word<T>(i64, PhantomData<T>);

// Derived, they would ask for the same of `T`.
impl<T> Copy for Word<T> {}
impl<T> Clone for Word<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Word<bool> {
    pub(super) const fn get(self) -> bool {
        self.0 != 0
    }
}

impl Word<Symbol> {
    pub(super) fn get(self) -> Symbol {
        Symbol(halves(self.0).0)
    }
}

impl Word<EntityId> {
    pub(super) fn get(self) -> EntityId {
        EntityId(halves(self.0).0)
    }
}

impl Word<Span> {
    pub(super) fn get(self) -> Span {
        let (start, len) = halves(self.0);
        Span { start, len }
    }

    fn of(Span { start, len }: Span) -> Self {
        let word = u64::from(start) | u64::from(len) << 32;
        Self(word.cast_signed(), PhantomData)
    }
}

/// The lower and the upper half of a word.
fn halves(word: i64) -> (u32, u32) {
    let word = word.cast_unsigned();
    let half = |half: u64| u32::try_from(half & u64::from(u32::MAX)).unwrap_or(0);
    (half(word), half(word >> 32))
}

/// The steps that a policy has left.
pub(super) struct Budget {
    steps: usize,
}

impl Budget {
    pub(super) fn of_a_policy() -> Self {
        Self { steps: MAX_STEPS }
    }

    /// For what is bounded by the size of an input.
    pub(super) fn unlimited() -> Self {
        Self { steps: usize::MAX }
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

/// What terms refer to.
#[derive(Clone, Copy)]
pub(super) struct View<'v> {
    pub(super) world: World<'v>,
    /// What the policy itself put together, and where its numbers begin: elements and fields.
    pub(super) made: &'v Arena,
    pub(super) made_from: (u32, u32),
}

impl<'v> View<'v> {
    pub(super) fn elements(&self, span: Span) -> &'v [Term] {
        if span.start >= self.made_from.0 {
            super::layer::slice(&self.made.elements, span, self.made_from.0)
        } else {
            self.world.elements(span)
        }
    }

    pub(super) fn fields(&self, span: Span) -> &'v [(Symbol, Term)] {
        if span.start >= self.made_from.1 {
            super::layer::slice(&self.made.fields, span, self.made_from.1)
        } else {
            self.world.fields(span)
        }
    }

    /// The field of this name.
    pub(super) fn field(&self, record: Span, name: Symbol) -> Option<Term> {
        const FEW: usize = 8;
        let fields = self.fields(record);
        let field = if fields.len() <= FEW {
            fields.iter().find(|field| field.0 == name)?
        } else {
            let at = fields.binary_search_by_key(&name, |field| field.0).ok()?;
            fields.get(at)?
        };
        Some(field.1)
    }

    pub(super) fn ip(&self, span: Span) -> Option<IpRange> {
        match self.elements(span) {
            [Term::Long(kind), Term::Long(high), Term::Long(low)] => {
                let [prefix, v6, ..] = kind.to_le_bytes();
                let half = |half: &i64| u128::from(half.cast_unsigned());
                IpRange::from_parts(v6 != 0, half(high) << 64 | half(low), prefix)
            }
            _ => None,
        }
    }

    /// Whether `set` has `value`.
    pub(super) fn contains(
        &self,
        set: Span,
        value: Term,
        budget: &mut Budget,
    ) -> Result<bool, Fault> {
        let mut elements = self.elements(set);
        if !value.is_composed() {
            // Scalars are ordered by their keys alone, before all sets and records.
            budget.spend(1 + elements.len() / 64)?;
            let found = elements.binary_search_by_key(&value.key(), |element| element.key());
            return Ok(found.is_ok());
        }
        while let Some((before, rest)) = elements.split_at_checked(elements.len() / 2)
            && let Some((middle, after)) = rest.split_first()
        {
            elements = match self.compare(*middle, value, budget)? {
                Ordering::Less => after,
                Ordering::Greater => before,
                Ordering::Equal => return Ok(true),
            };
        }
        Ok(false)
    }

    /// Cedar's `==`.
    pub(super) fn equal(&self, a: Term, b: Term, budget: &mut Budget) -> Result<bool, Fault> {
        if a.is_composed() {
            self.compare(a, b, budget).map(Ordering::is_eq)
        } else {
            Ok(a.key() == b.key())
        }
    }

    /// An order of all values, in which values are equal if Cedar's `==` says so.
    pub(super) fn compare(&self, a: Term, b: Term, budget: &mut Budget) -> Result<Ordering, Fault> {
        budget.spend(1)?;
        Ok(match (a, b) {
            (Term::Set(a), Term::Set(b)) | (Term::Ip(a), Term::Ip(b)) => {
                return self.compare_sets(a.get(), b.get(), budget);
            }
            (Term::Record(a), Term::Record(b)) => {
                return self.compare_records(a.get(), b.get(), budget);
            }
            _ => a.key().cmp(&b.key()),
        })
    }

    fn compare_sets(&self, a: Span, b: Span, budget: &mut Budget) -> Result<Ordering, Fault> {
        let length = a.len.cmp(&b.len);
        if a == b || length.is_ne() {
            return Ok(length);
        }
        for (a, b) in self.elements(a).iter().zip(self.elements(b)) {
            let order = self.compare(*a, *b, budget)?;
            if order.is_ne() {
                return Ok(order);
            }
        }
        Ok(Ordering::Equal)
    }

    fn compare_records(&self, a: Span, b: Span, budget: &mut Budget) -> Result<Ordering, Fault> {
        let length = a.len.cmp(&b.len);
        if a == b || length.is_ne() {
            return Ok(length);
        }
        for ((name, a), (other, b)) in self.fields(a).iter().zip(self.fields(b)) {
            let order = match name.cmp(other) {
                Ordering::Equal => self.compare(*a, *b, budget)?,
                order => order,
            };
            if order.is_ne() {
                return Ok(order);
            }
        }
        Ok(Ordering::Equal)
    }

    /// How deep the value nests by what the policy itself put together.
    pub(super) fn depth(&self, value: Term, budget: &mut Budget) -> Result<usize, Fault> {
        budget.spend(1)?;
        let mut deepest = 0;
        match value {
            Term::Set(span) if span.get().start >= self.made_from.0 => {
                for element in self.elements(span.get()) {
                    deepest = deepest.max(self.depth(*element, budget)?);
                }
            }
            Term::Record(span) if span.get().start >= self.made_from.1 => {
                for (_, field) in self.fields(span.get()) {
                    deepest = deepest.max(self.depth(*field, budget)?);
                }
            }
            _ => return Ok(0),
        }
        if deepest < MAX_DEPTH {
            Ok(deepest + 1)
        } else {
            Err(Fault::Limit)
        }
    }
}

impl Term {
    pub(super) const fn bool(value: bool) -> Self {
        Self::Bool(Word(value as i64, PhantomData))
    }

    pub(super) const fn string(Symbol(number): Symbol) -> Self {
        Self::String(Word(number as i64, PhantomData))
    }

    pub(super) const fn entity(EntityId(number): EntityId) -> Self {
        Self::Entity(Word(number as i64, PhantomData))
    }

    pub(super) fn set(elements: Span) -> Self {
        Self::Set(Word::of(elements))
    }

    pub(super) fn record(fields: Span) -> Self {
        Self::Record(Word::of(fields))
    }

    pub(super) fn ip(parts: Span) -> Self {
        Self::Ip(Word::of(parts))
    }

    /// The kind of value, for messages.
    pub(super) const fn kind(self) -> Expected {
        match self {
            Self::Bool(_) => Expected::Bool,
            Self::Long(_) => Expected::Long,
            Self::String(_) => Expected::String,
            Self::Entity(_) => Expected::Entity,
            Self::Set(_) => Expected::Set,
            Self::Record(_) => Expected::Record,
            Self::Decimal(_) => Expected::Decimal,
            Self::Datetime(_) => Expected::Datetime,
            Self::Duration(_) => Expected::Duration,
            Self::Ip(_) => Expected::Ip,
        }
    }

    /// Whether it is more than a number.
    const fn is_composed(self) -> bool {
        matches!(self, Self::Set(_) | Self::Record(_) | Self::Ip(_))
    }

    /// Orders scalars by kind and then by number; of sets and records tells only the kind.
    const fn key(self) -> (u8, i64) {
        match self {
            Self::Bool(Word(value, _)) => (0, value),
            Self::Long(value) => (1, value),
            Self::String(Word(number, _)) => (2, number),
            Self::Entity(Word(number, _)) => (3, number),
            Self::Decimal(value) => (4, value),
            Self::Datetime(value) => (5, value),
            Self::Duration(value) => (6, value),
            Self::Set(_) => (7, 0),
            Self::Record(_) => (8, 0),
            Self::Ip(_) => (9, 0),
        }
    }
}

/// The three elements that an address is held as.
pub(super) fn ip_parts(ip: IpRange) -> [Term; 3] {
    let [low, high] = [ip.address, ip.address >> 64].map(|half| {
        let bytes = half.to_le_bytes();
        Term::Long(
            bytes
                .first_chunk()
                .map_or(0, |low| i64::from_le_bytes(*low)),
        )
    });
    let kind = i64::from(u16::from_le_bytes([ip.prefix, u8::from(ip.v6)]));
    [Term::Long(kind), high, low]
}

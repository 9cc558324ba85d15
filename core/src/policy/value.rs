//! The values of Cedar, as a host gives them and a bundle holds them.

use super::extension::{Datetime, Decimal, Duration, IpRange};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The name of an entity: its type and its id, as in `Order::"42"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityUid {
    entity_type: Box<str>,
    id: Box<str>,
}

impl EntityUid {
    /// Names the entity `id` of the type `entity_type`, which is a full Cedar name (`Shop::Order`).
    pub fn new(entity_type: impl Into<Box<str>>, id: impl Into<Box<str>>) -> Self {
        Self {
            entity_type: entity_type.into(),
            id: id.into(),
        }
    }

    /// The full name of the type, with its namespace.
    #[must_use]
    pub fn entity_type(&self) -> &str {
        &self.entity_type
    }

    /// The id, without quotes or escapes.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Writes the name as Cedar does: `Type::"id"`, with the id escaped.
impl fmt::Display for EntityUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::\"{}\"", self.entity_type, self.id.escape_debug())
    }
}

/// A value of the Cedar language.
///
/// Equality is Cedar's: sets compare without order or duplicates, records by key, both deeply, and
/// values of unlike kinds are unequal. The order is arbitrary but total; sets are kept in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A boolean.
    Bool(bool),
    /// A signed 64-bit integer, Cedar's only number.
    Long(i64),
    /// A string.
    String(Box<str>),
    /// A set, of any values.
    Set(Set),
    /// A record.
    Record(Record),
    /// A reference to an entity.
    Entity(EntityUid),
    /// A decimal number.
    Decimal(Decimal),
    /// A point in time.
    Datetime(Datetime),
    /// A span of time.
    Duration(Duration),
    /// An IP address, or a range of them.
    Ip(IpRange),
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Long(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value.into())
    }
}

impl From<Set> for Value {
    fn from(value: Set) -> Self {
        Self::Set(value)
    }
}

impl From<Record> for Value {
    fn from(value: Record) -> Self {
        Self::Record(value)
    }
}

impl From<EntityUid> for Value {
    fn from(value: EntityUid) -> Self {
        Self::Entity(value)
    }
}

/// A set of values, without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Set {
    // INVARIANT: strictly ascending, so that equality is equality of the slices.
    elements: Vec<Value>,
}

impl Set {
    /// The elements, each once, in the order of [`Value`].
    #[must_use]
    pub fn as_slice(&self) -> &[Value] {
        &self.elements
    }

    /// Takes the elements out.
    pub(crate) fn into_elements(self) -> Vec<Value> {
        self.elements
    }
}

impl FromIterator<Value> for Set {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        Self::from(Vec::from_iter(values))
    }
}

impl From<Vec<Value>> for Set {
    fn from(mut elements: Vec<Value>) -> Self {
        elements.sort_unstable();
        elements.dedup();
        Self { elements }
    }
}

/// A record: attribute names and their values, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    // INVARIANT: strictly ascending by name.
    fields: Vec<(Box<str>, Value)>,
}

impl Record {
    /// An empty record.
    #[must_use]
    pub const fn new() -> Self {
        Self { fields: Vec::new() }
    }

    /// Sets the attribute `name` to `value`; gives back the value it had.
    pub fn insert(&mut self, name: impl Into<Box<str>>, value: impl Into<Value>) -> Option<Value> {
        self.put(name.into(), value.into())
    }

    fn put(&mut self, name: Box<str>, value: Value) -> Option<Value> {
        match self.position(&name) {
            Ok(at) => self
                .fields
                .get_mut(at)
                .map(|field| core::mem::replace(&mut field.1, value)),
            Err(at) => {
                self.fields.insert(at, (name, value));
                None
            }
        }
    }

    /// The value of the attribute `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.position(name).ok()?;
        self.fields.get(at).map(|field| &field.1)
    }

    /// Takes the attribute `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.position(name).ok()?;
        Some(self.fields.remove(at).1)
    }

    /// The attributes, ascending by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (&**name, value))
    }

    /// How many attributes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are no attributes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.fields.binary_search_by(|field| (*field.0).cmp(name))
    }
}

//! Cedar's JSON format for values and entities.

use super::entity::Entity;
use super::error::{ValueError, ValueFault};
use super::extension::{Datetime, Decimal, Duration, IpRange};
use super::format::MAX_DEPTH;
use super::value::{EntityUid, Record, Set, Value};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

impl Record {
    /// Reads a record in Cedar's JSON format, such as a request's context.
    ///
    /// Objects are records, lists are sets, numbers must be 64-bit integers, and
    /// `{"__entity": {"type": "Order", "id": "42"}}` refers to an entity, and
    /// `{"__extn": {"fn": "ip", "arg": "10.0.0.0/8"}}` is a value of an extension type.
    ///
    /// # Errors
    /// A [`ValueError`] with the place in the text: for what isn't JSON or not an object, for null,
    /// for other numbers, for a name given twice in an object, for a malformed value of an extension type,
    /// and for nesting deeper than [`MAX_DEPTH`].
    pub fn from_json(text: &str) -> Result<Self, ValueError> {
        match read(text, Want::Value)? {
            Read::Value(Value::Record(record)) => Ok(record),
            _ => Err(ValueError::new(ValueFault::Shape, 0, 0)),
        }
    }
}

impl Value {
    /// Reads any value in Cedar's JSON format.
    ///
    /// # Errors
    /// Those of [`Record::from_json`], but for the object.
    pub fn from_json(text: &str) -> Result<Self, ValueError> {
        match read(text, Want::Value)? {
            Read::Value(value) => Ok(value),
            _ => Err(ValueError::new(ValueFault::Shape, 0, 0)),
        }
    }
}

/// Reads a list of entities; their hierarchy is as given.
pub(super) fn entities(text: &str) -> Result<Vec<Entity>, ValueError> {
    match read(text, Want::Entities)? {
        Read::Entities(entities) => Ok(entities),
        _ => Err(ValueError::new(ValueFault::Shape, 0, 0)),
    }
}

/// What the format asks for at a place in the text.
#[derive(Clone, Copy)]
enum Want {
    /// Any value; an object with `__entity` is a reference.
    Value,
    /// The object of `type` and `id` within `__entity`.
    TypeAndId,
    /// The same, or within `__entity`.
    Uid,
    /// A list of uids.
    Uids,
    /// An entity.
    Entity,
    /// A list of entities.
    Entities,
}

enum Read {
    Value(Value),
    Uid(EntityUid),
    Uids(Vec<EntityUid>),
    Entity(Entity),
    Entities(Vec<Entity>),
}

fn read(text: &str, want: Want) -> Result<Read, ValueError> {
    let fault = Cell::new(None);
    let mut json = serde_json::Deserializer::from_str(text);
    let seed = Seed {
        want,
        depth: 0,
        fault: &fault,
    };
    seed.deserialize(&mut json)
        .and_then(|read| json.end().map(|()| read))
        .map_err(|error| {
            let fault = fault.get().unwrap_or(if error.is_data() {
                ValueFault::Shape
            } else {
                ValueFault::Malformed
            });
            ValueError::new(fault, error.line(), error.column())
        })
}

/// Reads one thing; notes in `fault` what serde's error can't carry.
#[derive(Clone, Copy)]
struct Seed<'c> {
    want: Want,
    depth: usize,
    fault: &'c Cell<Option<ValueFault>>,
}

impl Seed<'_> {
    fn fail<T, E: Error>(self, fault: ValueFault) -> Result<T, E> {
        self.fault.set(Some(fault));
        Err(E::custom(""))
    }

    fn inner(self, want: Want) -> Self {
        Self {
            want,
            depth: self.depth + 1,
            ..self
        }
    }

    fn scalar<E: Error>(self, value: Value) -> Result<Read, E> {
        match self.want {
            Want::Value => Ok(Read::Value(value)),
            Want::TypeAndId | Want::Uid => self.fail(ValueFault::EscapeMalformed),
            Want::Uids | Want::Entity | Want::Entities => self.fail(ValueFault::Shape),
        }
    }

    fn value<'de, A: MapAccess<'de>>(self, map: &mut A) -> Result<Value, A::Error> {
        match map.next_value_seed(self.inner(Want::Value))? {
            Read::Value(value) => Ok(value),
            _ => self.fail(ValueFault::Shape),
        }
    }

    fn uid<'de, A: MapAccess<'de>>(self, map: &mut A, want: Want) -> Result<EntityUid, A::Error> {
        match map.next_value_seed(self.inner(want))? {
            Read::Uid(uid) => Ok(uid),
            _ => self.fail(ValueFault::EscapeMalformed),
        }
    }

    fn record<'de, A: MapAccess<'de>>(self, map: &mut A) -> Result<Value, A::Error> {
        let mut record = Record::new();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "__entity" => {
                    let uid = self.uid(map, Want::TypeAndId)?;
                    if !record.is_empty() || map.next_key::<String>()?.is_some() {
                        return self.fail(ValueFault::EscapeMalformed);
                    }
                    return Ok(Value::Entity(uid));
                }
                "__extn" => {
                    let call = self.value(map)?;
                    if !record.is_empty() || map.next_key::<String>()?.is_some() {
                        return self.fail(ValueFault::EscapeMalformed);
                    }
                    return match extension(call) {
                        Some(value) => Ok(value),
                        None => self.fail(ValueFault::Extension),
                    };
                }
                "__expr" => return self.fail(ValueFault::Extension),
                _ => {}
            }
            let value = self.value(map)?;
            if record.insert(name, value).is_some() {
                return self.fail(ValueFault::DuplicateName);
            }
        }
        Ok(Value::Record(record))
    }

    fn type_and_id<'de, A: MapAccess<'de>>(
        self,
        map: &mut A,
        escape_allowed: bool,
    ) -> Result<EntityUid, A::Error> {
        let (mut entity_type, mut id) = (None, None);
        while let Some(name) = map.next_key::<String>()? {
            if name == "__entity" && escape_allowed && entity_type.is_none() && id.is_none() {
                let uid = self.uid(map, Want::TypeAndId)?;
                return match map.next_key::<String>()? {
                    None => Ok(uid),
                    Some(_) => self.fail(ValueFault::EscapeMalformed),
                };
            }
            let slot: &mut Option<Box<str>> = match name.as_str() {
                "type" => &mut entity_type,
                "id" => &mut id,
                _ => return self.fail(ValueFault::EscapeMalformed),
            };
            let Value::String(text) = self.value(map)? else {
                return self.fail(ValueFault::EscapeMalformed);
            };
            if slot.replace(text).is_some() {
                return self.fail(ValueFault::DuplicateName);
            }
        }
        match (entity_type, id) {
            (Some(entity_type), Some(id)) => Ok(EntityUid::new(entity_type, id)),
            _ => self.fail(ValueFault::EscapeMalformed),
        }
    }

    fn entity<'de, A: MapAccess<'de>>(self, map: &mut A) -> Result<Entity, A::Error> {
        let (mut uid, mut attributes, mut parents, mut tags) = (None, None, None, None);
        while let Some(name) = map.next_key::<String>()? {
            let again = match name.as_str() {
                "uid" => uid.replace(self.uid(map, Want::Uid)?).is_some(),
                "attrs" => attributes.replace(self.value(map)?).is_some(),
                "tags" => tags.replace(self.value(map)?).is_some(),
                "parents" => match map.next_value_seed(self.inner(Want::Uids))? {
                    Read::Uids(uids) => parents.replace(uids).is_some(),
                    _ => return self.fail(ValueFault::Shape),
                },
                _ => return self.fail(ValueFault::EntityMalformed),
            };
            if again {
                return self.fail(ValueFault::DuplicateName);
            }
        }
        let attributes = match attributes {
            None => Record::new(),
            Some(Value::Record(record)) => record,
            Some(_) => return self.fail(ValueFault::Shape),
        };
        let tags = match tags {
            None => Record::new(),
            Some(Value::Record(record)) => record,
            Some(_) => return self.fail(ValueFault::Shape),
        };
        match uid {
            Some(uid) => {
                Ok(Entity::new(uid, parents.unwrap_or_default(), attributes).with_tags(tags))
            }
            None => self.fail(ValueFault::EntityMalformed),
        }
    }
}

/// The value of a call: `fn`, and the string `arg` or the list `args`.
fn extension(call: Value) -> Option<Value> {
    let Value::Record(mut call) = call else {
        return None;
    };
    let Value::String(function) = call.remove("fn")? else {
        return None;
    };
    let value = match (call.remove("arg"), call.remove("args")) {
        (Some(Value::String(text)), None) => match &*function {
            "decimal" => Value::Decimal(Decimal::parse(&text)?),
            "ip" => Value::Ip(IpRange::parse(&text)?),
            "datetime" => Value::Datetime(Datetime::parse(&text)?),
            "duration" => Value::Duration(Duration::parse(&text)?),
            _ => return None,
        },
        // As a set the list has lost its order, but these two aren't of one type.
        (None, Some(Value::Set(both))) if &*function == "offset" => match both.as_slice() {
            [Value::Datetime(Datetime(at)), Value::Duration(Duration(by))] => {
                Value::Datetime(Datetime(at.checked_add(*by)?))
            }
            _ => return None,
        },
        _ => return None,
    };
    call.is_empty().then_some(value)
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Read;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Read, D::Error> {
        if self.depth > MAX_DEPTH {
            return self.fail(ValueFault::TooDeep);
        }
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Cedar value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Read, E> {
        self.scalar(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Read, E> {
        self.scalar(Value::Long(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Read, E> {
        match i64::try_from(value) {
            Ok(value) => self.scalar(Value::Long(value)),
            Err(_) => self.fail(ValueFault::Number),
        }
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Read, E> {
        self.fail(ValueFault::Number)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Read, E> {
        self.scalar(Value::String(value.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Read, E> {
        self.fail(ValueFault::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Read, A::Error> {
        let mut next = |want| list.next_element_seed(self.inner(want));
        match self.want {
            Want::Value => {
                let mut values = Vec::new();
                while let Some(Read::Value(value)) = next(Want::Value)? {
                    values.push(value);
                }
                Ok(Read::Value(Value::Set(Set::from_iter(values))))
            }
            Want::Uids => {
                let mut uids = Vec::new();
                while let Some(Read::Uid(uid)) = next(Want::Uid)? {
                    uids.push(uid);
                }
                Ok(Read::Uids(uids))
            }
            Want::Entities => {
                let mut entities = Vec::new();
                while let Some(Read::Entity(entity)) = next(Want::Entity)? {
                    entities.push(entity);
                }
                Ok(Read::Entities(entities))
            }
            Want::TypeAndId | Want::Uid => self.fail(ValueFault::EscapeMalformed),
            Want::Entity => self.fail(ValueFault::Shape),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
        match self.want {
            Want::Value => self.record(&mut map).map(Read::Value),
            Want::TypeAndId => self.type_and_id(&mut map, false).map(Read::Uid),
            Want::Uid => self.type_and_id(&mut map, true).map(Read::Uid),
            Want::Entity => self.entity(&mut map).map(Read::Entity),
            Want::Uids | Want::Entities => self.fail(ValueFault::Shape),
        }
    }
}

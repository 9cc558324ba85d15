//! Cedar's JSON format for values and entities.

use super::entity::Entity;
use super::error::{ValueError, ValueFault};
use super::extension::{Datetime, Decimal, Duration, IpRange};
use super::format::MAX_DEPTH;
use super::value::{EntityUid, Record, Set, Value};
use crate::json::Json;
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;

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
        match Value::from_json(text)? {
            Value::Record(record) => Ok(record),
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
        let mut json = Json::new(text);
        value(&mut json, 0)
            .and_then(|value| json.end().map(|()| value))
            .map_err(|fault| json.error(fault))
    }
}

/// Reads a list of entities; their hierarchy is as given.
pub(super) fn entities(text: &str) -> Result<Vec<Entity>, ValueError> {
    let mut json = Json::new(text);
    entity_list(&mut json).map_err(|fault| json.error(fault))
}

fn entity_list(json: &mut Json<'_>) -> Result<Vec<Entity>, ValueFault> {
    let mut entities = Vec::new();
    json.skip_space();
    if !json.eat(b'[') {
        value(json, 0)?;
        return Err(ValueFault::Shape);
    }
    while json.next_part(b']', entities.is_empty())? {
        let value = value(json, 1)?;
        entities.push(entity(value)?);
    }
    json.end()?;
    Ok(entities)
}

/// Reads a value that is nested in `depth` others.
fn value(json: &mut Json<'_>, depth: usize) -> Result<Value, ValueFault> {
    if depth > MAX_DEPTH {
        return Err(ValueFault::TooDeep);
    }
    json.skip_space();
    match json.peek() {
        Some(b'{') => object(json, depth),
        Some(b'[') => list(json, depth),
        Some(b'"') => json.string().map(Value::String),
        Some(b't') => json.expect(b"true").map(|()| Value::Bool(true)),
        Some(b'f') => json.expect(b"false").map(|()| Value::Bool(false)),
        Some(b'n') => json.expect(b"null").and(Err(ValueFault::Null)),
        _ => json.integer().map(Value::Long),
    }
}

fn list(json: &mut Json<'_>, depth: usize) -> Result<Value, ValueFault> {
    let mut values = Vec::new();
    json.expect(b"[")?;
    while json.next_part(b']', values.is_empty())? {
        values.push(value(json, depth + 1)?);
    }
    Ok(Value::Set(Set::from(values)))
}

fn object(json: &mut Json<'_>, depth: usize) -> Result<Value, ValueFault> {
    // A record takes its fields fast if they come by name; a heap is the smallest code for that.
    let mut members = BinaryHeap::new();
    json.expect(b"{")?;
    while json.next_part(b'}', members.is_empty())? {
        let name = json.string()?;
        json.skip_space();
        json.expect(b":")?;
        let value = value(json, depth + 1)?;
        members.push((name, json.position(), value));
    }
    let mut record = Record::new();
    for (name, end, value) in members.into_sorted_vec() {
        if record.insert(name, value).is_some() {
            json.go_back(end);
            return Err(ValueFault::DuplicateName);
        }
    }
    meaning(record)
}

/// What an object stands for: a reference, a value of an extension type, or else a record.
fn meaning(mut record: Record) -> Result<Value, ValueFault> {
    if record.get("__expr").is_some() {
        return Err(ValueFault::Extension);
    }
    let entity = record.remove("__entity");
    let call = record.remove("__extn");
    match (entity, call, record.is_empty()) {
        (None, None, _) => Ok(Value::Record(record)),
        (Some(entity), None, true) => type_and_id(entity).map(Value::Entity),
        (None, Some(call), true) => extension(call).ok_or(ValueFault::Extension),
        _ => Err(ValueFault::EscapeMalformed),
    }
}

fn type_and_id(value: Value) -> Result<EntityUid, ValueFault> {
    let Value::Record(mut record) = value else {
        return Err(ValueFault::EscapeMalformed);
    };
    match (record.remove("type"), record.remove("id")) {
        (Some(Value::String(entity_type)), Some(Value::String(id))) if record.is_empty() => {
            Ok(EntityUid::new(entity_type, id))
        }
        _ => Err(ValueFault::EscapeMalformed),
    }
}

/// A uid where nothing else can stand: bare, or read from `__entity` already.
fn uid(value: Value) -> Result<EntityUid, ValueFault> {
    match value {
        Value::Entity(uid) => Ok(uid),
        bare => type_and_id(bare),
    }
}

fn entity(value: Value) -> Result<Entity, ValueFault> {
    let mut members = record(Some(value))?;
    let uid = uid(members.remove("uid").ok_or(ValueFault::EntityMalformed)?)?;
    let attributes = record(members.remove("attrs"))?;
    let tags = record(members.remove("tags"))?;
    let parents = uids(members.remove("parents"))?;
    if !members.is_empty() {
        return Err(ValueFault::EntityMalformed);
    }
    Ok(Entity::new(uid, parents, attributes).with_tags(tags))
}

fn record(value: Option<Value>) -> Result<Record, ValueFault> {
    match value {
        None => Ok(Record::new()),
        Some(Value::Record(record)) => Ok(record),
        Some(_) => Err(ValueFault::Shape),
    }
}

fn uids(value: Option<Value>) -> Result<Vec<EntityUid>, ValueFault> {
    let mut uids = Vec::new();
    match value {
        None => {}
        Some(Value::Set(set)) => {
            for value in set.into_elements() {
                uids.push(uid(value)?);
            }
        }
        Some(_) => return Err(ValueFault::Shape),
    }
    Ok(uids)
}

impl Value {
    /// The value that a constructor of an extension type makes of a text.
    pub(super) fn constructed(function: &str, text: &str) -> Option<Self> {
        Some(match function {
            "decimal" => Value::Decimal(Decimal::parse(text)?),
            "ip" => Value::Ip(IpRange::parse(text)?),
            "datetime" => Value::Datetime(Datetime::parse(text)?),
            "duration" => Value::Duration(Duration::parse(text)?),
            _ => return None,
        })
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
        (Some(Value::String(text)), None) => Value::constructed(&function, &text)?,
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

//! A request to policy alone, in the compact form in which it crosses into the module.

use countersign_core::policy::format::compact as kind;
use countersign_core::policy::{Record, Value};

/// May this principal do this action on this resource, in this context. `docs/abi.md` specifies the
/// bytes.
#[derive(Clone, Debug)]
pub struct Query(Vec<u8>);

impl Query {
    /// Asks of a principal, an action and a resource, each a type and an id.
    #[must_use]
    pub fn new(
        principal: (&str, &str),
        action: (&str, &str),
        resource: (&str, &str),
        context: &Record,
    ) -> Self {
        let mut query = Self(Vec::new());
        for (entity_type, id) in [principal, action, resource] {
            query.text(entity_type);
            query.text(id);
        }
        query.record(context);
        query
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn count(&mut self, count: usize) {
        // More than the module could hold: it refuses the query then.
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.0.extend(count.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend(text.as_bytes());
    }

    fn record(&mut self, record: &Record) {
        self.count(record.len());
        for (name, value) in record.iter() {
            self.text(name);
            self.value(value);
        }
    }

    fn long(&mut self, kind: u8, value: i64) {
        self.0.push(kind);
        self.0.extend(value.to_le_bytes());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Bool(value) => self.0.push(if *value { kind::TRUE } else { kind::FALSE }),
            Value::Long(value) => self.long(kind::LONG, *value),
            Value::String(text) => {
                self.0.push(kind::STRING);
                self.text(text);
            }
            Value::Entity(uid) => {
                self.0.push(kind::ENTITY);
                self.text(uid.entity_type());
                self.text(uid.id());
            }
            Value::Set(set) => {
                self.0.push(kind::SET);
                self.count(set.as_slice().len());
                for element in set.as_slice() {
                    self.value(element);
                }
            }
            Value::Record(record) => {
                self.0.push(kind::RECORD);
                self.record(record);
            }
            Value::Decimal(value) => self.long(kind::DECIMAL, value.0),
            Value::Datetime(value) => self.long(kind::DATETIME, value.0),
            Value::Duration(value) => self.long(kind::DURATION, value.0),
            Value::Ip(ip) => {
                self.0.push(kind::IP);
                self.text(&format!("{}/{}", ip.address(), ip.prefix()));
            }
        }
    }
}

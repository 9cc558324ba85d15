//! The members of a JSON object that a keyring or a profile is written in.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::policy::{Record, Value};
use crate::refusal::{Code, Refusal};

/// An object whose members are taken out one by one; a wrong or an unknown one is refused by name.
///
/// It is read as a record of Cedar values, so that the module has one reader of JSON.
pub(crate) struct Members {
    record: Record,
    code: Code,
}

impl Members {
    /// Reads the object; all that is wrong with it is refused with `code`.
    pub(crate) fn read(text: &str, code: Code) -> Result<Self, Refusal> {
        let record = Record::from_json(text).map_err(|error| Refusal::in_json(code, error))?;
        Ok(Members { record, code })
    }

    pub(crate) fn of(record: Record, code: Code) -> Self {
        Members { record, code }
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<Box<str>>, Refusal> {
        self.take(name, |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>, Refusal> {
        self.take(name, |value| match value {
            Value::Long(number) => u64::try_from(number).ok(),
            _ => None,
        })
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        self.take(name, |value| match value {
            Value::Bool(boolean) => Some(boolean),
            _ => None,
        })
    }

    /// A list of texts, whose order and duplicates don't matter.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let text = |value| match value {
            Value::String(text) => Some(text.into_string()),
            _ => None,
        };
        self.take(name, |value| match value {
            Value::Set(set) => set.into_elements().into_iter().map(text).collect(),
            _ => None,
        })
    }

    /// A list of objects, whose order doesn't matter.
    pub(crate) fn records(&mut self, name: &str) -> Result<Option<Vec<Record>>, Refusal> {
        let record = |value| match value {
            Value::Record(record) => Some(record),
            _ => None,
        };
        self.take(name, |value| match value {
            Value::Set(set) => set.into_elements().into_iter().map(record).collect(),
            _ => None,
        })
    }

    pub(crate) fn record(&mut self, name: &str) -> Result<Option<Record>, Refusal> {
        self.take(name, |value| match value {
            Value::Record(record) => Some(record),
            _ => None,
        })
    }

    /// Refuses what was not taken.
    pub(crate) fn end(self) -> Result<(), Refusal> {
        match self.record.iter().next() {
            Some((name, _)) => Err(Refusal::named(self.code, name)),
            None => Ok(()),
        }
    }

    fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        match self.record.remove(name) {
            None => Ok(None),
            Some(value) => read(value)
                .map(Some)
                .ok_or_else(|| Refusal::named(self.code, name)),
        }
    }
}

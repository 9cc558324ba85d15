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
        match self.record.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => self.wrong(name),
        }
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>, Refusal> {
        match self.record.remove(name) {
            None => Ok(None),
            Some(Value::Long(number @ 0..)) => Ok(Some(number.unsigned_abs())),
            Some(_) => self.wrong(name),
        }
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.record.remove(name) {
            None => Ok(None),
            Some(Value::Bool(boolean)) => Ok(Some(boolean)),
            Some(_) => self.wrong(name),
        }
    }

    /// A list of texts, whose order and duplicates don't matter.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(elements) = self.elements(name)? else {
            return Ok(None);
        };
        let mut texts = Vec::with_capacity(elements.len());
        for element in elements {
            match element {
                Value::String(text) => texts.push(text.into_string()),
                _ => return self.wrong(name),
            }
        }
        Ok(Some(texts))
    }

    /// A list of objects, whose order doesn't matter.
    pub(crate) fn records(&mut self, name: &str) -> Result<Option<Vec<Record>>, Refusal> {
        let Some(elements) = self.elements(name)? else {
            return Ok(None);
        };
        let mut records = Vec::with_capacity(elements.len());
        for element in elements {
            match element {
                Value::Record(record) => records.push(record),
                _ => return self.wrong(name),
            }
        }
        Ok(Some(records))
    }

    pub(crate) fn record(&mut self, name: &str) -> Result<Option<Record>, Refusal> {
        match self.record.remove(name) {
            None => Ok(None),
            Some(Value::Record(record)) => Ok(Some(record)),
            Some(_) => self.wrong(name),
        }
    }

    /// Refuses what was not taken.
    pub(crate) fn end(self) -> Result<(), Refusal> {
        match self.record.iter().next() {
            Some((name, _)) => Err(Refusal::named(self.code, name)),
            None => Ok(()),
        }
    }

    fn elements(&mut self, name: &str) -> Result<Option<Vec<Value>>, Refusal> {
        match self.record.remove(name) {
            None => Ok(None),
            Some(Value::Set(set)) => Ok(Some(set.into_elements())),
            Some(_) => self.wrong(name),
        }
    }

    fn wrong<T>(&self, name: &str) -> Result<T, Refusal> {
        Err(Refusal::named(self.code, name))
    }
}

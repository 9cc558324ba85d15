//! A cursor over one section of a bundle.

use super::error::BundleError;
use super::format::{MAX_DEPTH, constant};
use super::value::{EntityUid, Record, Set, Value};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Reads a section from its start; each read checks that the bytes are there.
pub(super) struct Reader<'a> {
    section: &'static str,
    bytes: &'a [u8],
    at: usize,
    strings: &'a [Box<str>],
}

impl<'a> Reader<'a> {
    pub(super) fn new(section: &'static str, bytes: &'a [u8], strings: &'a [Box<str>]) -> Self {
        Self {
            section,
            bytes,
            at: 0,
            strings,
        }
    }

    /// The error that a rule is broken at the current place.
    pub(super) fn broken(&self, rule: &'static str) -> BundleError {
        BundleError::Malformed {
            section: self.section,
            offset: u32::try_from(self.at).unwrap_or(u32::MAX),
            rule,
        }
    }

    /// Fails unless the section has been read to its end.
    pub(super) fn end(&self) -> Result<(), BundleError> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(self.broken("the section is longer than its contents"))
        }
    }

    pub(super) fn bytes(&mut self, len: usize) -> Result<&'a [u8], BundleError> {
        let bytes = self
            .at
            .checked_add(len)
            .and_then(|end| self.bytes.get(self.at..end))
            .ok_or_else(|| self.broken("the section is shorter than its contents"))?;
        self.at += len;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BundleError> {
        let bytes = self.bytes(N)?;
        <[u8; N]>::try_from(bytes).map_err(|_| self.broken("the section is too short"))
    }

    pub(super) fn byte(&mut self) -> Result<u8, BundleError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn word(&mut self) -> Result<u32, BundleError> {
        self.array().map(u32::from_le_bytes)
    }

    /// A word that is a length or an index.
    pub(super) fn size(&mut self) -> Result<usize, BundleError> {
        let word = self.word()?;
        usize::try_from(word).map_err(|_| self.broken("the number is too large"))
    }

    /// A count of things of at least `least` bytes each: no more than can follow, so that a
    /// wrong count can't make the loader reserve memory for nothing.
    pub(super) fn count(&mut self, least: usize) -> Result<usize, BundleError> {
        let count = self.size()?;
        let left = self.bytes.len() - self.at;
        if count.checked_mul(least).is_some_and(|need| need <= left) {
            Ok(count)
        } else {
            Err(self.broken("the count is larger than the section"))
        }
    }

    /// A string, by its index.
    pub(super) fn string(&mut self) -> Result<&'a str, BundleError> {
        let index = self.size()?;
        self.strings
            .get(index)
            .map(|string| &**string)
            .ok_or_else(|| self.broken("there is no such string"))
    }

    /// A count and that many strings.
    pub(super) fn names(&mut self) -> Result<Vec<Box<str>>, BundleError> {
        let count = self.count(4)?;
        (0..count).map(|_| self.string().map(Into::into)).collect()
    }

    /// An entity's name: the strings of its type and its id.
    pub(super) fn uid(&mut self) -> Result<EntityUid, BundleError> {
        Ok(EntityUid::new(self.string()?, self.string()?))
    }

    /// A count and that many names of entities, strictly ascending.
    pub(super) fn uids(&mut self) -> Result<Vec<EntityUid>, BundleError> {
        let count = self.count(8)?;
        let mut uids = Vec::with_capacity(count);
        for _ in 0..count {
            let uid = self.uid()?;
            if uids.last().is_some_and(|last| *last >= uid) {
                return Err(self.broken("the entities aren't strictly ascending"));
            }
            uids.push(uid);
        }
        Ok(uids)
    }

    /// A value of this kind, with what nests in it.
    pub(super) fn value(&mut self, kind: u8, depth: usize) -> Result<Value, BundleError> {
        if depth > MAX_DEPTH {
            return Err(self.broken("the value is nested too deeply"));
        }
        match kind {
            constant::BOOL => match self.byte()? {
                0 => Ok(Value::Bool(false)),
                1 => Ok(Value::Bool(true)),
                _ => Err(self.broken("a boolean is 0 or 1")),
            },
            constant::LONG => self
                .array()
                .map(|bytes| Value::Long(i64::from_le_bytes(bytes))),
            constant::STRING => self.string().map(Value::from),
            constant::ENTITY => self.uid().map(Value::Entity),
            constant::SET => {
                let count = self.count(2)?;
                let mut elements = Vec::with_capacity(count);
                for _ in 0..count {
                    let kind = self.byte()?;
                    let element = self.value(kind, depth + 1)?;
                    if elements.last().is_some_and(|last| *last >= element) {
                        return Err(self.broken("the elements aren't strictly ascending"));
                    }
                    elements.push(element);
                }
                Ok(Value::Set(Set::from_iter(elements)))
            }
            constant::RECORD => self.record(depth).map(Value::Record),
            _ => Err(BundleError::FormatUnsupported),
        }
    }

    /// A record, without its kind.
    pub(super) fn record(&mut self, depth: usize) -> Result<Record, BundleError> {
        let count = self.count(6)?;
        let mut record = Record::new();
        let mut last = None;
        for _ in 0..count {
            let name = self.string()?;
            if last.is_some_and(|last| last >= name) {
                return Err(self.broken("the attributes aren't strictly ascending"));
            }
            last = Some(name);
            let kind = self.byte()?;
            let value = self.value(kind, depth + 1)?;
            record.insert(name, value);
        }
        Ok(record)
    }
}

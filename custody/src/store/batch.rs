//! Changes that are made together.

use super::{Space, StoreError};

/// The longest key, in bytes.
pub const KEY_LIMIT: usize = 1024;

/// The longest value, in bytes.
pub const VALUE_LIMIT: usize = 16 << 20;

/// The most that the keys and values of one batch may hold, in bytes.
pub const BATCH_LIMIT: usize = 64 << 20;

/// What must be so for a batch to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The space of the entry.
    pub space: Space,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value now; `None` if there must be no such entry.
    pub value: Option<Vec<u8>>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The space of the entry.
    pub space: Space,
    /// Its key.
    pub key: Vec<u8>,
    /// Its new value; `None` to take it away.
    pub value: Option<Vec<u8>>,
}

/// Changes that are made all or none, if what they were thought out upon is still so.
///
/// ```
/// use countersign_custody::{Batch, Space};
/// let mut batch = Batch::new();
/// batch.expect(Space::Settings, b"overlap", None);
/// batch.put(Space::Settings, b"overlap", b"24h".to_vec());
/// assert_eq!(batch.changes().len(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    expectations: Vec<Expectation>,
    changes: Vec<Change>,
}

impl Batch {
    /// A batch that changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the batch depend on the value of an entry: `None` if it must not be there.
    pub fn expect(&mut self, space: Space, key: &[u8], value: Option<&[u8]>) {
        self.expectations.push(Expectation {
            space,
            key: key.to_vec(),
            value: value.map(<[u8]>::to_vec),
        });
    }

    /// Puts an entry, in place of one with the same key.
    pub fn put(&mut self, space: Space, key: &[u8], value: Vec<u8>) {
        self.changes.push(Change {
            space,
            key: key.to_vec(),
            value: Some(value),
        });
    }

    /// Takes an entry away, if there is one.
    pub fn delete(&mut self, space: Space, key: &[u8]) {
        self.changes.push(Change {
            space,
            key: key.to_vec(),
            value: None,
        });
    }

    /// What must be so.
    #[must_use]
    pub fn expectations(&self) -> &[Expectation] {
        &self.expectations
    }

    /// What changes, in order: of two changes of one entry the later one stays.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Every store takes what every other one takes, so that entries can move between them.
    pub(super) fn within_limits(&self) -> Result<(), StoreError> {
        let expected = self.expectations.iter().map(|e| (&e.key, &e.value));
        let changed = self.changes.iter().map(|c| (&c.key, &c.value));
        let mut total = 0;
        for (key, value) in expected.chain(changed) {
            let value = value.as_ref().map_or(0, Vec::len);
            at_most("key", key.len(), KEY_LIMIT)?;
            at_most("value", value, VALUE_LIMIT)?;
            total += key.len() + value;
        }
        at_most("batch", total, BATCH_LIMIT)
    }
}

fn at_most(what: &'static str, size: usize, limit: usize) -> Result<(), StoreError> {
    if size > limit {
        return Err(StoreError::TooLarge { what, limit });
    }
    Ok(())
}

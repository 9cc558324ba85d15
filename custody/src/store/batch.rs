//! Changes that are made together.

use super::Space;

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
}

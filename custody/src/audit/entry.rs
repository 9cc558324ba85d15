//! A record as the store holds it.

use super::{AuditError, Hash, Record, tree};

/// The version of the form, its first byte.
const VERSION: u8 = 1;

/// A record with its place in the chain and in the tree.
///
/// In [`Space::Audit`](crate::Space::Audit), under the sequence number as 8 bytes, big-endian: a byte 1;
/// the hash of the record before it, or 32 zero bytes; the record's own hash; the nodes of the Merkle
/// tree that the record completes, from the lowest level up: as many as its sequence number has zero
/// bits at its end; and the record's canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    record: Record,
    canonical: Vec<u8>,
    previous: Hash,
    hash: Hash,
    nodes: Vec<Hash>,
}

/// What is wrong with an entry by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Defect {
    /// It doesn't have this form.
    Malformed(String),
    /// Its hash isn't that of its contents.
    Edited,
    /// It is another record's.
    Moved(u64),
}

/// The key of a record in the store.
pub(super) fn key(sequence: u64) -> [u8; 8] {
    sequence.to_be_bytes()
}

impl Entry {
    pub(super) fn new(
        record: Record,
        previous: Hash,
        mut node: impl FnMut(u32) -> Result<Hash, AuditError>,
    ) -> Result<Self, AuditError> {
        let sequence = record.sequence;
        let damaged = |why| AuditError::Damaged { sequence, why };
        let canonical = record.to_canonical().map_err(damaged)?;
        let hash = Hash::of_record(previous, &canonical);
        let mut nodes = Vec::new();
        let mut right = tree::leaf(hash.as_bytes());
        for level in 0..sequence.trailing_zeros() {
            right = tree::node(node(level)?, right);
            nodes.push(right);
        }
        Ok(Entry {
            record,
            canonical,
            previous,
            hash,
            nodes,
        })
    }

    /// Reads a value of the store, and checks all that can be checked of it alone.
    pub(super) fn from_bytes(sequence: u64, bytes: &[u8]) -> Result<Self, Defect> {
        let malformed = |why: &str| Defect::Malformed(why.into());
        let (version, mut rest) = bytes
            .split_first()
            .ok_or_else(|| malformed("it is empty"))?;
        if *version != VERSION {
            return Err(Defect::Malformed(format!("it has form {version}")));
        }
        let mut take = || {
            let (hash, tail) = rest.split_first_chunk()?;
            rest = tail;
            Some(Hash::from_bytes(*hash))
        };
        let (previous, hash) = take().zip(take()).ok_or_else(|| malformed("it is cut"))?;
        let nodes: Option<Vec<Hash>> = (0..sequence.trailing_zeros()).map(|_| take()).collect();
        let nodes = nodes.ok_or_else(|| malformed("it is cut"))?;
        if hash != Hash::of_record(previous, rest) {
            return Err(Defect::Edited);
        }
        let record = Record::from_canonical(rest).map_err(Defect::Malformed)?;
        if record.sequence != sequence {
            return Err(Defect::Moved(record.sequence));
        }
        Ok(Entry {
            record,
            canonical: rest.to_vec(),
            previous,
            hash,
            nodes,
        })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        for hash in [self.previous, self.hash].iter().chain(&self.nodes) {
            bytes.extend_from_slice(hash.as_bytes());
        }
        bytes.extend_from_slice(&self.canonical);
        bytes
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Its canonical bytes: one JSON object.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    /// The hash of the record before it; [`Hash::NONE`] if it is the first.
    #[must_use]
    pub fn previous(&self) -> Hash {
        self.previous
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The node of the tree at a level that the record completes; the leaf is at level 0.
    pub(super) fn node(&self, level: u32) -> Option<Hash> {
        match level.checked_sub(1) {
            None => Some(tree::leaf(self.hash.as_bytes())),
            Some(above) => self.nodes.get(usize::try_from(above).ok()?).copied(),
        }
    }

    /// The nodes above the leaf that it completes.
    pub(super) fn nodes(&self) -> &[Hash] {
        &self.nodes
    }
}

impl From<Defect> for String {
    fn from(defect: Defect) -> Self {
        match defect {
            Defect::Malformed(why) => why,
            Defect::Edited => "its hash isn't that of its contents".into(),
            Defect::Moved(sequence) => format!("it is record {sequence}"),
        }
    }
}

//! The end of the log, and what is added to it.

use std::collections::BTreeMap;

use super::{AuditError, Draft, Entry, Hash, Record, entry};
use crate::{Batch, Space, Store, StoreError};

/// How often a record is tried again when another writer was there first.
const ATTEMPTS: u32 = 100;

/// The last record of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its sequence number, which is the number of records.
    pub sequence: u64,
    /// Its hash.
    pub hash: Hash,
    /// Its time, in milliseconds since 1970.
    pub at_ms: u64,
}

impl From<&Entry> for Head {
    fn from(entry: &Entry) -> Self {
        Head {
            sequence: entry.record().sequence,
            hash: entry.hash(),
            at_ms: entry.record().at_ms,
        }
    }
}

/// Adds records to the batch of the act that they are about, so that both are made or neither; after
/// those that the batch already has. One that the clock puts before the one before it gets that one's
/// time, and `clock_ms`.
///
/// The batch expects that the first sequence number is free: of two writers one gets
/// [`StoreError::Conflict`], reads again what it decided upon, and makes its batch anew.
///
/// It reads the last record, and one more on average.
///
/// # Errors
/// `audit_record_unfit`, also for no draft at all; `audit_secret_refused`; `audit_damaged` if the end of the log can't be read, and
/// those of the store. The batch is then as it was.
pub fn append(store: &dyn Store, batch: &mut Batch, drafts: &[Draft]) -> Result<Head, AuditError> {
    for draft in drafts {
        draft.check()?;
    }
    let mut pending = Pending::read(store, batch)?;
    let (first, in_batch) = (pending.next(), pending.in_batch);
    for draft in drafts {
        pending.push(draft)?;
    }
    let head = pending.head.filter(|_| !drafts.is_empty());
    let head = head.ok_or(AuditError::Unfit {
        member: "text",
        why: "is missing: there is nothing to record",
    })?;
    let entries = pending.entries;
    if !in_batch {
        batch.expect(Space::Audit, &entry::key(first), None);
    }
    for (sequence, entry) in entries.range(first..) {
        batch.put(Space::Audit, &entry::key(*sequence), entry.to_bytes());
    }
    Ok(head)
}

/// Records what changes nothing else, in a batch of its own; again, when another writer was there first.
/// If the store goes away in the middle, it reads whether the records are there.
///
/// # Errors
/// Those of [`append`] and of the store. After `store_unknown` the records may still come to be there.
pub fn record(store: &dyn Store, drafts: &[Draft]) -> Result<Head, AuditError> {
    let mut attempt = 0;
    loop {
        let mut batch = Batch::new();
        let head = append(store, &mut batch, drafts)?;
        match store.commit(&batch) {
            Ok(()) => return Ok(head),
            Err(StoreError::Conflict(_)) if attempt < ATTEMPTS => attempt += 1,
            Err(StoreError::Unknown(why)) => {
                // It was made if the last of these records stands where it was to stand.
                return match read(store, head.sequence) {
                    Ok(entry) if entry.hash() == head.hash => Ok(head),
                    _ => Err(StoreError::Unknown(why).into()),
                };
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The end of the log; none if it has no records.
///
/// # Errors
/// `audit_damaged` if the last record can't be read, and those of the store.
pub fn head(store: &dyn Store) -> Result<Option<Head>, AuditError> {
    Ok(last(store)?.as_ref().map(Head::from))
}

/// A record with its place in the chain.
///
/// # Errors
/// `audit_no_record`; `audit_damaged` if it isn't what was written; and those of the store.
pub fn read(store: &dyn Store, sequence: u64) -> Result<Entry, AuditError> {
    let value = store.get(Space::Audit, &entry::key(sequence))?;
    parse(sequence, &value.ok_or(AuditError::NoRecord(sequence))?)
}

fn last(store: &dyn Store) -> Result<Option<Entry>, AuditError> {
    store
        .last(Space::Audit)?
        .map(|(key, value)| parse(sequence_of(&key)?, &value))
        .transpose()
}

fn sequence_of(key: &[u8]) -> Result<u64, AuditError> {
    let key = key.try_into().map_err(|_| AuditError::Stray)?;
    Ok(u64::from_be_bytes(key))
}

pub(super) fn parse(sequence: u64, value: &[u8]) -> Result<Entry, AuditError> {
    Entry::from_bytes(sequence, value).map_err(|defect| AuditError::Damaged {
        sequence,
        why: defect.into(),
    })
}

/// The end of the log as it will be.
struct Pending<'a> {
    store: &'a dyn Store,
    batch: &'a Batch,
    /// The last record that there was, and the new ones.
    entries: BTreeMap<u64, Entry>,
    head: Option<Head>,
    in_batch: bool,
}

impl<'a> Pending<'a> {
    fn read(store: &'a dyn Store, batch: &'a Batch) -> Result<Self, AuditError> {
        let added = added(batch).next();
        let in_batch = added.is_some();
        let last = match added {
            Some((key, value)) => Some(parse(sequence_of(key)?, value)?),
            None => last(store)?,
        };
        Ok(Pending {
            store,
            batch,
            head: last.as_ref().map(Head::from),
            entries: last
                .map(|entry| (entry.record().sequence, entry))
                .into_iter()
                .collect(),
            in_batch,
        })
    }

    fn next(&self) -> u64 {
        self.head.map_or(1, |head| head.sequence + 1)
    }

    fn push(&mut self, draft: &Draft) -> Result<(), AuditError> {
        let record = Record::after(self.head.as_ref(), draft);
        let sequence = record.sequence;
        let previous = self.head.map_or(Hash::NONE, |head| head.hash);
        // The left sibling at a level ends that many records before.
        let entry = Entry::new(record, previous, |level| {
            self.node(sequence - (1 << level), level)
        })?;
        self.head = Some(Head::from(&entry));
        self.entries.insert(sequence, entry);
        Ok(())
    }

    fn node(&self, sequence: u64, level: u32) -> Result<Hash, AuditError> {
        let key = entry::key(sequence);
        let node = if let Some(entry) = self.entries.get(&sequence) {
            entry.node(level)
        } else if let Some((_, value)) = added(self.batch).find(|(added, _)| *added == key) {
            parse(sequence, value)?.node(level)
        } else {
            read(self.store, sequence)?.node(level)
        };
        node.ok_or(AuditError::Damaged {
            sequence,
            why: "it has no node of the tree at that level".into(),
        })
    }
}

/// The records that a batch adds, from the last on: not parsed, so that a batch may get many, one by one.
fn added(batch: &Batch) -> impl Iterator<Item = (&[u8], &[u8])> {
    let changes = batch.changes().iter().rev();
    let records = changes.filter(|change| change.space == Space::Audit);
    records.filter_map(|change| Some((change.key.as_slice(), change.value.as_deref()?)))
}

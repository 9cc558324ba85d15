//! The end of the log, and what is added to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{AuditError, Draft, Entry, Hash, Record, entry};
use crate::{Batch, Space, Store, StoreError, entropy};

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
    append_behind(store, &[], batch, drafts)
}

/// Commits a batch with the records of what it does. `also` may add to the batch what depends on where the
/// records come to stand.
///
/// Many threads of a process may do so at once: each appends to the records of those before it in the line,
/// and all of them are made in one transaction. A writer in another process can come first: then the batch
/// conflicts, and whoever made it thinks again.
///
/// # Errors
/// Those of [`append`], of `also`, and of the store.
pub fn commit<E: From<AuditError>>(
    store: &dyn Store,
    batch: &Batch,
    drafts: &[Draft],
    mut also: impl FnMut(&mut Batch, &Head) -> Result<(), E>,
) -> Result<Head, E> {
    let mut appended = None;
    let committed = store.commit_behind(&mut |line| {
        let mut batch = batch.clone();
        let head = append_behind(store, line, &mut batch, drafts).map_err(E::from);
        let head = head.and_then(|head| also(&mut batch, &head).map(|()| head));
        let is_whole = head.is_ok();
        appended = Some(head);
        is_whole.then_some(batch)
    });
    // A store that built nothing has said why.
    let nothing = || Err(AuditError::from(StoreError::Unknown("it built nothing".into())).into());
    let head = appended.unwrap_or_else(nothing)?;
    committed.map_err(AuditError::from)?;
    Ok(head)
}

/// Commits a batch that doesn't depend on the log, with the records of what it does: again, when only the log had
/// grown.
///
/// # Errors
/// Those of [`append`] and of the store: a conflict in another space, and one in the log's after a hundred attempts.
pub(crate) fn commit_as_is(
    store: &dyn Store,
    batch: &Batch,
    drafts: &[Draft],
) -> Result<Head, AuditError> {
    let mut attempt = 0;
    loop {
        match commit(store, batch, drafts, |_, _| Ok::<(), AuditError>(())) {
            Err(AuditError::Store(StoreError::Conflict(Space::Audit))) if attempt < ATTEMPTS => {
                attempt += 1;
                give_way(attempt);
            }
            result => return result,
        }
    }
}

/// Lets another writer come first, after the `attempt`th conflict: at first at once, then for a random time of 32 ms at
/// most.
pub(crate) fn give_way(attempt: u32) {
    let most = 1_u8 << attempt.saturating_sub(1).min(5);
    if attempt > 1 {
        let random = entropy::random::<1>().map_or(most, |[byte]| byte % most);
        std::thread::sleep(Duration::from_millis(random.into()));
    }
}

fn append_behind(
    store: &dyn Store,
    line: &[Arc<Batch>],
    batch: &mut Batch,
    drafts: &[Draft],
) -> Result<Head, AuditError> {
    for draft in drafts {
        draft.check()?;
    }
    let mut pending = Pending::read(store, line, batch)?;
    let (first, place) = (pending.next(), pending.place);
    let upon = pending.last.take();
    for draft in drafts {
        pending.push(draft)?;
    }
    let head = pending.head.filter(|_| !drafts.is_empty());
    let head = head.ok_or(AuditError::Unfit {
        member: "text",
        why: "is missing: there is nothing to record",
    })?;
    let entries = pending.entries;
    if place != Place::Batch {
        batch.expect(Space::Audit, &entry::key(first), None);
    }
    if let (Place::Line, Some((sequence, bytes))) = (place, upon) {
        batch.expect(Space::Audit, &entry::key(sequence), Some(&bytes));
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
        let mut end = None;
        let made = commit(store, &Batch::new(), drafts, |_, head| {
            end = Some(*head);
            Ok::<(), AuditError>(())
        });
        let error = match made {
            Err(AuditError::Store(error)) => error,
            result => return result,
        };
        match (error, end) {
            (StoreError::Conflict(_), _) if attempt < ATTEMPTS => {
                attempt += 1;
                give_way(attempt);
            }
            (StoreError::Unknown(why), Some(head)) => {
                // It was made if the last of these records stands where it was to stand.
                return match read(store, head.sequence) {
                    Ok(entry) if entry.hash() == head.hash => Ok(head),
                    _ => Err(StoreError::Unknown(why).into()),
                };
            }
            (error, _) => return Err(error.into()),
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
    /// The batches that are made before, and this one.
    line: Vec<&'a Batch>,
    /// The last record that there was, and the new ones.
    entries: BTreeMap<u64, Entry>,
    head: Option<Head>,
    /// The last record that there was, as it is stored.
    last: Option<(u64, Vec<u8>)>,
    place: Place,
}

/// Where the last record is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Batch,
    /// In a batch that is made before, or isn't made.
    Line,
    Store,
}

impl<'a> Pending<'a> {
    fn read(
        store: &'a dyn Store,
        line: &'a [Arc<Batch>],
        batch: &'a Batch,
    ) -> Result<Self, AuditError> {
        let line: Vec<&Batch> = line.iter().map(|batch| &**batch).chain([batch]).collect();
        let found = line
            .iter()
            .rev()
            .enumerate()
            .find_map(|(back, batch)| Some((back, added(batch).next()?)));
        let (place, last) = if let Some((back, (key, value))) = found {
            let place = if back == 0 { Place::Batch } else { Place::Line };
            (place, Some((sequence_of(key)?, value.to_vec())))
        } else {
            let last = store.last(Space::Audit)?;
            let last = last.map(|(key, value)| Ok::<_, AuditError>((sequence_of(&key)?, value)));
            (Place::Store, last.transpose()?)
        };
        let entry = last
            .as_ref()
            .map(|(sequence, value)| parse(*sequence, value));
        let entry = entry.transpose()?;
        Ok(Pending {
            store,
            line,
            head: entry.as_ref().map(Head::from),
            entries: entry
                .map(|entry| (entry.record().sequence, entry))
                .into_iter()
                .collect(),
            last,
            place,
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
        } else if let Some((_, value)) = self
            .line
            .iter()
            .flat_map(|batch| added(batch))
            .find(|(added, _)| *added == key)
        {
            parse(sequence, value)?.node(level)
        } else {
            match read(self.store, sequence) {
                // One in the line was built upon a batch that came to nothing, and will come to nothing too.
                Err(AuditError::NoRecord(_)) if self.place == Place::Line => {
                    return Err(StoreError::Conflict(Space::Audit).into());
                }
                entry => entry?.node(level),
            }
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

//! One file, safe against crashes, and nothing to install.

mod fault;
mod file;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use redb::backends::InMemoryBackend;
use redb::{AccessGuard as Guard, ReadOnlyTable, ReadableTable as _, Table, TableDefinition};
use redb::{Database, Error, ReadOnlyDatabase, ReadTransaction, ReadableDatabase as _};

use super::group::Group;
use super::signal::Signal;
use super::{Batch, Build, Entry, Page, Space, Store, StoreError, Visit, format};
use fault::{guarded, refusal};

/// The number of the space, then the key.
const ENTRIES: TableDefinition<'_, (u8, &[u8]), &[u8]> = TableDefinition::new("entries");

type EntryKey = (u8, &'static [u8]);
type ReadEntries = ReadOnlyTable<EntryKey, &'static [u8]>;
type WriteEntries<'a> = Table<'a, EntryKey, &'static [u8]>;

/// A store in one file, of one process: another one that opens it gets `store_in_use`.
///
/// Commits that come at once share one transaction and one wait for the disk.
///
/// ```
/// use countersign_custody::store::RedbStore;
/// use countersign_custody::{Batch, Space, Store};
/// # fn main() -> Result<(), countersign_custody::StoreError> {
/// let store = RedbStore::in_memory()?;
/// let mut batch = Batch::new();
/// batch.put(Space::Settings, b"overlap", b"24h".to_vec());
/// store.commit(&batch)?;
/// assert_eq!(store.get(Space::Settings, b"overlap")?, Some(b"24h".to_vec()));
/// # Ok(())
/// # }
/// ```
pub struct RedbStore {
    opened: RwLock<Opened>,
    /// Where it can be opened again; none if it is in memory.
    path: Option<PathBuf>,
    group: Group,
    signal: Signal,
}

struct Opened {
    /// None from a failure until it could be opened again.
    database: Option<Access>,
    /// How many times it was opened, so that one failure leads to one opening.
    times: u64,
}

enum Access {
    Write(Database),
    Read(ReadOnlyDatabase),
}

impl Access {
    fn begin_read(&self) -> Result<ReadTransaction, Error> {
        Ok(match self {
            Access::Write(database) => database.begin_read()?,
            Access::Read(database) => database.begin_read()?,
        })
    }
}

impl RedbStore {
    /// Opens the file, or makes it, readable for its owner only. The whole file is checked.
    ///
    /// # Errors
    /// `store_in_use`, `store_damaged`, `store_newer_format`, `store_read_only`, `store_unreachable`.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            file::create(path)?;
        }
        let database = Access::Write(file::open(path)?);
        Self::with(database, Some(path.to_owned()))
    }

    /// Opens a file to read only, such as a backup: every commit is refused. It must have been closed
    /// in order.
    ///
    /// # Errors
    /// `store_in_use`, `store_damaged`, `store_newer_format`, `store_unreachable`.
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let database = Access::Read(file::open_to_read(path)?);
        Self::with(database, Some(path.to_owned()))
    }

    /// A store that ends with the process, for tests and trials.
    ///
    /// # Errors
    /// None that is known.
    pub fn in_memory() -> Result<Self, StoreError> {
        let database = guarded(|| {
            let database = Database::builder().create_with_backend(InMemoryBackend::new())?;
            file::lay_out(&database)?;
            Ok(database)
        });
        Self::with(Access::Write(database.map_err(refusal)?), None)
    }

    fn with(database: Access, path: Option<PathBuf>) -> Result<Self, StoreError> {
        let opened = Opened {
            database: Some(database),
            times: 0,
        };
        let store = RedbStore {
            opened: RwLock::new(opened),
            path,
            group: Group::default(),
            signal: Signal::default(),
        };
        let format = store.get(Space::Format, format::FORMAT_KEY)?;
        let import = store.get(Space::Format, format::IMPORT_KEY)?;
        format::check(format.as_deref(), import.as_deref())?;
        Ok(store)
    }

    /// After a failure of the disk the file must be opened anew: done here, and asked once more.
    fn attempt<T>(&self, act: impl Fn(&Access) -> Result<T, Error>) -> Result<T, StoreError> {
        let opened = self.opened();
        let times = opened.times;
        let result = match &opened.database {
            Some(database) => guarded(|| act(database)),
            None => Err(Error::PreviousIo),
        };
        drop(opened);
        if !matches!(result, Err(Error::PreviousIo)) {
            return result.map_err(refusal);
        }
        self.open_again(times)?;
        match &self.opened().database {
            Some(database) => guarded(|| act(database)).map_err(refusal),
            None => Err(refusal(Error::PreviousIo)),
        }
    }

    fn opened(&self) -> RwLockReadGuard<'_, Opened> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the file again, if nobody else did since it was opened for the `times`th time.
    fn open_again(&self, times: u64) -> Result<(), StoreError> {
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        let (Some(path), true) = (&self.path, opened.times == times) else {
            return Ok(());
        };
        let read_only = matches!(opened.database, Some(Access::Read(_)));
        opened.database = None;
        opened.database = Some(if read_only {
            Access::Read(file::open_to_read(path)?)
        } else {
            Access::Write(file::open_unchecked(path)?)
        });
        opened.times += 1;
        Ok(())
    }

    fn read<T>(&self, act: impl Fn(&ReadEntries) -> Result<T, Error>) -> Result<T, StoreError> {
        self.attempt(|database| act(&database.begin_read()?.open_table(ENTRIES)?))
    }

    /// Makes batches in one transaction, each if its expectations hold after those before it.
    fn write(&self, batches: &[&Batch]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        self.attempt(|database| {
            let Access::Write(database) = database else {
                return Err(io::Error::from(io::ErrorKind::ReadOnlyFilesystem).into());
            };
            let transaction = database.begin_write()?;
            let mut answers = Vec::with_capacity(batches.len());
            {
                let mut entries = transaction.open_table(ENTRIES)?;
                for batch in batches {
                    answers.push(match conflict(&entries, batch)? {
                        Some(space) => Err(StoreError::Conflict(space)),
                        None => Ok(change(&mut entries, batch)?),
                    });
                }
            }
            if answers.iter().any(Result::is_ok) {
                transaction.commit().map_err(not_again)?;
            } else {
                transaction.abort()?;
            }
            Ok(answers)
        })
    }

    /// The error of a commit that failed: the file is opened again to see that nothing was made.
    fn settle(&self, batches: &[&Batch], error: StoreError) -> StoreError {
        if matches!(self.opened().database, Some(Access::Read(_))) {
            return error;
        }
        let made = || -> Result<bool, StoreError> {
            for batch in batches {
                if self.holds(batch)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        match made() {
            Ok(false) => error,
            Ok(true) | Err(_) => StoreError::Unknown(error.to_string()),
        }
    }

    /// Whether the batch changes anything, and every entry is as it would have it.
    fn holds(&self, batch: &Batch) -> Result<bool, StoreError> {
        let mut last = BTreeMap::new();
        for change in batch.changes() {
            last.insert((change.space, &change.key), &change.value);
        }
        let changes = !last.is_empty();
        for ((space, key), value) in last {
            if self.get(space, key)? != *value {
                return Ok(false);
            }
        }
        Ok(changes)
    }
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore").finish_non_exhaustive()
    }
}

impl Store for RedbStore {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|entries| {
            let value = entries.get((space as u8, key))?;
            Ok(value.map(|value| value.value().to_vec()))
        })
    }

    fn turn(
        &self,
        page: &mut Page,
        space: Space,
        from: &[u8],
        limit: usize,
    ) -> Result<(), StoreError> {
        let page = RefCell::new(page);
        self.read(|entries| {
            let mut page = page.borrow_mut();
            page.clear();
            for entry in entries.range((space as u8, from)..end(space))?.take(limit) {
                let (key, value) = entry?;
                page.push(key.value().1, value.value());
            }
            Ok(())
        })
    }

    fn last(&self, space: Space) -> Result<Option<Entry>, StoreError> {
        self.read(|entries| {
            let start: (u8, &[u8]) = (space as u8, &[]);
            let last = entries.range(start..end(space))?.next_back();
            last.map(|entry| Ok(owned(&entry?))).transpose()
        })
    }

    fn walk(&self, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let opened = self.opened();
        let Some(database) = &opened.database else {
            return Err(refusal(Error::PreviousIo));
        };
        guarded(|| {
            let entries = database.begin_read()?.open_table(ENTRIES)?;
            for entry in entries.iter()? {
                let (key, value) = entry?;
                let (number, key) = key.value();
                let space = Space::from_number(number)
                    .ok_or_else(|| Error::Corrupted(format!("it has a space {number}")))?;
                if !visit(space, key, value.value()) {
                    break;
                }
            }
            Ok(())
        })
        .map_err(refusal)
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.commit_behind(&mut |_| Some(batch.clone()))
    }

    fn commit_behind(&self, build: &mut Build<'_>) -> Result<(), StoreError> {
        self.group.commit(build, |batches| {
            let made = self.write(batches);
            made.map_err(|error| self.settle(batches, error))
        })?;
        self.signal.raise();
        Ok(())
    }

    fn wait(&self, seen: &[u8], timeout: Duration) -> Result<bool, StoreError> {
        self.signal.wait(self, seen, timeout)
    }
}

/// A commit that failed isn't tried again: it may have been made.
fn not_again(error: redb::CommitError) -> Error {
    match error.into() {
        Error::PreviousIo => Error::Io(io::Error::other("the disk failed")),
        other => other,
    }
}

/// The first key behind a space.
fn end(space: Space) -> (u8, &'static [u8]) {
    (space as u8 + 1, &[])
}

fn owned((key, value): &(Guard<'_, EntryKey>, Guard<'_, &'static [u8]>)) -> Entry {
    (key.value().1.to_vec(), value.value().to_vec())
}

fn conflict(entries: &WriteEntries<'_>, batch: &Batch) -> Result<Option<Space>, Error> {
    for expected in batch.expectations() {
        let found = entries.get((expected.space as u8, expected.key.as_slice()))?;
        if found.as_ref().map(Guard::value) != expected.value.as_deref() {
            return Ok(Some(expected.space));
        }
    }
    Ok(None)
}

fn change(entries: &mut WriteEntries<'_>, batch: &Batch) -> Result<(), Error> {
    for change in batch.changes() {
        let key = (change.space as u8, change.key.as_slice());
        match &change.value {
            Some(value) => entries.insert(key, value.as_slice())?,
            None => entries.remove(key)?,
        };
    }
    Ok(())
}

//! One file, safe against crashes, and nothing to install.

use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use redb::backends::InMemoryBackend;
use redb::{Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use super::{Batch, Entry, Space, Store, StoreError};

/// The number of the space, then the key.
const ENTRIES: TableDefinition<'_, (u8, &[u8]), &[u8]> = TableDefinition::new("entries");

/// A store in one file.
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
#[derive(Debug)]
pub struct RedbStore {
    database: Database,
    commits: Mutex<u64>,
    committed: Condvar,
}

impl RedbStore {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// `store_in_use`, `store_damaged`, `store_unreachable`.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::with(Database::create(path).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => StoreError::InUse,
            other => StoreError::Unreachable(other.to_string()),
        })?)
    }

    /// A store that ends with the process, for tests and trials.
    ///
    /// # Errors
    /// None that is known.
    pub fn in_memory() -> Result<Self, StoreError> {
        let database = Database::builder().create_with_backend(InMemoryBackend::new());
        Self::with(database.map_err(|error| StoreError::Unreachable(error.to_string()))?)
    }

    fn with(database: Database) -> Result<Self, StoreError> {
        let transaction = database.begin_write().map_err(failed)?;
        transaction.open_table(ENTRIES).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(RedbStore {
            database,
            commits: Mutex::new(0),
            committed: Condvar::new(),
        })
    }
}

impl Store for RedbStore {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let transaction = self.database.begin_read().map_err(failed)?;
        let table = transaction.open_table(ENTRIES).map_err(failed)?;
        let value = table.get((space as u8, key)).map_err(failed)?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    fn scan(&self, space: Space, from: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        let transaction = self.database.begin_read().map_err(failed)?;
        let table = transaction.open_table(ENTRIES).map_err(failed)?;
        let end: (u8, &[u8]) = (space as u8 + 1, &[]);
        let range = table.range((space as u8, from)..end).map_err(failed)?;
        range
            .take(limit)
            .map(|entry| {
                let (key, value) = entry.map_err(failed)?;
                Ok((key.value().1.to_vec(), value.value().to_vec()))
            })
            .collect()
    }

    fn last(&self, space: Space) -> Result<Option<Entry>, StoreError> {
        let transaction = self.database.begin_read().map_err(failed)?;
        let table = transaction.open_table(ENTRIES).map_err(failed)?;
        let start: (u8, &[u8]) = (space as u8, &[]);
        let end: (u8, &[u8]) = (space as u8 + 1, &[]);
        let last = table.range(start..end).map_err(failed)?.next_back();
        last.map(|entry| {
            let (key, value) = entry.map_err(failed)?;
            Ok((key.value().1.to_vec(), value.value().to_vec()))
        })
        .transpose()
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(failed)?;
        {
            let mut table = transaction.open_table(ENTRIES).map_err(failed)?;
            for expected in batch.expectations() {
                let key = (expected.space as u8, expected.key.as_slice());
                let found = table.get(key).map_err(failed)?;
                if found.as_ref().map(redb::AccessGuard::value) != expected.value.as_deref() {
                    return Err(StoreError::Conflict(expected.space));
                }
            }
            for change in batch.changes() {
                let key = (change.space as u8, change.key.as_slice());
                match &change.value {
                    Some(value) => table.insert(key, value.as_slice()).map_err(failed)?,
                    None => table.remove(key).map_err(failed)?,
                };
            }
        }
        transaction.commit().map_err(failed)?;
        *self.commits.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.committed.notify_all();
        Ok(())
    }

    fn wait(&self, seen: &[u8], timeout: Duration) -> Result<bool, StoreError> {
        let passed = || {
            Ok(self
                .last(Space::Audit)?
                .is_some_and(|(key, _)| key.as_slice() > seen))
        };
        let commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        if passed()? {
            return Ok(true);
        }
        let before = *commits;
        let waited = self
            .committed
            .wait_timeout_while(commits, timeout, |now| *now == before);
        drop(waited);
        passed()
    }
}

fn failed(error: impl Into<redb::Error>) -> StoreError {
    match error.into() {
        redb::Error::Io(error) => StoreError::ReadOnly(error.to_string()),
        redb::Error::Corrupted(what) => StoreError::Damaged(what),
        other => StoreError::Unreachable(other.to_string()),
    }
}

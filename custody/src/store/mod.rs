//! Where all that must outlive the process is kept.
//!
//! A [`Store`] knows nothing of keys: it holds bytes by [`Space`] and key, in order, and changes them by
//! [`Batch`]es, each done whole and durably or not at all. What the bytes mean is said once, above it, so
//! every store behaves alike.

mod batch;
mod dump;
mod error;
mod format;
mod group;
mod page;
mod postgres;
mod redb;
mod signal;

use std::sync::Arc;
use std::time::Duration;

pub use batch::{BATCH_LIMIT, Batch, Change, Expectation, KEY_LIMIT, VALUE_LIMIT};
pub use dump::{DumpError, Sum, export, import};
pub use error::StoreError;
pub use page::Page;
pub use postgres::PostgresStore;
pub use redb::RedbStore;

/// A kind of entry. Its number is part of the format: it never changes, and is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Space {
    /// What the store itself is: the version of its format. Its own: no one else writes there, and it
    /// doesn't move to another store.
    Format = 0,
    /// The vault's header: data keys, wrapped by their root.
    Vault = 1,
    /// Keys, by environment and key id: their life, and their sealed secret.
    Keys = 2,
    /// Audit records, by sequence number (8 bytes, big-endian).
    Audit = 3,
    /// Signed checkpoints of the audit log, by the sequence number that they end at.
    Checkpoints = 4,
    /// Modules and bundles that decided something, by their SHA-256, so that it can be decided again.
    Archive = 5,
    /// How much each key was used, in aggregate, by environment, key id and day.
    Usage = 6,
    /// Administrators and services, and their second factors, by name.
    People = 7,
    /// Critical acts that wait for a second person, by their id.
    Approvals = 8,
    /// Settings and schedules, by name.
    Settings = 9,
    /// Deliveries to come: notices, one-time links; by their id.
    Deliveries = 10,
}

impl Space {
    /// Every space, ascending by number.
    pub const ALL: &'static [Space] = &[
        Space::Format,
        Space::Vault,
        Space::Keys,
        Space::Audit,
        Space::Checkpoints,
        Space::Archive,
        Space::Usage,
        Space::People,
        Space::Approvals,
        Space::Settings,
        Space::Deliveries,
    ];

    /// The space of a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|space| *space as u8 == number)
    }
}

/// An entry: its key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// What [`Store::walk`] calls for each entry: space, key, value; true to go on.
pub type Visit<'a> = dyn FnMut(Space, &[u8], &[u8]) -> bool + 'a;

/// What [`Store::commit_behind`] calls once, with the batches that are to be made before, in order. Nothing is
/// committed if it returns none.
pub type Build<'a> = dyn FnMut(&[Arc<Batch>]) -> Option<Batch> + 'a;

/// Entries by space and key, ordered by the bytes of the key.
///
/// Calls block: an asynchronous program makes them where blocking is allowed.
pub trait Store: Send + Sync {
    /// The value under a key.
    ///
    /// # Errors
    /// A [`StoreError`].
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Up to `limit` entries whose key is `from` or greater, ascending.
    ///
    /// # Errors
    /// A [`StoreError`].
    fn scan(&self, space: Space, from: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        let mut page = Page::default();
        self.turn(&mut page, space, from, limit)?;
        let entries = page.iter();
        Ok(entries
            .map(|(key, value)| (key.to_vec(), value.to_vec()))
            .collect())
    }

    /// As [`Store::scan`], for many entries that are looked at and not kept: they take the place of those in the page.
    ///
    /// # Errors
    /// A [`StoreError`].
    fn turn(
        &self,
        page: &mut Page,
        space: Space,
        from: &[u8],
        limit: usize,
    ) -> Result<(), StoreError>;

    /// The entry with the greatest key.
    ///
    /// # Errors
    /// A [`StoreError`].
    fn last(&self, space: Space) -> Result<Option<Entry>, StoreError>;

    /// Visits every entry as of one moment, ascending by space and key, whatever is committed meanwhile.
    /// The visitor doesn't use the store.
    ///
    /// # Errors
    /// A [`StoreError`].
    fn walk(&self, visit: &mut Visit<'_>) -> Result<(), StoreError>;

    /// Makes every change of the batch, durably, if every expectation holds; none otherwise.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if an expectation doesn't hold, and the others. After an error nothing has
    /// changed, except after [`StoreError::Unknown`]: then the caller reads to learn what did.
    fn commit(&self, batch: &Batch) -> Result<(), StoreError>;

    /// As [`Store::commit`], for a batch that is built upon those that wait to be committed: a store that makes
    /// many at once calls `build` with them, and lets no other in between. `build` may read the store. A batch
    /// that counts on one before it must expect what that one changes: it may not be made.
    ///
    /// # Errors
    /// Those of [`Store::commit`].
    fn commit_behind(&self, build: &mut Build<'_>) -> Result<(), StoreError> {
        build(&[]).map_or(Ok(()), |batch| self.commit(&batch))
    }

    /// Waits until the last key of [`Space::Audit`] is greater than `seen` (any, where it is empty), at most
    /// for `timeout`. True if so. Commits by other processes wake it too.
    ///
    /// # Errors
    /// A [`StoreError`].
    fn wait(&self, seen: &[u8], timeout: Duration) -> Result<bool, StoreError>;
}

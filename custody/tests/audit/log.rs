//! A log to try things on: in a map, so that it can be tampered with as no store would let one.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Mutex;
use std::time::Duration;

use countersign_core::{Environment, KeyId, SigningKey, VerifyingKey};
use countersign_custody::audit::{self, Checkpoint, Draft};
use countersign_custody::store::{Entry, Page, Visit};
use countersign_custody::{Batch, Space, Store, StoreError};

pub(crate) const NOW: u64 = 1_800_000_000_000;

pub(crate) type Entries = BTreeMap<(Space, Vec<u8>), Vec<u8>>;

/// Entries, and what comes of changing them.
#[derive(Default)]
pub(crate) struct Map {
    pub(crate) entries: Mutex<Entries>,
    commits: Mutex<Commits>,
}

/// What comes of a commit.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Commits {
    #[default]
    Succeed,
    /// The disk is full.
    Fail,
    /// They are made, and the store is gone before it says so.
    Vanish,
    /// The store is gone before they are made.
    VanishBefore,
}

impl Map {
    pub(crate) fn of(entries: Entries) -> Self {
        Map {
            entries: Mutex::new(entries),
            commits: Mutex::default(),
        }
    }

    /// From now on.
    pub(crate) fn let_commits(&self, commits: Commits) {
        *self.commits.lock().unwrap() = commits;
    }

    pub(crate) fn entries(&self) -> Entries {
        self.entries.lock().unwrap().clone()
    }
}

impl Store for Map {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let entries = self.entries.lock().unwrap();
        Ok(entries.get(&(space, key.to_vec())).cloned())
    }

    fn turn(
        &self,
        page: &mut Page,
        space: Space,
        from: &[u8],
        limit: usize,
    ) -> Result<(), StoreError> {
        page.clear();
        let entries = self.entries.lock().unwrap();
        let range = entries.range((Included((space, from.to_vec())), Unbounded));
        let range = range.take_while(|((found, _), _)| *found == space);
        for ((_, key), value) in range.take(limit) {
            page.push(key, value);
        }
        Ok(())
    }

    fn last(&self, space: Space) -> Result<Option<Entry>, StoreError> {
        let entries = self.entries.lock().unwrap();
        let after = (space, vec![255; 64]);
        let last = entries.range((Unbounded, Excluded(after))).next_back();
        let last = last.filter(|((found, _), _)| *found == space);
        Ok(last.map(|((_, key), value)| (key.clone(), value.clone())))
    }

    fn walk(&self, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        for ((space, key), value) in &*self.entries.lock().unwrap() {
            if !visit(*space, key, value) {
                break;
            }
        }
        Ok(())
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        let commits = *self.commits.lock().unwrap();
        match commits {
            Commits::Fail => return Err(StoreError::ReadOnly("no space left".into())),
            Commits::VanishBefore => return Err(StoreError::Unknown("gone".into())),
            Commits::Succeed | Commits::Vanish => {}
        }
        let mut entries = self.entries.lock().unwrap();
        for expected in batch.expectations() {
            let found = entries.get(&(expected.space, expected.key.clone()));
            if found != expected.value.as_ref() {
                return Err(StoreError::Conflict(expected.space));
            }
        }
        for change in batch.changes() {
            let key = (change.space, change.key.clone());
            match &change.value {
                Some(value) => entries.insert(key, value.clone()),
                None => entries.remove(&key),
            };
        }
        if commits == Commits::Vanish {
            return Err(StoreError::Unknown("gone".into()));
        }
        Ok(())
    }

    fn wait(&self, seen: &[u8], _: Duration) -> Result<bool, StoreError> {
        Ok(self
            .last(Space::Audit)?
            .is_some_and(|(key, _)| key.as_slice() > seen))
    }
}

pub(crate) fn signing_key(seed: u8) -> SigningKey {
    SigningKey::ed25519("audit", &[seed; 32]).unwrap()
}

pub(crate) fn keys(seed: u8) -> Vec<VerifyingKey> {
    vec![signing_key(seed).verifying_key().unwrap()]
}

/// The `n`th of many different drafts.
pub(crate) fn draft(n: u64) -> Draft {
    let act = ["key.issued", "key.used", "key.rotated"][usize::try_from(n % 3).unwrap()];
    let keyid = KeyId::new(&format!("k{}", n % 4)).unwrap();
    Draft::new(NOW + n, "alice", act)
        .key(keyid, Environment::Live)
        .reason("a reason")
        .detail("n", n)
}

/// A log of that many records.
pub(crate) fn log_of(records: u64) -> Map {
    let store = Map::default();
    let drafts: Vec<Draft> = (1..=records).map(draft).collect();
    audit::record(&store, &drafts).unwrap();
    store
}

/// A log with a checkpoint, in the store, after each of these numbers of records.
pub(crate) fn log_with_checkpoints(ends: &[u64]) -> (Map, Vec<Checkpoint>) {
    let (store, mut checkpoints, mut from) = (Map::default(), Vec::new(), 1);
    for end in ends {
        let drafts: Vec<Draft> = (from..=*end).map(draft).collect();
        audit::record(&store, &drafts).unwrap();
        checkpoints.push(sign(&store));
        from = end + 1;
    }
    (store, checkpoints)
}

/// A checkpoint, kept in the store too.
pub(crate) fn sign(store: &dyn Store) -> Checkpoint {
    let checkpoint = Checkpoint::sign(store, &signing_key(7), NOW).unwrap();
    let mut batch = Batch::new();
    checkpoint.put(&mut batch);
    store.commit(&batch).unwrap();
    checkpoint
}

pub(crate) fn key(sequence: u64) -> (Space, Vec<u8>) {
    (Space::Audit, sequence.to_be_bytes().to_vec())
}

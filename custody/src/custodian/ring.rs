//! What verifies: a keyring, and one that keeps up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use countersign_core::{KeyRecord, KeyRing, SharedSecret, UnixSeconds};

use super::{Custodian, CustodyError, KeyEntry};
use crate::{Space, audit, entropy};

/// Records that are read at once.
const PAGE: usize = 256;

impl Custodian {
    /// The keys that verify now, or will at their time: each until it ends.
    ///
    /// # Errors
    /// `entry_damaged`, and those of the store and of the vault.
    pub fn keyring(&self, now: UnixSeconds) -> Result<KeyRing, CustodyError> {
        let stopped = self.stopped_keys();
        let mut ring = KeyRing::new();
        for (entry, now) in self.entries(now, |entry| entry.is_for_ring(now))? {
            let keyid = entry.life().keyid();
            if entry.is_for_ring(now) && !stopped.contains(keyid) {
                ring.insert(entry.record(&self.vault, self.environment)?);
            }
        }
        Ok(ring)
    }

    /// The entries that `wanted` keeps, by id, each with the time of its lineage, which has one clock: the latest
    /// instant that any of its keys has seen.
    pub(super) fn entries(
        &self,
        now: UnixSeconds,
        wanted: impl Fn(&KeyEntry) -> bool,
    ) -> Result<Vec<(KeyEntry, UnixSeconds)>, CustodyError> {
        let mut seen: BTreeMap<String, UnixSeconds> = BTreeMap::new();
        let mut entries = Vec::new();
        self.each(Space::Keys, "", |keyid, bytes| {
            let entry = KeyEntry::read(self.environment, keyid, bytes)?;
            let life = entry.life();
            let latest = seen.entry(life.lineage().to_owned()).or_insert(now);
            *latest = life.seen_at().max(*latest);
            if wanted(&entry) {
                entries.push(entry);
            }
            Ok(true)
        })?;
        let with_its_time = |entry: KeyEntry| {
            let latest = seen.get(entry.life().lineage()).copied();
            (entry, latest.unwrap_or(now))
        };
        Ok(entries.into_iter().map(with_its_time).collect())
    }
}

/// A keyring that follows the store: a revocation anywhere reaches it as soon as the store tells.
///
/// Threads that verify take [`Follower::ring`]; one thread calls [`Follower::follow`] again and again.
#[derive(Debug)]
pub struct Follower {
    custodian: Custodian,
    ring: RwLock<Arc<KeyRing>>,
    followed: Mutex<Followed>,
    /// The latest instant that was given: an earlier one counts as this.
    now: AtomicU64,
}

/// What is in the ring.
#[derive(Debug)]
struct Followed {
    /// The sequence number of the last record.
    sequence: u64,
    /// The keys that were stopped while nothing could be written.
    stopped: BTreeSet<String>,
}

impl Follower {
    /// Reads the ring as it is now.
    ///
    /// # Errors
    /// Those of [`Custodian::keyring`].
    pub fn start(custodian: Custodian, now: UnixSeconds) -> Result<Self, CustodyError> {
        // The head first: what comes between is read twice, not never.
        let head = audit::head(&*custodian.store)?;
        let ring = custodian.keyring(now)?;
        Ok(Follower {
            custodian,
            ring: RwLock::new(Arc::new(ring)),
            followed: Mutex::new(Followed {
                sequence: head.map_or(0, |head| head.sequence),
                stopped: BTreeSet::new(),
            }),
            now: AtomicU64::new(now.get()),
        })
    }

    /// The ring. It stays good while newer ones are made.
    #[must_use]
    pub fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for changes, at most for `timeout`, and takes them in: whether there were any.
    ///
    /// # Errors
    /// Those of the store and of the vault. The ring is then the one before.
    pub fn follow(&self, now: UnixSeconds, timeout: Duration) -> Result<bool, CustodyError> {
        let now = self
            .now
            .fetch_max(now.get(), Ordering::AcqRel)
            .max(now.get());
        let now = UnixSeconds::new(now);
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let stopped = self.custodian.stopped_keys();
        let mut changed: BTreeSet<String> =
            stopped.difference(&followed.stopped).cloned().collect();
        // What is stopped here is refused here at once, whatever the store says.
        let urgent = !changed.is_empty();
        let mut last = followed.sequence;
        let wait = if urgent { Duration::ZERO } else { timeout };
        match self.custodian.store.wait(&last.to_be_bytes(), wait) {
            Ok(true) => self.read_changes(&mut last, &mut changed)?,
            Err(error) if !urgent => return Err(error.into()),
            Ok(false) | Err(_) => {}
        }
        let any = !changed.is_empty();
        if any {
            let mut ring = KeyRing::clone(&self.ring());
            for keyid in &changed {
                let record = if stopped.contains(keyid) {
                    tombstone(&self.custodian, keyid)?
                } else {
                    self.record_of(keyid, now)?
                };
                ring.insert(record);
            }
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        }
        *followed = Followed {
            sequence: last,
            stopped,
        };
        Ok(any)
    }

    /// The ids of the keys that records after `last` are about.
    fn read_changes(
        &self,
        last: &mut u64,
        changed: &mut BTreeSet<String>,
    ) -> Result<(), CustodyError> {
        let done_here = audit::Filter {
            environment: Some(self.custodian.environment),
            outcome: Some(audit::Outcome::Done),
            ..audit::Filter::default()
        };
        loop {
            let from = last.saturating_add(1);
            let page = audit::search(&*self.custodian.store, &done_here, from, PAGE)?;
            let records = page.entries.iter().map(audit::Entry::record);
            let keyids = records.filter_map(|record| record.keyid.as_ref());
            changed.extend(keyids.map(|keyid| keyid.as_str().to_owned()));
            *last = page.next.saturating_sub(1);
            if page.is_last {
                return Ok(());
            }
        }
    }

    fn record_of(&self, keyid: &str, now: UnixSeconds) -> Result<KeyRecord, CustodyError> {
        match self.custodian.read(keyid)? {
            Some((entry, _)) if entry.is_for_ring(now) => {
                entry.record(&self.custodian.vault, self.custodian.environment)
            }
            _ => tombstone(&self.custodian, keyid),
        }
    }
}

/// What stands for a key that verifies no more: a secret of nobody, revoked.
fn tombstone(custodian: &Custodian, keyid: &str) -> Result<KeyRecord, CustodyError> {
    let nobody = SharedSecret::new(entropy::random::<32>()?.to_vec())?;
    Ok(KeyRecord::new(keyid, custodian.environment, &nobody)?.revoked())
}

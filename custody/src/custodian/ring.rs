//! What verifies: a keyring, and one that keeps up.

use std::cmp;
use std::collections::{BTreeSet, HashMap};
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use countersign_core::{KeyRecord, KeyRing, SharedSecret, UnixSeconds};

use super::candidate::{Candidate, Common};
use super::{Custodian, CustodyError, KeyEntry};
use crate::life::KeyLife;
use crate::store::Page;
use crate::{Space, StoreError, audit, entropy};

/// Records that are read at once.
const PAGE: usize = 256;
/// Entries that are read at once for a ring: what a processor's cache holds while it parses them.
const BLOCK: usize = 1 << 10;

impl Custodian {
    /// The keys that verify now, or will at their time: each until it ends.
    ///
    /// Their secrets stay sealed: each is unsealed when its key is first used, and kept as long as the ring or one
    /// that [`Follower`] made of it. A key whose secret doesn't open is refused then, as `key_damaged`, and
    /// hinders no other. [`KeyRing::unseal`] opens them all, and tells which don't.
    ///
    /// # Errors
    /// `entry_damaged`, and those of the store.
    pub fn keyring(&self, now: UnixSeconds) -> Result<KeyRing, CustodyError> {
        let (stopped, prefix) = (self.stopped_keys(), self.place(""));
        let next = Mutex::new(Some(prefix.clone()));
        let ring = KeyRing::seeded(u64::from_le_bytes(entropy::random()?));
        let filling = Mutex::new(Filling {
            ring,
            clocks: Clocks::new(now),
            related: Vec::new(),
        });
        let fill = || -> Result<(), CustodyError> {
            let (mut common, mut page) = (Common::of(self), Page::default());
            let mut found = Vec::with_capacity(BLOCK);
            loop {
                // One reads while the others parse.
                self.next_page(&mut lock(&next), &mut page)?;
                if page.is_empty() {
                    return Ok(());
                }
                for (key, bytes) in page.iter() {
                    let Some(keyid) = key.strip_prefix(prefix.as_slice()) else {
                        break;
                    };
                    found.push(self.found(keyid, bytes, now, &stopped, &mut common)?);
                }
                lock(&filling).take(found.drain(..));
            }
        };
        std::thread::scope(|scope| {
            let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(fill)).collect();
            let own = fill();
            let ended = |_| Err(StoreError::Unknown("a thread ended".to_owned()).into());
            let mut others = others.into_iter();
            own.and(others.try_for_each(|other| other.join().unwrap_or_else(ended)))
        })?;
        let filled = filling.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(filled.end())
    }

    /// A ring with one key, if it verifies now or will at its time, or as [`Custodian::keyring`] would have it. What is
    /// derived of a key is named after it.
    ///
    /// # Errors
    /// `entry_damaged`, and those of the store.
    pub fn keyring_of(&self, keyid: &str, now: UnixSeconds) -> Result<KeyRing, CustodyError> {
        let mut ring = KeyRing::new();
        let own = keyid.split('/').next().unwrap_or(keyid);
        // A name that is none might reach into another environment.
        if super::checked_name(own).is_ok()
            && !self.stopped_keys().contains(own)
            && let Some(record) = self.ring_record(own, now)?
        {
            ring.insert(record);
        }
        Ok(ring)
    }

    /// A key for a ring, if it verifies now or will at its time.
    fn ring_record(
        &self,
        keyid: &str,
        now: UnixSeconds,
    ) -> Result<Option<KeyRecord>, CustodyError> {
        let Some(bytes) = self.store.get(Space::Keys, &self.place(keyid))? else {
            return Ok(None);
        };
        let entry = Candidate::read(self.environment, keyid, &bytes)?;
        let now = self.time_of(&entry.life, now)?;
        let wanted = entry.life.is_for_ring(now);
        let record = wanted.then(|| entry.record(&mut Common::of(self)));
        record.transpose()
    }

    /// The time of a key's lineage.
    fn time_of(&self, life: &KeyLife, now: UnixSeconds) -> Result<UnixSeconds, CustodyError> {
        let mut clocks = Clocks::new(now);
        let mut note = |link: fn(&KeyLife) -> Option<&str>, side: cmp::Ordering| {
            let (mut next, mut version) = (link(life).map(str::to_owned), life.version());
            while let Some(keyid) = next.take() {
                let relative = self.read(&keyid)?.map(|(entry, _)| entry);
                let on = |entry: &KeyEntry| entry.life().version().cmp(&version) == side;
                if let Some(entry) = relative.filter(on) {
                    clocks.note(entry.life());
                    version = entry.life().version();
                    next = link(entry.life()).map(str::to_owned);
                }
            }
            Ok::<(), CustodyError>(())
        };
        note(KeyLife::predecessor, cmp::Ordering::Less)?;
        note(KeyLife::successor, cmp::Ordering::Greater)?;
        Ok(clocks.of(life))
    }

    /// The next entries, of this environment or behind it; none at the end.
    fn next_page(&self, next: &mut Option<Vec<u8>>, page: &mut Page) -> Result<(), CustodyError> {
        let Some(from) = next.take() else {
            *page = Page::default();
            return Ok(());
        };
        self.store.turn(page, Space::Keys, &from, BLOCK)?;
        let last = page.iter().next_back().map(|(key, _)| key);
        let last = last.filter(|key| page.len() == BLOCK && key.starts_with(&self.place("")));
        *next = last.map(|last| [last, &[0]].concat());
        Ok(())
    }

    fn found(
        &self,
        keyid: &[u8],
        bytes: &[u8],
        now: UnixSeconds,
        stopped: &BTreeSet<String>,
        common: &mut Common,
    ) -> Result<Found, CustodyError> {
        let keyid = std::str::from_utf8(keyid)
            .map_err(|_| CustodyError::Damaged(String::from_utf8_lossy(keyid).into()))?;
        let entry = Candidate::read(self.environment, keyid, bytes)?;
        let wanted = entry.life.is_for_ring(now) && !stopped.contains(keyid);
        let record = wanted.then(|| entry.record(common)).transpose()?;
        let has_relatives = entry.life.has_relatives();
        Ok(Found {
            record,
            related: has_relatives.then(|| Box::new(entry.life)),
        })
    }

    /// The entries that `wanted` keeps, by id, each with the time of its lineage.
    pub(super) fn entries(
        &self,
        now: UnixSeconds,
        wanted: impl Fn(&KeyEntry) -> bool,
    ) -> Result<Vec<(KeyEntry, UnixSeconds)>, CustodyError> {
        let (mut clocks, mut entries) = (Clocks::new(now), Vec::new());
        self.each(Space::Keys, "", |keyid, bytes| {
            let entry = KeyEntry::read(self.environment, keyid, bytes)?;
            clocks.note(entry.life());
            if wanted(&entry) {
                entries.push(entry);
            }
            Ok(true)
        })?;
        let with_its_time = |entry: KeyEntry| {
            let its_time = clocks.of(entry.life());
            (entry, its_time)
        };
        Ok(entries.into_iter().map(with_its_time).collect())
    }
}

/// What an entry gives for a ring.
struct Found {
    record: Option<KeyRecord>,
    /// Its life, where its relatives have a say.
    related: Option<Box<KeyLife>>,
}

/// A ring while entries are read.
struct Filling {
    ring: KeyRing,
    clocks: Clocks,
    /// Keys that wait for the clock of their lineage.
    related: Vec<(Box<KeyLife>, KeyRecord)>,
}

impl Filling {
    fn take(&mut self, found: impl Iterator<Item = Found>) {
        for Found { record, related } in found {
            if let Some(life) = &related {
                self.clocks.note(life);
            }
            match (related, record) {
                (Some(life), Some(record)) => self.related.push((life, record)),
                (None, Some(record)) => self.ring.insert(record),
                (_, None) => {}
            }
        }
    }

    fn end(mut self) -> KeyRing {
        for (life, record) in self.related {
            if life.is_for_ring(self.clocks.of(&life)) {
                self.ring.insert(record);
            }
        }
        self.ring
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lineage has one clock: the latest instant that any of its keys has seen.
struct Clocks {
    now: UnixSeconds,
    /// Of those with more keys than one.
    seen: HashMap<String, UnixSeconds>,
}

impl Clocks {
    fn new(now: UnixSeconds) -> Self {
        Clocks {
            now,
            seen: HashMap::new(),
        }
    }

    fn note(&mut self, life: &KeyLife) {
        if life.has_relatives() {
            let seen = self.seen.entry(life.lineage().to_owned());
            let seen = seen.or_insert(life.seen_at());
            *seen = life.seen_at().max(*seen);
        }
    }

    fn of(&self, life: &KeyLife) -> UnixSeconds {
        let seen = self.seen.get(life.lineage()).copied();
        self.now.max(life.seen_at()).max(seen.unwrap_or(self.now))
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
                    None
                } else {
                    self.custodian.ring_record(keyid, now)?
                };
                ring.insert(match record {
                    Some(record) => record,
                    None => tombstone(&self.custodian, keyid)?,
                });
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
}

/// What stands for a key that verifies no more: a secret of nobody, revoked.
fn tombstone(custodian: &Custodian, keyid: &str) -> Result<KeyRecord, CustodyError> {
    let nobody = SharedSecret::new(entropy::random::<32>()?.to_vec())?;
    Ok(KeyRecord::new(keyid, custodian.environment, &nobody)?.revoked())
}

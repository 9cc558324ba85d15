//! What verifies: a keyring, and one that keeps up.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use countersign_core::{KeyRecord, KeyRing, SharedSecret, UnixSeconds};

use super::{Custodian, CustodyError, KeyEntry};
use crate::life::KeyLife;
use crate::store::Entry;
use crate::{Space, StoreError, audit, entropy};

/// Records that are read at once.
const PAGE: usize = 256;
/// Entries that are read at once for a ring, and opened by all processors.
const BLOCK: usize = 1 << 14;
/// How many kinds of groups and attributes are remembered.
const MOST_TEMPLATES: usize = 1024;

impl Custodian {
    /// The keys that verify now, or will at their time: each until it ends.
    ///
    /// # Errors
    /// `entry_damaged`, and those of the store and of the vault.
    pub fn keyring(&self, now: UnixSeconds) -> Result<KeyRing, CustodyError> {
        let stopped = self.stopped_keys();
        let (mut ring, mut clocks, mut related) = (KeyRing::new(), Clocks::new(now), Vec::new());
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let mut templates: Vec<_> = (0..threads).map(|_| Templates::default()).collect();
        let mut next = self.place("");
        loop {
            let page = self.store.scan(Space::Keys, &next, BLOCK)?;
            let is_last = page.len() < BLOCK || !self.is_here(page.last());
            if let Some((last, _)) = page.last() {
                next.clone_from(last);
                next.push(0);
            }
            let share = page.len().div_ceil(threads).max(1);
            let read = |(entries, templates): (&[Entry], &mut Templates)| -> Result<Vec<_>, _> {
                let here = entries.iter().filter(|entry| self.is_here(Some(entry)));
                here.map(|entry| self.candidate(entry, now, templates))
                    .collect()
            };
            let read: Vec<Result<Vec<_>, CustodyError>> = std::thread::scope(|scope| {
                let shares = page.chunks(share).zip(&mut templates);
                let workers: Vec<_> = shares
                    .map(|share| scope.spawn(move || read(share)))
                    .collect();
                let ended = |_| Err(StoreError::Unknown("a thread ended".to_owned()).into());
                let workers = workers.into_iter();
                workers
                    .map(|worker| worker.join().unwrap_or_else(ended))
                    .collect()
            });
            for read in read {
                for candidate in read? {
                    match candidate {
                        Candidate::Record(keyid, record) if !stopped.contains(&keyid) => {
                            ring.insert(*record);
                        }
                        Candidate::Related(entry) => {
                            clocks.note(entry.life());
                            related.push(entry);
                        }
                        Candidate::Record(..) | Candidate::None => {}
                    }
                }
            }
            if is_last {
                break;
            }
        }
        for entry in related {
            let life = entry.life();
            if entry.is_for_ring(clocks.of(life)) && !stopped.contains(life.keyid()) {
                ring.insert(entry.record(&self.vault, self.environment)?);
            }
        }
        Ok(ring)
    }

    fn is_here(&self, entry: Option<&Entry>) -> bool {
        entry.is_some_and(|(key, _)| key.starts_with(&self.place("")))
    }

    fn candidate(
        &self,
        (key, bytes): &Entry,
        now: UnixSeconds,
        templates: &mut Templates,
    ) -> Result<Candidate, CustodyError> {
        let damaged = || CustodyError::Damaged(String::from_utf8_lossy(key).into());
        let keyid = key.get(self.place("").len()..).unwrap_or_default();
        let keyid = std::str::from_utf8(keyid).map_err(|_| damaged())?;
        let entry = KeyEntry::read(self.environment, keyid, bytes)?;
        Ok(if entry.life().has_relatives() {
            Candidate::Related(Box::new(entry))
        } else if entry.is_for_ring(now) {
            let record = templates.record(&entry, self)?;
            Candidate::Record(keyid.to_owned(), Box::new(record))
        } else {
            Candidate::None
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
enum Candidate {
    None,
    /// A key that is alone in its lineage, with its id.
    Record(String, Box<KeyRecord>),
    /// One whose relatives have a say.
    Related(Box<KeyEntry>),
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

/// Records whose groups and attributes others have too: in a ring they are kept once.
#[derive(Default)]
struct Templates(HashMap<(Vec<String>, String), KeyRecord>);

impl Templates {
    fn record(
        &mut self,
        entry: &KeyEntry,
        custodian: &Custodian,
    ) -> Result<KeyRecord, CustodyError> {
        let shape = (entry.groups().to_vec(), entry.attributes_json());
        if let Some(template) = self.0.get(&shape) {
            let bare = entry.bare_record(&custodian.vault, custodian.environment)?;
            return Ok(bare.like(template));
        }
        let record = entry.record(&custodian.vault, custodian.environment)?;
        if self.0.len() < MOST_TEMPLATES {
            self.0.insert(shape, record.clone());
        }
        Ok(record)
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

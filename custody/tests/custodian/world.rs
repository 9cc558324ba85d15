//! A custodian to try, and the people around it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_core::{Environment, KeyRing, ReplayCache, Signed, SigningKey, Token, UnixSeconds};
use countersign_custody::audit::{Hash, Record};
use countersign_custody::authority::{Authority, Principal};
use countersign_custody::custodian::{Issued, NewKey};
use countersign_custody::life::LifePolicy;
use countersign_custody::store::{Entry, Page, RedbStore, Visit};
use countersign_custody::vault::{self, Custodians, Root, UnlockedVault};
use countersign_custody::{Batch, Custodian, CustodyError, Order, Space, Store, StoreError, audit};

use crate::requests;
pub(crate) use crate::requests::signed;

pub(crate) const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);
pub(crate) const DAY: u64 = 24 * 60 * 60;

pub(crate) fn later(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(NOW.get() + seconds)
}

/// A store that stops to take writes when it is told to.
pub(crate) struct Disk {
    store: RedbStore,
    full: Mutex<bool>,
}

impl Disk {
    pub(crate) fn fill(&self, full: bool) {
        *self.full.lock().unwrap_or_else(PoisonError::into_inner) = full;
    }
}

impl Store for Disk {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(space, key)
    }
    fn turn(
        &self,
        page: &mut Page,
        space: Space,
        from: &[u8],
        limit: usize,
    ) -> Result<(), StoreError> {
        self.store.turn(page, space, from, limit)
    }
    fn last(&self, space: Space) -> Result<Option<Entry>, StoreError> {
        self.store.last(space)
    }
    fn walk(&self, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.store.walk(visit)
    }
    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        if *self.full.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(StoreError::ReadOnly("the disk is full".into()));
        }
        self.store.commit(batch)
    }
    fn wait(&self, seen: &[u8], timeout: Duration) -> Result<bool, StoreError> {
        self.store.wait(seen, timeout)
    }
}

pub(crate) struct World {
    pub(crate) disk: Arc<Disk>,
    pub(crate) vault: Arc<UnlockedVault>,
    pub(crate) dev: Custodian,
    pub(crate) live: Custodian,
}

impl World {
    pub(crate) fn new() -> Self {
        let disk = Arc::new(Disk {
            store: RedbStore::in_memory().expect("a store"),
            full: Mutex::new(false),
        });
        let vault = new_vault();
        let custodian = |environment| custodian(environment, disk.clone(), &vault);
        World {
            dev: custodian(Environment::Dev),
            live: custodian(Environment::Live),
            disk,
            vault,
        }
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        let head = audit::head(&*self.disk).expect("the log");
        let records = 1..=head.map_or(0, |head| head.sequence);
        let read = |sequence| audit::read(&*self.disk, sequence).expect("a record");
        records
            .map(|sequence| read(sequence).record().clone())
            .collect()
    }

    pub(crate) fn last_record(&self) -> Record {
        self.records().pop().expect("a record")
    }
}

/// A vault of two environments.
pub(crate) fn new_vault() -> Arc<UnlockedVault> {
    let root = Root::Custodians(Custodians::split(2, 2).expect("shares"));
    let environments = [Environment::Dev, Environment::Live];
    Arc::new(vault::init(&environments, &root, NOW).expect("a vault"))
}

/// A custodian by the pack's policies.
pub(crate) fn custodian(
    environment: Environment,
    store: Arc<dyn Store>,
    vault: &Arc<UnlockedVault>,
) -> Custodian {
    let path = "../policies/tests/bundles/zero-trust-admin.bundle";
    let bundle = std::fs::read(path).expect("the pack's bundle");
    let authority = Authority::new(&bundle, Hash::of(b"this test"));
    let authority = Arc::new(authority.expect("a bundle"));
    let policy = LifePolicy::default();
    Custodian::new(environment, store, vault.clone(), authority, policy)
}

pub(crate) fn operator(environment: Environment) -> Principal {
    Principal::new("otto", "operator", environment)
}

/// An owner at the machine itself.
pub(crate) fn owner(environment: Environment) -> Principal {
    Principal {
        client_ip: Some([127, 0, 0, 1].into()),
        ..Principal::new("olga", "owner", environment)
    }
}

pub(crate) fn key(keyid: &str) -> NewKey {
    NewKey {
        keyid: Some(keyid.into()),
        owner: "acme".into(),
        tags: vec!["bots".into()],
        groups: vec!["trader".into()],
        ..NewKey::default()
    }
}

/// Issues a key in dev, now.
pub(crate) fn issued(world: &World, keyid: &str) -> Issued {
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    world.dev.issue(&order, &key(keyid)).expect("a key")
}

pub(crate) fn signing_key(issued: Issued) -> SigningKey {
    let text = issued.shown.expect("a token").reveal();
    let token = Token::parse(&text).expect("a token");
    token.signing_key().expect("a key")
}

/// `verified`, or the code of the refusal.
pub(crate) fn verify(ring: &KeyRing, signed: &Signed, now: UnixSeconds) -> &'static str {
    let lines = format!(
        "Host: api.example.com\r\nSignature-Input: {}\r\nSignature: {}\r\n",
        signed.signature_input, signed.signature
    );
    requests::verify(ring, &mut ReplayCache::new(16, 7), &lines, now)
}

pub(crate) fn code<T>(result: Result<T, CustodyError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "done")
}

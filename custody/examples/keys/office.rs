//! A custodian in a file.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use countersign_core::{Environment, UnixSeconds};
use countersign_custody::audit::Hash;
use countersign_custody::authority::{Authority, Principal};
use countersign_custody::custodian::NewKey;
use countersign_custody::life::LifePolicy;
use countersign_custody::store::RedbStore;
use countersign_custody::vault::{self, Custodians, Root, UnlockedVault};
use countersign_custody::{Custodian, Store};

pub(crate) const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);

pub(crate) fn new_vault() -> Result<Arc<UnlockedVault>, Box<dyn Error>> {
    let root = Root::Custodians(Custodians::split(2, 2)?);
    Ok(Arc::new(vault::init(&[Environment::Dev], &root, NOW)?))
}

pub(crate) fn store(folder: &Path) -> Result<Arc<RedbStore>, Box<dyn Error>> {
    Ok(Arc::new(RedbStore::open(&folder.join("store"))?))
}

pub(crate) fn custodian(
    store: Arc<dyn Store>,
    vault: &Arc<UnlockedVault>,
) -> Result<Custodian, Box<dyn Error>> {
    let pack = "../policies/tests/bundles/zero-trust-admin.bundle";
    let bundle = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(pack))?;
    let authority = Authority::new(&bundle, Hash::of(b"this program"));
    let authority = Arc::new(authority.map_err(|error| format!("{error:?}"))?);
    let policy = LifePolicy::default();
    Ok(Custodian::new(
        Environment::Dev,
        store,
        vault.clone(),
        authority,
        policy,
    ))
}

pub(crate) fn operator() -> Principal {
    Principal::new("otto", "operator", Environment::Dev)
}

pub(crate) fn key() -> NewKey {
    NewKey {
        owner: "acme".into(),
        groups: vec!["trader".into()],
        ..NewKey::default()
    }
}

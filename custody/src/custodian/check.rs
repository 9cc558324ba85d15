//! Whether every key opens.

use super::{CustodyError, KeyEntry, each};
use crate::vault::UnlockedVault;
use crate::{Space, Store};

/// What a check of all keys found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many keys were read.
    pub keys: u64,
    /// Those whose entry can't be read, or whose secret doesn't open: environment and id, `live/k7`.
    pub damaged: Vec<String>,
}

/// Reads every key of the environments that are unlocked, and unseals its secret: what a keyring does only when the key is
/// first used.
///
/// # Errors
/// Those of the store.
pub fn check_keys(store: &dyn Store, vault: &UnlockedVault) -> Result<Checked, CustodyError> {
    let mut checked = Checked::default();
    for environment in vault.environments() {
        each(store, environment, Space::Keys, "", |keyid, bytes| {
            checked.keys += 1;
            let opens = || -> Result<(), CustodyError> {
                let entry = KeyEntry::read(environment, keyid, bytes)?;
                entry.public()?;
                entry.open(vault, environment).map(drop)
            };
            if opens().is_err() {
                checked
                    .damaged
                    .push(format!("{}/{keyid}", environment.as_str()));
            }
            Ok(true)
        })?;
    }
    Ok(checked)
}

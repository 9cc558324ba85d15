//! Opening a header: the environment key by a root, and the data keys by the environment key.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_core::{Environment, UnixSeconds};

use super::header::{Bytes, Contents, DataKey, Header, Section, Slot, VaultId, context};
use super::root::{Root, RootKey};
use super::{RootId, VaultError, cipher};
use crate::{Secret, entropy};

/// An environment whose keys are in memory.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) environment: Environment,
    pub(super) key: Arc<Secret>,
    /// By version; never empty.
    pub(super) data_keys: BTreeMap<u32, Arc<Secret>>,
}

/// A root that opens several slots, and computes the key of each once.
pub(super) struct Opener<'a> {
    root: &'a Root,
    keys: Vec<(RootId, RootKey<'a>)>,
}

impl<'a> Opener<'a> {
    pub(super) fn new(root: &'a Root) -> Self {
        Opener {
            root,
            keys: Vec::new(),
        }
    }

    /// # Errors
    /// `vault_locked`, `root_kind_absent`, `share_foreign` and what the root itself says; `vault_damaged` if
    /// the root opens what was changed.
    pub(super) fn open(
        &mut self,
        header: &Header,
        environment: Environment,
    ) -> Result<Open, VaultError> {
        let section = header.section(environment)?;
        let mut tried = false;
        for slot in &section.contents.roots {
            if self.root.fits(slot.id, &slot.root) {
                tried = true;
                let key = self.key(slot)?.unwrap(&header.vault, environment, slot)?;
                if let Some(key) = key {
                    return Open::by_key(header, section, Arc::new(key));
                }
            }
        }
        Err(if tried {
            VaultError::Locked(environment)
        } else {
            self.root.stranger(environment)
        })
    }

    fn key(&mut self, slot: &Slot) -> Result<&RootKey<'a>, VaultError> {
        let known = self.keys.iter().position(|(id, _)| *id == slot.id);
        let at = known.unwrap_or(self.keys.len());
        if known.is_none() {
            let key = self.root.key(slot.id, &slot.root)?;
            self.keys.push((slot.id, key));
        }
        let key = self.keys.get(at).map(|(_, key)| key);
        key.ok_or(VaultError::Primitive("a key went missing"))
    }
}

impl Open {
    /// # Errors
    /// `vault_damaged`: who has the environment key knows what the header must be.
    pub(super) fn by_key(
        header: &Header,
        section: &Section,
        key: Arc<Secret>,
    ) -> Result<Self, VaultError> {
        header.verify(section, &key)?;
        let environment = section.contents.environment;
        let wrapping = wrapping_key(&header.vault, &key)?;
        let mut data_keys = BTreeMap::new();
        for data_key in &section.contents.data_keys {
            let context = data_key_context(&header.vault, environment, data_key)?;
            let opened = cipher::decrypt(&wrapping, &context, &data_key.wrapped.0)?
                .filter(|key| key.reveal().len() == cipher::KEY_BYTES)
                .ok_or(VaultError::Damaged("a data key doesn't open"))?;
            data_keys.insert(data_key.version, Arc::new(opened));
        }
        Ok(Open {
            environment,
            key,
            data_keys,
        })
    }

    pub(super) fn newest(&self) -> Result<(u32, &Secret), VaultError> {
        let newest = self.data_keys.last_key_value();
        newest
            .map(|(version, key)| (*version, key.as_ref()))
            .ok_or(VaultError::Damaged("it has no data key"))
    }

    pub(super) fn data_key(&self, version: u32) -> Result<&Secret, VaultError> {
        let key = self.data_keys.get(&version).map(AsRef::as_ref);
        key.ok_or(VaultError::DataKeyAbsent {
            environment: self.environment,
            version,
        })
    }

    /// Draws the next data key, and returns it wrapped.
    pub(super) fn draw(
        &mut self,
        vault: &VaultId,
        now: UnixSeconds,
    ) -> Result<DataKey, VaultError> {
        let last = self.data_keys.last_key_value();
        let version = last.map_or(0, |(version, _)| *version).checked_add(1);
        let version = version.ok_or(VaultError::Full("data keys"))?;
        let key = Arc::new(entropy::random_secret(cipher::KEY_BYTES)?);
        self.data_keys.insert(version, key);
        self.wrap(vault, version, now.get())
    }

    /// A data key as the header holds it, under the environment key.
    pub(super) fn wrap(
        &self,
        vault: &VaultId,
        version: u32,
        made: u64,
    ) -> Result<DataKey, VaultError> {
        let mut wrapped = DataKey {
            version,
            made,
            wrapped: Bytes(Vec::new()),
        };
        let context = data_key_context(vault, self.environment, &wrapped)?;
        let wrapping = wrapping_key(vault, &self.key)?;
        let key = self.data_key(version)?;
        wrapped.wrapped = Bytes(cipher::encrypt(&wrapping, &context, key.reveal())?);
        Ok(wrapped)
    }
}

/// A new environment, open, and what the header will say of it.
pub(super) fn found(
    vault: &VaultId,
    environment: Environment,
    slot: impl FnOnce(&Secret) -> Result<Slot, VaultError>,
    now: UnixSeconds,
) -> Result<(Open, Contents), VaultError> {
    let mut open = Open {
        environment,
        key: Arc::new(entropy::random_secret(cipher::KEY_BYTES)?),
        data_keys: BTreeMap::new(),
    };
    let contents = Contents {
        environment,
        generation: 1,
        roots: vec![slot(&open.key)?],
        data_keys: vec![open.draw(vault, now)?],
    };
    Ok((open, contents))
}

fn wrapping_key(vault: &VaultId, environment_key: &Secret) -> Result<Secret, VaultError> {
    cipher::derive(environment_key, &vault.0, &[b"wrap data key"])
}

fn data_key_context(
    vault: &VaultId,
    environment: Environment,
    key: &DataKey,
) -> Result<Vec<u8>, VaultError> {
    context(
        "data key",
        &(vault, environment.as_str(), key.version, key.made),
    )
}

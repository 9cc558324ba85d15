//! What changes the header of an unlocked vault: its environments, its roots, its data keys.

use countersign_core::{Environment, UnixSeconds};

use super::header::{MAX_DATA_KEYS, MAX_ROOTS};
use super::open::{Opener, found};
use super::root::Root;
use super::unlocked::{UnlockedVault, check_names};
use super::{RootId, VaultError, cipher};
use crate::{Secret, entropy};

impl UnlockedVault {
    /// Adds environments with keys of their own, under this root.
    ///
    /// # Errors
    /// `vault_environments_malformed`, also if the vault has one of them; those of the root.
    pub fn add_environments(
        &self,
        environments: &[Environment],
        root: &Root,
        now: UnixSeconds,
    ) -> Result<Self, VaultError> {
        check_names(environments)?;
        let mut next = self.clone();
        let (id, kind) = root.describe()?;
        let key = root.key(id, &kind)?;
        for environment in environments {
            if self.header.section(*environment).is_ok() {
                return Err(VaultError::EnvironmentsMalformed);
            }
            let vault = &self.header.vault;
            let slot = |secret: &Secret| {
                key.wrap(vault, *environment, (id, kind.clone(), now.get()), secret)
            };
            let (open, contents) = found(vault, *environment, slot, now)?;
            next.header.put(contents, &open.key)?;
            next.put_open(open);
        }
        next.encoded()
    }

    /// Adds a root to the unlocked environments. Those that were there stay.
    ///
    /// # Errors
    /// `vault_full`, `root_present`; those of the root.
    pub fn add_root(&self, root: &Root, now: UnixSeconds) -> Result<(Self, RootId), VaultError> {
        self.put_root(self.environments(), None, root, now)
    }

    /// Removes a root from the unlocked environments that have it.
    ///
    /// # Errors
    /// `root_absent` if none has it, `root_last` if one of them has no other.
    pub fn remove_root(&self, id: RootId) -> Result<Self, VaultError> {
        let mut next = self.clone();
        for environment in self.opened_by(id)? {
            next = next.change(environment, |_, _, contents| {
                contents.roots.retain(|slot| slot.id != id);
                if contents.roots.is_empty() {
                    return Err(VaultError::LastRoot(id));
                }
                Ok(())
            })?;
        }
        Ok(next)
    }

    /// Puts a new root in the place of an old one, in the unlocked environments that have it: `vault rewrap`.
    /// The data keys stay, so no secret is sealed anew, and processes that run go on.
    ///
    /// # Errors
    /// `root_absent`, `root_present`; those of the new root.
    pub fn rewrap(
        &self,
        old: RootId,
        new: &Root,
        now: UnixSeconds,
    ) -> Result<(Self, RootId), VaultError> {
        self.put_root(self.opened_by(old)?, Some(old), new, now)
    }

    /// Draws a new data key: what is sealed from now on is under it, and what was opens under the old one.
    ///
    /// # Errors
    /// `vault_environment_absent`, `vault_full`, `entropy_unavailable`.
    pub fn rotate_data_key(
        &self,
        environment: Environment,
        now: UnixSeconds,
    ) -> Result<Self, VaultError> {
        self.change(environment, |vault, open, contents| {
            if contents.data_keys.len() >= MAX_DATA_KEYS {
                return Err(VaultError::Full("data keys"));
            }
            contents.data_keys.push(open.draw(vault, now)?);
            Ok(())
        })
    }

    /// Removes a data key. What is still sealed under it is lost: seal it anew first.
    ///
    /// # Errors
    /// `data_key_in_use` if it is the newest, `data_key_absent`, `vault_environment_absent`.
    pub fn remove_data_key(
        &self,
        environment: Environment,
        version: u32,
    ) -> Result<Self, VaultError> {
        self.change(environment, |_, open, contents| {
            open.data_key(version)?;
            if open.newest()?.0 == version {
                return Err(VaultError::DataKeyInUse(version));
            }
            open.data_keys.remove(&version);
            contents.data_keys.retain(|key| key.version != version);
            Ok(())
        })
    }

    /// Draws a new environment key and a new data key, after a root was disclosed: whoever has the old root
    /// and an old copy of the header opens nothing that is sealed from now on. The environment must be left
    /// with this one root; it gets a new id. Other processes unlock by it again.
    ///
    /// # Errors
    /// `root_not_alone`; those of unlocking by the root, and of [`UnlockedVault::rotate_data_key`].
    pub fn renew(
        &self,
        environment: Environment,
        root: &Root,
        now: UnixSeconds,
    ) -> Result<Self, VaultError> {
        if self.header.section(environment)?.contents.roots.len() != 1 {
            return Err(VaultError::SeveralRoots(environment));
        }
        Opener::new(root).open(&self.header, environment)?;
        self.change(environment, |vault, open, contents| {
            if contents.data_keys.len() >= MAX_DATA_KEYS {
                return Err(VaultError::Full("data keys"));
            }
            open.key = entropy::random_secret(cipher::KEY_BYTES)?.into();
            for key in &mut contents.data_keys {
                *key = open.wrap(vault, key.version, key.made)?;
            }
            contents.data_keys.push(open.draw(vault, now)?);
            let (id, kind) = root.describe()?;
            let key = root.key(id, &kind)?;
            let slot = key.wrap(vault, environment, (id, kind, now.get()), &open.key)?;
            contents.roots = vec![slot];
            Ok(())
        })
    }

    fn put_root(
        &self,
        environments: impl IntoIterator<Item = Environment>,
        instead_of: Option<RootId>,
        root: &Root,
        now: UnixSeconds,
    ) -> Result<(Self, RootId), VaultError> {
        let (id, kind) = root.describe()?;
        let key = root.key(id, &kind)?;
        let mut next = self.clone();
        for environment in environments {
            next = next.change(environment, |vault, open, contents| {
                contents.roots.retain(|slot| Some(slot.id) != instead_of);
                if contents.roots.len() >= MAX_ROOTS {
                    return Err(VaultError::Full("roots"));
                }
                if contents.roots.iter().any(|slot| slot.id == id) {
                    return Err(VaultError::RootPresent(id));
                }
                let place = (id, kind.clone(), now.get());
                let slot = key.wrap(vault, environment, place, &open.key)?;
                contents.roots.push(slot);
                Ok(())
            })?;
        }
        Ok((next, id))
    }

    /// The unlocked environments that have this root.
    fn opened_by(&self, id: RootId) -> Result<Vec<Environment>, VaultError> {
        let has = |environment: &Environment| {
            let section = self.header.section(*environment);
            section.is_ok_and(|section| section.contents.roots.iter().any(|slot| slot.id == id))
        };
        let found: Vec<Environment> = self.environments().filter(has).collect();
        if found.is_empty() {
            return Err(VaultError::RootAbsent(id));
        }
        Ok(found)
    }
}

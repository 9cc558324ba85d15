//! A vault whose keys are in memory: it seals, opens, and changes its header.

use std::fmt;

use countersign_core::{Environment, UnixSeconds};

use super::header::{Contents, Header, MAX_DATA_KEYS, MAX_ROOTS, VaultId};
use super::open::{Open, Opener, found};
use super::root::Root;
use super::{RootId, SecretName, VaultError, sealed};
use crate::{Secret, entropy};

/// A vault with some or all of its environments unlocked.
///
/// What changes the header returns the vault as it will be: store [`UnlockedVault::header`] of it first, on
/// the condition that the old header is still there, and use it only after. So no secret is ever sealed under
/// a data key that isn't stored.
#[derive(Clone)]
pub struct UnlockedVault {
    header: Header,
    bytes: Vec<u8>,
    open: Vec<Open>,
}

impl UnlockedVault {
    pub(super) fn found(
        environments: &[Environment],
        root: &Root,
        now: UnixSeconds,
    ) -> Result<Self, VaultError> {
        let vault = UnlockedVault {
            header: Header {
                format: super::header::FORMAT,
                vault: VaultId(entropy::random()?),
                environments: Vec::new(),
            },
            bytes: Vec::new(),
            open: Vec::new(),
        };
        vault.add_environments(environments, root, now)
    }

    pub(super) fn unlock(
        header: Header,
        root: &Root,
        environments: &[Environment],
    ) -> Result<Self, VaultError> {
        let vault = UnlockedVault {
            bytes: header.encode()?,
            header,
            open: Vec::new(),
        };
        vault.unlock_more(root, environments)
    }

    /// The header, to be stored under [`Space::Vault`](crate::Space::Vault).
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.bytes
    }

    /// The environments that are unlocked.
    pub fn environments(&self) -> impl Iterator<Item = Environment> {
        self.open.iter().map(|open| open.environment)
    }

    /// Seals a secret under the newest data key of its environment.
    ///
    /// # Errors
    /// `vault_environment_absent`, `secret_length`, `entropy_unavailable`.
    pub fn seal(&self, name: &SecretName, secret: &Secret) -> Result<Vec<u8>, VaultError> {
        let key = self.open_environment(name.environment)?.newest()?;
        sealed::seal(&self.header.vault, key, name, secret)
    }

    /// Opens what was sealed by this name.
    ///
    /// # Errors
    /// `vault_environment_absent`, `data_key_absent`, `seal_broken`.
    pub fn open(&self, name: &SecretName, sealed: &[u8]) -> Result<Secret, VaultError> {
        let (version, encrypted) = sealed::data_key_version(sealed)?;
        let key = self.open_environment(name.environment)?.data_key(version)?;
        sealed::open(&self.header.vault, (version, key), name, encrypted)
    }

    /// Seals a secret anew under the newest data key; `None` if it is already.
    ///
    /// # Errors
    /// Those of [`UnlockedVault::open`].
    pub fn reseal(&self, name: &SecretName, sealed: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        let (version, _) = sealed::data_key_version(sealed)?;
        if version == self.open_environment(name.environment)?.newest()?.0 {
            return Ok(None);
        }
        self.seal(name, &self.open(name, sealed)?).map(Some)
    }

    /// Unlocks further environments, by the same root or another.
    ///
    /// # Errors
    /// Those of [`unlock_only`](super::unlock_only).
    pub fn unlock_more(
        &self,
        root: &Root,
        environments: &[Environment],
    ) -> Result<Self, VaultError> {
        check_names(environments)?;
        let mut next = self.clone();
        let mut opener = Opener::new(root);
        for environment in environments {
            let open = opener.open(&self.header, *environment)?;
            next.put_open(open);
        }
        Ok(next)
    }

    /// Takes up a header that another process stored since: the data keys of the unlocked environments, by
    /// their environment key. No root is needed.
    ///
    /// # Errors
    /// `vault_damaged`, `vault_newer_format`, `vault_rolled_back`; `vault_locked` if the environment key was
    /// renewed or it is another vault: unlock it by a root.
    pub fn refresh(&self, header: &[u8]) -> Result<Self, VaultError> {
        let header = Header::parse(header)?;
        let mut open = Vec::new();
        for old in &self.open {
            let section = header.section(old.environment)?;
            let known = self.header.section(old.environment)?.contents.generation;
            let renewed = |error| match error {
                VaultError::Damaged(_) => VaultError::Locked(old.environment),
                other => other,
            };
            header.verify(section, &old.key).map_err(renewed)?;
            let found = section.contents.generation;
            if found < known {
                return Err(VaultError::RolledBack { found, known });
            }
            open.push(Open::by_key(&header, section, old.key.clone())?);
        }
        Ok(UnlockedVault {
            bytes: header.encode()?,
            header,
            open,
        })
    }

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
        self.change_roots(None, Some((root, now)))
            .and_then(|(next, id)| Ok((next, id.ok_or(VaultError::EnvironmentsMalformed)?)))
    }

    /// Removes a root from the unlocked environments that have it.
    ///
    /// # Errors
    /// `root_absent` if none has it, `root_last` if one of them has no other.
    pub fn remove_root(&self, id: RootId) -> Result<Self, VaultError> {
        self.change_roots(Some(id), None).map(|(next, _)| next)
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
        self.change_roots(Some(old), Some((new, now)))
            .and_then(|(next, id)| Ok((next, id.ok_or(VaultError::RootAbsent(old))?)))
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
            open.key = entropy::random_secret(super::cipher::KEY_BYTES)?.into();
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

    fn change_roots(
        &self,
        old: Option<RootId>,
        new: Option<(&Root, UnixSeconds)>,
    ) -> Result<(Self, Option<RootId>), VaultError> {
        let has = |environment, id| {
            let section = self.header.section(environment);
            section.is_ok_and(|section| section.contents.roots.iter().any(|slot| slot.id == id))
        };
        let all: Vec<Environment> = self
            .environments()
            .filter(|environment| old.is_none_or(|id| has(*environment, id)))
            .collect();
        if let (true, Some(id)) = (all.is_empty(), old) {
            return Err(VaultError::RootAbsent(id));
        }
        let described = new.map(|(root, now)| Ok::<_, VaultError>((root.describe()?, root, now)));
        let described = described.transpose()?;
        let key = match &described {
            Some(((id, kind), root, now)) => Some((*id, kind, root.key(*id, kind)?, now.get())),
            None => None,
        };
        let mut next = self.clone();
        for environment in all {
            next = next.change(environment, |vault, open, contents| {
                contents.roots.retain(|slot| Some(slot.id) != old);
                if let Some((id, kind, key, now)) = &key {
                    if contents.roots.len() >= MAX_ROOTS {
                        return Err(VaultError::Full("roots"));
                    }
                    if contents.roots.iter().any(|slot| slot.id == *id) {
                        return Err(VaultError::RootPresent(*id));
                    }
                    let place = (*id, (*kind).clone(), *now);
                    contents
                        .roots
                        .push(key.wrap(vault, environment, place, &open.key)?);
                }
                match (contents.roots.is_empty(), old) {
                    (true, Some(id)) => Err(VaultError::LastRoot(id)),
                    _ => Ok(()),
                }
            })?;
        }
        Ok((next, key.map(|(id, ..)| id)))
    }

    /// Changes one environment's section; its generation counts up and its MAC is made anew.
    fn change(
        &self,
        environment: Environment,
        change: impl FnOnce(&VaultId, &mut Open, &mut Contents) -> Result<(), VaultError>,
    ) -> Result<Self, VaultError> {
        let mut next = self.clone();
        let mut open = self.open_environment(environment)?.clone();
        let mut contents = self.header.section(environment)?.contents.clone();
        contents.generation = contents.generation.saturating_add(1);
        change(&self.header.vault, &mut open, &mut contents)?;
        next.header.put(contents, &open.key)?;
        next.put_open(open);
        next.encoded()
    }

    fn encoded(mut self) -> Result<Self, VaultError> {
        self.bytes = self.header.encode()?;
        Ok(self)
    }

    fn put_open(&mut self, open: Open) {
        self.open.retain(|old| old.environment != open.environment);
        self.open.push(open);
    }

    fn open_environment(&self, environment: Environment) -> Result<&Open, VaultError> {
        let mut open = self.open.iter();
        open.find(|open| open.environment == environment)
            .ok_or(VaultError::EnvironmentAbsent(environment))
    }
}

fn check_names(environments: &[Environment]) -> Result<(), VaultError> {
    let twice = |(at, name): (usize, &Environment)| {
        environments.iter().skip(at + 1).any(|other| other == name)
    };
    if environments.is_empty() || environments.iter().enumerate().any(twice) {
        return Err(VaultError::EnvironmentsMalformed);
    }
    Ok(())
}

impl fmt::Debug for UnlockedVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.environments().map(Environment::as_str);
        write!(f, "UnlockedVault({}: ", self.header.vault)?;
        f.debug_list().entries(names).finish()?;
        f.write_str(")")
    }
}

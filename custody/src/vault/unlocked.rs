//! A vault whose keys are in memory: it seals, opens, and changes its header.

use std::fmt;

use countersign_core::{Environment, UnixSeconds};

use super::header::{Contents, FORMAT, Header, VaultId};
use super::open::{Open, Opener};
use super::root::Root;
use super::{SecretName, VaultError, sealed};
use crate::{Secret, entropy};

/// A vault with some or all of its environments unlocked.
///
/// What changes the header returns the vault as it will be: store [`UnlockedVault::header`] of it first, on
/// the condition that the old header is still there, and use it only after. So no secret is ever sealed under
/// a data key that isn't stored.
#[derive(Clone)]
pub struct UnlockedVault {
    pub(super) header: Header,
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
                format: FORMAT,
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

    /// Changes one environment's section; its generation counts up and its MAC is made anew.
    pub(super) fn change(
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

    pub(super) fn encoded(mut self) -> Result<Self, VaultError> {
        self.bytes = self.header.encode()?;
        Ok(self)
    }

    pub(super) fn put_open(&mut self, open: Open) {
        self.open.retain(|old| old.environment != open.environment);
        self.open.push(open);
    }

    fn open_environment(&self, environment: Environment) -> Result<&Open, VaultError> {
        let mut open = self.open.iter();
        open.find(|open| open.environment == environment)
            .ok_or(VaultError::EnvironmentAbsent(environment))
    }
}

pub(super) fn check_names(environments: &[Environment]) -> Result<(), VaultError> {
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

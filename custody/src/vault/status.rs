//! What a header tells without a root. None of it is proven before the vault is unlocked.

use countersign_core::{Environment, UnixSeconds};

use super::header::{Contents, Header, Slot};
use super::root::RootKind;
use super::{Argon2Cost, RootId, VaultId, cipher};

/// What a header tells without a root: `vault status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultStatus {
    /// The version of the header's format.
    pub format: u32,
    /// The vault.
    pub vault: VaultId,
    /// The SHA-256 of the header: what an audit record says of it, so that an old one is known as such.
    pub fingerprint: [u8; 32],
    /// The environments: dev, test, live, as far as there are.
    pub environments: Vec<EnvironmentStatus>,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentStatus {
    /// Which.
    pub environment: Environment,
    /// How often its part of the header was written.
    pub generation: u64,
    /// What opens it: any one of them.
    pub roots: Vec<RootStatus>,
    /// Its data keys, ascending by version; the last one seals.
    pub data_keys: Vec<DataKeyStatus>,
}

/// One root of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootStatus {
    /// Its id.
    pub id: RootId,
    /// When it was added.
    pub added: UnixSeconds,
    /// What it is.
    pub description: RootDescription,
}

/// What a root is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootDescription {
    /// A passphrase, at this cost; [`Argon2Cost::is_low`] if it should be replaced.
    Passphrase {
        /// What a guess costs.
        cost: Argon2Cost,
    },
    /// A key file.
    KeyFile,
    /// Custodians.
    Custodians {
        /// How many open it.
        threshold: u8,
        /// How many there are.
        of: usize,
    },
    /// A PKCS#11 token.
    Token {
        /// Its label.
        label: String,
    },
}

/// One data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataKeyStatus {
    /// Its version, from 1.
    pub version: u32,
    /// When it was made.
    pub made: UnixSeconds,
}

impl VaultStatus {
    pub(super) fn of(header: &Header, bytes: &[u8]) -> Self {
        let sections = header.environments.iter();
        let environments = sections.map(|section| environment(&section.contents));
        VaultStatus {
            format: header.format,
            vault: header.vault,
            fingerprint: cipher::digest(bytes),
            environments: environments.collect(),
        }
    }
}

fn environment(contents: &Contents) -> EnvironmentStatus {
    let data_keys = contents.data_keys.iter().map(|key| DataKeyStatus {
        version: key.version,
        made: UnixSeconds::new(key.made),
    });
    EnvironmentStatus {
        environment: contents.environment,
        generation: contents.generation,
        roots: contents.roots.iter().map(root).collect(),
        data_keys: data_keys.collect(),
    }
}

fn root(slot: &Slot) -> RootStatus {
    RootStatus {
        id: slot.id,
        added: UnixSeconds::new(slot.added),
        description: match &slot.root {
            RootKind::Passphrase { cost, .. } => RootDescription::Passphrase { cost: *cost },
            RootKind::KeyFile {} => RootDescription::KeyFile,
            RootKind::Custodians {
                threshold,
                commitments,
            } => RootDescription::Custodians {
                threshold: *threshold,
                of: commitments.len(),
            },
            RootKind::Token { label } => RootDescription::Token {
                label: label.clone(),
            },
        },
    }
}

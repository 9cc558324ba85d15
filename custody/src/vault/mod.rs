//! Secrets at rest: sealed, and what seals them wrapped by a root of trust.
//!
//! ```text
//! root  ->  environment key  ->  data key  ->  secret
//! passphrase, key file,          versions,     sealed for its key id,
//! custodians, token;             the newest    environment and version
//! any of several                 seals
//! ```
//!
//! Each environment has keys of its own, drawn apart and wrapped apart, so that nothing of one opens anything
//! of another. The header holds all of them, wrapped; it is public, and any change of it is found. Format and
//! threat model: `docs/vault.md`.
//!
//! ```
//! use countersign_core::{Environment, KeyId, UnixSeconds};
//! use countersign_custody::Secret;
//! use countersign_custody::vault::{self, Custodians, Root, SecretName};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = UnixSeconds::new(1_800_000_000);
//! let root = Root::Custodians(Custodians::split(2, 3)?);
//! let unlocked = vault::init(&[Environment::Dev, Environment::Live], &root, now)?;
//!
//! let name = SecretName { environment: Environment::Live, keyid: KeyId::new("k7")?, version: 1 };
//! let sealed = unlocked.seal(&name, &Secret::new(b"a secret".to_vec()))?;
//!
//! // Later, in another process: the header and the sealed secret were stored.
//! let unlocked = vault::unlock_only(unlocked.header(), &root, &[Environment::Live])?;
//! assert_eq!(unlocked.open(&name, &sealed)?.reveal(), b"a secret");
//! # Ok(())
//! # }
//! ```

mod change;
pub(crate) mod cipher;
mod error;
mod header;
mod open;
mod root;
mod sealed;
mod status;
mod unlocked;

use countersign_core::{Environment, UnixSeconds};

pub use error::VaultError;
pub use header::{RootId, VaultId};
pub use root::{Argon2Cost, Custodians, KeyFile, Passphrase, Root, Share};
#[cfg(feature = "pkcs11")]
pub use root::{Token, TokenName};
pub use sealed::SecretName;
pub use status::{DataKeyStatus, EnvironmentStatus, RootDescription, RootStatus, VaultStatus};
pub use unlocked::UnlockedVault;

use header::Header;
use root::RootKind;

/// Makes a vault for these environments, all under this root: `vault init`. Its
/// [`header`](UnlockedVault::header) is to be stored before anything is sealed.
///
/// # Errors
/// `vault_environments_malformed`, `entropy_unavailable`; for a new root `passphrase_too_short`,
/// `shares_incomplete`, `token_failed`.
pub fn init(
    environments: &[Environment],
    root: &Root,
    now: UnixSeconds,
) -> Result<UnlockedVault, VaultError> {
    UnlockedVault::found(environments, root, now)
}

/// Unlocks every environment that the header has: `vault unlock`. All of them open, or none.
///
/// # Errors
/// `vault_damaged`, `vault_newer_format`, `cost_refused`; `root_kind_absent`; `vault_locked`; of custodians
/// `share_wrong`, `share_foreign`; of a token `token_failed`.
pub fn unlock(header: &[u8], root: &Root) -> Result<UnlockedVault, VaultError> {
    let header = Header::parse(header)?;
    let environments: Vec<Environment> = header
        .environments
        .iter()
        .map(|section| section.contents.environment)
        .collect();
    UnlockedVault::unlock(header, root, &environments)
}

/// Unlocks these environments alone: the keys of the others stay wrapped.
///
/// # Errors
/// Those of [`unlock`], `vault_environment_absent` and `vault_environments_malformed`.
pub fn unlock_only(
    header: &[u8],
    root: &Root,
    environments: &[Environment],
) -> Result<UnlockedVault, VaultError> {
    UnlockedVault::unlock(Header::parse(header)?, root, environments)
}

/// What the header tells without a root: `vault status`.
///
/// # Errors
/// `vault_damaged`, `vault_newer_format`, `cost_refused`.
pub fn status(header: &[u8]) -> Result<VaultStatus, VaultError> {
    Ok(VaultStatus::of(&Header::parse(header)?, header))
}

//! A sealed secret: `format (1) || data key version (4, big-endian) || nonce (24) || tag (16) || ciphertext`.

use countersign_core::{Environment, KeyId};

use super::header::{VaultId, context};
use super::{VaultError, cipher};
use crate::Secret;

const FORMAT: u8 = 1;
const MAX_SECRET_BYTES: usize = 1 << 16;

/// What a secret is sealed for, and opens for alone.
///
/// ```
/// use countersign_core::{Environment, KeyId};
/// use countersign_custody::vault::SecretName;
/// # fn main() -> Result<(), countersign_core::Refusal> {
/// let name = SecretName { environment: Environment::Live, keyid: KeyId::new("k7")?, version: 1 };
/// # let _ = name;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretName {
    /// The environment, whose data key seals it.
    pub environment: Environment,
    /// The key. Other secrets of the service (a webhook's, a second factor's) have ids that no token has:
    /// with a slash, such as `webhook/7`.
    pub keyid: KeyId,
    /// The version of the key's secret: a new one with each rotation.
    pub version: u32,
}

/// The version of the data key that a secret was sealed under, without opening it.
pub(super) fn data_key_version(sealed: &[u8]) -> Result<(u32, &[u8]), VaultError> {
    let (&[format, a, b, c, d], rest) = sealed.split_first_chunk().ok_or(VaultError::SealBroken)?;
    if format != FORMAT {
        return Err(VaultError::SealBroken);
    }
    Ok((u32::from_be_bytes([a, b, c, d]), rest))
}

pub(super) fn seal(
    vault: &VaultId,
    (version, data_key): (u32, &Secret),
    name: &SecretName,
    secret: &Secret,
) -> Result<Vec<u8>, VaultError> {
    let length = secret.reveal().len();
    if length == 0 || length > MAX_SECRET_BYTES {
        return Err(VaultError::SecretLength(length));
    }
    let about = about(vault, version, name)?;
    let mut sealed = vec![FORMAT];
    sealed.extend_from_slice(&version.to_be_bytes());
    sealed.extend(cipher::encrypt(data_key, &about, secret.reveal())?);
    Ok(sealed)
}

pub(super) fn open(
    vault: &VaultId,
    (version, data_key): (u32, &Secret),
    name: &SecretName,
    encrypted: &[u8],
) -> Result<Secret, VaultError> {
    let about = about(vault, version, name)?;
    cipher::decrypt(data_key, &about, encrypted)?.ok_or(VaultError::SealBroken)
}

fn about(vault: &VaultId, data_key: u32, name: &SecretName) -> Result<Vec<u8>, VaultError> {
    context(
        "secret",
        &(
            FORMAT,
            vault,
            name.environment.as_str(),
            data_key,
            name.keyid.as_str(),
            name.version,
        ),
    )
}

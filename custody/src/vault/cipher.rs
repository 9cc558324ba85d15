//! The primitives, and how they are used: nothing else in the vault calls them.

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use super::VaultError;
use crate::{Secret, entropy};

/// The bytes of every symmetric key in the vault.
pub(super) const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// `nonce || tag || ciphertext`, under a nonce of the system's CSPRNG.
pub(crate) fn encrypt(key: &Secret, context: &[u8], secret: &[u8]) -> Result<Vec<u8>, VaultError> {
    let nonce = entropy::random::<NONCE_BYTES>()?;
    let mut ciphertext = secret.to_vec();
    let tag = aead(key)?
        .encrypt_inout_detached(&nonce.into(), context, ciphertext.as_mut_slice().into())
        .map_err(|_| VaultError::Primitive("XChaCha20-Poly1305 refused the length"))?;
    let mut sealed = Vec::with_capacity(NONCE_BYTES + TAG_BYTES + ciphertext.len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&tag);
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

/// What was encrypted under this key in this context; `None` for everything else.
pub(crate) fn decrypt(
    key: &Secret,
    context: &[u8],
    sealed: &[u8],
) -> Result<Option<Secret>, VaultError> {
    let aead = aead(key)?;
    let Some((nonce, rest)) = sealed.split_first_chunk::<NONCE_BYTES>() else {
        return Ok(None);
    };
    let Some((tag, ciphertext)) = rest.split_first_chunk::<TAG_BYTES>() else {
        return Ok(None);
    };
    let opened = Secret::try_filled(ciphertext.len(), |to| {
        to.copy_from_slice(ciphertext);
        aead.decrypt_inout_detached(&(*nonce).into(), context, to.into(), &(*tag).into())
    });
    Ok(opened.ok())
}

fn aead(key: &Secret) -> Result<XChaCha20Poly1305, VaultError> {
    XChaCha20Poly1305::new_from_slice(key.reveal())
        .map_err(|_| VaultError::Primitive("a key without 32 bytes"))
}

/// A key for one use, out of a key for several (HKDF with SHA-256, RFC 5869). `parts` name the use; the last
/// of them may be of any length, the others never hold a zero byte.
pub(super) fn derive(key: &Secret, salt: &[u8], parts: &[&[u8]]) -> Result<Secret, VaultError> {
    let info = parts.join(&0);
    Secret::try_filled(KEY_BYTES, |to| {
        Hkdf::<Sha256>::new(Some(salt), key.reveal()).expand(&info, to)
    })
    .map_err(|_| VaultError::Primitive("HKDF refused the length"))
}

/// HMAC-SHA-256.
pub(super) fn mac(key: &Secret, message: &[u8]) -> Result<Hmac<Sha256>, VaultError> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key.reveal())
        .map_err(|_| VaultError::Primitive("HMAC refused the key"))?;
    mac.update(message);
    Ok(mac)
}

/// SHA-256.
pub(super) fn digest(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

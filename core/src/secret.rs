//! Shared secrets, and the MAC under them.

use alloc::vec::Vec;
use core::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::refusal::{Code, Refusal};

const MIN_SECRET_BYTES: usize = 16;

/// A secret of at least 16 bytes, wiped when dropped and absent from `Debug`.
///
/// ```
/// use countersign_core::SharedSecret;
/// let secret = SharedSecret::new(vec![1; 32])?;
/// assert_eq!(format!("{secret:?}"), "SharedSecret(..)");
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
#[derive(Clone)]
pub struct SharedSecret(Zeroizing<Vec<u8>>);

impl SharedSecret {
    /// Takes a secret.
    ///
    /// # Errors
    /// `secret_too_short`; the bytes are wiped all the same.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Refusal> {
        Self::wiped(Zeroizing::new(bytes))
    }

    pub(crate) fn wiped(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Refusal> {
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(Code::SecretTooShort.into());
        }
        Ok(SharedSecret(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}

/// HMAC-SHA-256 with both of its key blocks already hashed, which is done once per key.
#[derive(Clone)]
pub(crate) struct KeyedMac(Hmac<Sha256>);

impl KeyedMac {
    pub(crate) fn new(secret: &SharedSecret) -> Result<Self, Refusal> {
        match Hmac::new_from_slice(secret.as_bytes()) {
            Ok(keyed) => Ok(KeyedMac(keyed)),
            Err(_) => Err(Code::SecretTooShort.into()),
        }
    }

    /// Under a key that everybody knows.
    pub(crate) fn of_nobody() -> Self {
        KeyedMac(Hmac::new(&[0; 64].into()))
    }

    /// Under the MAC of `info` by this key: one block of HKDF-Expand (RFC 5869 section 2.3).
    pub(crate) fn derived(&self, info: &[u8]) -> Self {
        let key = Zeroizing::new(self.sign(info));
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(*key).for_each(|(to, from)| *to = from);
        KeyedMac(Hmac::new(&(*block).into()))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// Compares in constant time; a tag of another length is another tag.
    pub(crate) fn verifies(&self, message: &[u8], tag: &[u8]) -> bool {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.verify_slice(tag).is_ok()
    }
}

impl fmt::Debug for KeyedMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedMac(..)")
    }
}

/// HMAC-SHA-256 of a message under a raw key of any length (RFC 2104), for published vectors and for
/// schemes that frame a message in their own way. Keys of clients are [`SharedSecret`]s.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(message);
            mac.finalize().into_bytes().into()
        }
        // HMAC takes keys of every length; the type only can't say so.
        Err(_) => [0; 32],
    }
}

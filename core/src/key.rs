//! Keys: their ids, environments and secrets.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::refusal::{Code, Refusal};

const MAX_KEYID_BYTES: usize = 128;
const MIN_SECRET_BYTES: usize = 16;

/// The algorithm of a key. It is a property of the key: what a message says about it is only
/// compared (RFC 9421 section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256 (RFC 9421 section 3.3.3).
    HmacSha256,
}

impl Algorithm {
    /// The name in the HTTP Signature Algorithms registry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::HmacSha256 => "hmac-sha256",
        }
    }

    /// The algorithm of this name.
    ///
    /// # Errors
    /// `algorithm_unknown`.
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        match name {
            "hmac-sha256" => Ok(Algorithm::HmacSha256),
            _ => Err(Refusal::named(Code::AlgorithmUnknown, name)),
        }
    }
}

/// What a key is for: a key of one environment is refused in every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Development.
    Dev,
    /// Test and staging.
    Test,
    /// Production.
    Live,
}

impl Environment {
    /// `dev`, `test` or `live`, as in a token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Environment::Dev => "dev",
            Environment::Test => "test",
            Environment::Live => "live",
        }
    }

    /// The environment of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "dev" => Some(Environment::Dev),
            "test" => Some(Environment::Test),
            "live" => Some(Environment::Live),
            _ => None,
        }
    }
}

/// The id of a key: 1 to 128 visible ASCII characters other than `"` and `\`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(Box<str>);

impl KeyId {
    /// Checks and takes an id.
    ///
    /// # Errors
    /// `keyid_malformed`.
    pub fn new(id: &str) -> Result<Self, Refusal> {
        let good = |byte: u8| matches!(byte, b'!'..=b'~') && byte != b'"' && byte != b'\\';
        if id.is_empty() || id.len() > MAX_KEYID_BYTES || !id.bytes().all(good) {
            return Err(Code::KeyidMalformed.into());
        }
        Ok(KeyId(id.into()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for KeyId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

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
        let secret = SharedSecret(Zeroizing::new(bytes));
        if secret.0.len() < MIN_SECRET_BYTES {
            return Err(Code::SecretTooShort.into());
        }
        Ok(secret)
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

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// Compares in constant time.
    pub(crate) fn verifies(&self, message: &[u8], tag: &[u8; 32]) -> bool {
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

/// A key that signs: its id and the keyed state of its MAC.
#[derive(Clone, Debug)]
pub struct SigningKey {
    id: KeyId,
    algorithm: Algorithm,
    mac: KeyedMac,
}

impl SigningKey {
    /// An `hmac-sha256` key with this id and secret.
    ///
    /// # Errors
    /// `keyid_malformed`.
    pub fn new(id: &str, secret: &SharedSecret) -> Result<Self, Refusal> {
        Ok(SigningKey {
            id: KeyId::new(id)?,
            algorithm: Algorithm::HmacSha256,
            mac: KeyedMac::new(secret)?,
        })
    }

    /// The id that `keyid` carries.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The algorithm that `alg` may carry.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn sign(&self, base: &str) -> [u8; 32] {
        self.mac.sign(base.as_bytes())
    }
}

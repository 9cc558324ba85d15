//! What every key has: its id, its algorithm and its environment.

use alloc::boxed::Box;
use core::borrow::Borrow;

use crate::refusal::{Code, Refusal};

const MAX_KEYID_BYTES: usize = 128;

/// The algorithm of a key. It is a property of the key: what a message says about it is only
/// compared (RFC 9421 section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256 (RFC 9421 section 3.3.3).
    HmacSha256,
    /// Ed25519 (section 3.3.6).
    Ed25519,
    /// ECDSA over P-256 with SHA-256 (section 3.3.4). Needs the feature `ecdsa`.
    #[cfg(feature = "ecdsa")]
    EcdsaP256Sha256,
    /// RSASSA-PSS with SHA-512, to verify only (section 3.3.1). Needs the feature `rsa`.
    #[cfg(feature = "rsa")]
    RsaPssSha512,
    /// RSASSA-PKCS1-v1_5 with SHA-256, to verify only (section 3.3.2). Needs the feature `rsa`.
    #[cfg(feature = "rsa")]
    RsaV15Sha256,
}

impl Algorithm {
    /// Every algorithm that this build has.
    pub const ALL: &'static [Algorithm] = &[
        Algorithm::HmacSha256,
        Algorithm::Ed25519,
        #[cfg(feature = "ecdsa")]
        Algorithm::EcdsaP256Sha256,
        #[cfg(feature = "rsa")]
        Algorithm::RsaPssSha512,
        #[cfg(feature = "rsa")]
        Algorithm::RsaV15Sha256,
    ];

    /// The name in the HTTP Signature Algorithms registry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::HmacSha256 => "hmac-sha256",
            Algorithm::Ed25519 => "ed25519",
            #[cfg(feature = "ecdsa")]
            Algorithm::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            #[cfg(feature = "rsa")]
            Algorithm::RsaPssSha512 => "rsa-pss-sha512",
            #[cfg(feature = "rsa")]
            Algorithm::RsaV15Sha256 => "rsa-v1_5-sha256",
        }
    }

    /// How many bytes a signature has; `None` where each key has a number of its own (RSA: those of its modulus).
    ///
    /// ```
    /// use countersign_core::Algorithm;
    /// assert_eq!(Algorithm::Ed25519.signature_bytes(), Some(64));
    /// ```
    #[must_use]
    pub const fn signature_bytes(self) -> Option<usize> {
        match self {
            Algorithm::HmacSha256 => Some(32),
            Algorithm::Ed25519 => Some(64),
            #[cfg(feature = "ecdsa")]
            Algorithm::EcdsaP256Sha256 => Some(64),
            #[cfg(feature = "rsa")]
            Algorithm::RsaPssSha512 | Algorithm::RsaV15Sha256 => None,
        }
    }

    /// The algorithm of this name.
    ///
    /// # Errors
    /// `algorithm_unknown`, also for one that this build doesn't have.
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        let mut all = Self::ALL.iter();
        all.find(|algorithm| algorithm.as_str() == name)
            .copied()
            .ok_or_else(|| Refusal::named(Code::AlgorithmUnknown, name))
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

    /// The id of a decoy, which is no id.
    pub(crate) fn of_nobody() -> Self {
        KeyId("".into())
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

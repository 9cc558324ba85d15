//! Keys that sign.

use alloc::sync::Arc;
use core::fmt;

use crate::key::{Algorithm, Environment, KeyId};
use crate::key_format::{self, PrivateKey};
use crate::refusal::{Code, Refusal};
use crate::scope::Scope;
use crate::secret::{KeyedMac, SharedSecret};
use crate::signature_value::SignatureValue;
use crate::verifying_key::VerifyingKey;

/// A key that signs: its id, and a secret or the private half of a pair. What is secret is wiped
/// when dropped, and absent from `Debug`.
///
/// ```
/// use countersign_core::SigningKey;
/// let key = SigningKey::from_pem("partner-1", "-----BEGIN PRIVATE KEY-----\n\
///     MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
///     -----END PRIVATE KEY-----\n")?;
/// assert_eq!(key.algorithm().as_str(), "ed25519");
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
#[derive(Clone, Debug)]
pub struct SigningKey {
    id: KeyId,
    private: Private,
}

#[derive(Clone)]
enum Private {
    Secret(KeyedMac),
    /// Behind a trait, so that a program that opens no such key has none of its code.
    Pair(Arc<dyn Pair>),
}

/// A pair of a private and a public key.
trait Pair: Send + Sync {
    fn public(&self) -> VerifyingKey;

    /// 64 bytes, the same for the same message.
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

impl Pair for ed25519_dalek::SigningKey {
    fn public(&self) -> VerifyingKey {
        VerifyingKey::of_ed25519(self.verifying_key())
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        ed25519_dalek::Signer::sign(self, message).to_bytes()
    }
}

#[cfg(feature = "ecdsa")]
impl Pair for p256::ecdsa::SigningKey {
    fn public(&self) -> VerifyingKey {
        VerifyingKey::of_p256(*self.verifying_key())
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(self, message);
        signature.to_bytes().into()
    }
}

impl SigningKey {
    /// An `hmac-sha256` key with this id and secret.
    ///
    /// # Errors
    /// `keyid_malformed`.
    pub fn new(id: &str, secret: &SharedSecret) -> Result<Self, Refusal> {
        Ok(SigningKey {
            id: KeyId::new(id)?,
            private: Private::Secret(KeyedMac::new(secret)?),
        })
    }

    /// An `ed25519` key with this id and private key: 32 random bytes (RFC 8032 section 5.1.5).
    ///
    /// # Errors
    /// `keyid_malformed`.
    pub fn ed25519(id: &str, private: &[u8; 32]) -> Result<Self, Refusal> {
        Self::of_pair(id, ed25519_dalek::SigningKey::from_bytes(private))
    }

    /// An `ecdsa-p256-sha256` key with this id and private key: a number from 1 to the order of the
    /// group, big-endian. Its nonces are those of RFC 6979, so that signing needs no randomness.
    ///
    /// # Errors
    /// `keyid_malformed`; `private_key_malformed` for a number out of range.
    #[cfg(feature = "ecdsa")]
    pub fn ecdsa_p256(id: &str, private: &[u8; 32]) -> Result<Self, Refusal> {
        let key = p256::ecdsa::SigningKey::from_slice(private);
        Self::of_pair(id, key.map_err(|_| Code::PrivateKeyMalformed)?)
    }

    /// The key of an unencrypted PKCS#8 structure in DER (RFC 5958): Ed25519 (RFC 8410) or P-256.
    ///
    /// # Errors
    /// `keyid_malformed`; `private_key_malformed` for other algorithms, for what is not DER, and where
    /// a public key goes with it that is not its own.
    pub fn from_pkcs8(id: &str, der: &[u8]) -> Result<Self, Refusal> {
        Self::of(id, &key_format::read_pkcs8(der)?)
    }

    /// The key of a PEM text (RFC 7468): `PRIVATE KEY` (PKCS#8), or `EC PRIVATE KEY` (RFC 5915).
    ///
    /// # Errors
    /// Those of [`SigningKey::from_pkcs8`].
    pub fn from_pem(id: &str, text: &str) -> Result<Self, Refusal> {
        Self::of(id, &key_format::read_private_pem(text)?)
    }

    fn of_pair(id: &str, pair: impl Pair + 'static) -> Result<Self, Refusal> {
        Ok(SigningKey {
            id: KeyId::new(id)?,
            private: Private::Pair(Arc::new(pair)),
        })
    }

    fn of(id: &str, read: &PrivateKey) -> Result<Self, Refusal> {
        let key = match read.algorithm {
            Algorithm::Ed25519 => Self::ed25519(id, &read.private)?,
            #[cfg(feature = "ecdsa")]
            Algorithm::EcdsaP256Sha256 => Self::ecdsa_p256(id, &read.private)?,
            _ => return Err(Code::PrivateKeyMalformed.into()),
        };
        let public = key.verifying_key().map(|public| public.to_bytes());
        match &read.public {
            Some(stated) if public.as_ref() != Some(stated) => {
                Err(Code::PrivateKeyMalformed.into())
            }
            _ => Ok(key),
        }
    }

    /// What is derived of an `hmac-sha256` key for one region and day (see [`Scope`]): by it a request is
    /// accepted at that region's edge, which has no other secret of the key.
    ///
    /// # Errors
    /// `algorithm_mismatch` for the private half of a pair, of which an edge has the public one;
    /// `keyid_malformed` for an id that is too long with its scope.
    ///
    /// ```
    /// use countersign_core::{Environment, Scope, SharedSecret, SigningKey, UnixSeconds};
    /// let key = SigningKey::new("k7", &SharedSecret::new(vec![7; 32])?)?;
    /// let scope = Scope::new("eu-west", UnixSeconds::new(1_795_600_000))?;
    /// let derived = key.derive(Environment::Live, &scope)?;
    /// assert_eq!(derived.id().as_str(), "k7/eu-west/20261125");
    /// # Ok::<(), countersign_core::Refusal>(())
    /// ```
    pub fn derive(&self, environment: Environment, scope: &Scope) -> Result<Self, Refusal> {
        match &self.private {
            Private::Secret(mac) => Ok(SigningKey {
                id: KeyId::new(&scope.keyid(self.id.as_str()))?,
                private: Private::Secret(mac.derived(&scope.info(environment))),
            }),
            Private::Pair(_) => Err(Code::AlgorithmMismatch.into()),
        }
    }

    /// The id that `keyid` carries.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The algorithm that `alg` may carry.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.private.algorithm()
    }

    /// The public half, which is all that a verifier needs; none of a shared secret.
    #[must_use]
    pub fn verifying_key(&self) -> Option<VerifyingKey> {
        match &self.private {
            Private::Secret(_) => None,
            Private::Pair(pair) => Some(pair.public()),
        }
    }

    /// The signature or MAC of a message, for schemes that frame a message in their own way. One
    /// message has one value.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> SignatureValue {
        match &self.private {
            Private::Secret(mac) => SignatureValue::of_mac(&mac.sign(message)),
            Private::Pair(pair) => SignatureValue::of_curve(pair.sign(message)),
        }
    }
}

impl Private {
    fn algorithm(&self) -> Algorithm {
        match self {
            Private::Secret(_) => Algorithm::HmacSha256,
            Private::Pair(pair) => pair.public().algorithm(),
        }
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm().as_str())?;
        f.write_str("(..)")
    }
}

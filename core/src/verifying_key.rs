//! Keys that only verify: the public half of a pair.

use alloc::vec::Vec;
use core::fmt;

use crate::key::Algorithm;
use crate::key_format;
use crate::refusal::{Code, Refusal};
#[cfg(feature = "rsa")]
use crate::rsa_key::RsaKey;

/// A public key with its algorithm. A verifier that holds only this can't sign, so what it accepts
/// is proof against the owner of the key (see [`Evidence`](crate::Evidence)).
///
/// ```
/// use countersign_core::{Algorithm, VerifyingKey};
/// let key = VerifyingKey::from_pem(Algorithm::Ed25519, "-----BEGIN PUBLIC KEY-----\n\
///     MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n\
///     -----END PUBLIC KEY-----\n")?;
/// assert_eq!(key.to_bytes().len(), 32);
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
#[derive(Clone)]
pub struct VerifyingKey(Public);

#[derive(Clone)]
enum Public {
    Ed25519(ed25519_dalek::VerifyingKey),
    #[cfg(feature = "ecdsa")]
    EcdsaP256(p256::ecdsa::VerifyingKey),
    #[cfg(feature = "rsa")]
    Rsa(RsaKey),
}

impl VerifyingKey {
    /// Reads a key in the raw form of its algorithm, or as a `SubjectPublicKeyInfo` in DER (RFC
    /// 5280). Raw are: of `ed25519` 32 bytes (RFC 8032); of `ecdsa-p256-sha256` a point, compressed or
    /// not (SEC 1); of RSA an `RSAPublicKey` in DER (RFC 8017).
    ///
    /// # Errors
    /// `public_key_malformed`; `key_too_weak` for a point of small order, and for RSA of less than
    /// 2048 bits.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, Refusal> {
        let raw = key_format::raw_public_key(algorithm, bytes)?;
        match algorithm {
            Algorithm::Ed25519 => {
                let raw = raw.try_into().map_err(|_| Code::PublicKeyMalformed)?;
                Self::ed25519(raw)
            }
            #[cfg(feature = "ecdsa")]
            Algorithm::EcdsaP256Sha256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(raw)
                .map(Self::of_p256)
                .map_err(|_| Code::PublicKeyMalformed.into()),
            #[cfg(feature = "rsa")]
            Algorithm::RsaPssSha512 | Algorithm::RsaV15Sha256 => {
                RsaKey::new(algorithm, raw).map(|key| VerifyingKey(Public::Rsa(key)))
            }
            Algorithm::HmacSha256 => Err(Code::PublicKeyMalformed.into()),
        }
    }

    /// Reads a PEM text (RFC 7468): `PUBLIC KEY`, or `RSA PUBLIC KEY`.
    ///
    /// # Errors
    /// Those of [`VerifyingKey::from_bytes`].
    pub fn from_pem(algorithm: Algorithm, text: &str) -> Result<Self, Refusal> {
        Self::from_bytes(algorithm, &key_format::read_public_pem(text)?)
    }

    /// An `ed25519` key (RFC 8032 section 5.1.3).
    ///
    /// # Errors
    /// `public_key_malformed` if the bytes are not the one encoding of a point; `key_too_weak` for a
    /// point of small order, under which one signature is good for many messages.
    pub fn ed25519(bytes: &[u8; 32]) -> Result<Self, Refusal> {
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| Code::PublicKeyMalformed)?;
        if key.is_weak() {
            return Err(Code::KeyTooWeak.into());
        }
        if key.to_edwards().compress().as_bytes() != bytes {
            return Err(Code::PublicKeyMalformed.into());
        }
        Ok(Self::of_ed25519(key))
    }

    pub(crate) const fn of_ed25519(key: ed25519_dalek::VerifyingKey) -> Self {
        VerifyingKey(Public::Ed25519(key))
    }

    #[cfg(feature = "ecdsa")]
    pub(crate) const fn of_p256(key: p256::ecdsa::VerifyingKey) -> Self {
        VerifyingKey(Public::EcdsaP256(key))
    }

    /// Its algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Public::Ed25519(_) => Algorithm::Ed25519,
            #[cfg(feature = "ecdsa")]
            Public::EcdsaP256(_) => Algorithm::EcdsaP256Sha256,
            #[cfg(feature = "rsa")]
            Public::Rsa(key) => key.algorithm(),
        }
    }

    /// Its raw form, which [`VerifyingKey::from_bytes`] reads; a point of P-256 is not compressed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Public::Ed25519(key) => key.as_bytes().to_vec(),
            #[cfg(feature = "ecdsa")]
            Public::EcdsaP256(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            #[cfg(feature = "rsa")]
            Public::Rsa(key) => key.as_der().to_vec(),
        }
    }

    /// Whether the signature is this key's of the message. Of Ed25519 one signature is accepted and
    /// none that is made from it: `S` is below the order, and no point is of small order. ECDSA can't
    /// have that: with `s` its negative is good too, so a replay cache counts nonces, not signatures.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Public::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            #[cfg(feature = "ecdsa")]
            Public::EcdsaP256(key) => {
                use p256::ecdsa::signature::Verifier as _;
                p256::ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
            #[cfg(feature = "rsa")]
            Public::Rsa(key) => key.verifies(message, signature),
        }
    }

    /// Whether a signature by this key can have this many bytes.
    pub(crate) fn makes(&self, length: usize) -> bool {
        match &self.0 {
            #[cfg(feature = "rsa")]
            Public::Rsa(key) => length == key.signature_length(),
            _ => self.algorithm().signature_bytes() == Some(length),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyingKey(")?;
        f.write_str(self.algorithm().as_str())?;
        f.write_str(")")
    }
}

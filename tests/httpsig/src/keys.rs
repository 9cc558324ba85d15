//! One key, opened by both.

use anyhow::{Result, bail};
use countersign_core::{Algorithm, Environment, KeyRecord, KeyRing, SharedSecret, SigningKey};
use httpsig::prelude::{AlgorithmName, HttpSigResult, PublicKey, SecretKey, SharedKey};

/// The secret, or the private key, of every key here.
pub const SECRET: [u8; 32] = [7; 32];

/// A key of httpsig, which has one type for secrets and two for pairs.
pub enum Key {
    /// A secret that both share.
    Shared(SharedKey),
    /// A pair.
    Pair(SecretKey, PublicKey),
}

impl Key {
    /// The key of this algorithm.
    ///
    /// # Errors
    /// For one that httpsig hasn't got.
    pub fn theirs(algorithm: Algorithm, secret: [u8; 32]) -> Result<Self> {
        let name = match algorithm {
            Algorithm::HmacSha256 => return Ok(Key::Shared(SharedKey::HmacSha256(secret.into()))),
            Algorithm::Ed25519 => AlgorithmName::Ed25519,
            Algorithm::EcdsaP256Sha256 => AlgorithmName::EcdsaP256Sha256,
            other => bail!("httpsig has no {}", other.as_str()),
        };
        let private = SecretKey::from_bytes(&name, &secret)?;
        let public = private.public_key();
        Ok(Key::Pair(private, public))
    }

    /// Our half that signs.
    ///
    /// # Errors
    /// Those of [`SigningKey`].
    pub fn ours(algorithm: Algorithm, id: &str, secret: [u8; 32]) -> Result<SigningKey> {
        Ok(match algorithm {
            Algorithm::HmacSha256 => SigningKey::new(id, &SharedSecret::new(secret.into())?)?,
            Algorithm::Ed25519 => SigningKey::ed25519(id, &secret)?,
            Algorithm::EcdsaP256Sha256 => SigningKey::ecdsa_p256(id, &secret)?,
            other => bail!("{} doesn't sign", other.as_str()),
        })
    }

    /// A ring of ours with the half that verifies.
    ///
    /// # Errors
    /// Those of [`KeyRecord`].
    pub fn ring(algorithm: Algorithm, id: &str, secret: [u8; 32]) -> Result<KeyRing> {
        let record = match Self::ours(algorithm, id, secret)?.verifying_key() {
            Some(public) => KeyRecord::public(id, Environment::Live, public)?,
            None => KeyRecord::new(id, Environment::Live, &SharedSecret::new(secret.into())?)?,
        };
        let mut ring = KeyRing::new();
        ring.insert(record);
        Ok(ring)
    }
}

impl httpsig::prelude::SigningKey for Key {
    fn sign(&self, data: &[u8]) -> HttpSigResult<Vec<u8>> {
        match self {
            Key::Shared(key) => httpsig::prelude::SigningKey::sign(key, data),
            Key::Pair(key, _) => key.sign(data),
        }
    }

    fn key_id(&self) -> String {
        match self {
            Key::Shared(key) => httpsig::prelude::SigningKey::key_id(key),
            Key::Pair(key, _) => key.key_id(),
        }
    }

    fn alg(&self) -> AlgorithmName {
        match self {
            Key::Shared(key) => httpsig::prelude::SigningKey::alg(key),
            Key::Pair(key, _) => key.alg(),
        }
    }
}

impl httpsig::prelude::VerifyingKey for Key {
    fn verify(&self, data: &[u8], signature: &[u8]) -> HttpSigResult<()> {
        match self {
            Key::Shared(key) => key.verify(data, signature),
            Key::Pair(_, key) => key.verify(data, signature),
        }
    }

    fn key_id(&self) -> String {
        httpsig::prelude::SigningKey::key_id(self)
    }

    fn alg(&self) -> AlgorithmName {
        httpsig::prelude::SigningKey::alg(self)
    }
}

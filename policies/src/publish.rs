//! Signs bundles, as their publisher.

use countersign_core::policy::format::signed_message;
use countersign_core::policy::{Bundle, BundleError};
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt;

/// A publisher: its name, and the private half of one of its keys, which is wiped when dropped.
pub struct Publisher {
    name: String,
    key: SigningKey,
}

/// The name of a publisher is empty or longer than 255 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublisherNameMalformed;

impl fmt::Display for PublisherNameMalformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a publisher has 1 to 255 bytes")
    }
}

impl std::error::Error for PublisherNameMalformed {}

impl Publisher {
    /// The publisher `name` with the key of this seed (RFC 8032 section 5.1.5), which must be random.
    ///
    /// # Errors
    /// [`PublisherNameMalformed`].
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, PublisherNameMalformed> {
        if name.is_empty() || name.len() > usize::from(u8::MAX) {
            return Err(PublisherNameMalformed);
        }
        Ok(Self {
            name: name.to_owned(),
            key: SigningKey::from_bytes(seed),
        })
    }

    /// What readers trust: the public half of the key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// The bundle with one signature more; its SHA-256 stays as it is.
    ///
    /// # Errors
    /// Those of [`Bundle::load_unsigned`].
    ///
    /// ```
    /// use countersign_core::Publishers;
    /// use countersign_policies::{Publisher, compile, packs};
    ///
    /// let acme = Publisher::new("acme", &[7; 32])?;
    /// let signed = acme.sign(compile(&packs::trading_api())?.bytes())?;
    ///
    /// let mut publishers = Publishers::new();
    /// publishers.trust("acme", &acme.public_key());
    /// assert_eq!(publishers.load(&signed)?.name(), "trading-api");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sign(&self, bundle: &[u8]) -> Result<Vec<u8>, BundleError> {
        let loaded = Bundle::load_unsigned(bundle)?;
        let signature = self.key.sign(&signed_message(loaded.sha256()));
        let mut signed = bundle.to_vec();
        // The name was found short enough when the publisher was made.
        signed.push(u8::try_from(self.name.len()).unwrap_or(u8::MAX));
        signed.extend(self.name.as_bytes());
        signed.extend(signature.to_bytes());
        Ok(signed)
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

//! What a verifier checks a signature with.

use crate::key::Algorithm;
use crate::secret::KeyedMac;
use crate::verifying_key::VerifyingKey;

/// The secret that a client shares with the verifier, or the public half of the client's own.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    Secret(KeyedMac),
    Public(VerifyingKey),
}

impl Credential {
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Credential::Secret(_) => Algorithm::HmacSha256,
            Credential::Public(key) => key.algorithm(),
        }
    }

    /// Whether a signature by it can have this many bytes.
    pub(crate) fn makes(&self, length: usize) -> bool {
        match self {
            Credential::Secret(_) => length == 32,
            Credential::Public(key) => key.makes(length),
        }
    }

    pub(crate) fn verifies(&self, message: &[u8], value: &[u8]) -> bool {
        match self {
            Credential::Secret(mac) => mac.verifies(message, value),
            Credential::Public(key) => key.verifies(message, value),
        }
    }
}

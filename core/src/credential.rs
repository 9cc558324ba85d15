//! What a verifier checks a signature with.

use alloc::boxed::Box;

use crate::key::Algorithm;
#[cfg(feature = "sealed")]
use crate::sealed::Sealed;
use crate::secret::KeyedMac;
use crate::verifying_key::VerifyingKey;

/// The secret that a client shares with the verifier, or the public half of the client's own. Small, so that a key
/// that is looked at is read in one piece.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    Secret(Box<KeyedMac>),
    #[cfg(feature = "sealed")]
    Sealed(Sealed),
    Public(Box<VerifyingKey>),
}

impl Credential {
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Credential::Public(key) => key.algorithm(),
            _ => Algorithm::HmacSha256,
        }
    }

    /// Whether a signature by it can have this many bytes.
    pub(crate) fn makes(&self, length: usize) -> bool {
        match self {
            Credential::Public(key) => key.makes(length),
            _ => length == 32,
        }
    }

    pub(crate) fn verifies(&self, message: &[u8], value: &[u8]) -> bool {
        match self {
            Credential::Public(key) => key.verifies(message, value),
            _ => self.mac().is_some_and(|mac| mac.verifies(message, value)),
        }
    }

    /// The secret; none if there is none, or it can't be unsealed.
    pub(crate) fn mac(&self) -> Option<&KeyedMac> {
        match self {
            Credential::Secret(mac) => Some(mac),
            #[cfg(feature = "sealed")]
            Credential::Sealed(secret) => secret.unseal(),
            Credential::Public(_) => None,
        }
    }

    /// Whether it verifies: what is sealed is unsealed for that.
    pub(crate) fn opens(&self) -> bool {
        matches!(self, Credential::Public(_)) || self.mac().is_some()
    }

    /// Whether it verifies as it is, with nothing to unseal.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            #[cfg(feature = "sealed")]
            Credential::Sealed(secret) => secret.unsealed().is_some(),
            _ => true,
        }
    }
}

//! What a verifier checks a signature with.

use alloc::boxed::Box;

use crate::key::{Algorithm, KeyId};
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
            Credential::Secret(_) => Algorithm::HmacSha256,
            #[cfg(feature = "sealed")]
            Credential::Sealed(_) => Algorithm::HmacSha256,
            Credential::Public(key) => key.algorithm(),
        }
    }

    /// Whether a signature by it can have this many bytes.
    pub(crate) fn makes(&self, length: usize) -> bool {
        if let Credential::Public(key) = self {
            return key.makes(length);
        }
        self.algorithm().signature_bytes() == Some(length)
    }

    /// Whether it is the value for this message. What is sealed is none's.
    pub(crate) fn verifies(&self, message: &[u8], value: &[u8]) -> bool {
        let mac = match self {
            Credential::Public(key) => return key.verifies(message, value),
            Credential::Secret(mac) => Some(&**mac),
            #[cfg(feature = "sealed")]
            Credential::Sealed(secret) => secret.unsealed(),
        };
        mac.is_some_and(|mac| mac.verifies(message, value))
    }

    /// The secret of this key, unsealed if need be; none if there is none, or it can't be.
    #[cfg_attr(
        not(feature = "sealed"),
        expect(unused_variables, reason = "to unseal")
    )]
    pub(crate) fn mac(&self, keyid: &KeyId) -> Option<&KeyedMac> {
        match self {
            Credential::Secret(mac) => Some(mac),
            #[cfg(feature = "sealed")]
            Credential::Sealed(secret) => secret.unseal(keyid),
            Credential::Public(_) => None,
        }
    }

    /// Whether it verifies: what is sealed is unsealed for that.
    pub(crate) fn opens(&self, keyid: &KeyId) -> bool {
        matches!(self, Credential::Public(_)) || self.mac(keyid).is_some()
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

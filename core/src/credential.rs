//! What a verifier checks a signature with.

use core::hint::black_box;

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

/// Credentials of nobody, to do as much work with as with those of a known key. What they verify is
/// forgotten, so it doesn't matter that anybody can sign by them.
#[derive(Clone, Debug)]
pub(crate) struct Decoy {
    secret: KeyedMac,
    public: Option<VerifyingKey>,
}

impl Decoy {
    pub(crate) fn new() -> Self {
        // The base point of the curve.
        let mut point = [0x66; 32];
        point[0] = 0x58;
        Decoy {
            secret: KeyedMac::of_nobody(),
            public: VerifyingKey::ed25519(&point).ok(),
        }
    }

    /// Verifies and forgets the answer.
    pub(crate) fn verify(&self, message: &[u8], value: &[u8]) {
        black_box(match &self.public {
            Some(public) if value.len() == 64 => public.verifies(message, value),
            _ => self.secret.verifies(message, value),
        });
    }
}

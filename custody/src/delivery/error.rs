//! Why a secret didn't get to its owner.

use crate::StoreError;
use crate::audit::AuditError;
use crate::entropy::EntropyError;
use crate::vault::VaultError;

/// Why a secret wasn't handed over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The text is no link.
    #[error("the text is no link: it is an id, a point and a key")]
    Malformed,
    /// There is nothing there, or not for this key: not told apart.
    #[error("there is nothing under this link: it was read, it expired, or it never was")]
    Gone,
    /// It would wait for too long.
    #[error("a link waits for a second to 7 days")]
    TooLong,
    /// The text is no recipient of `age`.
    #[cfg(feature = "age")]
    #[error("the text is no recipient of age: it is `age1` and 58 more letters and digits")]
    Recipient,
    /// The library of `age` did not seal.
    #[cfg(feature = "age")]
    #[error("the secret could not be sealed for its recipient: {0}")]
    Unsealed(String),
    /// The system gave no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// It couldn't be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store didn't.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The audit log didn't.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl DeliveryError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            DeliveryError::Malformed => "link_malformed",
            DeliveryError::Gone => "link_gone",
            DeliveryError::TooLong => "link_too_long",
            #[cfg(feature = "age")]
            DeliveryError::Recipient => "recipient_malformed",
            #[cfg(feature = "age")]
            DeliveryError::Unsealed(_) => "recipient_unsealed",
            DeliveryError::Entropy(error) => error.code(),
            DeliveryError::Vault(error) => error.code(),
            DeliveryError::Store(error) => error.code(),
            DeliveryError::Audit(error) => error.code(),
        }
    }
}

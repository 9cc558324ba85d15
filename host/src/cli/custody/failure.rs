//! What the library of custody refuses, as the command line says it: 1 if it was refused, 2 if it could not be
//! tried.

use countersign_custody::audit::{AuditError, TimeStampFault};
use countersign_custody::delivery::DeliveryError;
use countersign_custody::store::DumpError;
use countersign_custody::vault::VaultError;
use countersign_custody::{CustodyError, PublicTextError, StoreError};

use super::Failure;

impl From<CustodyError> for Failure {
    fn from(error: CustodyError) -> Self {
        match error {
            CustodyError::Store(error) => error.into(),
            CustodyError::Audit(error) => error.into(),
            CustodyError::Vault(error) => error.into(),
            CustodyError::Generate(_)
            | CustodyError::Entropy(_)
            | CustodyError::Authority(_)
            | CustodyError::Damaged(_)
            | CustodyError::NotFounded
            | CustodyError::Busy => Failure::usage(error.code(), error.to_string()),
            _ => Failure::usage(error.code(), error.to_string()).refused(),
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let failure = Failure::usage(error.code(), error.to_string());
        match error {
            VaultError::Locked(_)
            | VaultError::RootKindAbsent(_)
            | VaultError::SealBroken
            | VaultError::ShareForeign(_)
            | VaultError::ShareWrong(_)
            | VaultError::TokenPin
            | VaultError::TokenPinLocked => failure.refused(),
            _ => failure,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::usage(error.code(), error.to_string())
    }
}

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        let failure = Failure::usage(error.code(), error.to_string());
        match error {
            AuditError::TimeStamp(TimeStampFault::Roots) => failure,
            AuditError::Untrusted(_)
            | AuditError::Proof(_)
            | AuditError::Contradicts(_)
            | AuditError::TimeStamp(_) => failure.refused(),
            _ => failure,
        }
    }
}

impl From<DumpError> for Failure {
    fn from(error: DumpError) -> Self {
        Failure::usage(error.code(), error.to_string())
    }
}

impl From<DeliveryError> for Failure {
    fn from(error: DeliveryError) -> Self {
        Failure::usage(error.code(), error.to_string()).refused()
    }
}

impl From<PublicTextError> for Failure {
    fn from(error: PublicTextError) -> Self {
        Failure::usage(error.code(), error.to_string())
    }
}

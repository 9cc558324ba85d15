//! How a secret gets to its owner other than by the one showing: sealed for its recipient, or behind a
//! link that burns on reading.
//!
//! Whoever holds the store, the vault and the log can open neither: the one takes the recipient's identity,
//! the other the key that is only in the link. The first to take a link gets it; there is no second.

mod error;
mod link;
#[cfg(feature = "age")]
mod recipient;

use countersign_core::UnixSeconds;

pub use self::error::DeliveryError;
pub use self::link::Link;
#[cfg(feature = "age")]
pub use self::recipient::Recipient;
use crate::audit::{self, AuditError, Draft};
use crate::custodian::Custodian;
use crate::{Batch, Space, StoreError};

impl Custodian {
    /// The record of a delivery.
    fn delivery(&self, act: &str, actor: &str, now: UnixSeconds) -> Draft {
        Draft {
            environment: Some(self.environment()),
            ..Draft::new(now.get().saturating_mul(1000), actor, act)
        }
    }

    /// Commits a delivery's change with its record.
    fn commit_delivery(
        &self,
        draft: &Draft,
        change: impl FnOnce(&mut Batch),
    ) -> Result<(), DeliveryError> {
        let mut batch = Batch::new();
        change(&mut batch);
        match audit::commit_as_is(&*self.store, &batch, std::slice::from_ref(draft)) {
            Err(AuditError::Store(StoreError::Conflict(space))) if space != Space::Audit => {
                Err(DeliveryError::Gone)
            }
            Err(AuditError::Store(error)) => Err(error.into()),
            result => Ok(result.map(drop)?),
        }
    }
}

//! Why the log didn't do it.

use crate::StoreError;

/// Why the log didn't do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The store didn't.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A member of a draft isn't what it must be.
    #[error("the record's {member} {why}")]
    Unfit {
        /// The member.
        member: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A member of a draft looks like a secret. The text isn't repeated.
    #[error("the record's {member} looks like a secret: leave it out, and name the key by its id")]
    Secret {
        /// The member.
        member: &'static str,
    },
    /// There is no such record.
    #[error("there is no record {0}")]
    NoRecord(u64),
    /// A record can't be read, so nothing is built on it.
    #[error("record {sequence} is damaged: {why}; `audit verify` says where it begins")]
    Damaged {
        /// The record.
        sequence: u64,
        /// What is wrong with it.
        why: String,
    },
    /// There is an entry among the records that can't be one.
    #[error("an entry among the records isn't one: its key is no sequence number")]
    Stray,
}

impl AuditError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            AuditError::Store(error) => error.code(),
            AuditError::Unfit { .. } => "audit_record_unfit",
            AuditError::Secret { .. } => "audit_secret_refused",
            AuditError::NoRecord(_) => "audit_no_record",
            AuditError::Damaged { .. } | AuditError::Stray => "audit_damaged",
        }
    }
}

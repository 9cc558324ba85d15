//! Why the log didn't do it.

use countersign_core::Environment;

use super::{Hash, TimeStampFault};
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
    /// A text isn't that of a checkpoint.
    #[error("the text isn't that of a checkpoint: it must be kept byte for byte")]
    CheckpointMalformed,
    /// A checkpoint isn't signed by a key that is trusted.
    #[error("the checkpoint at record {0} isn't signed by the log's key")]
    Untrusted(u64),
    /// The log isn't what an earlier checkpoint signed.
    #[error(
        "the log contradicts its checkpoint at record {0}: nothing is signed; run `audit verify`"
    )]
    Contradicts(u64),
    /// A key can't sign checkpoints.
    #[error("checkpoints are signed by an ed25519 key, and this is another kind")]
    KeyUnfit,
    /// A proof doesn't hold.
    #[error("the proof doesn't hold: {0}")]
    Proof(&'static str),
    /// No policy decided that record.
    #[error("no policy decided record {0}: there is nothing to replay")]
    NotDecided(u64),
    /// The archive doesn't have the bytes.
    #[error("nothing with the SHA-256 {0} was archived")]
    NotArchived(Hash),
    /// The archive has other bytes.
    #[error("what was archived under {0} has another SHA-256")]
    ArchiveDamaged(Hash),
    /// The module gave no answer.
    #[error("the module gave no answer: {0}")]
    Replay(String),
    /// A count of uses can't be read.
    #[error("a count of uses can't be read")]
    UsageDamaged,
    /// An act that is done only with its record.
    #[error("`{0}` is done only when it can be recorded: see to the store, then try again")]
    NotNow(String),
    /// A line of the spool was changed.
    #[error("line {0} of the spool was changed")]
    SpoolDamaged(u64),
    /// The spool has acts of another environment.
    #[error("the spool has acts of `{}`: each environment has a spool of its own", .0.as_str())]
    SpoolForeign(Environment),
    /// A file can't be read or written.
    #[error("a file can't be read or written: {0}")]
    File(#[from] std::io::Error),
    /// A time stamp isn't one of the checkpoint, or isn't by whom it should be.
    #[error("the time stamp is refused: {0}")]
    TimeStamp(#[from] TimeStampFault),
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
            AuditError::CheckpointMalformed => "audit_checkpoint_malformed",
            AuditError::Untrusted(_) => "audit_checkpoint_untrusted",
            AuditError::Contradicts(_) => "audit_contradicts_checkpoint",
            AuditError::KeyUnfit => "audit_key_unfit",
            AuditError::Proof(_) => "audit_proof_refused",
            AuditError::NotDecided(_) => "audit_not_decided",
            AuditError::NotArchived(_) => "audit_not_archived",
            AuditError::ArchiveDamaged(_) => "audit_archive_damaged",
            AuditError::Replay(_) => "audit_replay_failed",
            AuditError::UsageDamaged => "audit_usage_damaged",
            AuditError::NotNow(_) => "audit_not_now",
            AuditError::SpoolDamaged(_) => "audit_spool_damaged",
            AuditError::SpoolForeign(_) => "audit_spool_foreign",
            AuditError::File(_) => "audit_file_failed",
            AuditError::TimeStamp(fault) => fault.code(),
            AuditError::Damaged { .. } | AuditError::Stray => "audit_damaged",
        }
    }
}

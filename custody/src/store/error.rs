//! Why a store didn't do it.

use super::Space;

/// Why a store didn't do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// What to connect to is written wrong, or would be reached in the clear.
    #[error("the address of the database is no good: {0}")]
    Address(String),
    /// Somebody else changed an entry in between: read it again, and think again.
    #[error("an entry of {0:?} was changed by somebody else in between; read it again")]
    Conflict(Space),
    /// Another process has the file open for writing.
    #[error("another process has the store open; end it, or ask it")]
    InUse,
    /// The disk is full, or the file or the database can only be read. Nothing was changed.
    #[error("the store takes no writes: {0}; make room or give leave, then try again")]
    ReadOnly(String),
    /// It was written by a later version of this program.
    #[error(
        "the store has format {found}; this program knows formats up to {known}; use a later version of it"
    )]
    NewerFormat {
        /// The format of the store.
        found: u32,
        /// The last format that this program knows.
        known: u32,
    },
    /// It isn't a store, or it was damaged.
    #[error("the store is damaged: {0}; restore it from a backup")]
    Damaged(String),
    /// A key, a value or a batch is larger than a store takes.
    #[error("a store takes no {what} of more than {limit} bytes")]
    TooLarge {
        /// What is too large: a key, a value or a batch.
        what: &'static str,
        /// How large it may be, in bytes.
        limit: usize,
    },
    /// It can't be reached. Nothing was changed.
    #[error("the store can't be reached: {0}")]
    Unreachable(String),
    /// It went away in the middle of a commit: whether it was made must be read.
    #[error("the store went away in the middle of a commit: {0}; read whether it was made")]
    Unknown(String),
}

impl StoreError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            StoreError::Address(_) => "store_address",
            StoreError::Conflict(_) => "store_conflict",
            StoreError::InUse => "store_in_use",
            StoreError::ReadOnly(_) => "store_read_only",
            StoreError::NewerFormat { .. } => "store_newer_format",
            StoreError::Damaged(_) => "store_damaged",
            StoreError::TooLarge { .. } => "store_too_large",
            StoreError::Unreachable(_) => "store_unreachable",
            StoreError::Unknown(_) => "store_unknown",
        }
    }
}

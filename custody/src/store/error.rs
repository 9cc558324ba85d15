//! Why a store didn't do it.

use super::Space;

/// Why a store didn't do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else changed an entry in between: read it again, and think again.
    #[error("an entry of {0:?} was changed by somebody else in between")]
    Conflict(Space),
    /// Another process has the file open for writing.
    #[error("another process has the store open")]
    InUse,
    /// The disk is full, or the file or the database can only be read.
    #[error("the store takes no writes: {0}")]
    ReadOnly(String),
    /// It was written by a later version of this program.
    #[error("the store has format {found}; this program knows formats up to {known}")]
    NewerFormat {
        /// The format of the store.
        found: u32,
        /// The last format that this program knows.
        known: u32,
    },
    /// It isn't a store, or it was damaged.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// It can't be reached.
    #[error("the store can't be reached: {0}")]
    Unreachable(String),
    /// It went away in the middle of a commit: whether it was made must be read.
    #[error("the store went away in the middle of a commit: {0}")]
    Unknown(String),
}

impl StoreError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            StoreError::Conflict(_) => "store_conflict",
            StoreError::InUse => "store_in_use",
            StoreError::ReadOnly(_) => "store_read_only",
            StoreError::NewerFormat { .. } => "store_newer_format",
            StoreError::Damaged(_) => "store_damaged",
            StoreError::Unreachable(_) => "store_unreachable",
            StoreError::Unknown(_) => "store_unknown",
        }
    }
}

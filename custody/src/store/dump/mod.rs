//! Every entry of a store as one stream: for backups, and to move to another store.
//!
//! ```text
//! header   "countersign dump 1\n"
//! entry    1, space (1 byte), length of the key (4), length of the value (4), key, value
//! end      0, number of entries (8), SHA-256 of all bytes before it (32)
//! ```
//!
//! Numbers are big-endian; entries ascend by space and key, and none is of [`Space::Format`]. So equal
//! stores have equal dumps. The SHA-256 finds what was damaged or cut off; it doesn't say who wrote it.
//! Secrets are in it as they are in the store: sealed.
//!
//! [`Space::Format`]: super::Space::Format

mod export;
mod import;
mod read;

use std::fmt;
use std::io;

use super::StoreError;

pub use export::export;
pub use import::import;

const HEADER: &[u8] = b"countersign dump 1\n";
const ENTRY: u8 = 1;
const END: u8 = 0;

/// What a dump holds. Two stores with the same sum hold the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// How many entries.
    pub entries: u64,
    /// The SHA-256 at the dump's end.
    pub sha256: [u8; 32],
}

impl fmt::Debug for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sha256 = base16ct::HexDisplay(&self.sha256);
        write!(f, "Sum({} entries, {sha256:x})", self.entries)
    }
}

/// Why a dump wasn't written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// It isn't a dump, or was damaged or cut off. Nothing was written.
    #[error("the dump is damaged: {0}; take another one")]
    Damaged(&'static str),
    /// It was written by a later version of this program. Nothing was written.
    #[error("the dump was written by a later version of this program; use that one")]
    Newer,
    /// There are entries in the store already. Nothing was written.
    #[error("the store isn't empty; import into a new one")]
    NotEmpty,
    /// What the store holds afterwards isn't what the dump holds.
    #[error(
        "the store holds {found:?} after an import of {expected:?}; begin again with a new one"
    )]
    Lost {
        /// What the dump holds.
        expected: Sum,
        /// What the store holds.
        found: Sum,
    },
    /// The stream can't be read or written.
    #[error("the dump can't be read or written: {0}")]
    Io(#[from] io::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DumpError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            DumpError::Damaged(_) => "dump_damaged",
            DumpError::Newer => "dump_newer_format",
            DumpError::NotEmpty => "store_not_empty",
            DumpError::Lost { .. } => "import_lost_entries",
            DumpError::Io(_) => "dump_unreachable",
            DumpError::Store(error) => error.code(),
        }
    }
}

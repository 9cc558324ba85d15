//! The audit log: each act, by whom, why, and what decided; and the proof that nobody changed it since.
//!
//! ```text
//! Draft ──append──> Record 1 <── Record 2 <── Record 3 ...     each holds the hash of the one before
//!                       └─────┬─────┘            │
//!                          Merkle tree (RFC 6962) over the hashes of the records
//!                             └──> Checkpoint    size, root and time, signed; kept outside too
//! ```
//!
//! The chain finds a change of one record. Whoever holds the whole store could make the chain anew: a
//! [`Checkpoint`] that was kept elsewhere finds that. The format is written down in `docs/audit.md`.
//!
//! An act and its record are made in one batch:
//!
//! ```
//! use countersign_custody::audit::{self, Draft};
//! use countersign_custody::store::RedbStore;
//! use countersign_custody::{Batch, Space, Store};
//! # fn main() -> Result<(), audit::AuditError> {
//! let store = RedbStore::in_memory()?;
//! let mut batch = Batch::new();
//! batch.put(Space::Settings, b"overlap", b"24h".to_vec());
//! let draft = Draft::new(1_800_000_000_000, "alice", "setting.changed")
//!     .reason("longer weekends")
//!     .detail("name", "overlap");
//! let head = audit::append(&store, &mut batch, &[draft])?;
//! store.commit(&batch)?;
//! assert_eq!(head.sequence, 1);
//! assert_eq!(audit::read(&store, 1)?.record().actor, "alice");
//! # Ok(())
//! # }
//! ```

mod anchor;
mod append;
mod archive;
mod checkpoint;
mod draft;
mod durable;
mod encoded;
mod entries;
mod entry;
mod error;
mod export;
mod hash;
mod proof;
mod public;
mod question;
mod record;
mod search;
pub mod spool;
mod timestamp;
pub mod tree;
mod usage;
mod verify;

pub use anchor::AnchorFile;
pub use append::{Head, append, commit, head, read, record};
pub(crate) use append::{commit_as_is, give_way};
pub use archive::{Replayed, Replayer, archive, archive_module, archived, replay};
pub use checkpoint::{Checkpoint, root_at};
pub use draft::{Decided, Draft, Kept, Outcome};
pub(crate) use encoded::{holds, may_hold};
pub use entry::Entry;
pub use error::AuditError;
pub use export::{Format, export};
pub use hash::Hash;
pub use proof::{Growth, Proof};
pub use public::Public;
pub(crate) use public::looks_secret;
pub use question::{Answer, Decider, Question, QuestionError};
pub use record::Record;
pub use search::{Filter, Page, Tail, each, search};
pub use spool::Spool;
pub use timestamp::{ClaimedTime, TimeStamp, TimeStampFault, TimeStampRoots, timestamp_request};
pub use usage::{Usage, UsageTally, usage};
pub use verify::{Fault, Finding, Report, verify};

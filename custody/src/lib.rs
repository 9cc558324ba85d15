//! The life of a key, from its making to its destruction, and the proof of every step between.
//!
//! ```text
//! Vault      secrets sealed under a root of trust; nothing else ever sees them at rest
//! Store      one file or one database: entries by space and key, changed by atomic batches
//! life       one state machine: what may happen to a key, and what it becomes
//! audit      a hash chain of records: each act, by whom, why, and what decided
//! Custodian  the acts themselves: each is allowed, done and recorded in one batch, or not at all
//! ```
//!
//! Every act that changes a key commits the change and its audit record in one [`Batch`]: there is no
//! change without its record, and no record of what didn't happen.

pub mod audit;
pub mod authority;
pub mod custodian;
pub mod delivery;
pub mod edges;
pub mod entropy;
pub mod founding;
pub mod generate;
mod harden;
pub mod incident;
pub mod life;
pub mod notice;
mod pages;
mod public_text;
pub mod review;
pub mod rfc_3339;
mod secret;
pub mod store;
pub mod vault;

pub use custodian::{Custodian, CustodyError, Order};
pub use harden::{Shortfall, harden_process};
pub use public_text::{PublicText, PublicTextError};
pub use secret::Secret;
pub use store::{Batch, Space, Store, StoreError};

//! The audit log, from the outside.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "in a test, to panic is to fail"
)]

mod anchor;
mod append;
#[path = "../support/authority.rs"]
mod authority;
mod checkpoint;
mod export;
mod log;
#[path = "../support/ocsf.rs"]
mod ocsf;
mod proof;
mod replay;
mod search;
mod spool;
mod tamper;
mod timestamp;
mod tree;
mod usage;

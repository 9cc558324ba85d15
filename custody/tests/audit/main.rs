//! The audit log, from the outside.

mod anchor;
mod append;
mod checkpoint;
mod export;
mod log;
mod proof;
mod replay;
mod search;
mod spool;
mod tamper;
mod tree;
mod usage;

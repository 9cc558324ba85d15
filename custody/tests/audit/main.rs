//! The audit log, from the outside.

mod append;
mod checkpoint;
mod log;
mod proof;
mod replay;
mod spool;
mod tamper;
mod tree;
mod usage;

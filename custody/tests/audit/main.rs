//! The audit log, from the outside.

mod append;
mod checkpoint;
mod log;
mod proof;
mod tamper;
mod tree;

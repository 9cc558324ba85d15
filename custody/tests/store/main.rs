//! The stores: one conformance suite for all, and what each one promises besides.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by it"
)]

#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "a measurement needs more of it")]
mod cluster;
mod conformance;
mod crash;
mod disk;
mod dump;
mod postgres;
mod redb;
#[path = "../support/small_disk.rs"]
#[allow(dead_code, reason = "the tests of the custodian need more of it")]
mod small_disk;
mod tls;

//! The stores: one conformance suite for all, and what each one promises besides.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by it"
)]

#[path = "../support/postgres.rs"]
mod cluster;
mod conformance;
mod crash;
mod disk;
mod dump;
mod postgres;
mod redb;
mod tls;

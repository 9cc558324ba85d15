//! The acts on keys: who may, what changes, and what is recorded.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, to panic is to fail"
)]

#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "the tests of the stores need more of it")]
mod cluster;
mod edges;
mod factors;
#[path = "../support/revocation.rs"]
mod followers;
mod full_disk;
mod incident;
mod lazy;
mod life;
mod links;
mod load;
mod notices;
mod outage;
mod own;
mod random_lives;
#[path = "../support/requests.rs"]
mod requests;
mod review;
mod revocation;
mod sealed;
mod secrets;
mod separation;
#[path = "../support/small_disk.rs"]
#[allow(dead_code, reason = "the tests of the stores need more of it")]
mod small_disk;
mod snapshot;
mod world;

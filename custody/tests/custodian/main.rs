//! The acts on keys: who may, what changes, and what is recorded.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

mod factors;
mod incident;
mod life;
mod links;
mod load;
mod notices;
mod outage;
mod sealed;
mod separation;
mod snapshot;
mod world;

//! The life of keys, by the program itself.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by it"
)]

mod access;
#[path = "../../../custody/tests/support/authority.rs"]
mod authority;
mod desk;
mod life;
#[path = "../../../custody/tests/support/ocsf.rs"]
mod ocsf;
mod replay;
mod services;
mod stamp;
mod timer;

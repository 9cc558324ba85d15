//! What the vault promises: see `docs/vault.md`.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, to panic is to fail"
)]

mod custodians;
mod key_file;
mod memory;
mod passphrase;
mod rotation;
mod seal;
mod support;
mod tamper;
#[cfg(feature = "pkcs11")]
mod token;

//! What the vault promises: see `docs/vault.md`.

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

//! What signing and verifying promise, a theme to a file.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that can't go on stops where it is"
)]

mod bad_input;
mod canonical_input;
mod content_digest;
mod forwarded;
mod freshness;
mod hmac;
mod keyring;
mod no_panics;
#[path = "../../fuzz/oracles.rs"]
mod oracles;
mod profile;
mod redaction;
mod refusal;
mod replay;
mod selection;
mod signature_base;
mod signing_options;
mod support;
mod tampering;
mod token;
mod vectors;

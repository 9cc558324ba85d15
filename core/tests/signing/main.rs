//! What signing and verifying promise, a theme to a file.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that can't go on stops where it is"
)]

mod accept_signature;
mod asymmetric;
mod bad_input;
mod canonical_input;
mod component_parameters;
mod content_digest;
mod forwarded;
mod freshness;
mod headers;
mod hmac;
mod hostile_size;
mod keyring;
mod no_panics;
#[path = "../../fuzz/oracles.rs"]
mod oracles;
mod profile;
mod redaction;
mod refusal;
mod replay;
mod responses;
mod sealed;
mod selection;
mod signature_base;
mod signing_options;
mod structured_fields;
mod support;
mod tampering;
mod token;
mod vectors;

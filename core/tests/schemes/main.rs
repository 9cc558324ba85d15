//! Vendors' signing schemes: their published vectors, the rows, and what senders do wrong.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that can't go on stops where it is"
)]

mod bad_input;
mod prepared;
mod published;
mod round_trip;
mod rows;
mod sigv4;
mod support;

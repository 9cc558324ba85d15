//! Vendors' signing schemes: their published vectors, the rows, and what senders do wrong.

mod bad_input;
mod round_trip;
mod rows;
mod sigv4;
mod support;
mod vectors;

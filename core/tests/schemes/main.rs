//! Vendors' signing schemes: their published vectors, the rows, and what senders do wrong.

mod sigv4;
mod support;
mod vectors;

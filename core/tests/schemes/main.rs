//! Vendors' signing schemes: their published vectors, the rows, and what senders do wrong.

mod support;
mod vectors;

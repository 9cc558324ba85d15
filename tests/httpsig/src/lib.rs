//! What the interoperation and the benchmark share: one key in the hands of both.

mod keys;

pub use keys::{Key, SECRET};

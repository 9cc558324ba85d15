//! How a secret gets to its owner other than by the one showing: a link that burns on reading.
//!
//! The secret is sealed under a key that is only in the link: whoever holds the store, the vault and the
//! log can't open it. The first to take it gets it; there is no second.

mod link;

pub use link::{DeliveryError, Link};

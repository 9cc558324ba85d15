//! Why a signature doesn't verify: the one thing that every user of signed APIs asks.
//!
//! Whoever has the base that the signer signed compares the two: [`first_difference`]. Whoever has only
//! the request and the key searches: [`search`] changes one thing at a time, as proxies, serialisers and
//! libraries do, until the signature fits.
//!
//! It works on secrets and is for the holder of the key, never for an answer to a stranger.

mod cause;
mod difference;
mod json_layout;
mod search;

pub use cause::Cause;
pub use difference::{Difference, first_difference};
pub use search::{Sample, search, search_body};

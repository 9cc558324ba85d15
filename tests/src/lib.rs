//! One set of vectors, run through every runtime and compared byte for byte.
//!
//! A [`Case`] says what a runtime is asked; [`Runtime::run`] asks it, and [`compare`](compare::compare)
//! holds the answers against what is expected and against each other. `tests/vectors/README.md`
//! describes the files.
//!
//! The module [`signing`] asks the [`door`] of each runtime what others published, and [`cedar`] holds the policy
//! evaluator to Cedar's conformance data.

pub mod case;
pub mod cedar;
pub mod compare;
pub mod door;
mod hex;
mod published;
pub mod runtime;
pub mod signing;
pub mod vectors;

pub use case::{Answer, Bytes, Case, Kind};
pub use runtime::{Outcome, Run, Runtime};

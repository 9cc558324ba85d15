//! Compiles Cedar policies to the bundle that `countersign-core` evaluates.
//!
//! A *pack* is Cedar policies, their schema in Cedar's own syntax, and a manifest that says what the
//! pack is called, who its principals are and which request asks for which action. The Cedar
//! project's parser and strict validator read it, and what they accept is compiled to what they mean.
//!
//! ```
//! use countersign_policies::{compile, packs};
//!
//! let compiled = compile(&packs::trading_api())?;
//! assert_eq!(compiled.bundle().name(), "trading-api");
//! # Ok::<(), countersign_policies::Diagnostics>(())
//! ```

mod compile;
mod diagnostics;
mod encode;
mod expression;
mod links;
mod manifest;
pub mod packs;
mod pool;
mod program;
mod publish;
#[cfg(feature = "prove")]
pub mod prove;
mod routes;
mod scope;
mod sources;

pub use compile::{Compiled, Condition, compile, compile_instrumented, compile_unvalidated};
pub use diagnostics::{Diagnostics, Problem};
pub use publish::{Publisher, PublisherNameMalformed};
pub use sources::{Source, Sources};

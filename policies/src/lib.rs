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

pub mod advise;
pub mod cases;
mod compile;
pub mod coverage;
mod diagnostics;
pub mod difference;
mod encode;
pub mod explain;
mod expression;
mod links;
pub mod lint;
pub mod listing;
mod manifest;
pub mod openapi;
mod pack;
pub mod packs;
mod pool;
mod program;
#[cfg(feature = "prove")]
pub mod prove;
mod publish;
pub mod reach;
pub mod reference;
mod routes;
mod scope;
mod sources;
mod text;

pub use compile::{Compiled, Condition, compile, compile_instrumented, compile_unvalidated};
pub use diagnostics::{Diagnostics, Problem};
pub use publish::{Publisher, PublisherNameMalformed};
pub use sources::{Source, Sources};

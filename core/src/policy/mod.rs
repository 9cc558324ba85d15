//! Decides by Cedar policy: a bundle of compiled policies, its evaluator and its route table.
//!
//! A [`Bundle`] is made by the compiler in `countersign-policies` from Cedar text that the Cedar
//! project's own parser and validator accepted. [`Bundle::load_unsigned`] checks its digest and then every
//! offset, index, jump and stack depth once; after that [`Bundle::evaluate`] can fail only in the
//! ways that Cedar defines, and answers what Cedar's `Authorizer` answers: the decision, the
//! determining policies, and the policies that erred.
//!
//! The format is specified in `docs/bundle-format.md`.
//!
//! This is Cedar and no more: [`Bundle::evaluate`] knows nothing of signatures. The state machine
//! at the root of the crate sees to it that only a verified request reaches it.

mod bundle;
mod code;
mod compact;
mod entity;
mod error;
mod evaluate;
mod evaluator;
mod extension;
pub mod format;
mod index;
mod json;
mod layer;
mod link;
mod load;
mod machine;
mod pattern;
mod reader;
mod route;
mod table;
mod term;
mod trace;
mod value;
mod version;

pub use bundle::{Annotation, Bundle, Effect, Policy};
pub use entity::{Entities, Entity};
pub use error::{BundleError, EvaluationError, ValueError, ValueFault};
pub(crate) use evaluate::Caller;
pub use evaluate::{Evaluation, Query};
pub use evaluator::{EntityStore, Evaluator, LinkedQuery, Literal};
pub use extension::{Datetime, Decimal, Duration, IpRange};
pub use route::Route;
pub use trace::TraceStep;
pub use value::{EntityUid, Record, Set, Value};
pub use version::Version;

pub(crate) use load::Frame;

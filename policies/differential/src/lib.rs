//! Holds core's evaluator to Cedar's: makes up schemas, hierarchies, policies and requests, and
//! compares core's answer with that of `cedar_policy::Authorizer`: the decision, the determining
//! policies, and the policies that erred.
//!
//! A *world* is one set of policies with several stores of entities and many requests. It is made from
//! a seed alone, so that a seed is all that is needed to ask again. A divergence is made as small as it
//! goes before it is shown.
//!
//! Cedar's project has generators of its own, but publishes no crate of them.

mod answer;
mod cedar;
mod compare;
mod countersign;
mod dice;
mod edit;
mod expression;
mod generate;
mod policy;
mod run;
mod schema;
mod shrink;
mod tally;
mod value;
mod world;

pub use compare::Divergence;
pub use run::{Outcome, Until, bundle, replay, run};
pub use tally::Tally;

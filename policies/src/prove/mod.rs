//! Formal analysis: questions about every request there can be, answered by proof or counter-example.
//!
//! Cedar's symbolic compiler (`cedar-policy-symcc`) translates policies for the solver `cvc5`, which
//! runs as a process of its own. A question is about each kind of request that the schema knows, in
//! every store of entities that the schema allows and that agrees with the pack's static ones. What
//! the solver finds is first put to `countersign-core`'s evaluator, and shown only if that answers
//! as the solver says.
//!
//! A module behind the feature `prove`, not a crate: beyond what the compiler and the host depend on
//! anyway it brings five small crates (`cargo tree -p countersign-policies --features prove`).
//!
//! ```no_run
//! use countersign_policies::{packs, prove::{Prover, Solver}};
//! use std::time::Duration;
//!
//! let prover = Prover::new(Solver::find()?, Duration::from_secs(60));
//! let never = r#"(principal, action == Action::"withdraw", resource) unless { context has client_ip }"#;
//! let verdict = prover.never_allows(&packs::trading_api(), never)?;
//! assert!(verdict.is_proved());
//! # Ok::<(), countersign_policies::prove::ProveError>(())
//! ```

mod counter_example;
mod error;
mod facts;
mod pack;
mod shadow;
mod solver;
mod world;

pub use counter_example::{Answer, CounterExample};
pub use error::ProveError;
pub use shadow::{Effectiveness, PolicyVerdict, Shadow};
pub use solver::Solver;

use crate::sources::{Source, Sources};
use cedar_policy::Effect;
use cedar_policy_symcc::CompiledPolicy;
use pack::Pack;
use solver::Symcc;
use std::time::Duration;
use world::World;

/// Asks the solver.
#[derive(Clone, Debug)]
pub struct Prover {
    solver: Solver,
    limit: Duration,
}

/// What came of a question.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// How many kinds of request (principal type, action, resource type) the schema has.
    pub environments: usize,
    /// A request of which it doesn't hold; if there is none, it is proved.
    pub counter_example: Option<Box<CounterExample>>,
}

impl Verdict {
    /// Whether it holds of every request.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.counter_example.is_none()
    }
}

impl Prover {
    /// Asks `solver`; a question may take up to `limit`, then the solver is killed.
    #[must_use]
    pub fn new(solver: Solver, limit: Duration) -> Self {
        Self { solver, limit }
    }

    /// The solver.
    #[must_use]
    pub fn solver(&self) -> &Solver {
        &self.solver
    }

    /// Whether both packs allow exactly the same requests. A counter-example has two answers: the
    /// left pack's and the right one's.
    ///
    /// # Errors
    /// [`ProveError`]: a pack doesn't compile, the two differ in schema or static entities, or there
    /// is no answer.
    pub fn equivalent(&self, left: &Sources, right: &Sources) -> Result<Verdict, ProveError> {
        let (left, right) = (left.clone(), right.clone());
        self.solver.ask(self.limit, async move |symcc: &mut Symcc| {
            let (left, right) = (Pack::read(&left)?, Pack::read(&right)?);
            if !left.has_schema_of(&right) {
                return Err(ProveError::SchemasDiffer {
                    left: left.name(),
                    right: right.name(),
                });
            }
            if !left.entities.deep_eq(&right.entities) {
                return Err(ProveError::EntitiesDiffer {
                    left: left.name(),
                    right: right.name(),
                });
            }
            let world = World::of(&left, left.policies().chain(right.policies()))?;
            for environment in world.environments() {
                let one = world.compile(left.policies(), environment)?;
                let other = world.compile(right.policies(), environment)?;
                let found = symcc
                    .check_equivalent_with_counterexample_opt(&one, &other)
                    .await?;
                if let Some(found) = found {
                    let bundles = &[&left.bundle, &right.bundle];
                    let example = CounterExample::replay(
                        &found,
                        &left.entities,
                        bundles,
                        |answers| matches!(answers, [one, other] if one.allowed != other.allowed),
                    )?;
                    return Ok(world.refuted(example));
                }
            }
            Ok(world.proved())
        })
    }

    /// Whether the pack never allows what `never` describes: the scope of a policy and, if need be,
    /// conditions, as in `(principal, action == Action::"withdraw", resource) when { ... }`. A
    /// counter-example has one answer, the pack's.
    ///
    /// # Errors
    /// [`ProveError`]: the pack doesn't compile, `never` isn't such a description, or there is no
    /// answer.
    pub fn never_allows(&self, pack: &Sources, never: &str) -> Result<Verdict, ProveError> {
        let (pack, never) = (pack.clone(), never.to_owned());
        self.solver.ask(self.limit, async move |symcc: &mut Symcc| {
            let pack = Pack::read(&pack)?;
            let never = described(&pack, &never)?;
            let world = World::of(&pack, pack.policies().chain(never.policies()))?;
            for environment in world.environments() {
                let allowed = world.compile(pack.policies(), environment)?;
                let described = world.compile(never.policies(), environment)?;
                let found = symcc
                    .check_disjoint_with_counterexample_opt(&allowed, &described)
                    .await?;
                if let Some(found) = found {
                    let bundles = &[&pack.bundle, &never.bundle];
                    let mut example =
                        CounterExample::replay(&found, &pack.entities, bundles, |answers| {
                            answers.iter().all(|answer| answer.allowed)
                        })?;
                    // The second answer is whether the request is as described: it is.
                    example.answers.truncate(1);
                    return Ok(world.refuted(example));
                }
            }
            Ok(world.proved())
        })
    }

    /// Which policies change an answer, each with a request that shows it, and which do not, and why.
    /// Each is looked at alone: of two policies that say the same, each is shadowed by the other.
    ///
    /// # Errors
    /// [`ProveError`]: the pack doesn't compile, or there is no answer.
    pub fn effectiveness(&self, pack: &Sources) -> Result<Vec<Effectiveness>, ProveError> {
        let pack = pack.clone();
        self.solver.ask(self.limit, async move |symcc: &mut Symcc| {
            let pack = Pack::read(&pack)?;
            shadow::effectiveness(&pack, symcc).await
        })
    }

    /// Whether no policy ever errs, and so is skipped. A counter-example has one answer, the pack's,
    /// whose errors name the policy.
    ///
    /// # Errors
    /// [`ProveError`]: the pack doesn't compile, or there is no answer.
    pub fn never_errs(&self, pack: &Sources) -> Result<Verdict, ProveError> {
        let pack = pack.clone();
        self.solver.ask(self.limit, async move |symcc: &mut Symcc| {
            let pack = Pack::read(&pack)?;
            let world = World::of(&pack, pack.policies())?;
            for policy in &pack.policies {
                let given = policy.given(world.facts())?;
                for environment in world.environments() {
                    let compiled = CompiledPolicy::compile(&given, environment, &pack.schema)?;
                    let found = symcc
                        .check_never_errors_with_counterexample_opt(&compiled)
                        .await?;
                    if let Some(found) = found {
                        let bundles = &[&pack.bundle];
                        let example =
                            CounterExample::replay(&found, &pack.entities, bundles, |answers| {
                                answers
                                    .iter()
                                    .all(|answer| answer.errors.contains(&policy.id))
                            })?;
                        return Ok(world.refuted(example));
                    }
                }
            }
            Ok(world.proved())
        })
    }
}

/// The pack whose one policy permits what `never` describes.
fn described(pack: &Pack, never: &str) -> Result<Pack, ProveError> {
    let text = format!("permit {};", never.trim().trim_end_matches(';'));
    let source = Source::new("never", text);
    let described = pack
        .with_policies(source.clone())
        .map_err(|error| match error {
            ProveError::Pack(diagnostics) => ProveError::Question(diagnostics),
            other => other,
        })?;
    match described.policies.as_slice() {
        [policy] if policy.effect() == Effect::Permit => Ok(described),
        _ => {
            let message = "it is not one scope with its conditions";
            let problem = crate::Problem::new("question_malformed", &source, message);
            Err(ProveError::Question(problem.into()))
        }
    }
}

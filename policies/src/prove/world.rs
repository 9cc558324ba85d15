//! The requests that a question is about: every request that the schema knows, in every store of
//! entities that agrees with the pack's own.

use super::facts::facts;
use super::pack::{Pack, untranslatable};
use super::solver::Symcc;
use super::{CounterExample, ProveError, Verdict};
use cedar_policy::{Policy, PolicyId, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::{CompiledPolicySet, WellFormedAsserts};

pub(super) struct World<'p> {
    schema: &'p Schema,
    environments: Vec<RequestEnv>,
    facts: Option<Policy>,
}

impl<'p> World<'p> {
    /// The world of `pack`, for questions about `policies`.
    pub(super) fn of<'q>(
        pack: &'p Pack,
        policies: impl IntoIterator<Item = &'q Policy>,
    ) -> Result<Self, ProveError> {
        Ok(Self {
            schema: &pack.schema,
            environments: pack.schema.request_envs().collect(),
            facts: facts(pack, policies)?,
        })
    }

    /// The kinds of request: principal type, action and resource type.
    pub(super) fn environments(&self) -> &[RequestEnv] {
        &self.environments
    }

    /// What holds of the pack's static entities, if that bears on the question.
    pub(super) fn facts(&self) -> Option<&Policy> {
        self.facts.as_ref()
    }

    /// Translates the set of `policies`, which then allows nothing outside of this world.
    pub(super) fn compile<'q>(
        &self,
        policies: impl IntoIterator<Item = &'q Policy>,
        environment: &RequestEnv,
    ) -> Result<CompiledPolicySet, ProveError> {
        let policies = policies
            .into_iter()
            .cloned()
            .chain(self.facts.clone())
            .enumerate()
            .map(|(at, policy)| policy.new_id(PolicyId::new(format!("policy{at}"))));
        let set = PolicySet::from_policies(policies).map_err(untranslatable)?;
        Ok(CompiledPolicySet::compile(&set, environment, self.schema)?)
    }

    /// Whether `relation` holds of the two sets for every kind of request.
    pub(super) async fn holds(
        &self,
        symcc: &mut Symcc,
        left: &[Policy],
        right: &[Policy],
        relation: for<'a> fn(&'a CompiledPolicySet, &'a CompiledPolicySet) -> WellFormedAsserts<'a>,
    ) -> Result<bool, ProveError> {
        for environment in &self.environments {
            let left = self.compile(left, environment)?;
            let right = self.compile(right, environment)?;
            if !symcc.check_unsat(&relation(&left, &right)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// It holds of every request.
    pub(super) fn proved(&self) -> Verdict {
        Verdict {
            environments: self.environments.len(),
            counter_example: None,
        }
    }

    /// It doesn't hold of this one.
    pub(super) fn refuted(&self, example: Box<CounterExample>) -> Verdict {
        Verdict {
            environments: self.environments.len(),
            counter_example: Some(example),
        }
    }
}

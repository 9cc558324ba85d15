//! Policies that change no answer.

use super::pack::{Pack, PackPolicy};
use super::solver::Symcc;
use super::world::World;
use super::{Answer, CounterExample, ProveError};
use cedar_policy::{Effect, Policy, RequestEnv};
use cedar_policy_symcc::{CompiledPolicySet, disjoint_asserts, implies_asserts};

/// What a policy does for the pack.
#[derive(Clone, Debug)]
pub struct Effectiveness {
    /// The policy's id.
    pub policy: String,
    /// Whether any answer would change without it.
    pub verdict: PolicyVerdict,
}

/// Whether a policy matters.
#[derive(Clone, Debug)]
pub enum PolicyVerdict {
    /// The answer to this request is another without the policy. Of the two answers the first is the
    /// pack's, the second that of the pack without the policy.
    Matters(Box<CounterExample>),
    /// No answer changes without it.
    Shadowed(Shadow),
}

/// Why a policy changes no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shadow {
    /// Its scope and conditions are never satisfied.
    NeverApplies,
    /// Whatever it permits is forbidden.
    AlwaysForbidden,
    /// Whatever it forbids is permitted by no policy.
    NothingPermitted,
    /// Whatever it permits or forbids, this other policy does too.
    ImpliedBy(String),
    /// Whatever it permits or forbids, others of the same effect do too, but no single one.
    ImpliedTogether,
    /// Each request that it applies to is decided by others, for one of these reasons or another.
    DecidedByOthers,
}

pub(super) async fn effectiveness(
    pack: &Pack,
    symcc: &mut Symcc,
) -> Result<Vec<Effectiveness>, ProveError> {
    let world = World::of(pack, pack.policies())?;
    let mut whole = Vec::new();
    for environment in world.environments() {
        whole.push((environment, world.compile(pack.policies(), environment)?));
    }
    let mut answers = Vec::new();
    for policy in &pack.policies {
        let verdict = match witness(pack, policy, &world, &whole, symcc).await? {
            Some(witness) => PolicyVerdict::Matters(witness),
            None => PolicyVerdict::Shadowed(why(pack, policy, &world, symcc).await?),
        };
        answers.push(Effectiveness {
            policy: policy.id.clone(),
            verdict,
        });
    }
    Ok(answers)
}

/// A request that is answered otherwise without the policy.
async fn witness(
    pack: &Pack,
    policy: &PackPolicy,
    world: &World<'_>,
    whole: &[(&RequestEnv, CompiledPolicySet)],
    symcc: &mut Symcc,
) -> Result<Option<Box<CounterExample>>, ProveError> {
    let alone = [policy.as_permit()?];
    let others = pack.policies.iter().filter(|other| other.id != policy.id);
    let others = others.map(|other| &other.policy);
    for (environment, whole) in whole {
        // Most policies are about few actions: where one never applies, the rest need no translation.
        let alone = world.compile(&alone, environment)?;
        if symcc.check_always_denies_opt(&alone).await? {
            continue;
        }
        let others = world.compile(others.clone(), environment)?;
        let found = symcc
            .check_equivalent_with_counterexample_opt(whole, &others)
            .await?;
        if let Some(found) = found {
            let without = pack.bundle_without(policy)?;
            let differ = |answers: &[Answer]| matches!(answers, [a, b] if a.allowed != b.allowed);
            return CounterExample::replay(
                &found,
                &pack.entities,
                &[&pack.bundle, &without],
                differ,
            )
            .map(Some);
        }
    }
    Ok(None)
}

/// Why nothing changes without the policy: a matter of what each policy applies to, so all are taken
/// as permits.
async fn why(
    pack: &Pack,
    policy: &PackPolicy,
    world: &World<'_>,
    symcc: &mut Symcc,
) -> Result<Shadow, ProveError> {
    let alone = [policy.as_permit()?];
    if world.holds(symcc, &alone, &alone, disjoint_asserts).await? {
        return Ok(Shadow::NeverApplies);
    }
    let as_permits = |of_its_effect: bool| {
        let others = pack.policies.iter().filter(move |other| {
            other.id != policy.id && (other.effect() == policy.effect()) == of_its_effect
        });
        others
            .map(|other| Ok((&other.id, other.as_permit()?)))
            .collect::<Result<Vec<_>, ProveError>>()
    };
    let sets = |policies: &[(&String, Policy)]| -> Vec<Policy> {
        policies.iter().map(|(_, policy)| policy.clone()).collect()
    };
    let rivals = sets(&as_permits(false)?);
    match policy.effect() {
        Effect::Permit if world.holds(symcc, &alone, &rivals, implies_asserts).await? => {
            return Ok(Shadow::AlwaysForbidden);
        }
        Effect::Forbid
            if world
                .holds(symcc, &alone, &rivals, disjoint_asserts)
                .await? =>
        {
            return Ok(Shadow::NothingPermitted);
        }
        _ => {}
    }
    let allies = as_permits(true)?;
    if !world
        .holds(symcc, &alone, &sets(&allies), implies_asserts)
        .await?
    {
        return Ok(Shadow::DecidedByOthers);
    }
    for (id, ally) in &allies {
        let ally = std::slice::from_ref(ally);
        if world.holds(symcc, &alone, ally, implies_asserts).await? {
            return Ok(Shadow::ImpliedBy((*id).clone()));
        }
    }
    Ok(Shadow::ImpliedTogether)
}

//! Asks a bundle: Cedar's authorizer.

use super::bundle::{Bundle, Effect, Policy};
use super::entity::{Entities, Entity};
use super::error::EvaluationError;
use super::index::{Bucket, Key};
use super::machine::{Fault, Machine};
use super::value::{EntityUid, Record};
use alloc::vec::Vec;

/// What is asked: may this principal do this action on this resource, in this context.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    /// Who asks, with its attributes and the groups it is a member of.
    pub principal: &'q Entity,
    /// What it wants to do. Its groups are those of the bundle.
    pub action: &'q EntityUid,
    /// What it wants to do it on, with what is known of it.
    pub resource: &'q Entity,
    /// What else is known of the request.
    pub context: &'q Record,
    /// Other entities of this request. Principal, resource and the bundle's own come before them.
    pub entities: Option<&'q Entities>,
}

/// The answer, as Cedar's authorizer gives it.
#[derive(Clone, Debug)]
pub struct Evaluation<'b> {
    bundle: &'b Bundle,
    effect: Option<Effect>,
    // Ascending, as are the errors.
    reasons: Vec<u32>,
    errors: Vec<(u32, EvaluationError<'b>)>,
}

impl<'b> Evaluation<'b> {
    /// Whether the request is allowed: a policy permits it and none forbids it.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.effect == Some(Effect::Permit)
    }

    /// The effect of the determining policies; none if it was denied because no policy spoke.
    #[must_use]
    pub fn effect(&self) -> Option<Effect> {
        self.effect
    }

    /// The determining policies: all satisfied forbids if there is one, else all satisfied permits.
    pub fn reasons(&self) -> impl Iterator<Item = Policy<'b>> {
        self.reasons
            .iter()
            .filter_map(|number| self.bundle.policy_at(*number))
    }

    /// The policies that erred, which were skipped, and why.
    pub fn errors(&self) -> impl Iterator<Item = (Policy<'b>, EvaluationError<'b>)> {
        self.errors
            .iter()
            .filter_map(|(number, error)| Some((self.bundle.policy_at(*number)?, *error)))
    }
}

impl Bundle {
    /// Evaluates every policy that can matter: one that errs is skipped and reported, one that
    /// forbids overrides all that permit, and where none speaks the answer is deny.
    #[must_use]
    pub fn evaluate(&self, query: &Query<'_>) -> Evaluation<'_> {
        let mut evaluation = Evaluation {
            bundle: self,
            effect: None,
            reasons: Vec::new(),
            errors: Vec::new(),
        };
        let mut machine = Machine::new(self, query);
        for bucket in self.index.buckets(query.action) {
            if can_matter(bucket, &machine, query) {
                for number in &bucket.policies {
                    self.ask(*number, query, &mut machine, &mut evaluation);
                }
            }
        }
        evaluation.reasons.sort_unstable();
        evaluation
            .errors
            .sort_unstable_by_key(|(number, _)| *number);
        evaluation
    }

    fn ask<'b>(
        &'b self,
        number: u32,
        query: &Query<'_>,
        machine: &mut Machine<'_>,
        evaluation: &mut Evaluation<'b>,
    ) {
        let Some(policy) = usize::try_from(number)
            .ok()
            .and_then(|at| self.policies.get(at))
        else {
            return;
        };
        if !machine.in_scope(query.principal.uid(), &policy.principal)
            || !machine.in_scope(query.resource.uid(), &policy.resource)
        {
            return;
        }
        let code = self.code.get(policy.code.clone()).unwrap_or_default();
        let satisfied = if code.is_empty() {
            Ok(true)
        } else {
            machine.run(code)
        };
        match satisfied {
            Ok(true) => evaluation.add(number, policy.effect),
            Ok(false) => {}
            Err(fault) => evaluation.errors.push((number, self.error(&fault))),
        }
    }

    fn error(&self, fault: &Fault) -> EvaluationError<'_> {
        let name = |index: u32| self.string(index).unwrap_or_default();
        match *fault {
            Fault::Type { expected, found } => EvaluationError::TypeMismatch { expected, found },
            Fault::Attribute(index) => EvaluationError::AttributeNotFound {
                attribute: name(index),
            },
            Fault::Entity(index) => EvaluationError::EntityNotFound {
                attribute: name(index),
            },
            Fault::Overflow => EvaluationError::IntegerOverflow,
            Fault::Limit => EvaluationError::LimitExceeded,
            Fault::Unreachable => EvaluationError::Unreachable,
        }
    }
}

impl Evaluation<'_> {
    /// Takes in a satisfied policy; the first that forbids puts aside those that permit.
    fn add(&mut self, number: u32, effect: Effect) {
        match (self.effect, effect) {
            (Some(Effect::Forbid), Effect::Permit) => return,
            (Some(Effect::Permit), Effect::Forbid) => self.reasons.clear(),
            _ => {}
        }
        self.effect = Some(effect);
        self.reasons.push(number);
    }
}

/// Whether the scope of a bucket's policies can match.
fn can_matter(bucket: &Bucket, machine: &Machine<'_>, query: &Query<'_>) -> bool {
    let matches = |key: &Key, uid: &EntityUid| match key {
        Key::Any => true,
        Key::Equal(other) => uid == other,
        Key::In(group) => machine.is_in(uid, group),
        Key::Is(entity_type) => uid.entity_type() == &**entity_type,
    };
    matches(&bucket.principal, query.principal.uid())
        && matches(&bucket.resource, query.resource.uid())
}

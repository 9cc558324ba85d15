//! Asks a bundle: Cedar's authorizer.

use super::bundle::{ActionScope, Bundle, Effect, Policy};
use super::entity::{Entities, Entity};
use super::error::{EvaluationError, ValueError};
use super::layer::{EntityId, Layer, Span, World};
use super::link::Linker;
use super::machine::{Fault, Machine, Scratch};
use super::trace::TraceStep;
use super::value::{EntityUid, Record};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// What is asked: may this principal do this action on this resource, in this context.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    /// Who asks, with its attributes and the groups it is a member of.
    pub principal: &'q Entity,
    /// What it wants to do. Its groups are those of the bundle, unless `entities` has it.
    pub action: &'q EntityUid,
    /// What it wants to do it on, with what is known of it.
    pub resource: &'q Entity,
    /// What else is known of the request.
    pub context: &'q Record,
    /// Other entities of this request. Principal, resource and the bundle's own come before them.
    pub entities: Option<&'q Entities>,
}

/// A principal that is known by its key, and asks for what a route leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'q> {
    /// The id of the key: an entity of the bundle's principal type.
    pub(crate) id: &'q str,
    /// Ids of the bundle's group type.
    pub(crate) groups: &'q [String],
    pub(crate) attributes: &'q Record,
}

/// The same, linked: numbers of a world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) principal: EntityId,
    pub(super) action: EntityId,
    pub(super) resource: EntityId,
    /// A run of fields.
    pub(super) context: Span,
}

/// The answer, as Cedar's authorizer gives it.
#[derive(Clone, Debug)]
pub struct Evaluation<'b> {
    bundle: &'b Bundle,
    tally: Cow<'b, Tally>,
}

/// What the policies said.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    effect: Option<Effect>,
    // Ascending, as are the errors.
    reasons: Vec<u32>,
    errors: Vec<(u32, Fault)>,
}

impl<'b> Evaluation<'b> {
    pub(super) fn new(bundle: &'b Bundle, tally: Cow<'b, Tally>) -> Self {
        Self { bundle, tally }
    }

    /// The answer where nothing was asked: no policy spoke.
    pub(crate) fn of_nothing(bundle: &'b Bundle) -> Self {
        Self::new(bundle, Cow::Owned(Tally::default()))
    }

    /// Whether the request is allowed: a policy permits it and none forbids it.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.tally.effect == Some(Effect::Permit)
    }

    /// The effect of the determining policies; none if it was denied because no policy spoke.
    #[must_use]
    pub fn effect(&self) -> Option<Effect> {
        self.tally.effect
    }

    /// The determining policies: all satisfied forbids if there is one, else all satisfied permits.
    pub fn reasons(&self) -> impl Iterator<Item = Policy<'b>> {
        let reasons = self.tally.reasons.iter();
        reasons.filter_map(|number| self.bundle.policy_at(*number))
    }

    /// The ids of [`reasons`](Self::reasons).
    pub fn reason_ids(&self) -> impl Iterator<Item = &'b str> {
        let reasons = self.tally.reasons.iter();
        reasons.filter_map(|number| Some(self.bundle.policy_at(*number)?.id()))
    }

    /// The ids of [`errors`](Self::errors).
    pub fn error_ids(&self) -> impl Iterator<Item = &'b str> {
        let errors = self.tally.errors.iter();
        errors.filter_map(|(number, _)| Some(self.bundle.policy_at(*number)?.id()))
    }

    /// The policies that erred, which were skipped, and why.
    pub fn errors(&self) -> impl Iterator<Item = (Policy<'b>, EvaluationError<'b>)> {
        let errors = self.tally.errors.iter();
        errors.filter_map(|(number, fault)| {
            let policy = self.bundle.policy_at(*number)?;
            Some((policy, self.bundle.error(*fault)))
        })
    }
}

impl Bundle {
    /// Evaluates every policy that can matter: one that errs is skipped and reported, one that
    /// forbids overrides all that permit, and where none speaks the answer is deny.
    ///
    /// It links all of `query` anew; where entities stay the same from request to request, link them
    /// once, in an [`EntityStore`](super::EntityStore).
    ///
    /// # Errors
    /// [`EntityCycle`](super::ValueFault::EntityCycle) if an entity is its own ancestor, and
    /// [`TooLarge`](super::ValueFault::TooLarge).
    pub fn evaluate(&self, query: &Query<'_>) -> Result<Evaluation<'_>, ValueError> {
        self.ask(None, |linker| query.link(linker))
    }

    /// The same, and which conditions held.
    ///
    /// # Errors
    /// Those of [`Bundle::evaluate`].
    pub fn trace(&self, query: &Query<'_>) -> Result<(Evaluation<'_>, Vec<TraceStep>), ValueError> {
        let mut trace = Vec::new();
        let evaluation = self.ask(Some(&mut trace), |linker| query.link(linker))?;
        Ok((evaluation, trace))
    }

    /// Evaluates what `caller` asks for.
    pub(crate) fn decide(
        &self,
        caller: Caller<'_>,
        action: &EntityUid,
        resource: &EntityUid,
        context: &Record,
        trace: Option<&mut Vec<TraceStep>>,
    ) -> Result<Evaluation<'_>, ValueError> {
        self.ask(trace, |linker| {
            let principal = linker.entity(self.principal_type(), caller.id)?;
            let mut groups = Vec::new();
            if let Some(group_type) = self.group_type() {
                for group in caller.groups {
                    groups.push(linker.entity(group_type, group)?);
                }
            }
            let attributes = linker.fields(caller.attributes)?;
            linker.known(principal, &groups, attributes, Span::default())?;
            Ok(Ask {
                principal,
                action: linker.uid(action)?,
                resource: linker.uid(resource)?,
                context: linker.fields(context)?,
            })
        })
    }

    /// Evaluates what `link` puts above the bundle.
    fn ask(
        &self,
        trace: Option<&mut Vec<TraceStep>>,
        link: impl FnOnce(&mut Linker<'_>) -> Result<Ask, ValueError>,
    ) -> Result<Evaluation<'_>, ValueError> {
        let (mut layer, mut parts) = (Layer::above(&self.layer)?, Vec::new());
        let mut linker = Linker::new([Some(&self.layer), None], &mut layer, &mut parts);
        let ask = link(&mut linker)?;
        linker.close()?;
        let world = World::new(&self.layer, &self.layer, &layer);
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        tally.take(self, world, ask, &mut scratch, trace);
        Ok(Evaluation::new(self, Cow::Owned(tally)))
    }

    fn error(&self, fault: Fault) -> EvaluationError<'_> {
        match fault {
            Fault::Type { expected, found } => EvaluationError::TypeMismatch {
                expected: expected.as_str(),
                found: found.as_str(),
            },
            Fault::Attribute(name) => EvaluationError::AttributeNotFound {
                attribute: self.layer.string(name),
            },
            Fault::Entity(name) => EvaluationError::EntityNotFound {
                attribute: self.layer.string(name),
            },
            Fault::Tag => EvaluationError::TagNotFound,
            Fault::Extension(function) => EvaluationError::ExtensionFailed {
                function: function.name(),
            },
            Fault::Overflow => EvaluationError::IntegerOverflow,
            Fault::Limit => EvaluationError::LimitExceeded,
            Fault::Unreachable => EvaluationError::Unreachable,
        }
    }
}

impl Query<'_> {
    fn link(&self, linker: &mut Linker<'_>) -> Result<Ask, ValueError> {
        let principal = linker.give(self.principal)?;
        let resource = linker.give(self.resource)?;
        if let Some(entities) = self.entities {
            linker.give_all(entities)?;
        }
        Ok(Ask {
            principal,
            action: linker.uid(self.action)?,
            resource,
            context: linker.fields(self.context)?,
        })
    }
}

impl Tally {
    /// Asks the policies, and takes in what they say.
    pub(super) fn take(
        &mut self,
        bundle: &Bundle,
        world: World<'_>,
        ask: Ask,
        scratch: &mut Scratch,
        trace: Option<&mut Vec<TraceStep>>,
    ) {
        self.effect = None;
        self.reasons.clear();
        self.errors.clear();
        let mut machine = Machine::new(bundle, world, ask, scratch, trace);
        if world.redefines(ask.action) {
            // The index knows the action's groups as the bundle has them.
            for (policy, number) in bundle.policies.iter().zip(0..) {
                let takes = match policy.action {
                    ActionScope::Any => true,
                    ActionScope::Equal(action) => action == ask.action,
                    ActionScope::InAny(groups) => world
                        .ids(groups)
                        .iter()
                        .any(|group| machine.is_in(ask.action, *group)),
                };
                if takes {
                    self.hear(bundle, number, ask, &mut machine);
                }
            }
        } else {
            let Ask {
                principal,
                action,
                resource,
                ..
            } = ask;
            bundle
                .index
                .candidates(&world, principal, action, resource, |number| {
                    self.hear(bundle, number, ask, &mut machine);
                });
            self.reasons.sort_unstable();
            self.errors.sort_unstable_by_key(|(number, _)| *number);
        }
    }

    /// Asks one policy.
    fn hear(&mut self, bundle: &Bundle, number: u32, ask: Ask, machine: &mut Machine<'_>) {
        let Some(policy) = usize::try_from(number)
            .ok()
            .and_then(|at| bundle.policies.get(at))
        else {
            return;
        };
        if !machine.in_scope(ask.principal, policy.principal)
            || !machine.in_scope(ask.resource, policy.resource)
        {
            return;
        }
        let code = bundle.code.get(policy.code.clone()).unwrap_or_default();
        let satisfied = if code.is_empty() {
            Ok(true)
        } else {
            machine.run(number, code)
        };
        match satisfied {
            Ok(true) => self.add(number, policy.effect),
            Ok(false) => {}
            Err(fault) => self.errors.push((number, fault)),
        }
    }

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

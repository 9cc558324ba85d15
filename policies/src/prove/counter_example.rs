//! A counter-example, and what the evaluator makes of it.

use super::ProveError;
use cedar_policy_symcc::Env;
use countersign_core::policy::{Bundle, Entities, EntityUid, Query, Record};
use serde_json::Value;

/// A request that shows that something doesn't hold, as the evaluator has answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterExample {
    /// The principal, such as `ApiKey::"a"`.
    pub principal: EntityUid,
    /// The action.
    pub action: EntityUid,
    /// The resource.
    pub resource: EntityUid,
    /// The context, in Cedar's JSON format.
    pub context: Value,
    /// The entities of the request beside the pack's own, in Cedar's JSON format.
    pub entities: Value,
    /// The evaluator's answers: one for each bundle that the question is about, in its order.
    pub answers: Vec<Answer>,
}

/// The evaluator's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the request is allowed.
    pub allowed: bool,
    /// The determining policies.
    pub reasons: Vec<String>,
    /// The policies that erred.
    pub errors: Vec<String>,
}

impl CounterExample {
    /// Puts what the solver found to the evaluator, with each of `bundles`, and shows it only if the
    /// answers are as `expected`. The pack's `own` entities are left out of what is shown.
    pub(super) fn replay(
        found: &Env,
        own: &cedar_policy::Entities,
        bundles: &[&Bundle],
        expected: impl FnOnce(&[Answer]) -> bool,
    ) -> Result<Box<Self>, ProveError> {
        let mut example = Self::read(found)?;
        for bundle in bundles {
            let answer = example.ask(bundle)?;
            example.answers.push(answer);
        }
        let others = found.entities.iter();
        let others = others.filter(|entity| own.get(&entity.uid()).is_none());
        let others: Result<_, _> = others.map(cedar_policy::Entity::to_json_value).collect();
        example.entities = Value::Array(others.map_err(unreadable)?);
        let example = Box::new(example);
        if expected(&example.answers) {
            Ok(example)
        } else {
            Err(ProveError::ReplayDisagrees(example))
        }
    }

    fn read(found: &Env) -> Result<Self, ProveError> {
        let request = &found.request;
        let (Some(principal), Some(action), Some(resource), Some(context)) = (
            request.principal(),
            request.action(),
            request.resource(),
            request.context(),
        ) else {
            return Err(ProveError::CounterExample("a part of it is open".into()));
        };
        Ok(Self {
            principal: core_uid(principal),
            action: core_uid(action),
            resource: core_uid(resource),
            context: context.to_json_value().map_err(unreadable)?,
            entities: found.entities.to_json_value().map_err(unreadable)?,
            answers: Vec::new(),
        })
    }

    fn ask(&self, bundle: &Bundle) -> Result<Answer, ProveError> {
        let entities = Entities::from_json(&self.entities.to_string()).map_err(unreadable)?;
        let context = Record::from_json(&self.context.to_string()).map_err(unreadable)?;
        let query = Query {
            principal: &entities.entity(&self.principal),
            action: &self.action,
            resource: &entities.entity(&self.resource),
            context: &context,
            entities: Some(&entities),
        };
        let evaluation = bundle.evaluate(&query).map_err(unreadable)?;
        Ok(Answer {
            allowed: evaluation.is_allowed(),
            reasons: evaluation.reason_ids().map(str::to_owned).collect(),
            errors: evaluation.error_ids().map(str::to_owned).collect(),
        })
    }
}

fn core_uid(uid: &cedar_policy::EntityUid) -> EntityUid {
    let id: &str = uid.id().as_ref();
    EntityUid::new(uid.type_name().to_string(), id)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn unreadable(error: impl ToString) -> ProveError {
    ProveError::CounterExample(error.to_string())
}

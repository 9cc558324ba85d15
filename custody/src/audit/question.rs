//! What policy was asked, and what it answered, as records keep them.

use std::error::Error;
use std::sync::Arc;

use countersign_core::Effect;
use countersign_core::policy::{
    Bundle, Entities, EntityStore, EntityUid, Evaluator, LinkedQuery, Record,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Hash;

/// What policy was asked, in Cedar's JSON: `action`, `context`, `entities` (left out if there are none),
/// `principal` (with `attrs` and `parents`), `resource`.
///
/// ```
/// use countersign_core::policy::EntityUid;
/// use countersign_custody::audit::Question;
/// let question = Question::new(
///     &EntityUid::new("ApiKey", "k7"),
///     &[EntityUid::new("Group", "trader")],
///     serde_json::Map::new(),
///     &EntityUid::new("Action", "place-order"),
///     &EntityUid::new("Exchange", "main"),
///     serde_json::Map::new(),
/// );
/// assert_eq!(Question::from_bytes(&question.to_bytes())?, question);
/// # Ok::<(), countersign_custody::audit::QuestionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    // In the order of their names, which is the canonical one.
    action: Uid,
    context: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    entities: Vec<Value>,
    principal: Asker,
    resource: Uid,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Uid {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asker {
    attrs: Map<String, Value>,
    parents: Vec<Uid>,
    uid: Uid,
}

/// The bytes are no question, or policy can't be asked it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policy can't be asked this: {0}")]
pub struct QuestionError(String);

/// What policy answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// A policy permits it and none forbids it.
    pub is_allowed: bool,
    /// The ids of the policies that erred, which were skipped.
    pub errors: Vec<String>,
    /// The ids of the determining policies.
    pub reasons: Vec<String>,
}

/// Decides by one bundle: core in this process, or a module of it in a runtime.
pub trait Decider: Send + Sync {
    /// The SHA-256 of the program that decides, under which it is archived.
    fn module(&self) -> Hash;

    /// The bundle that it decides by.
    fn bundle(&self) -> &Arc<Bundle>;

    /// The SHA-256 of the bundle's file, under which it is archived.
    fn bundle_hash(&self) -> Hash;

    /// What it says.
    ///
    /// # Errors
    /// Why it says nothing.
    fn decide(&self, question: &Question) -> Result<Answer, Box<dyn Error + Send + Sync>>;
}

impl Question {
    /// May this principal, a member of these groups, do this action on this resource. Attributes and
    /// context are records of Cedar values.
    #[must_use]
    pub fn new(
        principal: &EntityUid,
        groups: &[EntityUid],
        attributes: Map<String, Value>,
        action: &EntityUid,
        resource: &EntityUid,
        context: Map<String, Value>,
    ) -> Self {
        Question {
            action: action.into(),
            context,
            entities: Vec::new(),
            principal: Asker {
                attrs: attributes,
                parents: groups.iter().map(Uid::from).collect(),
                uid: principal.into(),
            },
            resource: resource.into(),
        }
    }

    /// The same, with what else is known of entities, in Cedar's JSON.
    #[must_use]
    pub fn with_entities(mut self, entities: Vec<Value>) -> Self {
        self.entities = entities;
        self
    }

    /// Reads what a record keeps.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, QuestionError> {
        serde_json::from_slice(bytes).map_err(|error| QuestionError(error.to_string()))
    }

    /// The bytes that a record keeps: one JSON object, its members in the order of their names.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json!(self).to_string().into_bytes()
    }

    /// Who asks.
    #[must_use]
    pub fn principal(&self) -> EntityUid {
        (&self.principal.uid).into()
    }

    /// What it wants to do.
    #[must_use]
    pub fn action(&self) -> EntityUid {
        (&self.action).into()
    }

    /// What it wants to do it on.
    #[must_use]
    pub fn resource(&self) -> EntityUid {
        (&self.resource).into()
    }

    /// The context, in Cedar's JSON.
    #[must_use]
    pub fn context(&self) -> Value {
        Value::Object(self.context.clone())
    }

    /// The principal and the other entities of the question, in Cedar's JSON.
    #[must_use]
    pub fn entities(&self) -> Vec<Value> {
        let principal = json!(self.principal);
        std::iter::once(principal)
            .chain(self.entities.iter().cloned())
            .collect()
    }

    /// The answer of core, in this process.
    ///
    /// # Errors
    /// [`QuestionError`] for what are no values of Cedar.
    pub fn ask(&self, bundle: &Arc<Bundle>) -> Result<Answer, QuestionError> {
        let unfit = |error: &dyn std::fmt::Display| QuestionError(error.to_string());
        let entities = Value::from(self.entities()).to_string();
        let entities = Entities::from_json(&entities).map_err(|error| unfit(&error))?;
        let context = Record::from_json(&self.context().to_string());
        let context = context.map_err(|error| unfit(&error))?;
        let store = EntityStore::new(Arc::clone(bundle), &entities);
        let mut query = LinkedQuery::new(Arc::new(store.map_err(|error| unfit(&error))?));
        query
            .link_record(
                self.principal.uid.parts(),
                self.action.parts(),
                self.resource.parts(),
                &context,
            )
            .map_err(|error| unfit(&error))?;
        let mut evaluator = Evaluator::new();
        let evaluation = evaluator.evaluate(&query);
        Ok(Answer {
            is_allowed: evaluation.is_allowed(),
            errors: evaluation.error_ids().map(str::to_owned).collect(),
            reasons: evaluation.reason_ids().map(str::to_owned).collect(),
        })
    }
}

impl Answer {
    /// Whether it may be done: `step-up` if a determining policy of the bundle has `@stepup`.
    #[must_use]
    pub fn effect(&self, bundle: &Bundle) -> Effect {
        let steps_up = |id: &String| {
            let policy = bundle.policy(id);
            policy.is_some_and(|policy| policy.annotation("stepup").is_some())
        };
        match self.is_allowed {
            false => Effect::Deny,
            true if self.reasons.iter().any(steps_up) => Effect::StepUp,
            true => Effect::Allow,
        }
    }

    /// The bytes that a record keeps: `effect`, `errors`, `reasons`.
    #[must_use]
    pub fn to_bytes(&self, bundle: &Bundle) -> Vec<u8> {
        let answer = json!({
            "effect": self.effect(bundle).as_str(),
            "errors": self.errors,
            "reasons": self.reasons,
        });
        answer.to_string().into_bytes()
    }
}

impl Uid {
    fn parts(&self) -> (&str, &str) {
        (&self.kind, &self.id)
    }
}

impl From<&EntityUid> for Uid {
    fn from(uid: &EntityUid) -> Self {
        Uid {
            id: uid.id().to_owned(),
            kind: uid.entity_type().to_owned(),
        }
    }
}

impl From<&Uid> for EntityUid {
    fn from(uid: &Uid) -> Self {
        EntityUid::new(uid.kind.as_str(), uid.id.as_str())
    }
}

//! Cedar's own authorizer, on the questions that a bundle is asked.
//!
//! The bundle is what decides. This is its reference: tests hold the bundle's answers against it, and
//! [`explain`](crate::explain) asks it for the values of sub-expressions.

mod walk;

pub use walk::Step;

use crate::cases::{Answer, CaseError, Question, Who, obligations_of};
use crate::compile::cedar_entities;
use crate::diagnostics::{Diagnostics, Problem};
use crate::manifest::PolicyIds;
use crate::pack::{Pack, STACK};
use crate::sources::Sources;
use cedar_policy::{AuthorizationError, Authorizer, Context, Decision, Policy, Request, Schema};
use cedar_policy_core::ast;
use core::fmt::Display;
use countersign_core::policy::EntityUid;
use serde_json::Value;
use std::collections::BTreeSet;

/// A pack as Cedar reads it.
#[derive(Debug)]
pub struct Reference {
    pack: Pack,
    /// The static entities in Cedar's JSON format, the actions among them.
    entities: Vec<Value>,
}

/// A question, as Cedar takes it.
pub(crate) struct Posed {
    pub(crate) request: Request,
    pub(crate) entities: cedar_policy::Entities,
}

impl Reference {
    /// Reads a pack.
    ///
    /// # Errors
    /// What can't be read, with its place. The policies are not validated.
    pub fn new(sources: &Sources) -> Result<Self, Diagnostics> {
        stacker::grow(STACK, || Self::read(sources))
    }

    fn read(sources: &Sources) -> Result<Self, Diagnostics> {
        let mut problems = Vec::new();
        let pack = Pack::read(sources, &mut problems)?;
        let json = cedar_entities(&pack, sources)?
            .to_json_value()
            .map_err(|error| {
                Problem::new("entities_malformed", &sources.manifest, error.to_string())
            })?;
        let reference = Self {
            pack,
            entities: json.as_array().cloned().unwrap_or_default(),
        };
        Diagnostics::unless(problems, reference)
    }

    /// Cedar's answer.
    ///
    /// # Errors
    /// `question_malformed` if Cedar doesn't take the question, with what it says.
    pub fn ask(&self, question: &Question) -> Result<Answer, CaseError> {
        let Posed { request, entities } = self.pose(question)?;
        let response = stacker::grow(STACK, || {
            Authorizer::new().is_authorized(&request, &self.pack.set, &entities)
        });
        let diagnostics = response.diagnostics();
        let determining: Vec<&Policy> = diagnostics
            .reason()
            .filter_map(|id| self.pack.set.policy(id))
            .collect();
        let errors = diagnostics.errors().filter_map(|error| {
            let AuthorizationError::PolicyEvaluationError(error) = error;
            let policy = self.pack.set.policy(error.policy_id())?;
            Some((self.id(policy), error.inner().to_string()))
        });
        Ok(Answer::new(
            response.decision() == Decision::Allow,
            determining.iter().map(|policy| self.id(policy)).collect(),
            errors.collect(),
            obligations_of(determining.iter().flat_map(|policy| policy.annotations())),
        ))
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.pack.schema
    }

    /// The static entities, the actions among them.
    pub(crate) fn entities(&self) -> Result<cedar_policy::Entities, CaseError> {
        read_entities(self.entities.clone())
    }

    /// The same, and one more.
    pub(crate) fn entities_with(
        &self,
        entity: Option<Value>,
    ) -> Result<cedar_policy::Entities, CaseError> {
        let entities = self.entities.iter().cloned().chain(entity);
        read_entities(entities.collect())
    }

    /// Who somebody is, and as which entity if it brings groups and attributes along.
    pub(crate) fn principal(&self, who: &Who) -> (EntityUid, Option<Value>) {
        let manifest = &self.pack.manifest;
        who.entity(&manifest.principal_type, manifest.group_type.as_deref())
    }

    /// The policies in the order of the bundle, with their ids.
    pub(crate) fn policies(&self) -> Vec<(String, &ast::Policy)> {
        let policies = self.pack.policies().into_iter();
        policies
            .map(|policy| (self.id(policy), policy.as_ref()))
            .collect()
    }

    pub(crate) fn pose(&self, question: &Question) -> Result<Posed, CaseError> {
        let context = Context::from_json_value(question.context.clone(), None).map_err(refused)?;
        let request = Request::new(
            cedar_uid(&question.principal)?,
            cedar_uid(&question.action)?,
            cedar_uid(&question.resource)?,
            context,
            None,
        )
        .map_err(refused)?;
        // As core has it: of principal and resource, what the request says comes first; of all
        // others, what the pack says.
        let key = |entity: &Value| entity.get("uid").map(uid_parts);
        let asked = [&question.principal, &question.resource]
            .map(|uid| (uid.entity_type().to_owned(), uid.id().to_owned()));
        let is_asked = |entity: &&Value| key(entity).is_some_and(|uid| asked.contains(&uid));
        let (first, last): (Vec<&Value>, Vec<&Value>) =
            question.entities.iter().partition(is_asked);
        let mut seen = BTreeSet::new();
        let entities = first
            .into_iter()
            .chain(&self.entities)
            .chain(last)
            .filter(|entity| key(entity).is_none_or(|uid| seen.insert(uid)))
            .cloned()
            .collect();
        Ok(Posed {
            request,
            entities: read_entities(entities)?,
        })
    }

    fn id(&self, policy: &Policy) -> String {
        match (self.pack.manifest.policy_ids, policy.annotation("id")) {
            // A link has an id of its own, and the template's annotations.
            (PolicyIds::Annotation, Some(id)) if policy.is_static() => id.to_owned(),
            _ => policy.id().to_string(),
        }
    }
}

fn refused(error: impl Display) -> CaseError {
    CaseError::new("question_malformed", error.to_string())
}

fn read_entities(entities: Vec<Value>) -> Result<cedar_policy::Entities, CaseError> {
    cedar_policy::Entities::from_json_value(entities.into(), None).map_err(refused)
}

pub(crate) fn cedar_uid(uid: &EntityUid) -> Result<cedar_policy::EntityUid, CaseError> {
    uid.to_string().parse().map_err(refused)
}

/// Type and id of a uid in JSON, bare or within `__entity`.
fn uid_parts(uid: &Value) -> (String, String) {
    let uid = uid.get("__entity").unwrap_or(uid);
    let part = |name: &str| {
        let part = uid.get(name).and_then(Value::as_str);
        part.unwrap_or_default().to_owned()
    };
    (part("type"), part("id"))
}

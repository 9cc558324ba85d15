//! What the tests share: the packs, and a question put to core and to Cedar's own authorizer.
#![allow(dead_code, reason = "each test uses a part of it")]

use cedar_policy::{Authorizer, Context, Decision, PolicyId, PolicySet, Request, Schema};
use countersign_core::policy::{Bundle, Entities, Entity, EntityUid, Query, Record};
use countersign_policies::{Source, Sources};
use std::collections::{BTreeSet, HashMap};

/// A pack with every construct of the language.
pub(crate) fn language() -> Sources {
    Sources {
        policies: Source::new("policies.cedar", include_str!("../language/policies.cedar")),
        schema: Source::new(
            "schema.cedarschema",
            include_str!("../language/schema.cedarschema"),
        ),
        manifest: Source::new("pack.toml", include_str!("../language/pack.toml")),
        entities: Some(Source::new(
            "entities.json",
            include_str!("../language/entities.json"),
        )),
    }
}

/// The decision, the reasons and the policies that erred.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) allowed: bool,
    pub(crate) reasons: BTreeSet<String>,
    pub(crate) errors: BTreeSet<String>,
}

/// A question, in the JSON format of Cedar.
pub(crate) struct Question<'a> {
    pub(crate) principal: &'a EntityUid,
    pub(crate) action: &'a EntityUid,
    pub(crate) resource: &'a EntityUid,
    pub(crate) context: &'a str,
    /// Entities of the request, beside the static ones.
    pub(crate) entities: &'a str,
}

/// Core's answer.
pub(crate) fn core_answer(bundle: &Bundle, question: &Question<'_>) -> Answer {
    let entities = Entities::from_json(question.entities).expect("entities");
    let known = |uid: &EntityUid| match entities.get(uid) {
        Some(entity) => entity.clone(),
        None => Entity::bare(uid.clone()),
    };
    let context = Record::from_json(question.context).expect("a context");
    let evaluation = bundle
        .evaluate(&Query {
            principal: &known(question.principal),
            action: question.action,
            resource: &known(question.resource),
            context: &context,
            entities: Some(&entities),
        })
        .expect("an answer");
    Answer {
        allowed: evaluation.is_allowed(),
        reasons: evaluation
            .reasons()
            .map(|policy| policy.id().to_owned())
            .collect(),
        errors: evaluation
            .errors()
            .map(|(policy, _)| policy.id().to_owned())
            .collect(),
    }
}

/// Cedar's answer, to policies named by their `@id` if they have one.
pub(crate) fn cedar_answer(
    policies: &PolicySet,
    schema: Option<&Schema>,
    static_entities: &str,
    question: &Question<'_>,
) -> Answer {
    let uid = |uid: &EntityUid| uid.to_string().parse().expect("a uid");
    let request = Request::new(
        uid(question.principal),
        uid(question.action),
        uid(question.resource),
        Context::from_json_str(question.context, None).expect("a context"),
        None,
    )
    .expect("a request");
    let mut entities: Vec<serde_json::Value> = serde_json::from_str(static_entities).expect("JSON");
    let own: Vec<serde_json::Value> = serde_json::from_str(question.entities).expect("JSON");
    entities.extend(own);
    let mut entities =
        cedar_policy::Entities::from_json_value(entities.into(), None).expect("entities");
    if let Some(schema) = schema {
        let actions = schema.action_entities().expect("actions");
        entities = entities.add_entities(actions, None).expect("entities");
    }
    let response = Authorizer::new().is_authorized(&request, policies, &entities);
    let ids: HashMap<&PolicyId, String> = policies
        .policies()
        .map(|policy| {
            let id = policy
                .annotation("id")
                .map_or(policy.id().to_string(), str::to_owned);
            (policy.id(), id)
        })
        .collect();
    let diagnostics = response.diagnostics();
    Answer {
        allowed: response.decision() == Decision::Allow,
        reasons: diagnostics.reason().map(|id| ids[id].clone()).collect(),
        errors: diagnostics
            .errors()
            .map(
                |cedar_policy::AuthorizationError::PolicyEvaluationError(error)| {
                    ids[error.policy_id()].clone()
                },
            )
            .collect(),
    }
}

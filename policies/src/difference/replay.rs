//! Recorded requests, put to two bundles.

use countersign_core::policy::{Bundle, Entities, Entity, EntityUid, Query, Record, ValueError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A row of a request log: what the verifier knew of a request when it was to be decided.
///
/// The case files of a pack have the same rows, and more in each, which is skipped.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedRequest {
    /// The key that signed.
    pub key: RecordedKey,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The context, a record in Cedar's JSON.
    #[serde(default = "empty")]
    pub context: serde_json::Value,
    /// Entities of the request, in Cedar's JSON.
    pub entities: Option<serde_json::Value>,
}

/// A key as the keyring has it.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedKey {
    /// The keyid.
    pub id: String,
    /// The groups of the key.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Its attributes, a record in Cedar's JSON.
    #[serde(default = "empty")]
    pub attributes: serde_json::Value,
}

fn empty() -> serde_json::Value {
    serde_json::json!({})
}

/// What a bundle says to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// `allow` or `deny`.
    pub decision: &'static str,
    /// Whether a route leads to an action; without one the request is denied.
    pub routed: bool,
    /// The determining policies.
    pub reasons: BTreeSet<String>,
    /// The policies that erred, and were skipped.
    pub errors: BTreeSet<String>,
}

/// A request that two bundles answer differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedAnswer {
    /// What the old bundle says.
    pub old: Answer,
    /// What the new bundle says.
    pub new: Answer,
}

/// The two answers to `request`, if they differ.
///
/// # Errors
/// The request has values that aren't Cedar's, or its hierarchy isn't one with that of a bundle.
pub fn replay(
    old: &Bundle,
    new: &Bundle,
    request: &RecordedRequest,
) -> Result<Option<ChangedAnswer>, ValueError> {
    let prepared = Prepared::new(request)?;
    let (old, new) = (prepared.ask(old)?, prepared.ask(new)?);
    Ok((old != new).then_some(ChangedAnswer { old, new }))
}

struct Prepared<'r> {
    request: &'r RecordedRequest,
    attributes: Record,
    context: Record,
    entities: Entities,
}

impl<'r> Prepared<'r> {
    fn new(request: &'r RecordedRequest) -> Result<Self, ValueError> {
        Ok(Self {
            request,
            attributes: Record::from_json(&request.key.attributes.to_string())?,
            context: Record::from_json(&request.context.to_string())?,
            entities: match &request.entities {
                Some(entities) => Entities::from_json(&entities.to_string())?,
                None => Entities::default(),
            },
        })
    }

    fn ask(&self, bundle: &Bundle) -> Result<Answer, ValueError> {
        let Some(route) = bundle.route(&self.request.method, &self.request.path) else {
            return Ok(Answer {
                decision: "deny",
                routed: false,
                reasons: BTreeSet::new(),
                errors: BTreeSet::new(),
            });
        };
        let key = &self.request.key;
        let groups = bundle.group_type().map_or_else(Vec::new, |group_type| {
            let groups = key.groups.iter();
            groups
                .map(|group| EntityUid::new(group_type, group.as_str()))
                .collect()
        });
        let uid = EntityUid::new(bundle.principal_type(), key.id.as_str());
        let principal = Entity::new(uid, groups, self.attributes.clone());
        let evaluation = bundle.evaluate(&Query {
            principal: &principal,
            action: route.action(),
            resource: &self.entities.entity(&route.resource()),
            context: &self.context,
            entities: Some(&self.entities),
        })?;
        Ok(Answer {
            decision: if evaluation.is_allowed() {
                "allow"
            } else {
                "deny"
            },
            routed: true,
            reasons: evaluation.reason_ids().map(str::to_owned).collect(),
            errors: evaluation.error_ids().map(str::to_owned).collect(),
        })
    }
}

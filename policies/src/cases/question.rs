//! From a case to what Cedar is asked.

use super::{What, Who};
use countersign_core::policy::{Bundle, EntityUid};
use serde_json::{Value, json};

/// What is asked of the policies: Cedar's request and the entities beside the static ones, in its
/// JSON format, which both evaluators read.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who asks.
    pub principal: EntityUid,
    /// What it wants to do.
    pub action: EntityUid,
    /// What it wants to do it on.
    pub resource: EntityUid,
    /// What else is known: an object.
    pub context: Value,
    /// Entities of the request: the principal too, if it comes with attributes or groups.
    pub entities: Vec<Value>,
}

impl Question {
    /// What `who` asks for with `what`; `None` if the bundle has no route for it.
    #[must_use]
    pub fn new(
        bundle: &Bundle,
        who: &Who,
        what: &What,
        context: &Value,
        entities: &[Value],
    ) -> Option<Self> {
        let (action, resource) = match what {
            What::Action { action, resource } => (action.clone(), resource.clone()),
            What::Request { method, path } => {
                let route = bundle.route(method, path)?;
                (route.action().clone(), route.resource())
            }
        };
        let mut entities = entities.to_vec();
        let (principal, entity) = who.entity(bundle.principal_type(), bundle.group_type());
        entities.extend(entity);
        Some(Self {
            principal,
            action,
            resource,
            context: context.clone(),
            entities,
        })
    }
}

impl Who {
    /// Its uid, and the entity that it is if it brings groups and attributes along.
    pub(crate) fn entity(
        &self,
        principal_type: &str,
        group_type: Option<&str>,
    ) -> (EntityUid, Option<Value>) {
        match self {
            Who::Principal(uid) => (uid.clone(), None),
            Who::Key {
                id,
                groups,
                attributes,
            } => {
                let uid = EntityUid::new(principal_type, id.as_str());
                let group = |id: &String| json!({ "type": group_type, "id": id });
                let parents: Vec<Value> = match group_type {
                    Some(_) => groups.iter().map(group).collect(),
                    None => Vec::new(),
                };
                let entity = json!({
                    "uid": { "type": uid.entity_type(), "id": uid.id() },
                    "attrs": attributes,
                    "parents": parents,
                });
                (uid, Some(entity))
            }
        }
    }
}

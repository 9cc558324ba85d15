//! What the holders lose.

use countersign_core::policy::EntityUid;
use serde::Serialize;

use super::narrow::Narrow;
use crate::cases::{CaseError, Who};
use crate::reach::{Object, key_can};
use crate::reference::Reference;

/// Something that a principal may do now.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    pub(super) principal: EntityUid,
    pub(super) action: EntityUid,
    pub(super) resource_type: String,
    pub(super) permits: Vec<String>,
}

/// What a principal could do, and can't by what is advised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Taken {
    /// Who.
    pub principal: String,
    /// What.
    pub action: String,
    /// The type of the resource.
    pub resource_type: String,
    /// What is left to it: resources, and under which conditions; none if nothing of the type is.
    pub left: Vec<String>,
    /// The policies that permit it today.
    pub permitted_by: Vec<String>,
}

/// What the holders may do, where no forbid always refuses it.
pub(super) fn held(reference: &Reference, holders: &[Who]) -> Result<Vec<Holding>, CaseError> {
    let mut held = Vec::new();
    for who in holders {
        let (principal, grants) = key_can(reference, who)?;
        for grant in grants.iter().filter(|grant| grant.refused_by().is_none()) {
            let resource_type = match &grant.resource {
                Object::Any(kind) => kind.clone(),
                Object::Entity(uid) => uid.entity_type().to_owned(),
            };
            held.push(Holding {
                principal: principal.clone(),
                action: grant.action.clone(),
                resource_type,
                permits: grant
                    .permits
                    .iter()
                    .map(|clause| clause.id.clone())
                    .collect(),
            });
        }
    }
    Ok(held)
}

pub(super) fn taken(held: &[Holding], permits: &[Narrow]) -> Vec<Taken> {
    let mut taken = Vec::new();
    for holding in held {
        let of_it = permits.iter().filter(|permit| {
            permit.principals.contains(&holding.principal)
                && permit.actions.contains(&holding.action)
                && permit.resource_type == holding.resource_type
        });
        let of_it: Vec<&Narrow> = of_it.collect();
        let is_whole =
            |permit: &&Narrow| permit.resources.is_none() && permit.conditions.is_empty();
        if of_it.iter().any(is_whole) {
            continue;
        }
        let mut left: Vec<String> = of_it.iter().flat_map(|permit| left_by(permit)).collect();
        left.sort();
        left.dedup();
        taken.push(Taken {
            principal: holding.principal.to_string(),
            action: holding.action.to_string(),
            resource_type: holding.resource_type.clone(),
            left,
            permitted_by: holding.permits.clone(),
        });
    }
    taken.sort();
    taken
}

/// What a permit leaves, in words.
fn left_by(permit: &Narrow) -> Vec<String> {
    let conditions: Vec<&str> = permit.conditions.iter().map(String::as_str).collect();
    let conditions = conditions.join(" && ");
    match &permit.resources {
        None => vec![format!("where {conditions}")],
        Some(resources) if conditions.is_empty() => {
            resources.iter().map(ToString::to_string).collect()
        }
        Some(resources) => resources
            .iter()
            .map(|resource| format!("{resource} where {conditions}"))
            .collect(),
    }
}

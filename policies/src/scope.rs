//! The scope of a policy: what it asks of principal, action and resource.

use crate::program::{ActionScope, Scope};
use cedar_policy_core::ast;
use countersign_core::policy::EntityUid;

/// The scope of the principal or resource; `None` if it has a template's slot.
pub(crate) fn scope(constraint: &ast::PrincipalOrResourceConstraint) -> Option<Scope> {
    use ast::PrincipalOrResourceConstraint as Constraint;
    Some(match constraint {
        Constraint::Any => Scope::Any,
        Constraint::Eq(reference) => Scope::Equal(referred(reference)?),
        Constraint::In(reference) => Scope::In(referred(reference)?),
        Constraint::Is(entity_type) => Scope::Is(entity_type.to_string()),
        Constraint::IsIn(entity_type, reference) => {
            Scope::IsIn(entity_type.to_string(), referred(reference)?)
        }
    })
}

pub(crate) fn action_scope(constraint: &ast::ActionConstraint) -> ActionScope {
    match constraint {
        ast::ActionConstraint::Any => ActionScope::Any,
        ast::ActionConstraint::Eq(uid) => ActionScope::Equal(entity_uid(uid)),
        ast::ActionConstraint::In(uids) => {
            let mut uids: Vec<EntityUid> = uids.iter().map(|uid| entity_uid(uid)).collect();
            uids.sort();
            uids.dedup();
            ActionScope::InAny(uids)
        }
    }
}

pub(crate) fn entity_uid(uid: &ast::EntityUID) -> EntityUid {
    let id: &str = uid.eid().as_ref();
    EntityUid::new(uid.entity_type().to_string(), id)
}

fn referred(reference: &ast::EntityReference) -> Option<EntityUid> {
    match reference {
        ast::EntityReference::EUID(uid) => Some(entity_uid(uid)),
        ast::EntityReference::Slot(_) => None,
    }
}
